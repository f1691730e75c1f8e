"""`saathi nlu train | parse | evaluate`: the understanding on the command line, for our data and anybody's.

Law: results go to stdout in a form that programs read, words about them to stderr; codes: 0 done, 1 failed, 2 bad.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.engine.inputs import Danger
from bot.nlu.classifier import Classifier, Ranked, load
from bot.nlu.danger import DangerFloor, Verdict
from bot.nlu.data import DataError, read_examples
from bot.nlu.evaluation import Answer, report_of, table_of
from bot.nlu.intents import DANGER, FALLBACK
from bot.nlu.model_file import ModelError
from bot.nlu.training import TrainingError, train_in_child
from bot.nlu.understanding import BELIEVED, meaning_of
from bot.settings import ROOT

NLU_DATA = ROOT / "nlu_data"
RANKING = 10  # names in `intent_ranking`, as Rasa gives


def add_arguments(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Adds the three commands to the parser of `saathi nlu`; `run` of this module answers them. Returns where more can
    be added."""
    commands = parser.add_subparsers(dest="nlu_command", required=True, metavar="COMMAND")
    text = "learn a model from Rasa NLU YAML; without options the one that this installation serves with, if it is not "
    text += "there yet"
    one = commands.add_parser("train", help=text, description=text)
    one.add_argument("--data", type=Path, nargs="+", help="Rasa NLU YAML files or folders, which are searched")
    one.add_argument("--out", type=Path, help="the model to write, for example var/nlu.npz")
    text = "read a text per line from stdin, write one line of JSON in Rasa's format for each, with `danger` beside it"
    two = commands.add_parser("parse", help=text, description=text)
    text = "measure a model on examples that it was not trained on: accuracy, macro-F1, MCC, per intent, per "
    text += "language and script, danger and out-of-scope recall, calibration"
    three = commands.add_parser("evaluate", help=text, description=text)
    three.add_argument("--data", type=Path, nargs="+", required=True, help="Rasa NLU YAML that was held out")
    three.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    for sub in (two, three):
        sub.add_argument("--model", type=Path, required=True, help="a file of `saathi nlu train`")
        sub.add_argument(
            "--fallback",
            type=_share,
            nargs="?",
            const=BELIEVED,
            default=0.0,
            metavar="CONFIDENCE",
            help=f"answer {FALLBACK} below this confidence ({BELIEVED} when no number is given; never without this)",
        )
        sub.add_argument("--danger-data", type=Path, default=NLU_DATA, help="folder of danger.yml and the concepts")
    return commands


def run(options: argparse.Namespace) -> int:
    """Runs what `add_arguments` parsed; the exit code. Known errors are one line on stderr."""
    try:
        if options.nlu_command == "train":
            if not options.data or not options.out:
                raise DataError("train: --data and --out go together")
            return train(options.data, options.out)
        if options.nlu_command == "parse":
            return parse(options.model, options.fallback, options.danger_data)
        return evaluate(options.model, options.data, options.fallback, options.danger_data, as_json=options.json)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 2
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 1


def train(data: Path | Sequence[Path], out: Path) -> int:
    """Trains in a child process. Raises DataError, TrainingError."""
    train_in_child([data] if isinstance(data, Path) else list(data), out)
    print(out)
    return 0


def parse(model: Path, fallback: float = 0.0, danger_data: Path = NLU_DATA) -> int:
    """stdin to stdout, a line for a line, each written at once. Raises ModelError, DataError."""
    classifier, floor = load(model), _floor(danger_data)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    for line in sys.stdin:
        answer = as_rasa(line.rstrip("\r\n"), classifier, floor, fallback)
        print(json.dumps(answer, ensure_ascii=False), flush=True)
    return 0


def evaluate(
    model: Path,
    data: Path | Sequence[Path],
    fallback: float = 0.0,
    danger_data: Path = NLU_DATA,
    *,
    as_json: bool = False,
) -> int:
    """Prints the figures. Raises ModelError, DataError."""
    classifier, floor = load(model), _floor(danger_data)
    examples = read_examples(data)
    ranked = classifier.parse_many(e.text for e in examples)
    watched = bool(DANGER & {e.intent for e in examples})  # other people's data have no danger of ours
    answers = [
        Answer(_answer(r, fallback), r.confidence, _danger(e.text, r, floor) if watched else None)
        for e, r in zip(examples, ranked, strict=True)
    ]
    report = report_of(examples, answers)
    unknown = sorted({e.intent for e in examples} - set(classifier.intents))
    if unknown:
        print(f"not in the model: {', '.join(unknown)}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False) if as_json else table_of(report))
    return 0


def as_rasa(text: str, classifier: Classifier, floor: DangerFloor | None, fallback: float = 0.0) -> dict[str, Any]:
    """What a Rasa server answers to /model/parse, and `danger`. Intent null when the text holds nothing known."""
    ranked = classifier.parse(text)
    ranking = [{"name": name, "confidence": p} for name, p in ranked.intents[:RANKING]]
    best: dict[str, Any] = ranking[0] if ranking else {"name": None, "confidence": 0.0}
    if ranked.confidence < fallback:
        best = {"name": FALLBACK, "confidence": 1.0 - ranked.confidence}
        ranking = [best, *(entry for entry in ranking if entry["name"] != FALLBACK)]
    alarm = _danger(text, ranked, floor)
    return {
        "text": text,
        "intent": best,
        "entities": [],
        "intent_ranking": ranking,
        "danger": {"kind": alarm.kind, "tier": alarm.tier, "rule": alarm.rule} if alarm else None,
    }


def _answer(ranked: Ranked, fallback: float) -> str:
    return FALLBACK if ranked.confidence < fallback else ranked.intent


def _danger(text: str, ranked: Ranked, floor: DangerFloor | None) -> Danger | None:
    verdict = floor.judge(text) if floor else Verdict(None, frozenset())
    return meaning_of(ranked, verdict, "").danger


def _floor(folder: Path) -> DangerFloor | None:
    if not (folder / "danger.yml").exists():
        print(f"{folder}: no danger.yml, so no danger floor", file=sys.stderr)
        return None
    return DangerFloor.load(folder)


def _share(raw: str) -> float:
    value = float(raw)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError("a confidence is between 0 and 1")
    return value
