"""`saathi volunteers add`: a code for somebody who tells us what she sees, given to her by a coordinator.

Law: the code is printed once and kept nowhere, only its keyed hash; the label is the coordinator's note, sealed.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets as chance

from bot import app as composition
from bot import databases
from bot import settings as configuration
from bot.store import volunteers
from handlers.references import check_digit

EXAMPLE = """
example:
  saathi volunteers add --label "Salmiya, bakery"
"""
DIGITS = 8  # and a check digit: a wrong code is no danger, the case only says that there was none


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """add --label."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("what", choices=("add",), help="add: print a new code")
    parser.add_argument("--label", required=True, help="who is meant, for the coordinator: no name is needed")


def run(args: argparse.Namespace) -> int:
    """0 = the code stands on the first line."""
    code = _draw()
    asyncio.run(_add(code, args.label))
    print(" ".join(code[i : i + 3] for i in range(0, len(code), 3)))
    print("It is shown only now. Whoever has it writes TIP, and then the code.")
    return 0


def _draw() -> str:
    digits = "".join(chance.choice("0123456789") for _ in range(DIGITS))
    return digits + check_digit(digits)


async def _add(code: str, label: str) -> None:
    settings = configuration.load()
    database = await databases.open_database(settings, migrating=False)
    try:
        keys = await databases.open_keys(database, settings)
        async with database.begin() as connection:
            await volunteers.add(connection, keys, code, label, composition.utc_now())
    finally:
        await database.close()
