"""A record on paper: A4 pages with a head, sections of lines, and page x of y, in whatever scripts it holds.

Law: nothing is cut off; what does not fit goes on the next page. What a character has no font for is left out. Each
line has the direction of its own first letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
LIMIT = 600  # characters of one piece: a page holds several


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
    """The file. It is set twice: the first time tells how many pages there are."""
    pages = _Pages(given, at, 0).set()
    return _Pages(given, at, pages).bytes()


class _Pages:
    """Sets a record from the top, page by page."""

    def __init__(self, given: Record, at: datetime, pages: int) -> None:
        self._given, self._of, self._page, self._y = given, pages, 1, TOP
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
        self.set()
        return self._paper.bytes()

    def set(self) -> int:
        """Set all of it; how many pages it took."""
        given = self._given
        self._frame()
        self._y = 34.0
        self._lines(given.title, 20, weight=1.2)
        self._lines(given.lead, 11)
        for section in given.sections:
            self._section(section)
        return self._page

    def _section(self, section: Section) -> None:
        self._y += 5
        self._room(22)  # a heading does not stand alone at the end of a page
        self._paper.line(EDGE, self._y, WIDTH - EDGE, LINE)
        self._y += 4
        self._lines(section.title, 12.5, weight=1)
        for item in section.items:
            self._item(item)

    def _item(self, item: Item) -> None:
        if item.over:
            self._room(11)
            self._lines(item.label, 8.5, soft=True)
            self._lines(item.words, 10.5)
            self._y += 1.5
            return
        start = self._y
        beside = self._height(item.label, 9, LABEL - 3)
        self._room(max(beside, min(self._height(item.words, 10.5, ROOM - LABEL), 40)))
        start = self._y
        self._put(item.label, 0, LABEL - 3, 9, soft=True)
        page = self._page
        self._lines(item.words, 10.5, start=LABEL)
        self._y = max(self._y, start + beside) if page == self._page else self._y
        self._y += 0.8

    def _lines(self, text: str, size: float, *, start: float = 0, soft: bool = False, weight: float = 0) -> None:
        """Words as wide as the page; line by line of the text itself, in pieces that a page can hold."""
        for line in text.splitlines() or [""]:
            for piece in _pieces(line):
                height = self._height(piece, size, ROOM - start)
                self._room(height)
                self._put(piece, start, ROOM - start, size, soft=soft, weight=weight)
                self._y += height

    def _put(
        self, text: str, start: float, width: float, size: float, *, soft: bool = False, weight: float = 0
    ) -> None:
        x = WIDTH - EDGE - start - width if self._rtl else EDGE + start
        first = self._y + size * MM * LEAD / 2
        self._paper.put(text, x, first, width, size, SOFT if soft else INK, align="S", lines=999, weight=weight)

    def _height(self, text: str, size: float, width: float) -> float:
        return max(1, self._paper.lines(text, width, size)) * size * MM * LEAD

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
        number = given.page.replace("{page}", str(self._page)).replace("{pages}", str(self._of or self._page))
        self._paper.put(given.keep, left, HEIGHT - 12, half, 8.5, SOFT, align="S", smallest=6)
        self._paper.put(number, right, HEIGHT - 12, half, 8.5, SOFT, align="L" if self._rtl else "R", ltr=True)


def _words(given: Record) -> Iterator[str]:
    yield from (given.title, given.reference, given.lead, given.by, given.keep, given.page, "0123456789 /")
    for section in given.sections:
        yield section.title
        for item in section.items:
            yield from (item.label, item.words)


def _pieces(line: str) -> Iterable[str]:
    """A long line in parts, cut between words where there is a space."""
    while len(line) > LIMIT:
        cut = line.rfind(" ", LIMIT // 2, LIMIT)
        cut = cut if cut > 0 else LIMIT
        yield line[:cut]
        line = line[cut:].lstrip()
    yield line
