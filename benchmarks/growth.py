"""What a turn and a page cost as the helpline grows: `python -m benchmarks.growth [--people 10000,100000] [--write]`.

Law: one database for each size, in temporary folders, removed afterwards. The sizes take turns, round by round, so that
whatever else the machine does meets all of them alike; what counts is processor time and its ratio. The people who
write are made by the service; those beside them by SQL (`crowd.py`), five messages each, a third of them with a case.
1,000,000 people take 6 GB and ten minutes to fill; --folder keeps them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from uuid_utils.compat import uuid7

from benchmarks import crowd
from benchmarks.desk import ROUNDS as ASKED
from benchmarks.desk import measure, postgres_seconds, served
from benchmarks.report import machine, write_section
from bot import app as composition
from bot.app import App
from bot.channels.contract import Inbound
from bot.conductor import Conductor
from bot.engine.inputs import Meaning
from bot.observe import logs
from bot.settings import Settings
from bot.store import embedded, sign_ins, users
from bot.store.database import Database
from bot.store.migrate import migrate
from desk.door import SESSION

TOGETHER = 64  # people who write at once
LINES = ("hello", "wages", "1", "1", "2")
ROUNDS, WARM = 6, 2
LOOKS = 5  # at each page, twenty requests each time
CASE_OF_EACH = 3
OPEN = 600  # cases, at any size: ten colleagues' work; one in ten waits
FILLED = "filled"  # a file that says so
PAGES = {
    "queue": ("/desk", None),
    "due today": ("/desk/due", None),
    "supervision": ("/desk/supervision", None),
    "search by number": ("/desk/search", {"q": "+9779812345678"}),
}
ALLOWED = 1.1  # of the issue: within 10 %


class Few:
    """An understanding of two words: what is measured is not the classifier."""

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """Wages, or nothing."""
        return [Meaning("report_unpaid_wages", 0.99) if "wages" in text else Meaning() for text in texts]


@dataclass
class Place:
    """One size, and what its rounds took: milliseconds of processor time per turn, ours and PostgreSQL's."""

    people: int
    folder: Path
    app: App
    conductor: Conductor
    token: str
    python: list[float] = field(default_factory=list)
    postgres: list[float] = field(default_factory=list)
    pages: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PAGES})
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(int(time.time()) % 10**6 * 1000))

    async def round(self) -> None:
        """Some new people have a conversation, all at once."""
        who = [f"+9771{next(self.numbers):09}" for _ in range(TOGETHER)]
        ours, theirs, turns = time.process_time(), postgres_seconds(self.folder), 0
        for line in LINES:
            await self.app.receive([Inbound("sms", "7001", one, f"e{next(self.numbers)}", "text", line) for one in who])
            while done := await self.conductor.run_once():
                turns += done
        self.python.append((time.process_time() - ours) * 1000 / turns)
        self.postgres.append((postgres_seconds(self.folder) - theirs) * 1000 / turns)

    async def look(self) -> None:
        """The desk's pages, each in milliseconds of processor time."""
        async with served(self.app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
            client.cookies.set(SESSION, self.token, path="/desk")
            for name, page in PAGES.items():
                spent = await measure(client, self.folder, name, page, self.token)
                if spent is not None:
                    self.pages[name].append(spent.python + spent.postgres)


async def _built(folder: Path) -> App:
    return await composition.build(Settings(_env_file=None, data_dir=folder), understanding=False)  # type: ignore[call-arg]


async def fill(people: int, folder: Path, open_cases: int) -> None:
    """The people beside those who write, by a superuser and without waiting for the disk; what is measured afterwards
    does wait for it."""
    server, begun, now = embedded.ensure(folder, durable=False), time.monotonic(), datetime.now(UTC)
    app, owner = await _built(folder), Database(server.url_admin)
    migrate(server.url_owner, today=(now - timedelta(days=crowd.SPREAD + 1)).date())
    async with app.database.begin() as connection:
        await users.organisation(connection)  # the cases are of ours
    await crowd.fill(owner, app.secrets, people, now, case_of_each=CASE_OF_EACH, open_cases=open_cases)
    await owner.close()
    await app.close()
    embedded.stop(folder)
    print(f"{people:,} people filled in {time.monotonic() - begun:.0f} s", flush=True)


async def opened(people: int, folder: Path, open_cases: int) -> Place:
    """A service whose database holds so many people; a folder that was filled before is used as it is."""
    if not (folder / FILLED).exists():
        await fill(people, folder, open_cases)
        (folder / FILLED).touch()
    app = await _built(folder)
    now = datetime.now(UTC)
    async with app.database.begin() as connection:
        await users.organisation(connection)
        user = await users.add(connection, login=f"s-{uuid7()}", name="s", role="supervisor", password_hash="none")
        token = await sign_ins.begin(connection, app.secrets, user, "full", now)
    conductor = Conductor(
        app.database, app.secrets, app.content, Few(), app.policy,
        clock=app.clock, new_id=uuid7, draw_reference=composition.draw_reference,
    )  # fmt: skip
    return Place(people, folder, app, conductor, token)


def table(places: Sequence[Place]) -> str:
    """A line for each size, with its ratio to the smallest; then the pages."""
    lines = [
        "| people | messages | turn: processor ms, ours + PostgreSQL's | ratio | " + " | ".join(PAGES) + " |",
        "|---" * (4 + len(PAGES)) + "|",
    ]
    first = places[0]
    whole = _turn(first)
    for place in places:
        pages = [f"{_page(place, name):.0f} ({_ratio(_page(place, name), _page(first, name))})" for name in PAGES]
        ours, theirs = statistics.median(place.python[WARM:]), statistics.median(place.postgres[WARM:])
        lines.append(
            f"| {place.people:,} | {place.people * crowd.MESSAGES:,} | {ours:.2f} + {theirs:.2f} "
            f"| {_ratio(_turn(place), whole)} | " + " | ".join(pages) + " |"
        )
    return "\n".join(lines)


def _turn(place: Place) -> float:
    return statistics.median(a + b for a, b in zip(place.python[WARM:], place.postgres[WARM:], strict=True))


def _page(place: Place, name: str) -> float:
    return statistics.median(place.pages[name])


def _ratio(value: float, first: float) -> str:
    return f"{value / first:.2f}" if first else "-"


async def run(sizes: Sequence[int], base: Path, open_cases: int) -> list[Place]:
    """Fill all, then let them take turns."""
    async with AsyncExitStack() as stack:
        places = []
        for size in sizes:
            place = await opened(size, base / str(size), open_cases)
            stack.push_async_callback(place.app.close)
            places.append(place)
        logs.configure("ERROR")
        for _ in range(WARM + ROUNDS):
            for place in places:
                await place.round()
        for _ in range(LOOKS):
            for place in places:
                await place.look()
    return places


def main() -> int:
    """Command line. 1 = a turn costs more than a tenth more at the largest size than at the smallest."""
    parser = argparse.ArgumentParser(description="What a turn costs as the helpline grows.")
    parser.add_argument("--people", default="10000,100000,1000000", help="sizes, the smallest first")
    parser.add_argument("--open", type=int, default=OPEN, help="how many cases are open, at any size")
    parser.add_argument("--folder", type=Path, help="a folder whose databases are kept, and used again")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    sizes = sorted(int(size) for size in args.people.split(","))
    base = args.folder or Path(tempfile.mkdtemp(prefix="saathi-growth-"))
    for folder in (base, *(base / str(size) for size in sizes)):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # the server is another user when this is root
    try:
        places = asyncio.run(run(sizes, base, args.open))
    finally:
        for size in sizes:
            if args.folder:
                embedded.stop(base / str(size))
            else:
                embedded.remove(base / str(size))
        if not args.folder:
            shutil.rmtree(base, ignore_errors=True)
    told = table(places)
    print(told)
    if args.write:
        _write(told, args.open)
    return int(_turn(places[-1]) > ALLOWED * _turn(places[0]))


def _write(told: str, open_cases: int) -> None:
    words = (
        f"`python -m benchmarks.growth --write`, {machine()}. {TOGETHER} new people at a time, {len(LINES)} messages "
        f"each, {ROUNDS} rounds after {WARM}, then each page {LOOKS} times {ASKED} requests, the sizes by turns; the "
        f"median round. In brackets: times the smallest size. At each {open_cases} cases are open, one in ten waits."
    )
    write_section("## Growth", f"{words}\n\n{told}")


if __name__ == "__main__":
    raise SystemExit(main())
