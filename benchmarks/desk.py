"""How fast the desk answers: `python -m benchmarks.desk [--cases 100000] [--messages 1000000] [--write]`.

Law: a database of its own in a temporary folder, removed afterwards; the real pages, door, permissions and trail. Every
sealed byte is real, so that any page may be opened. Figures are of the machine that ran it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import html
import os
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import httpx
import uvicorn
from litestar import Litestar
from sqlalchemy import text
from uuid_utils.compat import uuid7

from benchmarks.burden import postmaster, processor
from benchmarks.report import write_section
from bot import app as composition
from bot.app import App
from bot.observe import logs
from bot.settings import Settings
from bot.store import embedded, search, sign_ins, users
from bot.store.keys import seal, seal_json
from bot.vault.keyring import new_key
from desk.door import SESSION
from desk.mount import desk, make_office
from desk.office import csrf_of

TARGET = 150.0  # ms, of the issue
OPEN = 0.05  # of the cases; one in ten of these waits for somebody
LONG = 5000  # messages of one long conversation
FEWEST, PATIENCE = 6, 20.0  # a slow page is asked for so often, once this many seconds are over
SETTLES, QUIET = 120.0, 5  # seconds: so long PostgreSQL's own work is waited for; so long there is none of it
ROUNDS, WARM = 20, 6  # requests that count, and before them (a statement is prepared at its sixth)
ANSWERS = (5, 9)  # which messages of a closed case a human wrote
CHUNK = 5000  # people in one COPY
SECTION = "## The desk\n"
KINDS = ("report_unpaid_wages", "report_passport_withheld", "report_missing", "report_detention", "talk_to_human")
SEVERITIES = ("medium", "high", "high", "low", "medium")
FIRST = [
    "Sita",
    "Ram",
    "Maya",
    "Hari",
    "Gita",
    "Krishna",
    "Sunita",
    "Bishnu",
    "Anita",
    "Dinesh",
    "Fatima",
    "Rahim",
    "Nasreen",
    "Karim",
    "Lakshmi",
    "Mohan",
]
MIDDLE = ["Kumari", "Bahadur", "Devi", "Prasad", "Lal", "Begum", "Raj", "Man"]
LAST = [
    "Tamang",
    "Gurung",
    "Rai",
    "Magar",
    "Shrestha",
    "Thapa",
    "Limbu",
    "Sharma",
    "Adhikari",
    "Khatun",
    "Hossain",
    "Singh",
    "Yadav",
    "Sah",
    "Karki",
    "Lama",
]
NOTE = "Called the embassy; the employer promises a flight on Sunday"
COLUMNS = {
    "keys": "id, kind, subject_id, wrapped",
    "contacts": "id, subject_id, language, country, consent_store_at",
    "addresses": "id, subject_id, channel, account, lookup, address_enc, country_hint",
    "conversations": "id, subject_id, address_id, active_contact_id, owner, owner_user_id, last_inbound_at, created_at",
    "cases": "id, subject_id, reference, organisation_id, conversation_id, kind, severity, stage, country, facts_enc,"
    " opened_at, answer_due_at, answered_at, closed_at, outcome, assigned_to",
    "case_events": "id, subject_id, case_id, kind, actor, user_id, note_enc, happened_at",
    "notices": "id, subject_id, conversation_id, case_id, audience, kind, severity, raised_at",
    "outbox": "id, subject_id, conversation_id, case_id, kind, origin, owner_epoch, reply_enc, state, queued_at,"
    " not_before, sent_at",
    "messages": "id, received_at, subject_id, conversation_id, case_id, direction, author, outbox_id, body_enc,"
    " retention",
    "search_tokens": "case_id, field, token, subject_id",
}
HEAD = "| page, role | p50 ms | p95 ms | processor ms | p50 / target | p95 / target |\n|---|---|---|---|---|---|"
NEXT = re.compile(r'<a rel="next" href="([^"]+)"')
Rows = dict[str, list[tuple[Any, ...]]]
Page: TypeAlias = tuple[str, dict[str, str] | None]


@dataclass
class Town:
    """Makes people with their cases, the same ones each time."""

    app: App
    viewer: UUID
    ours: UUID
    partner: UUID
    cases: int
    messages: int
    now: datetime

    def chunks(self) -> Iterator[Rows]:
        """Rows of every table, some thousand people at a time; the newest case last, as its id says."""
        dice, shares = random.Random(7), self._shares()
        for start in range(0, self.cases, CHUNK):
            rows: Rows = {name: [] for name in COLUMNS}
            for number in range(start, min(start + CHUNK, self.cases)):
                self._person(rows, number, next(shares), dice)
            yield rows

    def _shares(self) -> Iterator[int]:
        """How many messages each has: the last has a long conversation."""
        long = min(LONG, self.messages // 2)
        each, more = divmod(self.messages - long, self.cases - 1)
        for number in range(self.cases - 1):
            yield each + (number < more)
        yield long

    def _person(self, rows: Rows, number: int, count: int, dice: random.Random) -> None:
        subject, address, conversation, case = uuid7(), uuid7(), uuid7(), uuid7()
        key, secrets, kind = new_key(), self.app.secrets, number % len(KINDS)
        at = self.now - timedelta(minutes=5 * (self.cases - number))
        live = number == self.cases - 1 or dice.random() < OPEN
        mine, waits = live and number % 200 == 1, live and number % 10 == 0
        phone = f"+97798{number:08}"
        name = f"{dice.choice(FIRST)} {dice.choice(MIDDLE)} {dice.choice(LAST)}"
        facts = {"country": "KW", "what": "wages", "name": name}
        rows["keys"].append((uuid7(), "subject", subject, secrets.keyring.wrap(key)))
        rows["contacts"].append((subject, subject, ("ne", "hi", "ar")[number % 3], ("SA", "KW", "QA")[number % 3], at))
        sealed = seal(key, phone.encode(), where=f"addresses.address_enc.{address}")
        rows["addresses"].append((address, subject, "sms", "7001", secrets.address("sms", phone), sealed, "NP"))
        owner = "human" if mine else "waiting" if waits else "bot"
        last = at + timedelta(minutes=count)
        rows["conversations"].append(
            (conversation, subject, address, subject, owner, self.viewer if mine else None, last, at)
        )
        rows["cases"].append(
            (
                case,
                subject,
                f"{1_000_000 + number}",
                self.partner if number % 7 == 1 else self.ours if number % 3 == 0 else None,
                conversation,
                KINDS[kind],
                "critical" if waits and number % 50 == 0 else SEVERITIES[kind],
                "new",
                ("SA", "KW", "QA")[number % 3],
                seal_json(key, facts, where=f"cases.facts_enc.{case}"),
                at,
                at + timedelta(hours=4),
                None if live else at + timedelta(hours=1),
                None if live else at + timedelta(days=9),
                None if live else ("solved", "referred", "silent")[number % 3],
                self.viewer if mine else None,
            )
        )
        for token in search.of_facts(secrets, facts):
            rows["search_tokens"].append((case, *token, subject))
        self._events(rows, subject, case, key, at, noted=number % 5 == 0)
        if waits:
            rows["notices"].append((uuid7(), subject, conversation, case, "queue", KINDS[kind], "high", at))
        for turn in range(count):
            at_hand = not live and turn in ANSWERS  # a human answers, an hour and more after the case was opened
            moment = at + timedelta(minutes=turn, hours=turn >= ANSWERS[0])
            self._message(rows, (subject, conversation, case), key, moment, turn, human=at_hand)

    def _events(self, rows: Rows, subject: UUID, case: UUID, key: bytes, at: datetime, *, noted: bool) -> None:
        rows["case_events"].append((uuid7(), subject, case, "opened", "bot", None, None, at))
        if noted:
            new = uuid7()
            sealed = seal(key, NOTE.encode(), where=f"case_events.note_enc.{new}")
            rows["case_events"].append((new, subject, case, "note", "staff", self.viewer, sealed, at))
            tokens = set(search.of_text(self.app.secrets, search.NOTE, NOTE))
            rows["search_tokens"] += [(case, *token, subject) for token in tokens]

    def _message(
        self, rows: Rows, home: tuple[UUID, UUID, UUID], key: bytes, at: datetime, turn: int, *, human: bool
    ) -> None:
        subject, conversation, case = home
        new, sent = uuid7(), uuid7() if turn % 2 else None
        body: dict[str, Any] = {"kind": "text", "text": "They have not paid me for three months. What can I do?"}
        if sent:
            body = {"text_id": "wages.go_on", "language": "ne", "text": "We read it. How many months is it?"}
            reply = seal_json(key, body, where=f"outbox.reply_enc.{sent}")
            rows["outbox"].append(
                (
                    sent, subject, conversation, case, "reply", "human" if human else "bot", 0, reply, "delivered",
                    at, at, at,
                )
            )  # fmt: skip
        sealed = seal_json(key, body, where=f"messages.body_enc.{new}")
        direction, author = ("out", "human" if human else "bot") if sent else ("in", "person")
        rows["messages"].append((new, at, subject, conversation, case, direction, author, sent, sealed, "person"))


async def fill(town: Town) -> None:
    """COPY all of it, then let the planner count."""
    connection = await town.app.database.listen_connection()
    done = 0
    for rows in town.chunks():
        async with connection.transaction():
            for name, columns in COLUMNS.items():
                async with connection.cursor().copy(f"COPY {name} ({columns}) FROM STDIN") as copy:  # type: ignore[arg-type]
                    for row in rows[name]:
                        await copy.write_row(row)
        done += len(rows["cases"])
        print(f"filled: {done} cases", flush=True)
    await connection.close()
    async with town.app.database.engine.connect() as analyst:
        await analyst.execution_options(isolation_level="AUTOCOMMIT")
        for name in COLUMNS:  # as autovacuum does in the hours that a real table takes to grow
            await analyst.execute(text(f"VACUUM (ANALYZE) {name}"))


@dataclass(frozen=True)
class Spent:
    """What one page took: milliseconds of each request, and of processor time on average, ours and the database's."""

    name: str
    wall: tuple[float, ...]
    python: float
    postgres: float

    def __str__(self) -> str:
        middle, slow = statistics.median(self.wall), statistics.quantiles(self.wall, n=20)[-1]
        return (
            f"| {self.name} | {middle:.0f} | {slow:.0f} | {self.python:.0f} + {self.postgres:.0f} | "
            f"{middle / TARGET:.2f} | {slow / TARGET:.2f} |"
        )


def postgres_seconds(folder: Path) -> float:
    """Seconds of processor time of the database's processes, those that ended too."""
    return processor(postmaster(folder))


def _tidying(folder: Path) -> bool:
    """Whether PostgreSQL still tidies up behind what was written: that is no page's time."""
    server = str(postmaster(folder))
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = place.read_text().rpartition(")")[2].split()[1]
            if parent == server and b"autovacuum worker" in place.with_name("cmdline").read_bytes():
                return True
    return False


async def settled(folder: Path) -> None:
    """Wait until it has been quiet for some seconds, two minutes at most."""
    quiet, until = 0, time.monotonic() + SETTLES
    while quiet < QUIET and time.monotonic() < until:
        quiet = 0 if _tidying(folder) else quiet + 1
        await asyncio.sleep(1)


async def measure(client: httpx.AsyncClient, folder: Path, name: str, page: Page, token: str) -> Spent | None:
    """One page for one role; None when it is not hers."""
    path, form = page
    wall: list[float] = []
    python = postgres = 0.0
    started = time.monotonic()
    for turn in range(WARM + ROUNDS):
        if turn == WARM:
            python, postgres = time.process_time(), postgres_seconds(folder)
        if turn > WARM + FEWEST and time.monotonic() - started > PATIENCE:
            break
        begun = time.perf_counter()
        if form is None:
            answer = await client.get(path)
        else:
            answer = await client.post(path, data={"csrf": csrf_of(token), **form})
        wall.append((time.perf_counter() - begun) * 1000)
        if answer.status_code in (403, 404):
            return None
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code}")
    each = 1000 / (len(wall) - WARM)
    return Spent(
        name, tuple(wall[WARM:]), (time.process_time() - python) * each, (postgres_seconds(folder) - postgres) * each
    )


async def tenth(client: httpx.AsyncClient) -> str:
    """The address of the queue's tenth page: by its own links."""
    path = "/desk"
    for _ in range(9):
        found = NEXT.search((await client.get(path)).text)
        if found is None:
            return path
        path = "/desk" + html.unescape(found[1])
    return path


def pages(cases: int) -> dict[str, Page]:
    """What is asked for: an address, and the form that is sent there."""
    last = f"{1_000_000 + cases - 1}"
    return {
        "queue": ("/desk", None),
        "queue, filtered": ("/desk?severity=high&country=KW", None),
        "queue, tenth page": ("", None),
        "search by reference": ("/desk/search", {"q": last}),
        "search by number": ("/desk/search", {"q": f"+97798{cases // 2:08}"}),
        "search by a rare name": ("/desk/search", {"q": "Nasreen Begum Khatun"}),
        "search by a frequent name": ("/desk/search", {"q": "bahadur"}),
        "search by a word of notes": ("/desk/search", {"q": "embassy"}),
        "search for nobody": ("/desk/search", {"q": "Zxqvut Wzyxq"}),
        "case, a long conversation": (f"/desk/case/{last}", None),
        "case, 10 messages": (f"/desk/case/{1_000_000 + cases - 2}", None),
        "due today": ("/desk/due", None),
        "supervision": ("/desk/supervision", None),
        "figures, 28 days": ("/desk/figures", None),
        "figures, a year": (f"/desk/figures?from={datetime.now(UTC) - timedelta(days=364):%Y-%m-%d}", None),
        "figures, steps": ("/desk/figures/steps", None),
    }


@contextlib.asynccontextmanager
async def served(app: App) -> AsyncIterator[str]:
    """The desk on a loopback socket, by the server that production uses."""
    office = make_office(app.settings, app.database, app.secrets, app.content, app.staff, app.policy, app.clock, uuid7)
    site = Litestar([desk(office)], openapi_config=None, logging_config=None)
    server = uvicorn.Server(
        uvicorn.Config(site, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off")
    )
    task = asyncio.ensure_future(server._serve())
    while not server.started:  # noqa: ASYNC110 (the server has no event for it)
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def run(folder: Path, cases: int, messages: int, *, runs: int, only: str = "") -> list[Spent]:
    """Fill (unless it was filled before), ask some times, print; the last run."""
    app = await composition.build(Settings(_env_file=None, data_dir=folder), understanding=False)  # type: ignore[call-arg]
    now = datetime.now(UTC)
    tokens = {}
    async with app.database.begin() as connection:
        filled = (await connection.execute(text("SELECT count(*) FROM cases"))).scalar_one() == cases
        ours, partner = await users.organisation(connection), await users.organisation(connection, "Shelter")
        for role, where in (("supervisor", None), ("caseworker", None), ("partner", "Shelter")):
            user = await users.add(
                connection,
                login=f"{role}-{uuid7()}",
                name=role,
                role=role,
                password_hash="none",
                organisation_name=where,
            )
            tokens[role] = await sign_ins.begin(connection, app.secrets, user, "full", app.clock())
            if role == "caseworker":
                await connection.execute(
                    text("UPDATE conversations SET owner_user_id = :u WHERE owner_user_id IS NOT NULL"), {"u": user}
                )
                viewer = user
    logs.configure("ERROR")
    begun = time.perf_counter()
    if not filled:
        await fill(Town(app, viewer, ours, partner, cases, messages, now))
        print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)
    await settled(folder)
    told: list[Spent] = []
    gc.collect()
    gc.freeze()  # as a served process does: what was read at the start is not looked through again and again
    async with served(app) as url:
        for turn in range(1, runs + 1):
            print(f"run {turn}, load {os.getloadavg()[0]:.1f}\n{HEAD}", flush=True)
            told = []
            for role, token in tokens.items():
                async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
                    client.cookies.set(SESSION, token, path="/desk")
                    for name, (path, form) in pages(cases).items():
                        if not re.search(only, f"{name}, {role}"):
                            continue
                        page = (path or await tenth(client), form)
                        spent = await measure(client, folder, f"{name}, {role}", page, token)
                        if spent is not None:
                            told.append(spent)
                            print(spent, flush=True)
    await app.close()
    return told


def _write(told: list[Spent], cases: int, messages: int) -> None:
    """The section of docs/performance.md, laid over the former one."""
    lines = [
        f"`python -m benchmarks.desk --write`, {datetime.now(UTC):%d %B %Y}: {cases:,} cases ({OPEN:.0%} open), "
        f"{messages:,} messages, the real pages",
        f"by HTTP with door, permissions and trail, {ROUNDS} requests each after {WARM}, the last run; "
        f"{os.cpu_count()} cores (load {os.getloadavg()[1]:.1f}),",
        f"the embedded PostgreSQL as it is delivered. Target: {TARGET:.0f} ms. Processor time is Python's (with the "
        "client) + PostgreSQL's.",
        "",
        HEAD,
        *map(str, told),
    ]
    write_section(SECTION, "\n".join(lines))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="How fast the desk answers with a large database.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="a folder whose database is kept, and measured again if it is full")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--only", default="", help="a pattern of pages: queue, 'case.*partner', ...")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="saathi-bench-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # the server is another user when this is root
    try:
        told = asyncio.run(run(folder, args.cases, args.messages, runs=args.runs, only=args.only))
        if args.write:
            _write(told, args.cases, args.messages)
    finally:
        if args.folder:
            embedded.stop(folder)
        else:
            embedded.remove(folder)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
