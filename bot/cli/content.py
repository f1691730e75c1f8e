"""`saathi check` and `saathi locales extract`.

Law: problems are printed as `file:line: message`, one per line, and the exit code says whether there are any.
"""

from __future__ import annotations

import argparse
import sys

from bot import check
from bot.check.extract import write_pot
from bot.settings import ROOT


def add_locales_arguments(parser: argparse.ArgumentParser) -> None:
    """`extract`."""
    parser.add_argument(
        "what",
        choices=("extract",),
        help="extract: write messages.pot from the flows and bring every catalogue up to it",
    )


def run_check(args: argparse.Namespace) -> int:
    """0 = flows, facts and translations may be published."""
    problems = check.run(ROOT)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem(s)", file=sys.stderr)
        return 1
    print("flows, facts and translations are in order")
    return 0


def run_locales(args: argparse.Namespace) -> int:
    """Write the catalogue template."""
    write_pot(ROOT)
    print("locales/messages.pot and the catalogues are up to date")
    return 0
