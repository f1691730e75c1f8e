"""`saathi check` and `saathi locales extract | proposals`.

Law: problems are printed as `file:line: message`, one per line, and the exit code says whether there are any.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot import app as composition
from bot import check
from bot import settings as configuration
from bot.check.extract import write_pot
from bot.check.facts import unchecked
from bot.check.texts import messages
from bot.content import load
from bot.content.languages import FALLBACK
from bot.content.proposed import as_po
from bot.settings import ROOT
from bot.store import marks
from bot.store.marks import Proposal


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """`--unchecked`."""
    parser.add_argument(
        "--unchecked",
        action="store_true",
        help="list the facts of low and medium confidence that no human has marked checked",
    )


def add_locales_arguments(parser: argparse.ArgumentParser) -> None:
    """`extract`, `proposals --language xx`."""
    parser.add_argument(
        "what",
        choices=("extract", "proposals"),
        help="extract: write messages.pot from the flows and bring every catalogue up to it; proposals: print what"
        " reviewers proposed on the desk, as a catalogue to merge",
    )
    parser.add_argument("--language", help="of the proposals, for example ne")


def run_check(args: argparse.Namespace) -> int:
    """0 = flows, facts and translations may be published. With `--unchecked` the facts that wait for a human."""
    if args.unchecked:
        return run_unchecked()
    problems = check.run(ROOT)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem(s)", file=sys.stderr)
        return 1
    waiting = len(unchecked(load(ROOT)))
    print(f"flows, facts and translations are in order; {waiting} facts wait for a human to check them (--unchecked)")
    return 0


def run_unchecked() -> int:
    """The facts that wait for a human, one per line: low is held back, medium says so to the person."""
    for line in unchecked(load(ROOT)):
        print(line)
    return 0


def run_locales(args: argparse.Namespace) -> int:
    """Write the catalogue template, or print the proposals of a language."""
    if args.what == "proposals":
        return _proposals(args.language or "")
    write_pot(ROOT)
    print("locales/messages.pot and the catalogues are up to date")
    return 0


def _proposals(language: str) -> int:
    content = load(ROOT)
    if language not in content.languages or language == FALLBACK:
        print(f"saathi locales: --language is one of {', '.join(c for c in content.languages if c != FALLBACK)}")
        return 2
    found = asyncio.run(_proposed(language))
    print(as_po(language, found, content.catalogue, {m.context: m.english for m in messages(content)}), end="")
    return 0


async def _proposed(language: str) -> Sequence[Proposal]:
    database = await composition.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            return await marks.proposals(connection, language)
    finally:
        await database.close()
