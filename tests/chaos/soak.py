"""T57, `make soak`: ordinary traffic for hours, with kills, and what it does to memory, open files and pace.

Law: figures are read from outside (/proc, the database, the time until an acknowledgement); nothing is asserted here.
`make soak ARGS='--minutes 1440 --rate 20'` is the day of T57 as it is lived, `make soak ARGS='--day 20000'` the same
day by a clock that is moved (`day.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.observe import logs
from bot.store import embedded
from bot.store.migrate import migrate
from tests.fakes import database
from tests.fakes.post import Letter, message, post, text, update
from tests.fakes.service import Service
from tests.fakes.world import World, world

PEOPLE = 60
LINES = ("menu", "1", "help", "my boss has not paid my salary", "0", "status", "back")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Soaked:
    """What is published. `memory`: (seconds, bytes) of the process that lives; `files`: its open ones."""

    sent: int = 0
    kills: int = 0
    seconds: float = 0.0
    acks: list[float] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    seen: int = 0
    lost: int = 0

    @property
    def slope(self) -> float:
        """Growth of memory in percent of its first value an hour, by least squares."""
        n = len(self.memory)
        if n < 2:
            return 0.0
        x, y = [t for t, _ in self.memory], [float(b) for _, b in self.memory]
        mean_x, mean_y = sum(x) / n, sum(y) / n
        spread = sum((t - mean_x) ** 2 for t in x)
        rise = sum((t - mean_x) * (b - mean_y) for t, b in zip(x, y, strict=True)) / spread if spread else 0.0
        return rise * 3600 / y[0] * 100

    def late(self, part: list[float]) -> float:
        """The 99th of a hundred acknowledgements, in milliseconds."""
        return sorted(part)[int(len(part) * 0.99)] * 1000 if part else 0.0

    def __str__(self) -> str:
        half = len(self.acks) // 2
        return (
            f"{self.sent} messages in {self.seconds:.0f} s, killed {self.kills} times; lost {self.lost}\n"
            f"memory {self.memory[0][1] >> 20} MB at the beginning, {self.memory[-1][1] >> 20} MB at the end,"
            f" {self.slope:+.1f} % an hour\n"
            f"open files {self.files[0]} at the beginning, {max(self.files)} at most, {self.files[-1]} at the end\n"
            f"rows of `seen` {self.seen}, one for each message\n"
            f"acknowledged: p99 {self.late(self.acks[:half]):.0f} ms in the first half,"
            f" {self.late(self.acks[half:]):.0f} ms in the second"
        )


def letter(number: int, rng: random.Random) -> Letter:
    """What somebody writes next."""
    who, line = rng.randrange(PEOPLE), rng.choice(LINES)
    if who % 2:
        return text(f"+9655{who:07}", line, f"soak-{number}")
    return update(message(5_000_000 + who, line, number))


def measured(process: int) -> tuple[int, int]:
    """(bytes of memory, open files) of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * PAGE, len(os.listdir(f"/proc/{process}/fd"))


async def traffic(here: World, soaked: Soaked, numbers: itertools.count[int], count: int, rate: float) -> None:
    """So many messages, each acknowledged, at this pace at most."""
    rng = random.Random(next(numbers))
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for _ in range(count):
            one, began = letter(next(numbers), rng), time.monotonic()
            while True:
                try:
                    if await post(client, here.base, one) == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
            soaked.acks.append(time.monotonic() - began)
            soaked.sent += 1
            await asyncio.sleep(max(0.0, 1 / rate - (time.monotonic() - began)))


async def rest(here: World, soaked: Soaked, service: Service, began: float) -> None:
    """Note how the process stands."""
    memory, files = await asyncio.to_thread(measured, service.process.pid)
    soaked.memory.append((time.monotonic() - began, memory))
    soaked.files.append(files)
    soaked.seen = database.counts(here.url)["seen"]


async def soak(here: World, minutes: float, rate: float, kill_every: float) -> Soaked:
    """Live, write, die, live again; each life is measured once it is warm and when it ends."""
    soaked, numbers, began = Soaked(), itertools.count(1), time.monotonic()
    while time.monotonic() - began < minutes * 60:
        async with here.service() as service:
            await service.ready()
            await traffic(here, soaked, numbers, int(rate * kill_every / 4), rate)
            await rest(here, soaked, service, began)
            await traffic(here, soaked, numbers, int(rate * kill_every * 3 / 4), rate)
            await rest(here, soaked, service, began)
            service.kill()
            soaked.kills += 1
    here.let_leases_run_out()
    async with here.service() as service:
        await service.ready()
        await here.quiet()
    handled = here.effects()
    soaked.lost = soaked.sent - handled["inbox.done"]
    soaked.seconds = time.monotonic() - began
    return soaked


async def _main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="saathi-soak-") as made:
        directory = Path(made)
        await asyncio.to_thread(directory.chmod, 0o711)
        server = await asyncio.to_thread(embedded.ensure, directory)
        try:
            await asyncio.to_thread(migrate, server.url_owner)
            async with world(server, directory / "world") as here:
                if given.day:
                    from tests.chaos.day import play  # it knows the figures that are made here

                    print(await play(here, given.day), flush=True)
                else:
                    print(await soak(here, given.minutes, given.rate, given.kill_every), flush=True)
        finally:
            await asyncio.to_thread(embedded.remove, directory)


def main() -> None:
    """Read the arguments, and soak."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--kill-every", type=float, default=60, help="seconds of one life")
    parser.add_argument("--day", type=int, default=0, metavar="MESSAGES", help="a day by a clock that is moved instead")
    logs.configure("ERROR")  # of a played day: nobody is on duty there, and each minute says so
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
