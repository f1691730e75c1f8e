"""How long somebody waits for an answer while many are told something, and how long without that: for
`benchmarks.broadcast`.

Law: turn and turn about in one run, with the broadcast running and stopped; the same people at the same moments in both
turns of a pair. The sender is the real one, and in all of an answer the worker of turns too; the provider is played.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from benchmarks.desk import postgres_seconds
from benchmarks.report import ratio
from bot.app import App
from bot.channels.contract import Part
from bot.engine.inbound import Inbound
from bot.engine.messages import Reply
from bot.sender import Sender
from bot.store.database import OUTBOX_CHANNEL
from bot.store.keys import seal_json
from bot.store.wake import Wake

PROVIDER = 0.005  # seconds that the provider takes
SECONDS, EACH_SECOND = 4.0, 8.0  # of a turn; replies in each, at random moments
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


async def delays(app: App, folder: Path, which: UUID, asked: Direct | Whole, figures: dict[str, float]) -> None:
    """Turn and turn about, with the broadcast running and stopped."""
    played, wake = Played(), Wake(app.database)
    sender = Sender(
        app.database, app.secrets, app.layouts, app.policy, lambda channel, account: played, clock=app.clock
    )  # type: ignore[arg-type, return-value]
    ears, answering = asyncio.create_task(wake.run()), await asked.begin(wake)
    work = [asyncio.create_task(sender.run(wake)), *([answering] if answering else [])]
    asked_for: dict[bool, list[str]] = {True: [], False: []}
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
        asked_for[running] += await _turn(asked, pair)
        told[running] += played.told - before
        spent[running] += _used(folder) - used
    wake.stop()
    await asyncio.gather(*work)
    ears.cancel()
    for name, running in (("with", True), ("without", False)):
        came = [one for one in asked_for[running] if one in played.at]
        ordered, what = sorted(1000 * (played.at[one] - BEGAN[one]) for one in came), f"{asked.name} {name}"
        figures[f"{what}: never came"] = len(asked_for[running]) - len(came)
        figures[f"{what}: p50 ms"] = statistics.median(ordered)
        figures[f"{what}: mean ms"] = statistics.fmean(ordered)
        figures[f"{what}: p95 ms"] = ordered[int(len(ordered) * 0.95)]
    seconds = asked.turns / 2 * SECONDS
    figures[f"{asked.name}: processor with"], figures[f"{asked.name}: processor without"] = (
        spent[r] / seconds for r in (True, False)
    )
    figures[f"{asked.name}: told/s"], figures[f"{asked.name}: told while stopped"] = told[True] / seconds, told[False]


def rows(f: dict[str, float], name: str) -> list[tuple[str, str, str]]:
    """What of this kind is measured with the broadcast and without."""
    waits = []
    for what in ("p50", "mean", "p95"):
        beside, alone = f[f"{name} with: {what} ms"], f[f"{name} without: {what} ms"]
        target = f"{MOST:.2f}" if what != "p95" else ""
        seen = f"{beside:.1f} / {alone:.1f} = {ratio(beside, alone)}"
        waits.append((f"{name} meanwhile / alone, {what}, ms", seen, target))
    used = (f[f"{name}: processor {which}"] for which in ("with", "without"))
    return [
        *waits,
        ("processor of us and PostgreSQL then, seconds a second", " / ".join(f"{u:.3f}" for u in used), ""),
        ("told a second then, by three accounts; while it was stopped; replies that never came",
         f"{f[f'{name}: told/s']:.1f}; {f[f'{name}: told while stopped']:.0f};"
         f" {f[f'{name} with: never came'] + f[f'{name} without: never came']:.0f}", "; 0; 0"),
    ]  # fmt: skip
