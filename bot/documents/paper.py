"""A page of paper on which words of any script can be set, and a QR code drawn.

Law: millimetres and points; what a word means is the business of who sets it. Nothing is cut off: what is too wide is
set smaller, then on two lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

from bot.documents.letters import direction_of, drawable, families, font_file

MM = 25.4 / 72  # millimetres of a point
SPARE = 10.0  # of a line that fits, so that it is not broken once more
Colour = tuple[int, int, int]


class Paper:
    """Pages of one size. `words` are all that will be set on them (their fonts are loaded), `at` is the file's date."""

    def __init__(
        self,
        width: float,
        height: float,
        words: Iterable[str],
        *,
        language: str,
        direction: str,
        title: str,
        at: datetime,
    ) -> None:
        from fpdf import FPDF  # 20 MB with its fonts' code: only who prints needs it

        self._direction = direction
        self._pdf = pdf = FPDF(unit="mm", format=(width, height))
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.set_creation_date(at)
        pdf.set_title(title)
        pdf.set_lang(language)
        for family in families(words):
            pdf.add_font(family, fname=font_file(family))
        pdf.add_page()

    def next_page(self) -> None:
        """What follows stands on a new page."""
        self._pdf.add_page()

    def turn_to(self, page: int) -> None:
        """What follows stands on this page, counted from 1."""
        self._pdf.page = page

    def put(
        self,
        text: str,
        x: float,
        y: float,
        width: float,
        size: float,
        colour: Colour,
        *,
        align: str = "C",
        smallest: float = 0,
        lines: int = 1,
        ltr: bool = False,
        weight: float = 0,
    ) -> None:
        """Words in a box whose middle line is at `y` (of the first line). `size` in points; down to `smallest` while
        it needs more than so many `lines`.

        `align` C, or S (start) as the page is read. `ltr`: digits and addresses, whatever the language. `weight`: a
        stroke around the letters, in hundredths of the size.
        """
        text, direction = drawable(text), "ltr" if ltr else direction_of(text, self._direction)
        self._set(text, size, direction)
        while size > (smallest or size) and self._lines(text, width) > lines:
            size -= 0.5
            self._set(text, size, direction)
        step = size * MM * 1.55
        side = ("R" if self._direction == "rtl" else "L") if align == "S" else align
        self._pdf.set_text_color(*colour)
        with self._pdf.local_context(
            text_mode="FILL_STROKE" if weight else "FILL", draw_color=colour, line_width=size * MM * weight / 100
        ):
            self._pdf.set_xy(x, y - step / 2)
            self._pdf.multi_cell(width, step, text, align=side)

    def wrapped(self, text: str, width: float, size: float) -> list[str]:
        """The lines that a text takes, each as `write` sets it. A word that is wider than the line is cut.

        Words are measured one by one, so that a long text costs no more than its words: `put` weighs each letter.
        """
        text = drawable(text)
        self._set(text, size, direction_of(text, self._direction))
        lines, line, used, space = [], list[str](), 0.0, self._pdf.get_string_width(" ")
        for word in (part for whole in text.split() for part in self._cut(whole, width)):
            wide = self._pdf.get_string_width(word)
            if line and used + space + wide > width:
                lines.append(" ".join(line))
                line, used = [], 0.0
            used += wide + (space if line else 0)
            line.append(word)
        return [*lines, " ".join(line)]

    def _cut(self, word: str, width: float) -> Iterator[str]:
        while self._pdf.get_string_width(word) > width and len(word) > 1:
            fits = max(1, int(len(word) * width / self._pdf.get_string_width(word)) - 1)
            yield word[:fits]
            word = word[fits:]
        yield word

    def write(
        self,
        line: str,
        x: float,
        y: float,
        width: float,
        size: float,
        colour: Colour,
        *,
        direction: str,
        weight: float = 0,
    ) -> None:
        """One line that fits, its middle at `y`, where the page begins to be read. `direction`: of the whole text."""
        if not line:
            return
        self._set(line, size, direction)
        step = size * MM * 1.55
        self._pdf.set_text_color(*colour)
        with self._pdf.local_context(
            text_mode="FILL_STROKE" if weight else "FILL", draw_color=colour, line_width=size * MM * weight / 100
        ):
            rtl, spare = self._direction == "rtl", min(x, SPARE)
            self._pdf.set_xy(x - spare if rtl else x, y - step / 2)
            side = "R" if rtl else "L"
            if all(unicodedata.bidirectional(c) not in {"R", "AL"} for c in line):
                self._pdf.cell(width + spare, step, line, align=side)  # quicker, and tears marks off Arabic letters
            else:
                self._pdf.multi_cell(width + spare, step, line, align=side)

    def line(self, x1: float, y: float, x2: float, colour: Colour, thick: float = 0.3) -> None:
        """A level rule."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thick)
        self._pdf.line(x1, y, x2, y)

    def frame(self, margin: float, colour: Colour, thick: float = 0.3) -> None:
        """A rule all around, with round corners."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thick)
        w, h = self._pdf.w - 2 * margin, self._pdf.h - 2 * margin
        self._pdf.rect(margin, margin, w, h, round_corners=True, corner_radius=3)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, thick: float = 0.3) -> None:
        """An empty box."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thick)
        self._pdf.rect(x, y, width, height)

    def bar(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled box."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F")

    def qr(self, address: str, x: float, y: float, side: float, colour: Colour) -> None:
        """A QR code (ISO/IEC 18004, error correction M) of `side` millimetres, which a tap opens too.

        The quiet zone around it is the caller's: leave four modules free.
        """
        import segno

        matrix = segno.make(address, error="m", micro=False).matrix
        module = side / len(matrix)
        self._pdf.set_fill_color(*colour)
        for row, cells in enumerate(matrix):
            start = None
            for column, dark in enumerate((*cells, 0)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    self._pdf.rect(x + start * module, y + row * module, (column - start) * module, module, style="F")
                    start = None
        self._pdf.link(x, y, side, side, address)

    def tap(self, address: str, x: float, y: float, width: float, height: float) -> None:
        """A place that opens an address."""
        self._pdf.link(x, y, width, height, address)

    def bytes(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _lines(self, text: str, width: float) -> int:
        lines = self._pdf.multi_cell(width, 1, text, dry_run=True, output="LINES")
        return len(cast("list[str]", lines))

    def _set(self, text: str, size: float, direction: str) -> None:
        """A text's script comes first and the base helps out: a joiner taken from the base would tear a conjunct."""
        base, *own = families([text])
        first, *others = (*own, base)
        self._pdf.set_font(first, size=size)
        self._pdf.set_fallback_fonts(others)
        self._pdf.set_text_shaping(True, direction=direction)
