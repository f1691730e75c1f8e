"""`saathi feedback`: a quarter's counts of what people answered.

Law: no number under five is shown, nor one from which such a number could be reckoned.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from datetime import date

from bot import app as composition
from bot import databases
from bot import settings as configuration
from bot.store import opinions
from bot.store.opinions import Counts

EXAMPLE = """
examples:
  saathi feedback                     the quarter that ended last
  saathi feedback --quarter 2026-Q4

kinds: help = our help as a whole; follow_up.3 = three months after a referral; rights.QA.wages = an answer about rules.
columns: yes, partly, no. "-" stands for a number that is not shown: one under five, or its neighbour, so that nobody
can reckon it from other figures.
"""
SMALLEST = 5
HIDDEN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--quarter."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("--quarter", type=quarter, help="for example 2026-Q4; default: the one that ended last")


def run(args: argparse.Namespace) -> int:
    """0, also when there is nothing."""
    first = args.quarter or previous(composition.utc_now().date())
    for line in listed(asyncio.run(_counts(first)), first):
        print(line)
    return 0


async def _counts(first: date) -> Counts:
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            return await opinions.counts(connection, first, following(first))
    finally:
        await database.close()


def listed(counts: Counts, first: date) -> list[str]:
    """A heading and a line for each kind and question."""
    name = f"{first.year}-Q{(first.month + 2) // 3}"
    if not counts:
        return [f"{name}: no answers"]
    lines = [f"{name}{'':29}{'yes':>6}{'partly':>8}{'no':>6}"]
    for (kind, question), row in sorted(counts.items()):
        yes, partly, no = shown(row)
        lines.append(f"{f'{kind} {question}':36}{yes:>6}{partly:>8}{no:>6}")
    return lines


def shown(row: tuple[int, int, int]) -> tuple[str, ...]:
    """The cells of a row. A single hidden cell could be guessed from other figures, so its smallest neighbour that is
    not nought goes with it. Nought is hidden as the others: that nobody said no tells something of few people."""
    hidden = {place for place, count in enumerate(row) if count < SMALLEST}
    if len(hidden) == 1:
        hidden.add(min((place for place in range(3) if place not in hidden), key=lambda place: row[place]))
    return tuple(HIDDEN if place in hidden else str(count) for place, count in enumerate(row))


def quarter(raw: str) -> date:
    """`2026-Q4` -> 2026-10-01."""
    match = re.fullmatch(r"(\d{4})-Q([1-4])", raw.strip().upper())
    if match is None:
        raise argparse.ArgumentTypeError("a quarter like 2026-Q4")
    return date(int(match[1]), 3 * int(match[2]) - 2, 1)


def following(first: date) -> date:
    """The first day of the next quarter."""
    return date(first.year + (first.month == 10), (first.month + 2) % 12 + 1, 1)


def previous(today: date) -> date:
    """The first day of the quarter that ended last."""
    month = 3 * ((today.month - 1) // 3) + 1
    return date(today.year - 1, 10, 1) if month == 1 else date(today.year, month - 3, 1)
