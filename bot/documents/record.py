"""A record on paper: A4 pages with a head, sections of lines, and page x of y, in whatever scripts it holds.

Law: nothing is cut off; what does not fit goes on the next page. What a character has no font for is left out. Each
line has the direction of its own first letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.documents.letters import direction_of
from bot.documents.paper import MM, Paper

WIDTH, HEIGHT, EDGE = 210.0, 297.0, 16.0
ROOM = WIDTH - 2 * EDGE
TOP, BOTTOM = 30.0, HEIGHT - 20.0
INK, SOFT, LINE = (0, 0, 0), (70, 70, 70), (130, 130, 130)
LABEL = 52.0  # room of a label beside its value
LEAD = 1.55  # of lines, in sizes


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a section. `label` stands beside the words, or over them when `over`."""

    label: str
    words: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Record:
    """All that is printed. `keep`: what to do with the paper; `page`: `{page} / {pages}`."""

    language: str
    direction: str
    title: str
    reference: str
    lead: str
    by: str
    keep: str
    page: str
    sections: Sequence[Section]


def record(given: Record, at: datetime) -> bytes:
    """The file. The numbers of its pages are set last, when it is known how many there are."""
    return _Pages(given, at).bytes()


class _Pages:
    """Sets a record from the top, page by page."""

    def __init__(self, given: Record, at: datetime) -> None:
        self._given, self._page, self._y = given, 1, TOP
        self._rtl = given.direction == "rtl"
        self._paper = Paper(
            WIDTH,
            HEIGHT,
            _words(given),
            language=given.language,
            direction=given.direction,
            title=f"{given.title} {given.reference}",
            at=at,
        )

    def bytes(self) -> bytes:
        """The file."""
        given = self._given
        self._frame()
        self._y = 34.0
        self._lines(given.title, 20, weight=1.2)
        self._lines(given.lead, 11)
        for section in given.sections:
            self._section(section)
        for page in range(1, self._page + 1):
            self._number(page)
        return self._paper.bytes()

    def _section(self, section: Section) -> None:
        self._y += 5
        self._room(22)  # a heading does not stand alone at the end of a page
        self._paper.line(EDGE, self._y, WIDTH - EDGE, LINE)
        self._y += 4
        self._lines(section.title, 12.5, weight=1)
        self._y += 1
        for item in section.items:
            self._item(item)

    def _item(self, item: Item) -> None:
        if item.over:
            self._room(11)  # a label does not stand alone at the end of a page
            self._lines(item.label, 8.5, soft=True)
            self._lines(item.words, 10.5)
            self._y += 1.5
            return
        label, value = self._wrapped(item.label, LABEL - 3, 9), self._wrapped(item.words, ROOM - LABEL, 10.5)
        beside, high = _high(label, 9), _high(value, 10.5)
        self._room(max(beside, min(high, 30)))
        start, page = self._y, self._page
        self._y += (10.5 - 9) * MM * LEAD / 2  # on one line with the words
        self._set(label, LABEL - 3, 9, soft=True)
        self._y = start
        self._set(value, ROOM - LABEL, 10.5, start=LABEL)
        if page == self._page:
            self._y = max(self._y, start + beside)
        self._y += 0.8

    def _lines(self, text: str, size: float, *, soft: bool = False, weight: float = 0) -> None:
        """Words as wide as the page."""
        self._set(self._wrapped(text, ROOM, size), ROOM, size, soft=soft, weight=weight)

    def _wrapped(self, text: str, width: float, size: float) -> list[tuple[str, str]]:
        """Lines with the direction of the text's own line that each comes from; a bare number is read from the left."""
        return [
            (line, direction_of(own, "ltr"))
            for own in text.splitlines() or [""]
            for line in self._paper.wrapped(own, width, size)
        ]

    def _set(
        self,
        lines: Sequence[tuple[str, str]],
        width: float,
        size: float,
        *,
        start: float = 0,
        soft: bool = False,
        weight: float = 0,
    ) -> None:
        x, step = WIDTH - EDGE - start - width if self._rtl else EDGE + start, size * MM * LEAD
        for line, direction in lines:
            self._room(step)
            colour = SOFT if soft else INK
            self._paper.write(line, x, self._y + step / 2, width, size, colour, direction=direction, weight=weight)
            self._y += step

    def _room(self, height: float) -> None:
        if self._y + height > BOTTOM:
            self._paper.next_page()
            self._page += 1
            self._frame()
            self._y = TOP

    def _frame(self) -> None:
        """The head and foot of each page."""
        given, half = self._given, ROOM / 2
        left, right = (EDGE + half, EDGE) if self._rtl else (EDGE, EDGE + half)
        ltr = direction_of(given.reference, "ltr") == "ltr"
        self._paper.put(given.reference, left, 17, half, 13, INK, align="R" if self._rtl else "L", ltr=ltr, weight=0.8)
        self._paper.put(given.by, right, 17, half, 8.5, SOFT, align="L" if self._rtl else "R", smallest=6, lines=2)
        self._paper.line(EDGE, 23, WIDTH - EDGE, INK, 0.5)
        self._paper.put(given.keep, left, HEIGHT - 12, half, 8.5, SOFT, align="S", smallest=6)

    def _number(self, page: int) -> None:
        """Which page it is, and of how many."""
        self._paper.turn_to(page)
        right = EDGE if self._rtl else EDGE + ROOM / 2
        words = self._given.page.replace("{page}", str(page)).replace("{pages}", str(self._page))
        side = "L" if self._rtl else "R"
        self._paper.put(words, right, HEIGHT - 12, ROOM / 2, 8.5, SOFT, align=side, ltr=True)


def _words(given: Record) -> Iterator[str]:
    yield from (given.title, given.reference, given.lead, given.by, given.keep, given.page, "0123456789 /")
    for section in given.sections:
        yield section.title
        for item in section.items:
            yield from (item.label, item.words)


def _high(lines: Sequence[object], size: float) -> float:
    return len(lines) * size * MM * LEAD
