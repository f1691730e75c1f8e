"""How good answers are: accuracy, macro-F1, Matthews correlation, per intent and by confusion.

Law: pure arithmetic over (wanted, got) pairs.
Facts: multi-class MCC after Gorodkin, Comput. Biol. Chem. 28 (2004); macro-F1 = mean of F1 over all names that occur.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class PerIntent:
    """Figures of one intent, 0..1; `support` = how many lines wanted it."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Measures:
    """All figures of one evaluation; `confused` = (wanted, got, times), most frequent first."""

    count: int
    accuracy: float
    macro_f1: float
    mcc: float
    intents: tuple[PerIntent, ...]
    confused: tuple[tuple[str, str, int], ...]


def measure(wanted: Sequence[str], got: Sequence[str]) -> Measures:
    """Figures for answers in the same order as what was wanted. Raises ValueError for none or different lengths."""
    pairs = Counter(zip(wanted, got, strict=True))
    if not pairs:
        raise ValueError("nothing to measure")
    names = sorted(set(wanted) | set(got))
    support, answers = Counter(wanted), Counter(got)
    right = sum(n for (w, g), n in pairs.items() if w == g)
    table = tuple(_per_intent(name, pairs[name, name], answers[name], support[name]) for name in names)
    wrong = Counter({pair: n for pair, n in pairs.items() if pair[0] != pair[1]})
    confused = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
    return Measures(
        count=len(wanted),
        accuracy=right / len(wanted),
        macro_f1=sum(row.f1 for row in table) / len(table),
        mcc=_mcc(right, len(wanted), [support[n] for n in names], [answers[n] for n in names]),
        intents=table,
        confused=tuple((w, g, n) for (w, g), n in confused),
    )


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """How far confidences are from the share of right answers: the mean gap over bins of equal width, weighed by lines.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 5. Raises ValueError as `measure` does.
    """
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, good in zip(confidences, right, strict=True):
        rows[min(bins - 1, int(confidence * bins))].append((confidence, good))
    count = sum(map(len, rows))
    if not count:
        raise ValueError("nothing to measure")
    return sum(abs(sum(c for c, _ in row) - sum(g for _, g in row)) for row in rows) / count


def _per_intent(name: str, right: int, answered: int, support: int) -> PerIntent:
    precision = right / answered if answered else 0.0
    recall = right / support if support else 0.0
    return PerIntent(name, precision, recall, 2 * right / (answered + support), support)


def _mcc(right: int, count: int, wanted: Sequence[int], got: Sequence[int]) -> float:
    together = right * count - sum(w * g for w, g in zip(wanted, got, strict=True))
    spread = (count**2 - sum(g * g for g in got)) * (count**2 - sum(w * w for w in wanted))
    return together / sqrt(spread) if spread else 0.0
