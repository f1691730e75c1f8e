"""The certificate of a passed track: one A5 page that fits a phone's screen and a folder.

Law: finished words in, a PDF out. It names no helpline and no case: whoever sees it learns that somebody took a course.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.documents.letters import drawable
from bot.documents.paper import Paper

WIDTH, HEIGHT = 148.0, 210.0  # A5
EDGE = 20.0
INK, SOFT, ACCENT, LINE = (27, 36, 41), (85, 98, 106), (28, 85, 96), (190, 204, 207)
QR_SIDE = 36.0


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that stands on it. `name` may be empty; `code` is in its groups, `address` opens the check of it."""

    language: str
    direction: str  # ltr, rtl
    issuer: str
    title: str
    given_to: str
    name: str
    completed: str
    track: str
    facts: tuple[tuple[str, str], ...]  # label and value, side by side
    check: str
    code_label: str
    code: str
    address: str


def certificate(words: Words, at: datetime) -> bytes:
    """The file. `at` is when the track was passed (with a zone): the date of the file."""
    facts = [part for fact in words.facts for part in fact]
    said = (words.issuer, words.title, words.given_to, words.name, words.completed, words.track, *facts)
    paper = Paper(
        WIDTH,
        HEIGHT,
        (*said, words.check, words.code_label, words.code, words.address),
        language=words.language,
        direction=words.direction,
        title=f"{words.title}, {words.track}",
        at=at,
    )
    paper.frame(7, LINE)
    paper.frame(8.2, ACCENT, 0.5)
    _head(paper, words)
    _body(paper, words)
    _facts(paper, words)
    _proof(paper, words)
    return paper.bytes()


def _head(paper: Paper, words: Words) -> None:
    wide = WIDTH - 2 * EDGE
    paper.put(words.issuer, EDGE, 25, wide, 11, ACCENT)
    paper.put(words.title, EDGE, 40, wide, 26, ACCENT, smallest=14, weight=1.6)
    paper.bar(WIDTH / 2 - 9, 51.5, 18, 0.9, ACCENT)


def _body(paper: Paper, words: Words) -> None:
    wide, name = WIDTH - 2 * EDGE, drawable(words.name)
    if name:
        paper.put(words.given_to, EDGE, 65, wide, 10.5, SOFT)
        paper.put(name, EDGE, 77, wide, 24, INK, smallest=13, weight=1.2)
        paper.line(EDGE + 12, 87.5, WIDTH - EDGE - 12, LINE)
    top = 98.0 if name else 82.0
    paper.put(words.completed, EDGE, top, wide, 10.5, SOFT)
    paper.put(words.track, EDGE, top + 11.5, wide, 19, INK, smallest=12, weight=1.2)


def _facts(paper: Paper, words: Words) -> None:
    """Side by side, in the order in which the language is read."""
    shown = words.facts if words.direction == "ltr" else tuple(reversed(words.facts))
    wide = (WIDTH - 2 * EDGE) / max(1, len(shown))
    for place, (label, value) in enumerate(shown):
        x = EDGE + place * wide
        paper.put(label, x, 128, wide, 9.5, SOFT)
        paper.put(value, x, 136, wide - 3, 13, INK, smallest=9)
    paper.line(EDGE, 145.5, WIDTH - EDGE, LINE)


def _proof(paper: Paper, words: Words) -> None:
    """The QR code at the side where reading begins, beside it how to check without one."""
    ltr, gap, top = words.direction == "ltr", 7.0, 152.5
    left = EDGE if ltr else WIDTH - EDGE - QR_SIDE
    beside = EDGE + QR_SIDE + gap if ltr else EDGE
    room = WIDTH - 2 * EDGE - QR_SIDE - gap
    side = "L" if ltr else "R"
    paper.qr(words.address, left, top, QR_SIDE, INK)
    paper.put(words.check, beside, top + 3, room, 9.5, INK, align="S", smallest=7, lines=3)
    paper.put(words.code_label, beside, top + 21.5, room, 9.5, SOFT, align="S")
    paper.put(words.code, beside, top + 29.5, room, 14, INK, align=side, smallest=9, ltr=True, weight=0.8)
    paper.put(
        words.address.partition("://")[2], EDGE, top + QR_SIDE + 5, WIDTH - 2 * EDGE, 7.5, SOFT, smallest=5, ltr=True
    )
    paper.tap(words.address, EDGE, top + QR_SIDE + 2, WIDTH - 2 * EDGE, 6)
