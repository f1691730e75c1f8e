"""`make chaos`: the long form, with the figures that `docs/reliability.md` publishes."""

from __future__ import annotations

import argparse
import asyncio
import time

from bot.observe.crash import POINTS
from tests.chaos.flood import flood
from tests.chaos.place import place, storm
from tests.proof.days import simulate

OTHERS = 60  # people beside the flood
WRITING = 30  # people while the database dies: some 20 messages a second (T16)


async def _storm(people: int, each: int, rounds: int, seed: int, *, hanging: bool) -> None:
    async with storm(seed, hanging=hanging) as raging:
        print(await raging.rage(people, POINTS * rounds, pause=1.0, fewest=each), flush=True)


async def _outages(times: int, seed: int) -> None:
    async with storm(seed) as raging:
        print(await raging.outages(WRITING, times, pause=1.0, every=3.0), flush=True)


async def _flood(count: int) -> None:
    async with place() as here, here.service() as service:
        await service.ready()
        print(await flood(here, count, OTHERS, pause=1.0), flush=True)


def main() -> None:
    """Simulated days first, then the flood, then the outages, then the storm."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="how often the process dies at each crash point")
    parser.add_argument(
        "--each", type=int, default=2, help="messages of each of them at least (T10: --people 400 --each 25)"
    )
    parser.add_argument(
        "--outages", type=int, default=20, help="times that the database dies under a service that lives"
    )
    parser.add_argument("--days", type=int, default=1_000_000)
    parser.add_argument("--flood", type=int, default=10_000, help="messages of one number, as fast as they are taken")
    parser.add_argument("--no-hanging", action="store_true", help="providers fail at once, none keeps us waiting")
    parser.add_argument("--seed", type=int, default=20261125)
    given = parser.parse_args()
    if given.days:
        began = time.monotonic()
        told = simulate(given.days, given.seed)
        print(
            f"simulated days {told.days} in {time.monotonic() - began:.0f} s: sent {told.sent}, held {told.held},"
            f" outside the window {len(told.outside)}, given to a provider beyond it {len(told.longer)}",
            flush=True,
        )
    if given.flood:
        asyncio.run(_flood(given.flood))
    if given.outages:
        asyncio.run(_outages(given.outages, given.seed))
    if given.people:
        asyncio.run(_storm(given.people, given.each, given.rounds, given.seed, hanging=not given.no_hanging))


if __name__ == "__main__":
    main()
