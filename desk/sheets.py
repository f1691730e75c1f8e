"""Figures as a reader sees them: words, a plot and a table of each, and the numbers as a file has them.

Law: words come from desk/words/ and CLDR. A sheet for a file has its small numbers kept back (`desk.figures.hidden`);
the page shows whoever may open each case how many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from babel.dates import format_timedelta
from babel.numbers import format_decimal, format_percent

from desk import plots
from desk.figures import FEWEST, Asked, hidden
from desk.look import Look, long_day, skeleton
from desk.office import Visit
from desk.plots import Plot
from desk.views.drop_off import Step
from desk.views.figures import Count, First

SHOWN = 12  # bars of one plot; the table has all


@dataclass(frozen=True)
class Sheet:
    """`rows`: cells as they are read, the first names the row. `numbers`: the same for a file."""

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[Sequence[str | int | None]]
    plot: Plot | None = None
    total: str = ""


@dataclass(frozen=True)
class Say:
    """Words and numbers in the reader's language."""

    look: Look
    visit: Visit

    def t(self, text_id: str, **values: Any) -> str:
        """A word of the desk."""
        return self.look.word(self.visit.language, text_id, **values)

    def named(self, family: str, code: str) -> str:
        """The word of a code; the code itself while nobody has written one."""
        return self.t(f"{family}.{code}") if f"desk.{family}.{code}" in self.look.content.desk else code

    def kind(self, code: str) -> str:
        """A kind of case."""
        return self.named("kinds", code if f"desk.kinds.{code}" in self.look.content.desk else "other")

    def country(self, code: str | None) -> str:
        """A country, or that it is not known."""
        return self.look.country(self.visit.language, code) or self.t("figures.not_known")

    def n(self, number: float) -> str:
        """A number."""
        return format_decimal(number, locale=self.visit.language)

    def share(self, part: float, whole: float) -> str:
        """A part in hundredths; nothing of nothing."""
        return format_percent(part / whole, format="#,##0%", locale=self.visit.language) if whole else "–"

    def span(self, seconds: float | None) -> str:
        """How long."""
        if seconds is None:
            return "–"
        least = max(timedelta(seconds=float(seconds)), timedelta(minutes=1))
        return format_timedelta(least, granularity="minute", threshold=1.5, format="short", locale=self.visit.language)

    def day(self, day: date, unit: str = "day") -> str:
        """A day, or a month, shortly."""
        return skeleton(self.visit.language, "yMMM" if unit == "month" else "MMMd", day)

    def period(self, asked: Asked) -> str:
        """From when to when."""
        first, last = (long_day(self.visit.language, one, "medium") for one in (asked.first, asked.last))
        return self.t("figures.period", first=first, last=last)

    @cached_property
    def rtl(self) -> bool:
        """Whether the page is read from the right."""
        return self.look.content.languages[self.visit.language].direction == "rtl"


def volumes(say: Say, asked: Asked, found: Sequence[tuple[date, int, int]]) -> Sheet:
    """Cases in time."""
    title = say.t("figures.volumes")
    total, critical = sum(n for _, n, _ in found), sum(c for _, _, c in found)
    told = say.t("figures.volumes_told", n=say.n(total), critical=say.n(critical), period=say.period(asked))
    rows = [(say.day(day, asked.unit), n, c) for day, n, c in found]
    kept = hidden([n for _, n, _ in rows])
    dark = hidden([c for _, _, c in rows])
    plot = plots.standing([(label, n, c, say.n(n)) for label, n, c in rows], title, told, rtl=say.rtl, number=say.n)
    return Sheet(
        "volumes",
        title,
        [say.t(f"figures.{asked.unit}"), say.t("figures.cases"), say.t("figures.critical")],
        [(label, say.n(n), say.n(c)) for label, n, c in rows],
        [(day.isoformat(), a, b) for (day, _, _), a, b in zip(found, kept, dark, strict=True)],
        plot if total else None,
        told,
    )


def counts(say: Say, asked: Asked, name: str, found: Sequence[Count], label: Callable[[str], str]) -> Sheet:
    """Cases by one thing: kinds, outcomes."""
    title, total = say.t(f"figures.{name}"), sum(n for _, n in found)
    told = say.t(f"figures.{name}_told", n=say.n(total), period=say.period(asked))
    rows = [(label(code), n) for code, n in found]
    lying = [(words, n, 0.0, f"{say.n(n)} · {say.share(n, total)}") for words, n in rows[:SHOWN]]
    return Sheet(
        name,
        title,
        [say.t(f"figures.{name}_of"), say.t("figures.cases"), say.t("figures.share")],
        [(words, say.n(n), say.share(n, total)) for words, n in rows],
        [(words, n) for (words, _), n in zip(rows, hidden([n for _, n in rows]), strict=True)],
        plots.lying(lying, title, told, rtl=say.rtl, most=total) if rows else None,
        told,
    )


def corridors(say: Say, asked: Asked, found: Sequence[tuple[str | None, str | None, int]]) -> Sheet:
    """From where to where."""
    pairs = [(say.t("figures.corridor", home=say.country(home), stay=say.country(stay)), n) for home, stay, n in found]
    by_name = dict(pairs)
    return counts(say, asked, "corridors", list(by_name.items()), str)


def first_answers(say: Say, asked: Asked, found: Sequence[First]) -> Sheet:
    """How soon a human answered first. Whoever waits too long now counts as not in time."""
    due = [(one, one.answered + one.late) for one in found]
    rows = [
        (
            say.named("severity", one.severity),
            say.n(one.cases),
            say.n(one.answered),
            say.share(one.within, of),
            say.span(one.median),
            say.span(one.slow),
            say.n(one.late),
        )
        for one, of in due
    ]
    numbers = [
        (row[0], one.cases, one.answered, one.within, one.late)
        if one.cases >= FEWEST
        else (row[0], None, None, None, None)
        for row, one in zip(rows, found, strict=True)
    ]
    shares = [(say.named("severity", one.severity), one.within, of) for one, of in due]
    heads = ("severity", "cases", "answered", "within", "median", "slow", "late_now")
    return _answers(say, asked, "firsts", heads, rows, numbers, shares)


def next_answers(say: Say, asked: Asked, found: Mapping[str, tuple[int, int, float, float]]) -> Sheet:
    """How soon a human answered later: by severity (answers, in time, median, slow)."""
    rows = [
        (say.named("severity", level), say.n(n), say.share(within, n), say.span(median), say.span(slow))
        for level, (n, within, median, slow) in found.items()
    ]
    numbers = [
        (row[0], n if n >= FEWEST else None, within if n >= FEWEST else None)
        for row, (n, within, _, _) in zip(rows, found.values(), strict=True)
    ]
    shares = [(say.named("severity", level), within, n) for level, (n, within, _, _) in found.items()]
    return _answers(say, asked, "nexts", ("severity", "answers", "within", "median", "slow"), rows, numbers, shares)


def _answers(
    say: Say,
    asked: Asked,
    name: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[Sequence[str | int | None]],
    shares: Sequence[tuple[str, int, int]],
) -> Sheet:
    title = say.t(f"figures.{name}")
    within, of = sum(w for _, w, _ in shares), sum(n for _, _, n in shares)
    told = say.t(f"figures.{name}_told", share=say.share(within, of), n=say.n(of), period=say.period(asked))
    lying = [(label, w / n if n else 0.0, 0.0, say.share(w, n)) for label, w, n in shares]
    plot = plots.lying(lying, title, told, rtl=say.rtl, most=1) if of else None
    return Sheet(name, title, [say.t(f"figures.{head}") for head in heads], rows, numbers, plot, told)


def in_time(
    found: Sequence[tuple[str, datetime, datetime]], kept: Callable[[str, datetime, datetime], bool]
) -> dict[str, tuple[int, int, float, float]]:
    """By severity: answers, those with which a promise was `kept`, and seconds of the median and of nine in ten."""
    took: dict[str, list[float]] = {}
    within: dict[str, int] = {}
    for level, wrote, replied in found:
        took.setdefault(level, []).append((replied - wrote).total_seconds())
        within[level] = within.get(level, 0) + kept(level, wrote, replied)
    result = {}
    for level, spans in took.items():
        spans.sort()
        result[level] = (len(spans), within[level], spans[(len(spans) - 1) // 2], spans[(len(spans) - 1) * 9 // 10])
    return result


def with_open(say: Say, sheet: Sheet, still: int) -> Sheet:
    """Outcomes, and how many cases stand open at the end of the period."""
    return replace(sheet, total=f"{sheet.total} {say.t('figures.still_open', n=say.n(still))}")


def drop_off(say: Say, asked: Asked, flow: str, found: Sequence[Step]) -> Sheet:
    """Where nothing more came. A question that was met by few is not told at all."""
    shown = [one for one in found if one.asked >= FEWEST]
    title = say.t("figures.steps_of", flow=flow)
    told = say.t("figures.steps_told", period=say.period(asked))
    few = say.t("figures.under", n=FEWEST)

    def part(n: int) -> str:
        return few if 0 < n < FEWEST else say.n(n)

    def share(one: Step) -> str:
        return few if 0 < one.left < FEWEST else say.share(one.left, one.asked)

    rows = [(one.step, say.n(one.asked), part(one.again), part(one.left), share(one)) for one in shown]
    lying = [(one.step, one.left / one.asked, 0.0, share(one)) for one in shown if not 0 < one.left < FEWEST]
    plot = plots.lying(lying, title, told, rtl=say.rtl, most=1) if lying else None
    heads = [say.t(f"figures.{name}") for name in ("step", "asked", "again", "left", "left_share")]
    return Sheet("steps", title, heads, rows, [], plot, told)
