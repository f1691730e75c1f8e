"""What a broadcast to many costs, and what it takes from those who are answered meanwhile: `python -m
benchmarks.broadcast [--people 100000] [--write]`.

Law: a database of its own, removed afterwards; the real job, claims and sender, the accounts' real rates; only the
provider is played, and answers after a few milliseconds. The delay of a reply, and the processor time of both, are
measured in turns, with the broadcast running and stopped, in one run: the ratio counts, for no machine is ever quiet.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from benchmarks import crowd
from benchmarks.desk import postgres_seconds
from benchmarks.report import machine, ratio, scratch, write_section
from bot import app as composition
from bot.app import App
from bot.channels.contract import Inbound, Part
from bot.engine.messages import Reply
from bot.sender import Sender
from bot.settings import Settings
from bot.store import broadcasts, embedded, settling, users
from bot.store.broadcasts import Words
from bot.store.database import OUTBOX_CHANNEL, Database
from bot.store.embedded import Server
from bot.store.keys import seal, seal_json
from bot.store.migrate import migrate
from bot.store.wake import Wake

SECTION = "## Broadcasts\n"
PROVIDER = 0.005  # seconds that the provider takes
SECONDS, EACH_SECOND = 4.0, 8.0  # of a turn; replies in each, at random moments
READY = 4000  # people in the lane before the rounds: more than leaves meanwhile
MOST = 1.10  # of the issue: a direct reply may take so much longer
BEGAN: dict[str, float] = {}  # when each reply was committed, by its row; or when she wrote, by her chat


@dataclass(slots=True)
class Played:
    """A provider that takes everything, and notes when what was asked for came first: by its row, or by her chat."""

    at: dict[str, float] = field(default_factory=dict)
    told: int = 0

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Take one part."""
        asked = ref if ref in BEGAN else address
        if asked in BEGAN:
            self.at.setdefault(asked, time.perf_counter())
        else:
            self.told += 1
        await asyncio.sleep(PROVIDER)
        return ref

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Nothing is pressed here."""

    async def close(self) -> None:
        """Nothing to let go of."""


async def _prepare(server: Server, app: App, people: int, now: datetime) -> tuple[UUID, bytes]:
    """A crowd in which everybody but one in ten subscribed; a broadcast that may start, and the crowd's key."""
    owner = Database(server.url_owner)
    await crowd.fill(owner, app.secrets, people, now, case_of_each=10)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE contacts SET consent_contact_at = :now"), {"now": now})
        await connection.execute(
            text("UPDATE conversations SET last_inbound_at = :at, owner = 'bot', reply_due_at = NULL"),
            {"at": now - timedelta(hours=5)},
        )
        await connection.execute(
            text(
                "INSERT INTO subscriptions (id, subject_id, topic, made_at) SELECT gen_random_uuid(), id, 'rules', :now"
                " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts) AS c WHERE n % 10 <> 0"
            ),
            {"now": now},
        )
        wrapped = (
            await connection.execute(text("SELECT wrapped FROM keys WHERE kind = 'subject' LIMIT 1"))
        ).scalar_one()
        key = app.secrets.keyring.unwrap(wrapped)
        rows = (await connection.execute(text("SELECT id FROM addresses"))).all()
        sealed = [
            {"i": row.id, "v": seal(key, f"+97798{n:08}".encode(), where=f"addresses.address_enc.{row.id}")}
            for n, row in enumerate(rows)
        ]
        await connection.execute(
            text(
                "UPDATE addresses SET address_enc = v.sealed FROM unnest(CAST(:i AS uuid[]), CAST(:v AS bytea[]))"
                " AS v (id, sealed) WHERE addresses.id = v.id"
            ),
            {"i": [s["i"] for s in sealed], "v": [s["v"] for s in sealed]},
        )
    async with owner.engine.connect() as analyst:
        await analyst.execution_options(isolation_level="AUTOCOMMIT")
        for table in ("subscriptions", "contacts", "conversations", "addresses"):
            await analyst.execute(text(f"VACUUM (ANALYZE) {table}"))
    await owner.close()
    async with app.database.begin() as connection:
        both = [
            await users.add(connection, login=name, name=name, role="supervisor", password_hash="none")
            for name in ("writer", "reader")
        ]
        which = await broadcasts.add(
            connection, name="Bench", topic="rules", languages=[], countries=[], days=3, by=both[0], now=now
        )
        for language in ("ne", "hi", "ar"):
            words = "Hello. From 1 March a new form is needed for a change of job."
            await broadcasts.write(connection, which, language, words, by=both[0], now=now)
            mark = Words(language, words, both[0], None).mark
            await broadcasts.approve(connection, which, language, mark, by=both[1], now=now)
        await broadcasts.start(connection, which, people, by=both[1], now=now)
    return which, key


def _resident() -> float:
    """Megabytes of this process at its most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _listed(app: App, which: UUID, figures: dict[str, float]) -> None:
    """Everybody into the list, then some thousands into the lane."""
    async with app.database.begin() as connection:
        one = await broadcasts.known(connection, which)
        assert one is not None
        began = time.perf_counter()
        measured = await app.broadcasting.measure(connection, one)
        figures["preview s"] = time.perf_counter() - began
    figures["reached"], before = measured.reached, _resident()
    began, used = time.perf_counter(), time.process_time()
    seen = await app.broadcasting.list_all(one)
    figures["listed/s"], figures["listed"] = seen / (time.perf_counter() - began), seen
    began = time.perf_counter()
    poured = await app.broadcasting.pour(one, most=READY // 3)
    figures["queued/s"], figures["queued"] = poured / (time.perf_counter() - began), poured
    figures["processor ms a person"] = 1000 * (time.process_time() - used) / poured
    figures["memory MB more"] = _resident() - before
    began = time.perf_counter()
    async with app.database.begin() as connection:
        await settling.settle(connection, which, app.broadcasting.sparing, app.clock())
    figures["look s"] = time.perf_counter() - began


class Direct:
    """The sender alone: a reply to somebody who subscribed to nothing, from its commit to the provider."""

    name, turns = "a reply", 24

    def __init__(self, app: App, key: bytes) -> None:
        self._app, self._key, self._wake = app, key, Wake(app.database)
        self._people: Sequence[Any] = ()

    async def begin(self, wake: Wake) -> asyncio.Task[None] | None:
        """Those who are answered wrote a minute ago."""
        self._wake = wake
        async with self._app.database.begin() as connection:
            rows = await connection.execute(
                text(
                    "SELECT v.id, v.subject_id FROM conversations v JOIN addresses a ON a.id = v.address_id"
                    " WHERE a.channel = 'telegram' AND NOT EXISTS"
                    " (SELECT FROM subscriptions s WHERE s.subject_id = v.subject_id)"
                )
            )
            self._people = rows.all()
            ids = [p.id for p in self._people]
            await connection.execute(text("UPDATE conversations SET last_inbound_at = :at WHERE id = ANY(:ids)"), {
                "at": self._app.clock() - timedelta(minutes=1), "ids": ids})  # fmt: skip
        return None

    async def one(self, chance: random.Random) -> str:
        """Its row, by which the provider knows it."""
        who, row = self._people[chance.randrange(len(self._people))], uuid7()
        BEGAN[str(row)] = 0.0
        words = Reply("menu.what", "en", "What would you like?").to_json()
        reply = seal_json(self._key, words, where=f"outbox.reply_enc.{row}")
        now = self._app.clock()
        async with self._app.database.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO outbox (id, subject_id, conversation_id, kind, origin, owner_epoch, reply_enc, state,"
                    " queued_at, not_before)"
                    " VALUES (:id, :who, :where, 'reply', 'bot', 0, :reply, 'queued', :now, :now)"
                ),
                {"id": row, "who": who.subject_id, "where": who.id, "reply": reply, "now": now},
            )
        BEGAN[str(row)] = time.perf_counter()
        self._wake.set(OUTBOX_CHANNEL)
        return str(row)


class Whole:
    """All of it: somebody new writes, from what the webhook hands on to the provider's first request."""

    name, turns = "all of an answer", 16

    def __init__(self, app: App) -> None:
        self._app = app

    async def begin(self, wake: Wake) -> asyncio.Task[None] | None:
        """The worker of turns."""
        return asyncio.create_task(self._app.conductor.run(wake))

    async def one(self, chance: random.Random) -> str:
        """Her chat, by which the provider knows her."""
        address = str(8_000_000_000 + len(BEGAN))
        wrote = Inbound("telegram", "7001", address, uuid7().hex, "text", "hello")
        BEGAN[address] = time.perf_counter()
        await self._app.receive([wrote])
        return address


def _used(folder: Path) -> float:
    """Seconds of processor time, of this process and of PostgreSQL."""
    return time.process_time() + postgres_seconds(folder)


async def _turn(asked: Direct | Whole, pair: int) -> list[str]:
    """Some are answered, each at her moment: what the provider knows them by. At the same moments in both turns of a
    pair, since a reply that follows another one at once waits for its account's rate, and chance alone would decide in
    which turn there are more of these."""
    chance, at, began = random.Random(pair), 0.0, time.perf_counter()  # moments, no secrets
    sent = []
    while (at := at + chance.expovariate(EACH_SECOND)) < SECONDS:
        await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
        sent.append(await asked.one(chance))
    await asyncio.sleep(0.5)
    return sent


async def _delays(app: App, folder: Path, which: UUID, asked: Direct | Whole, figures: dict[str, float]) -> None:
    """Turn and turn about, with the broadcast running and stopped."""
    played, wake = Played(), Wake(app.database)
    sender = Sender(
        app.database, app.secrets, app.layouts, app.policy, lambda channel, account: played, clock=app.clock
    )  # type: ignore[arg-type, return-value]
    ears, answering = asyncio.create_task(wake.run()), await asked.begin(wake)
    work = [asyncio.create_task(sender.run(wake)), *([answering] if answering else [])]
    waits: dict[bool, list[float]] = {True: [], False: []}
    told = {True: 0, False: 0}
    spent = {True: 0.0, False: 0.0}
    await _turn(asked, -1)  # what is made at the first use is made
    for turn in range(asked.turns):
        pair, second = divmod(turn, 2)
        running = pair % 2 == second  # with and without, then without and with
        async with app.database.begin() as connection:
            state = "running" if running else "stopped"
            await connection.execute(text("UPDATE broadcasts SET state = :s WHERE id = :i"), {"s": state, "i": which})
        await asyncio.sleep(0.2)  # what was in the air has arrived
        before, used = played.told, _used(folder)
        sent = await _turn(asked, pair)
        told[running] += played.told - before
        spent[running] += _used(folder) - used
        waits[running] += [1000 * (played.at[one] - BEGAN[one]) for one in sent if one in played.at]
    wake.stop()
    await asyncio.gather(*work)
    ears.cancel()
    for name, running in (("with", True), ("without", False)):
        ordered, what = sorted(waits[running]), f"{asked.name} {name}"
        figures[f"{what}: p50 ms"] = statistics.median(ordered)
        figures[f"{what}: mean ms"] = statistics.fmean(ordered)
        figures[f"{what}: p95 ms"] = ordered[int(len(ordered) * 0.95)]
    seconds = asked.turns / 2 * SECONDS
    figures[f"{asked.name}: processor with"], figures[f"{asked.name}: processor without"] = (
        spent[r] / seconds for r in (True, False)
    )
    figures[f"{asked.name}: told/s"], figures[f"{asked.name}: told while stopped"] = told[True] / seconds, told[False]


async def run(server: Server, folder: Path, people: int) -> dict[str, float]:
    """The figures by name."""
    now = datetime.now(UTC).replace(hour=9)  # inside everybody's hours
    shift = now - datetime.now(UTC)
    settings = Settings(
        _env_file=None, env="development", data_dir=folder, database_url=server.url_app,
        database_owner_url=server.url_owner,
    )  # type: ignore[call-arg, arg-type]  # fmt: skip
    app = await composition.build(settings, migrating=False, clock=lambda: datetime.now(UTC) + shift)
    figures: dict[str, float] = {"people": people}
    began = time.perf_counter()
    try:
        which, key = await _prepare(server, app, people, now)
        await _listed(app, which, figures)
        for asked in (Direct(app, key), Whole(app)):
            await _delays(app, folder, which, asked, figures)
        async with app.database.begin() as connection:
            size = (await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
        figures["disk MB"], figures["minutes"] = size / 2**20, (time.perf_counter() - began) / 60
    finally:
        await app.close()
    return figures


def _beside(f: dict[str, float], name: str) -> list[tuple[str, str, str]]:
    """What of this kind is measured with the broadcast and without."""
    rows = []
    for what in ("p50", "mean", "p95"):
        beside, alone = f[f"{name} with: {what} ms"], f[f"{name} without: {what} ms"]
        target = f"{MOST:.2f}" if what != "p95" else ""
        seen = f"{beside:.1f} / {alone:.1f} = {ratio(beside, alone)}"
        rows.append((f"{name} meanwhile / alone, {what}, ms", seen, target))
    used = (f[f"{name}: processor {which}"] for which in ("with", "without"))
    return [
        *rows,
        ("processor of us and PostgreSQL then, seconds a second", " / ".join(f"{u:.3f}" for u in used), ""),
        ("told a second then, by three accounts; while it was stopped",
         f"{f[f'{name}: told/s']:.1f}; {f[f'{name}: told while stopped']:.0f}", "; 0"),
    ]  # fmt: skip


def table(f: dict[str, float]) -> str:
    """For docs/performance.md."""
    rows = [
        (f"{f['people']:.0f} people: whom it would reach, seconds", f"{f['preview s']:.1f}", ""),
        (f"{f['listed']:.0f} listed, a second", f"{f['listed/s']:.0f}", ""),
        (f"{f['queued']:.0f} of them into the lane, a second", f"{f['queued/s']:.0f}", ""),
        ("a minute's look at what became of those in the lane, seconds", f"{f['look s']:.2f}", ""),
        ("memory that this took, MB", f"{f['memory MB more']:.0f}", ""),
        ("this run: minutes, MB of the database", f"{f['minutes']:.1f}, {f['disk MB']:.0f}", ""),
    ]
    for name in (Direct.name, Whole.name):
        rows += _beside(f, name)
    return "| what | seen | target |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)


def main() -> None:
    """Measure, print, and with --write put it into docs/performance.md."""
    parser = argparse.ArgumentParser(
        description="What a broadcast to many costs, and those who are answered meanwhile."
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    with scratch("broadcast") as folder:
        server = embedded.ensure(folder)
        migrate(server.url_owner)
        figures = asyncio.run(run(server, folder, args.people))
    told = table(figures)
    print(told)
    if args.write:
        write_section(
            SECTION,
            f"`python -m benchmarks.broadcast --write`, {machine()}. In turns of {SECONDS:.0f} s with the\n"
            "broadcast running and stopped: a reply from its commit to the provider (the sender alone), and all of an\n"
            f"answer, from what the webhook hands on. The provider answers after {1000 * PROVIDER:.0f} ms.\n\n" + told,
        )


if __name__ == "__main__":
    main()
