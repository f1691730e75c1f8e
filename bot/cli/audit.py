"""`saathi audit`: whether the trail is as it was sealed.

Law: reads only. The last seal is printed so that it can be noted elsewhere: nobody who holds the whole database can
then cut off its end unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC

from bot import app as composition
from bot import settings as configuration
from bot.store import audit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """verify."""
    parser.add_argument("what", choices=("verify",), help="verify: compute every seal anew and compare")
    parser.add_argument("--seal", default="", help="a last seal that was noted before: it must still be in the chain")


def run(args: argparse.Namespace) -> int:
    """0 = as it was sealed; 1 = changed, and where."""
    return asyncio.run(_run(args.seal.strip().lower()))


async def _run(noted: str) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        async with app.database.begin() as connection:
            broken, rows, last = await audit.verify(connection, app.secrets)
            held = not noted or await audit.has_seal(connection, noted)
            total = await audit.count(connection)
    finally:
        await app.close()
    for one in broken:
        print(f"batch {one.seal}, sealed {one.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: changed", file=sys.stderr)
    if not held:
        print("the seal that you noted is gone: the end of the trail was cut off", file=sys.stderr)
    if broken or not held:
        return 1
    print(f"{rows} lines are as they were sealed; {total - rows} are not sealed yet; last seal: {last or 'none'}")
    return 0
