"""`saathi erase`: all of one person, deleted because a human decided so.

Law: for what a clock must not carry out: a wish that was held back for a critical case, or that could not be proved and
was confirmed another way. Never under legal hold. The audit trail keeps that it was done, and a code for why.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.store import erase, export

REASONS = ("asked", "agreed", "law", "mistake")
EXAMPLE = """
examples:
  saathi erase 482 917 3 --reason agreed          (says what would go)
  saathi erase 482 917 3 --reason agreed --yes    (deletes; it cannot be undone)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """REFERENCE --reason CODE [--yes]."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("reference", nargs="+", help="the number of one of her cases, with or without spaces: 4829173")
    parser.add_argument(
        "--reason",
        required=True,
        choices=REASONS,
        help="asked: she did; agreed: asked, and confirmed another way; law: an authority; mistake: it is no person",
    )
    parser.add_argument("--yes", action="store_true", help="do it: all cases, texts and keys of this person go")


def run(args: argparse.Namespace) -> int:
    """0 = erased; 1 = no such case; 2 = not confirmed; 3 = under legal hold."""
    digits = "".join(c for c in "".join(args.reference) if c.isdecimal())
    return asyncio.run(_erase(digits, args.reason, sure=args.yes))


async def _erase(digits: str, reason: str, *, sure: bool) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        return await erase_case(app, digits, reason, sure=sure)
    finally:
        await app.close()


async def erase_case(app: App, digits: str, reason: str, *, sure: bool) -> int:
    """Erase whose case this is."""
    async with app.database.begin() as connection:
        who = await export.subject_of(connection, digits)
        if who is None:
            print("saathi erase: there is no such case", file=sys.stderr)
            return 1
        if not sure:
            print(
                "saathi erase: all of this person goes: cases, texts, codes, the key. It cannot be undone. "
                "With --yes it is done.",
                file=sys.stderr,
            )
            return 2
        if not await erase.by_hand(connection, who, app.clock(), reason=reason):
            print("saathi erase: a case is under legal hold; nothing was deleted", file=sys.stderr)
            return 3
    await app.after_erasing()
    print("erased")
    return 0
