"""A storm over a running helpline: people write while it is killed, its database restarts and providers fail.

Law: a message counts once it was acknowledged; what became of it is read from the database and from what the
providers took. People do not know of the storm: who gets no 2xx tries again, as providers do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.observe.crash import POINTS
from bot.store import embedded
from tests.chaos.weather import StormyTwilio, Weather
from tests.fakes import database
from tests.fakes.post import Letter, deliver, message, status, text, update
from tests.fakes.world import World

LINES = ("my boss has not paid my salary for three months", "1", "1", "menu", "1", "help")
LIFE = 25.0  # seconds, once it is ready, until a service that has not reached its crash point is killed anyway
PATIENCE = 1200.0  # seconds that a provider goes on delivering
AT_ONCE = 16  # callbacks of Twilio's
FEWEST = 2  # messages of each person, however short the storm


@dataclass(slots=True)
class Figures:
    """What is published."""

    messages: int = 0  # that people wrote, all acknowledged at the end
    deliveries: int = 0  # requests that it took for that
    kills: Counter[str] = field(default_factory=Counter)  # by crash point
    restarts: int = 0  # of the database, by SIGQUIT
    recovered: list[float] = field(default_factory=list)  # seconds from its return to the next message handled
    faults: Counter[str] = field(default_factory=Counter)  # of providers
    lost: int = 0  # acknowledged, and not handled
    repeated: int = 0  # handled more than once
    replies: int = 0
    unsent: int = 0  # replies that ended neither sent nor unknown
    duplicated: int = 0  # texts that a phone shows more often than we meant
    most: int = 0  # times that Twilio took the same piece of a reply
    unknown: int = 0  # replies of which we say that we do not know
    disordered: int = 0  # conversations whose replies came in another order
    seconds: float = 0.0

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"messages {self.messages} in {self.deliveries} deliveries, {self.seconds:.0f} s\n"
            f"kills {sum(self.kills.values())} ({kills})\n"
            f"database restarts {self.restarts}{self._recovery()}\n"
            f"provider faults {sum(self.faults.values())} ({faults})\n"
            f"lost {self.lost}\nhandled twice {self.repeated}\nreplies {self.replies}, not sent {self.unsent},"
            f" out of order {self.disordered}\nduplicated on a phone {self.duplicated}, each text"
            f" {self.most} times at most\nunknown {self.unknown}"
        )

    def _recovery(self) -> str:
        slow = sorted(self.recovered)
        return f"; handling again after {slow[len(slow) // 2]:.1f} s (half), {slow[-1]:.1f} s (slowest)" if slow else ""


class Storm:
    """One storm. `directory` = the data directory of the embedded server, which the storm restarts."""

    def __init__(self, here: World, directory: Path, weather: Weather, seed: int, *, hasten: bool) -> None:
        self._hasten = hasten  # the claims of a dead sender end at once, not after their seconds: for short storms
        self._called_back = 0
        self._here, self._directory, self._weather = here, directory, weather
        self._rng = random.Random(seed)
        self._over = asyncio.Event()  # the last life has begun
        self._up = asyncio.Event()  # a service is ready: one that only starts would say that there is no database
        self.figures = Figures()

    # --- people

    def _letter(self, person: int, count: int, line: str) -> Letter:
        match person % 3:
            case 0:
                return text(f"+9655{person:07}", line, f"{count}")
            case 1:
                return text(f"whatsapp:+97798{person:08}", line, f"{count}")
            case _:
                return update(message(5_000_000 + person, line, person * 10_000 + count))

    async def _writes(self, person: int, pause: float, fewest: int) -> None:
        """On and on, until the storm is over; the next message when the one before was acknowledged."""
        count = 0
        while count < fewest or not self._over.is_set():
            await asyncio.sleep(self._rng.random() * 2 * pause)
            count += 1
            letter = self._letter(person, count, self._rng.choice(LINES))
            tries = await deliver(self._here.base, letter, within=PATIENCE, pause=0.4)
            self.figures.deliveries += tries  # read after the wait: others count meanwhile
            self.figures.messages += 1

    async def _calls_back(self) -> None:
        """Twilio tells what became of each message that it took, until there are no more."""
        twilio = self._here.twilio
        assert isinstance(twilio, StormyTwilio)
        while True:
            some = twilio.told[self._called_back :][:AT_ONCE]
            calls = [deliver(self._here.base, status(*each), within=PATIENCE, pause=0.4) for each in some]
            await asyncio.gather(*calls)
            self._called_back += len(some)
            await asyncio.sleep(0 if some else 0.1)

    # --- the storm

    async def _restarts(self, every: float) -> None:
        """The database dies at once, as by a power cut of its machine, and is started again."""
        while True:
            await asyncio.sleep(every * (0.5 + self._rng.random()))
            await self._up.wait()
            await asyncio.to_thread(_restart, self._directory)
            self.figures.restarts += 1

    async def _lives(self, points: Sequence[str]) -> None:
        """One service after the other, each with another place to die at; all of the time somebody writes."""
        for point in points:
            while not await self._life(point):
                pass  # the database was down when it began: it said so and ended

    async def _life(self, point: str) -> bool:
        async with self._here.service(crash=point) as service:
            with contextlib.suppress(AssertionError):
                await service.ready()
                self._up.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(service.process.wait(), LIFE)
            if service.process.returncode is None:
                point = "anywhere"
                service.kill()
            killed = await service.ended() == -signal.SIGKILL
            self._up.clear()
        self.figures.kills[point] += killed
        self._end_leases()
        return killed

    def _end_leases(self) -> None:
        if self._hasten:
            with contextlib.suppress(Exception):  # the database may be down just now: then they end by themselves
                self._here.let_leases_run_out()

    async def rage(
        self,
        people: int,
        points: Sequence[str] = POINTS,
        *,
        pause: float = 2.0,
        restart_every: float | None = 6.0,
        fewest: int = FEWEST,
    ) -> Figures:
        """People write, each every `pause` seconds and `fewest` messages at least; returns what came of it, after it
        was calm again."""
        began = time.monotonic()
        callbacks = asyncio.create_task(self._calls_back())
        restarts = asyncio.create_task(self._restarts(restart_every)) if restart_every else None
        try:
            writing = [asyncio.create_task(self._writes(person, pause, fewest)) for person in range(people)]
            await self._lives(points)
            if restarts:
                restarts.cancel()
                await asyncio.gather(restarts, return_exceptions=True)
            await self._calm(writing)
        finally:
            callbacks.cancel()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    async def outages(self, people: int, times: int, *, pause: float, every: float) -> Figures:
        """One service lives all along in fine weather, and its database dies so many times, every few seconds."""
        self._weather.calm, began = True, time.monotonic()
        callbacks = asyncio.create_task(self._calls_back())
        try:
            async with self._here.service() as service:
                await service.ready()
                writing = [asyncio.create_task(self._writes(person, pause, FEWEST)) for person in range(people)]
                for _ in range(times):
                    await asyncio.sleep(every * (0.5 + self._rng.random()))
                    await asyncio.to_thread(_restart, self._directory)
                    self.figures.restarts += 1
                    self.figures.recovered.append(await self._recovers())
            await self._calm(writing)
        finally:
            callbacks.cancel()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    async def _recovers(self) -> float:
        """Seconds until a message is handled again."""
        began, query = time.monotonic(), "SELECT count(*) FROM messages WHERE direction = 'in'"
        (before,) = database.asked(self._here.url, query)
        await self._here.until(lambda: database.asked(self._here.url, query) != [before])
        return time.monotonic() - began

    async def _calm(self, writing: Sequence[asyncio.Task[None]]) -> None:
        """The last life: everybody says what they have to say, everything is sent, and it is counted."""
        await asyncio.to_thread(embedded.ensure, self._directory)
        self._end_leases()
        async with self._here.service() as service:
            await service.ready()
            self._over.set()
            await asyncio.gather(*writing)
            self._weather.calm = True
            await self._here.quiet()
            told = self._here.twilio.told  # type: ignore[attr-defined]
            await self._here.until(lambda: self._called_back == len(told))
            await self._here.quiet()
        self._count()

    # --- the account

    def _count(self) -> None:
        told, url = self.figures, self._here.url
        told.faults = self._weather.did
        states = dict(database.asked(url, "SELECT state, count(*) FROM inbox WHERE kind = 'inbound' GROUP BY 1"))
        told.lost = told.messages - states.get("done", 0)
        heard = database.asked(url, "SELECT count(*), count(DISTINCT inbox_id) FROM messages WHERE direction = 'in'")[0]
        told.repeated = heard[0] - heard[1] + max(0, sum(states.values()) - told.messages)
        sent = dict(database.asked(url, "SELECT state, count(*) FROM outbox WHERE kind = 'reply' GROUP BY 1"))
        told.replies, told.unknown = sum(sent.values()), sent.get("unknown", 0)
        fine = ("sent", "delivered", "read", "unknown", "withdrawn")
        told.unsent = sum(count for state, count in sent.items() if state not in fine)
        told.duplicated = self._doubled_by_twilio() + self._doubled_by_telegram()
        told.most = max(Counter(self._here.twilio.accepted).values(), default=0)  # type: ignore[attr-defined]
        told.disordered = self._disordered()

    def _doubled_by_twilio(self) -> int:
        taken = self._here.twilio.accepted  # type: ignore[attr-defined]
        return len(taken) - len(set(taken))

    def _doubled_by_telegram(self) -> int:
        rows = database.asked(
            self._here.url,
            "SELECT count(*) FROM outbox o JOIN conversations c ON c.id = o.conversation_id"
            " JOIN addresses a ON a.id = c.address_id"
            " WHERE a.channel = 'telegram' AND o.kind = 'reply' AND o.state IN ('sent', 'unknown')",
        )
        return max(0, len(self._here.telegram.sent) - int(rows[0][0]))

    def _disordered(self) -> int:
        """Conversations in which a reply left after a newer one. Danger may pass what waits for its next try, and newer
        words pass what came too late for a direct reply and is held for her hours: neither counts."""
        rows = database.asked(
            self._here.url,
            "SELECT id, conversation_id, seq, urgent, coalesce(sent_at - queued_at > interval '10 minutes', false)"
            " FROM outbox WHERE kind = 'reply'",
        )
        order = {str(ref): tuple(rest) for ref, *rest in rows}
        newest: dict[object, int] = {}
        wrong = set()
        for ref in dict.fromkeys(ref for ref, _ in self._here.twilio.accepted):  # type: ignore[attr-defined]
            talk, seq, urgent, late = order[ref]
            if seq < newest.get(talk, 0) and not late:
                wrong.add(talk)
            if not urgent:
                newest[talk] = max(seq, newest.get(talk, 0))
        return len(wrong)


def _restart(directory: Path) -> None:
    pid = int((directory / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)  # "immediate": no goodbye, and recovery from the log at the next start
    embedded.ensure(directory)
