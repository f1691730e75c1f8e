"""`saathi nlu train | parse | evaluate` (`bot/nlu/commands.py`), and `suggest | export`: what nobody understood.

Law: prints and writes lines out of which everything that may tell of somebody was taken before they were stored. What a
machine guesses is printed as a guess, and only what a person has labelled is written into the data.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bot import databases
from bot import settings as configuration
from bot.nlu import commands
from bot.nlu.classifier import load
from bot.nlu.data import DataError
from bot.nlu.labelled import add as add_to
from bot.nlu.labelled import alike, as_yaml
from bot.nlu.model_file import ModelError
from bot.nlu.training import TrainingError, ensure_model
from bot.settings import ROOT
from bot.store import fallen
from bot.store.fallen import Fallen, Label

CANDIDATES = (
    "# Candidates: nobody has said yet what these lines mean. The intents are guesses of a machine; correct them.\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands of the understanding, and two of what it did not understand."""
    more = commands.add_arguments(parser)
    text = "print lines that nobody understood and nobody has labelled, under the intent that is guessed"
    one = more.add_parser("suggest", help=text, description=text)
    one.add_argument("--model", type=Path, help="guess with this model; without it the guess of then is printed")
    one.add_argument("--least", type=int, default=1, help="only lines that, with those alike, came so often (1)")
    text = "write what was labelled on the desk to DIR/<language>/labelled.yml; what is there stays"
    two = more.add_parser("export", help=text, description=text)
    two.add_argument("--out", type=Path, help="for example nlu_data; without it all is printed")
    for sub in (one, two):
        sub.add_argument("--language", default="", help="only this one")


def run(args: argparse.Namespace) -> int:
    """The exit code."""
    own = args.nlu_command == "train" and args.data is None and args.out is None
    if not own and args.nlu_command not in ("suggest", "export"):
        return commands.run(args)
    try:
        if own:
            return learn()
        return suggest(args) if args.nlu_command == "suggest" else export(args)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 2
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 1


def learn() -> int:
    """The model that `serve` looks for, made before it is needed; its path."""
    print(ensure_model(ROOT / "nlu_data", configuration.load().data_dir / "nlu"))
    return 0


def suggest(args: argparse.Namespace) -> int:
    """Candidates as Rasa NLU YAML; how often each group came stands on stderr."""
    chosen = partial(fallen.fallen, labelled=False, language=args.language or None)
    waiting = asyncio.run(_read(chosen))
    groups = [g for g in alike(waiting, lambda line: line.line) if sum(line.times for line in g) >= args.least]
    guess = _guess(args.model)
    print(as_yaml([guess(line) for group in groups for line in group], CANDIDATES), end="")
    for group in sorted(groups, key=lambda g: -sum(line.times for line in g)):
        print(f"{sum(line.times for line in group)}x {len(group)} lines like: {group[0].line}", file=sys.stderr)
    return 0


def _guess(model: Path | None) -> Callable[[Fallen], Fallen]:
    classifier = load(model) if model else None

    def guess(line: Fallen) -> Fallen:
        intent = classifier.parse(line.line).intent if classifier else line.intents[0]
        return replace(line, label=intent or line.intents[0])

    return guess


def export(args: argparse.Namespace) -> int:
    """Labelled lines into the data, or to stdout."""
    lines: Sequence[Label] = asyncio.run(_read(fallen.labelled))
    mine = [line for line in lines if args.language in ("", line.language)]
    if args.out is None:
        print(as_yaml(mine), end="")
        return 0
    for language in sorted({line.language for line in mine}):
        new = add_to(args.out / language, [line for line in mine if line.language == language])
        print(f"{args.out / language}: {new} new lines")
    return 0


async def _read(what: Callable[[Any], Any]) -> Any:
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            return await what(connection)
    finally:
        await database.close()
