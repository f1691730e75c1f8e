"""`saathi search rebuild`: what cases are found by, written anew for all of them.

Law: nothing is printed but counts. It may run while the service runs, and may be stopped and begun again.
"""

from __future__ import annotations

import argparse
import asyncio
from uuid import UUID

from bot import app as composition
from bot import settings as configuration
from bot.store import search


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """rebuild."""
    parser.add_argument(
        "what", choices=("rebuild",), help="rebuild: the index of names, numbers and notes of all cases"
    )


def run(args: argparse.Namespace) -> int:
    """0 = done."""
    return asyncio.run(_run())


async def _run() -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    done = 0
    last: UUID | None = None
    try:
        while True:
            async with app.database.begin() as connection:
                last, count = await search.rebuild(connection, app.secrets, last)
            if last is None:
                break
            done += count
    finally:
        await app.close()
    print(f"{done} cases can be found by their names, numbers and notes")
    return 0
