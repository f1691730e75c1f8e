"""`saathi box`: letters about ourselves, for the safeguarding role, which is not in the line of any case.

Law: who wrote is known to nobody, so nothing here names or notifies a person; words are shown only when a letter is
opened.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.store import box
from bot.store.box import OVER, PROMISED, Outside

EXAMPLE = """
examples:
  saathi box list
  saathi box read 3f9c21ab
  saathi box answer 3f9c21ab - < answer.txt     (keeps the words out of the list of processes)

Who complains is told that somebody else reads it: give the secret and this command only to people who work on no case.
"""
ID = 8  # first characters of a letter's random id


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list, read ID, answer ID TEXT."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    commands = parser.add_subparsers(dest="box_command", required=True, metavar="list|read|answer")
    commands.add_parser("list", help="all letters: day and state, no words")
    one = commands.add_parser("read", help="open a letter")
    one.add_argument("id", help="as `saathi box list` shows it")
    two = commands.add_parser("answer", help="lay an answer to a letter that has a number")
    two.add_argument("id", help="as `saathi box list` shows it")
    two.add_argument("text", help="the answer, as its writer will read it; - reads it from standard input")


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = no such letter, or one that nobody can ask about; 2 = nothing to say."""
    words = ""
    if args.box_command == "answer":
        words = " ".join((sys.stdin.read() if args.text == "-" else args.text).split())
        if not words:
            print("saathi box: there is nothing to say", file=sys.stderr)
            return 2
    return asyncio.run(_run(args, words))


async def _run(args: argparse.Namespace, words: str) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        async with app.database.begin() as connection:
            if args.box_command == "list":
                print("\n".join(listed(await box.lying(connection), composition.utc_now())))
                return 0
            chosen = await box.starting(connection, args.id.lower()) if len(args.id) >= ID else []
        if len(chosen) != 1:
            print(f"saathi box: there is no letter {args.id}", file=sys.stderr)
            return 1
        return await (_read(app, chosen[0]) if args.box_command == "read" else _answer(app, chosen[0], words))
    finally:
        await app.close()


async def _read(app: App, letter: Outside) -> int:
    async with app.database.begin() as connection:
        found = await box.read(connection, app.secrets, letter.id)
    if found is None:
        return 1
    print(found.body)
    if found.answer:
        print(f"\nanswered: {found.answer}")
    return 0


async def _answer(app: App, letter: Outside, words: str) -> int:
    async with app.database.begin() as connection:
        laid = await box.answer(connection, app.secrets, letter.id, words)
    if not laid:
        print("saathi box: its writer wanted no answer, so nobody could ask for it", file=sys.stderr)
        return 1
    print("answered: whoever has the number can read it now")
    return 0


def listed(letters: Sequence[Outside], now: datetime) -> list[str]:
    """A line for each letter, or one that says that there is none."""
    if not letters:
        return ["the box is empty"]
    return [
        f"{str(x.id)[:ID]}  {x.received_at.astimezone(UTC):%Y-%m-%d}  {x.state:11}  {_due(x, now)}".rstrip()
        for x in letters
    ]


def _due(letter: Outside, now: datetime) -> str:
    if not letter.numbered:
        return "no answer wanted"
    if letter.state in OVER:
        return ""
    due = letter.received_at.astimezone(UTC) + PROMISED
    return f"answer promised by {due:%Y-%m-%d}" + (" - LATE" if due < now else "")
