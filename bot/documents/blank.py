"""A blank page for a talk where there is no computer: A4, black on white, large enough for a tired hand.

Law: one page in every language; what is too wide is set smaller. Mirrored where reading begins at the right. It holds
no person: a number, and a picture with the same number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.documents.paper import Paper

VERSION = 1  # of the page: another one when its questions change
WIDTH, HEIGHT, EDGE = 210.0, 297.0, 12.0
ROOM = WIDTH - 2 * EDGE
INK, SOFT, LINE = (0, 0, 0), (60, 60, 60), (120, 120, 120)
QR, TICK, GAP = 27.0, 4.2, 2.0
YES_NO = ("child", "hurt", "food", "doctor", "leave", "night")
KINDS = (
    "wages", "passport", "contract", "conditions", "fraud", "visa", "violence", "locked", "ill", "missing", "jail",
    "death", "stranded", "pregnancy", "home", "returned", "money", "other",
)  # fmt: skip
COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Blank:
    """The words of a page, by name (`flows/pages.yml`, without `paper_`), and `consent`, read aloud from the flow."""

    language: str
    direction: str
    words: Mapping[str, str]


def blanks(blank: Blank, sheets: Sequence[tuple[str, str]], at: datetime) -> bytes:
    """A page for each sheet: (its number, the address in its picture)."""
    said = (*blank.words.values(), *(part for sheet in sheets for part in sheet))
    paper = Paper(
        WIDTH, HEIGHT, said, language=blank.language, direction=blank.direction, title=blank.words["title"], at=at
    )
    for place, (number, address) in enumerate(sheets):
        if place:
            paper.next_page()
        _Page(paper, blank).draw(number, address)
    return paper.bytes()


class _Page:
    """One page, drawn from the top: each part says where it ended."""

    def __init__(self, paper: Paper, blank: Blank) -> None:
        self._paper, self._words, self._rtl = paper, blank.words, blank.direction == "rtl"

    def draw(self, number: str, address: str) -> None:
        """All of it."""
        self._head(number, address)
        self._row(47, 12, (("day", 1), ("place", 1.3), ("by", 1.3)))
        self._ticks(63.5, "came", ("came_in", "called", "letter", "sent_by"))
        self._consent(70)
        self._row(97, 12, (("name", 1.6), ("language", 1)))
        self._row(110.5, 12, (("phone", 1.3), ("hours", 1)))
        self._ticks(126.8, "", ("safe", "not_safe", "shared"))
        self._row(132, 12, (("where", 1.6), ("about", 1)))
        self._yes_no(150)
        self._kinds(178.5)
        self._told(217.5)
        self._row(262.5, 15.5, (("wish", 1), ("next", 1)))
        self._foot(number)

    def _x(self, start: float, width: float = 0) -> float:
        """Millimetres from where reading begins, as a place on the page."""
        return WIDTH - EDGE - start - width if self._rtl else EDGE + start

    def _say(
        self, text: str, start: float, y: float, width: float, size: float, *, lines: int = 1, weight: float = 0
    ) -> None:
        x = self._x(start, width)
        self._paper.put(text, x, y, width, size, INK, align="S", smallest=5.5, lines=lines, weight=weight)

    def _head(self, number: str, address: str) -> None:
        words, room = self._words, ROOM - QR - 6
        self._say(words["title"], 0, 17, room, 20, weight=1.4)
        self._say(words["how"], 0, 26.5, room, 10, lines=4)
        self._paper.qr(address, self._x(ROOM - QR, QR), EDGE, QR, INK)
        self._paper.put(number, self._x(ROOM - QR - 6, QR + 12), EDGE + QR + 3, QR + 12, 10, INK, ltr=True, smallest=7)

    def _row(self, y: float, height: float, fields: Sequence[tuple[str, float]]) -> None:
        """Boxes side by side, each with its question in a small hand at the top."""
        share = (ROOM - GAP * (len(fields) - 1)) / sum(part for _, part in fields)
        start = 0.0
        for name, part in fields:
            width = share * part
            self._paper.box(self._x(start, width), y, width, height, INK)
            self._say(self._words[name], start + 1.5, y + 2.6, width - 3, 8)
            start += width + GAP

    def _tick(self, start: float, y: float, width: float, text: str, size: float = 9.5) -> None:
        self._paper.box(self._x(start, TICK), y - TICK / 2, TICK, TICK, INK, 0.4)
        self._say(text, start + TICK + 1.5, y, width - TICK - 2.5, size)

    def _ticks(self, y: float, label: str, names: Sequence[str]) -> None:
        """A question and boxes to tick, in one line."""
        start = 38.0 if label else 0.0
        if label:
            self._say(self._words[label], 0, y, start - 2, 9.5, weight=0.8)
        width = (ROOM - start) / len(names)
        for place, name in enumerate(names):
            self._tick(start + place * width, y, width, self._words[name])

    def _consent(self, y: float) -> None:
        """What is read aloud, word for word, and the answer."""
        self._paper.box(self._x(0, ROOM), y, ROOM, 25, INK, 0.8)
        self._say(self._words["aloud"], 3, y + 3.6, ROOM - 6, 9, weight=0.8)
        self._say(self._words["consent"], 3, y + 8.8, ROOM - 6, 10.5, lines=2)
        for place, name in enumerate(("agree", "refuse", "not_asked")):
            start, width = ((3.0, 28.0), (31.0, 28.0), (59.0, ROOM - 62))[place]
            self._tick(start, y + 20.9, width, self._words[name], 10.5)

    def _yes_no(self, y: float) -> None:
        """Two columns of questions that are answered by a tick."""
        wide = (ROOM - 6) / 2
        for place, name in enumerate(YES_NO):
            start, row = (place % 2) * (wide + 6), y + (place // 2) * 8.2
            self._say(self._words[f"q_{name}"], start, row, wide - 36, 9.5, lines=1)
            self._tick(start + wide - 35, row, 17, self._words["yes"])
            self._tick(start + wide - 17, row, 17, self._words["no"])

    def _kinds(self, y: float) -> None:
        self._say(self._words["kinds"], 0, y - 3, ROOM, 10, weight=0.8)
        wide = ROOM / COLUMNS
        for place, name in enumerate(KINDS):
            self._tick((place % COLUMNS) * wide, y + 3 + (place // COLUMNS) * 6, wide, self._words[f"k_{name}"], 9)

    def _told(self, y: float) -> None:
        """The most of the page: her own words, on lines."""
        self._say(self._words["told"], 0, y + 1.5, ROOM, 10, weight=0.8)
        for row in range(5):
            self._paper.line(EDGE, y + 11 + row * 7.8, WIDTH - EDGE, LINE, 0.2)

    def _foot(self, number: str) -> None:
        self._say(self._words["keep"], 0, 283.5, ROOM - 30, 9, lines=2, weight=0.6)
        self._paper.put(number, self._x(ROOM - 30, 30), 283.5, 30, 8, SOFT, ltr=True)
