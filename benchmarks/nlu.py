"""Embedded and Rasa side by side: `python -m benchmarks.nlu [--folds 3] [--each N] [--asked N] [--diet] [--write]`.

Law: one run, the same lines taught and the same lines asked, so that a busy machine is busy for both. What is asked
was taught to nobody: other folds of `nlu_data/`, and `tests/nlu/heldout/`. The danger floor stands under each
classifier, as in the service, where danger is moreover what either of them sees.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from benchmarks.burden import processor
from benchmarks.nlu_report import Asked, Engine, page, put
from bot.nlu.classifier import Ranked, load
from bot.nlu.danger import DangerFloor
from bot.nlu.data import Example, read_examples
from bot.nlu.language import script_of
from bot.nlu.rasa import ranked
from bot.nlu.rasa_place import install
from bot.nlu.rasa_server import DIET, LIGHT, Server, as_yaml, train
from bot.nlu.training import train_in_child
from bot.nlu.understanding import meaning_of
from bot.settings import ROOT

HELD_OUT = ROOT / "tests" / "nlu" / "heldout"
FRESH = "alarms_fourth.yml"
LATIN = frozenset({"en", "id", "fil"})  # whose own script is Latin: nothing of theirs is romanised
BLOCK = 50  # lines in turn, one engine after the other: both see the same minutes of the machine


@dataclass(slots=True)
class Trained:
    """A classifier at work: `parse` one text; `cpu` = seconds of processor that it has used so far."""

    engine: Engine
    parse: Callable[[str], Ranked]
    cpu: Callable[[], float]
    close: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Bench:
    """What all parts of a run share."""

    python: Path
    kinds: Sequence[str]
    folder: Path
    floor: DangerFloor
    engines: dict[str, Engine] = field(default_factory=dict)

    def trained(self, examples: Sequence[Example], name: str) -> list[Trained]:
        """Each engine taught the same, one after the other."""
        return [self._embedded(examples, name)] + [self._rasa(examples, kind, name) for kind in self.kinds]

    def _engine(self, name: str) -> Engine:
        return self.engines.setdefault(name, Engine(name))

    def _embedded(self, examples: Sequence[Example], name: str) -> Trained:
        data, model = self.folder / name, self.folder / f"{name}.npz"
        by_language: defaultdict[str, list[Example]] = defaultdict(list)
        for e in examples:
            by_language[e.language].append(e)
        for language, some in by_language.items():
            (data / language).mkdir(parents=True, exist_ok=True)
            (data / language / "nlu.yml").write_text(as_yaml(some), "utf-8")
        began = time.monotonic()
        train_in_child([data], model)
        engine = self._engine("embedded")
        engine.training.append((len(examples), time.monotonic() - began))
        engine.megabytes = _embedded_megabytes(model)
        engine.file_megabytes = model.stat().st_size / 1e6
        return Trained(engine, load(model).parse, time.process_time)

    def _rasa(self, examples: Sequence[Example], kind: str, name: str) -> Trained:
        model = self.folder / f"{name}-{kind}.tar.gz"
        seconds = train(self.python, examples, DIET if kind == "diet" else LIGHT, model, _say)
        engine = self._engine(f"Rasa, {kind}")
        engine.training.append((len(examples), seconds))
        engine.file_megabytes = model.stat().st_size / 1e6
        server = Server(self.python, model, self.folder / f"{name}-{kind}")
        server.start()
        client = httpx.Client(base_url=server.url, params={"token": server.token}, timeout=60, trust_env=False)

        def parse(text: str) -> Ranked:
            return ranked(client.post("/model/parse", json={"text": text}).json())

        def close() -> None:
            engine.megabytes = _rss(server.pid)
            client.close()
            server.stop()

        parse("hello")  # the first one loads what the others use
        return Trained(engine, parse, lambda: processor(server.pid), close)

    def ask(self, trained: Sequence[Trained], lines: Sequence[Example]) -> list[Asked]:
        """Every line to every engine, a block at a time in turn."""
        asked: list[Asked] = []
        for start in range(0, len(lines), BLOCK):
            for one in trained:
                block, answers, used = lines[start : start + BLOCK], [], one.cpu()
                for e in block:
                    began = time.perf_counter()
                    answer = one.parse(e.text)
                    one.engine.seconds.append(time.perf_counter() - began)
                    answers.append(answer)
                one.engine.cpu += one.cpu() - used
                for e, answer in zip(block, answers, strict=True):
                    meaning = meaning_of(answer, self.floor.judge(e.text), "")
                    tier = meaning.danger.tier if meaning.danger else ""
                    asked.append(Asked(one.engine.name, e.language, writing(e), e.intent, meaning.intent, tier))
            if start % (10 * BLOCK) == 0:
                _say(f"  {start + BLOCK} of {len(lines)} lines asked")
        return asked


def writing(e: Example) -> str:
    """`own` script, or `romanised` for a language that has one and is typed in Latin letters."""
    return "romanised" if e.language not in LATIN and script_of(e.text) == "LATIN" else "own"


def sampled(examples: Iterable[Example], each: int, seed: int = 0) -> list[Example]:
    """At most `each` lines of every intent in every language and way of writing (0 = all), the same every time."""
    groups: defaultdict[tuple[str, str, str], list[Example]] = defaultdict(list)
    for e in {e.text: e for e in examples}.values():  # a text once
        groups[e.language, e.intent, writing(e)].append(e)
    chosen: list[Example] = []
    for key in sorted(groups):
        lines = groups[key]
        random.Random(f"{seed}{key}").shuffle(lines)
        chosen += lines[: each or None]
    return chosen


def folds(examples: Sequence[Example], count: int) -> list[list[Example]]:
    """Parts of which each has its share of every group (`sampled` puts groups together)."""
    return [list(examples[start::count]) for start in range(count)]


def held_out(folder: Path = HELD_OUT) -> list[Example]:
    """Lines by intent (`<language>/nlu.yml`), and alarms by kind with ordinary lines beside them, of the one set that
    no word was mended by (`alarms_fourth.yml`)."""
    found = [e for e in read_examples(folder) if e.language]
    alarms = folder / FRESH
    if alarms.exists():
        for language, groups in yaml.safe_load(alarms.read_text("utf-8")).items():
            for kind, lines in groups.get("danger", {}).items():
                found += [Example(line, kind, language, FRESH) for line in lines]
            found += [Example(line, "", language, FRESH) for line in groups.get("ordinary", [])]
    return list({e.text: e for e in found}.values())


def run(options: argparse.Namespace) -> str:
    """The page."""
    examples = sampled(read_examples(ROOT / "nlu_data"), options.each)
    outside = held_out(options.heldout)
    kinds = ["light", "diet"] if options.diet else ["light"]
    python = install(say=_say)
    with tempfile.TemporaryDirectory(prefix="saathi-bench-nlu-") as name:
        bench = Bench(python, kinds, Path(name), DangerFloor.load(ROOT / "nlu_data"))
        crossed: list[Asked] = []
        for number, part in enumerate(folds(examples, options.folds) if options.folds else []):
            _say(f"Fold {number + 1} of {options.folds}")
            out = {e.text for e in part}
            lines = sampled(part, options.asked, seed=number)
            crossed += _one(bench, [e for e in examples if e.text not in out], lines, f"fold{number}")
        _say("Held out")
        texts = {e.text for e in outside}
        outer = _one(bench, [e for e in examples if e.text not in texts], outside, "all") if outside else []
    return page(list(bench.engines.values()), crossed, outer, _how(options, examples, outside))


def _one(bench: Bench, taught: Sequence[Example], lines: Sequence[Example], name: str) -> list[Asked]:
    trained = bench.trained(taught, name)
    try:
        return bench.ask(trained, lines)
    finally:
        for one in trained:
            one.close()


def _how(options: argparse.Namespace, examples: Sequence[Example], outside: Sequence[Example]) -> str:
    flags = [f"--folds {options.folds}", f"--each {options.each}", f"--asked {options.asked}"]
    command = "python -m benchmarks.nlu " + " ".join([*flags, *(["--diet"] if options.diet else []), "--write"])
    load = os.getloadavg()[1]
    every = "all" if not options.each else f"at most {options.each} an intent, language and way of writing"
    return (
        f"`{command}`, {datetime.now(UTC):%d %B %Y}; {os.cpu_count()} cores, load {load:.0f} (other work beside it:"
        " seconds are of that machine, ratios are what counts).\n"
        f"{len(examples):,} lines of `nlu_data/` ({every}), {options.folds} folds;"
        f" {len(outside):,} lines of `tests/nlu/heldout/`."
    )


def _embedded_megabytes(model: Path) -> float:
    """What a process gains by loading the model and asking it once."""
    code = (
        "import sys; from pathlib import Path; from bot.nlu.classifier import load;"
        "rss = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096 / 1e6; before = rss();"
        "model = load(Path(sys.argv[1])); model.parse('my salary is not paid'); print(rss() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(model)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _rss(pid: int) -> float:
    told = Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]
    return int(told) * 1024 / 1e6


def _say(line: str) -> None:
    print(f"[{datetime.now(UTC):%H:%M:%S}] {line}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; with --write they are put into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nlu", description=__doc__)
    parser.add_argument(
        "--folds", type=int, default=3, help="parts of nlu_data/, each asked once; 0 = held out only (3)"
    )
    parser.add_argument("--each", type=int, default=0, help="lines taught of each intent, language, writing; 0 = all")
    parser.add_argument("--asked", type=int, default=4, help="lines asked of each of these in each fold; 0 = all (4)")
    parser.add_argument("--heldout", type=Path, default=HELD_OUT, help="other lines than tests/nlu/heldout/")
    parser.add_argument("--diet", action="store_true", help="Rasa's neural network too, which learns far longer")
    parser.add_argument("--write", action="store_true", help="write the section of docs/understanding.md")
    options = parser.parse_args(arguments)
    told = run(options)
    print(told)
    if options.write:
        put(ROOT / "docs" / "understanding.md", told, diet=options.diet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
