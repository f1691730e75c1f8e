"""`saathi audit`: whether the trail is as it was sealed.

Law: reads only. The last seal is printed so that it can be noted elsewhere: nobody who holds the whole database can
then cut off its end unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from datetime import UTC

from bot import app as composition
from bot import settings as configuration
from bot.store import audit

SEAL = re.compile(r"[0-9a-f]{64}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """verify."""
    parser.add_argument("what", choices=("verify",), help="verify: compute every seal anew and compare")
    parser.add_argument(
        "--seal", type=_seal, default="", help="a last seal that was noted before: it must still be in the chain"
    )


def _seal(raw: str) -> str:
    """What is none must not look like a trail whose end was cut off."""
    seal = raw.strip().lower()
    if not SEAL.fullmatch(seal):
        raise argparse.ArgumentTypeError("a seal as `saathi audit verify` prints it: 64 signs, 0-9 and a-f")
    return seal


def run(args: argparse.Namespace) -> int:
    """0 = as it was sealed; 1 = changed, and where."""
    return asyncio.run(_run(args.seal))


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
