"""Tables of `benchmarks/nlu.py`: what was asked and answered, as rows for each language and way of writing."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.nlu.intents import DANGER, FALLBACK, SERIOUS
from bot.nlu.measures import measure

TITLE = "## Embedded and Rasa side by side\n"
TITLE_DIET = "## Embedded and Rasa side by side, with its neural network (DIET)\n"
FEW = 20  # lines: a rate of fewer says nothing


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer. `wanted` empty = an ordinary line that has no intent, `tier` empty = no danger seen."""

    engine: str
    language: str
    writing: str
    wanted: str
    got: str
    tier: str


@dataclass(slots=True)
class Engine:
    """What a classifier costs: `training` (lines, seconds), seconds of each parse and of processor for all of them,
    megabytes in memory and on the disk."""

    name: str
    training: list[tuple[int, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu: float = 0.0
    megabytes: float = 0.0
    file_megabytes: float = 0.0

    @property
    def rate(self) -> float:
        """Parses a second, one at a time."""
        return len(self.seconds) / sum(self.seconds)

    @property
    def cpu_each(self) -> float:
        """Milliseconds of processor for one parse."""
        return 1000 * self.cpu / len(self.seconds)

    def percentile(self, share: int) -> float:
        """Milliseconds."""
        return 1000 * statistics.quantiles(self.seconds, n=100)[share - 1]


def page(engines: Sequence[Engine], crossed: Sequence[Asked], outer: Sequence[Asked], how: str) -> str:
    """The text of the section."""
    parts = [how, _costs(engines)]
    if crossed:
        parts += ["By cross-validation (lines of other folds):", _table(crossed, [e.name for e in engines])]
    if outer:
        parts += ["On lines that are in no training data:", _table(outer, [e.name for e in engines])]
    parts.append(NOTE)
    return "\n\n".join(parts) + "\n"


NOTE = """\
own: the language's own script (Latin for en, id, fil). macro-F1 over all intents and the fallback. danger recall: lines
of the five danger intents that raise a page or an ask, by the floor or the classifier. false pages + asks: in 1,000
lines that are neither danger nor serious (a death, a detention). out of scope: lines that are none of our business and
get the fallback. A dash: fewer than 20 such lines. Cross-validation flatters the floor, whose words were read against
these lines."""


def _costs(engines: Sequence[Engine]) -> str:
    first = engines[0]
    head = "| engine | parses/s | p50 ms | p99 ms | processor ms | memory MB | file MB | training |"
    rows = [head, "|---" * (head.count("|") - 1) + "|"]
    for e in engines:
        lines, seconds = max(e.training)
        rows.append(
            f"| {e.name} | {e.rate:,.0f} | {e.percentile(50):.2f} | {e.percentile(99):.2f} | {e.cpu_each:.2f} |"
            f" {e.megabytes:.0f} | {e.file_megabytes:.0f} | {seconds:.0f} s for {lines:,} lines |"
        )
    ratios = [_ratio(first, e) for e in engines[1:]]
    told = "One text at a time, in turn on the same lines, `embedded` is faster than\n" + ";\n".join(ratios) + "."
    return "\n".join(rows) + "\n\n" + told + "\n" + CLOCKS


CLOCKS = """\
By the clock a busy machine adds the same wait to a short answer and to a long one; the median and the processor's own
time hold without that."""


def _ratio(first: Engine, other: Engine) -> str:
    by = [
        (other.percentile(50) / first.percentile(50), "by the median"),
        (other.cpu_each / first.cpu_each, "by processor time"),
        (first.rate / other.rate, "by the clock"),
    ]
    return f"{other.name}: " + ", ".join(f"{ratio:.0f} times {how}" for ratio, how in by)


def _table(asked: Sequence[Asked], names: Sequence[str]) -> str:
    groups = sorted({(a.language, a.writing) for a in asked})
    head = "| language | script | lines |"
    for name in names:
        head += f" {name}: macro-F1 | danger recall | false pages + asks | out of scope |"
    rows = [head, "|---" * (head.count("|") - 1) + "|"]
    keys: list[tuple[str, str]] = [*groups, ("all", "own"), ("all", "romanised"), ("all", "both")]
    for language, writing in keys:
        some = [a for a in asked if language in ("all", a.language) and writing in ("both", a.writing)]
        count = sum(a.engine == names[0] for a in some)
        cells = [_cells([a for a in some if a.engine == name]) for name in names]
        rows.append(f"| {language} | {writing} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _cells(asked: Sequence[Asked]) -> str:
    named = [a for a in asked if a.wanted]
    danger = [a for a in asked if a.wanted in DANGER]
    ordinary = [a for a in asked if a.wanted not in DANGER | SERIOUS]
    none = [a for a in asked if a.wanted == FALLBACK]
    score = f"{measure([a.wanted for a in named], [a.got for a in named]).macro_f1:.3f}" if len(named) >= FEW else "–"
    pages, asks = (_share((a.tier == tier for a in ordinary), 1000, 0) for tier in ("page", "ask"))
    seen = _share((bool(a.tier) for a in danger), 1, 3)
    return f"{score} | {seen} | {pages} + {asks} | {_share((a.got == FALLBACK for a in none), 1, 2)}"


def _share(which: Iterable[bool], of: int, digits: int) -> str:
    all_of_them = list(which)
    if len(all_of_them) < FEW:
        return "–"
    return f"{of * sum(all_of_them) / len(all_of_them):.{digits}f}"


def put(path: Path, told: str, *, diet: bool) -> None:
    """Put the section in the place of its last writing, or at the end."""
    title = TITLE_DIET if diet else TITLE
    before, found, after = path.read_text("utf-8").partition(title)
    rest = after.partition("\n## ")
    following = "\n## " + rest[2] if found and rest[1] else ""
    path.write_text(before.rstrip("\n") + "\n\n" + title + "\n" + told + following, "utf-8")
