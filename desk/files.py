"""Files for a spreadsheet: CSV and XLSX of the same rows.

Law: formula-safe: nothing that a cell holds is computed by whoever opens it (`bot/documents/cells.py`); in XLSX text is
text. UTF-8 with its mark, so that every script is read rightly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from litestar import Response

from bot.documents.cells import guarded

Cell: TypeAlias = str | int | float | None
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_ISOLATES = dict.fromkeys((0x2066, 0x2067, 0x2068, 0x2069))  # of words that were filled: only a page needs them
_NAME = 31  # letters of the name of a sheet, and these not
_NOT = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet. An empty cell is None."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def plain(cell: Cell) -> Cell:
    """Without marks that nobody sees, so that equal words are found equal."""
    return cell.translate(_ISOLATES) if isinstance(cell, str) else cell


def safe(cell: Cell) -> Cell:
    """As it may stand in a CSV file."""
    cell = plain(cell)
    return guarded(cell) if isinstance(cell, str) else cell


def as_csv(tables: Sequence[Table]) -> bytes:
    """The tables one under the other, each with its name when there are several."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for place, table in enumerate(tables):
        if len(tables) > 1:
            writer.writerows([[]] * bool(place) + [[safe(table.name)]])
        writer.writerow([safe(head) for head in table.heads])
        writer.writerows([safe(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(tables: Sequence[Table], *, rtl: bool = False) -> bytes:
    """A sheet for each table; written as it goes, so that many rows need little memory."""
    import xlsxwriter  # when the first one is asked for

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    for place, table in enumerate(tables, 1):
        sheet = book.add_worksheet(f"{place} {table.name.translate(_NOT)}"[:_NAME].strip())
        if rtl:
            sheet.right_to_left()
        sheet.freeze_panes(1, 0)
        for column, head in enumerate(table.heads):
            sheet.write_string(0, column, head, bold)
            sheet.set_column(column, column, max(12, min(len(head) + 4, 40)))
        for line, row in enumerate(table.rows, 1):
            for column, cell in enumerate(map(plain, row)):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                elif cell is not None:
                    sheet.write_number(line, column, cell)
    book.close()
    return out.getvalue()


def answer(tables: Sequence[Table], kind: str, name: str, *, rtl: bool = False) -> Response[bytes]:
    """The file, to be kept and not shown. `name` is of codes."""
    content = as_xlsx(tables, rtl=rtl) if kind == "xlsx" else as_csv(tables)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(content, media_type=FORMATS[kind], headers=headers)
