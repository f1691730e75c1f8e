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


async def _storm(people: int, rounds: int, pause: float, seed: int, *, hanging: bool) -> None:
    async with storm(seed, hanging=hanging) as raging:
        print(await raging.rage(people, POINTS * rounds, pause=pause), flush=True)


async def _flood(count: int) -> None:
    async with place() as here, here.service() as service:
        await service.ready()
        print(await flood(here, count, OTHERS, pause=1.0), flush=True)


def main() -> None:
    """Simulated days first, then the flood, then the storm."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="how often the process dies at each crash point")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two messages of one of them")
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
    if given.people:
        asyncio.run(_storm(given.people, given.rounds, given.pause, given.seed, hanging=not given.no_hanging))


if __name__ == "__main__":
    main()
