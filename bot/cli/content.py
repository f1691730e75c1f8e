"""`saathi check`.

Law: problems are printed as `file:line: message`, one per line, and the exit code says whether there are any.
"""

from __future__ import annotations

import argparse
import sys

from bot import check
from bot.check.facts import unchecked
from bot.content import load
from bot.settings import ROOT


def add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """`--unchecked`."""
    parser.add_argument(
        "--unchecked",
        action="store_true",
        help="list the facts of low and medium confidence that no human has marked checked",
    )


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
