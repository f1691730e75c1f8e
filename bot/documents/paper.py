"""A page of paper on which words of any script can be set, and a QR code drawn.

Law: millimetres and points; what a word means is the business of who sets it. Nothing is cut off: what is too wide is
set smaller, then on two lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

import segno
from fpdf import FPDF

from bot.documents.letters import direction_of, drawable, families, font_file

MM = 25.4 / 72  # millimetres of a point
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
    ) -> int:
        """Words in a box whose middle line is at `y` (of the first line). `size` in points; down to `smallest` while
        it needs more than so many `lines`.

        `align` C, or S (start) as the page is read. `ltr`: digits and addresses, whatever the language. `weight`: a
        stroke around the letters, in hundredths of the size. Returns how many lines they took.
        """
        text, direction = drawable(text), "ltr" if ltr else direction_of(text, self._direction)
        self._set(text, size, direction)
        while size > (smallest or size) and self._lines(text, width) > lines:
            size -= 0.5
            self._set(text, size, direction)
        step, took = size * MM * 1.55, self._lines(text, width)
        side = ("R" if self._direction == "rtl" else "L") if align == "S" else align
        self._pdf.set_text_color(*colour)
        with self._pdf.local_context(
            text_mode="FILL_STROKE" if weight else "FILL", draw_color=colour, line_width=size * MM * weight / 100
        ):
            self._pdf.set_xy(x, y - step / 2)
            self._pdf.multi_cell(width, step, text, align=side)
        return took

    def lines(self, text: str, width: float, size: float) -> int:
        """How many lines these words take."""
        text = drawable(text)
        self._set(text, size, direction_of(text, self._direction))
        return self._lines(text, width)

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
