"""Cells of a CSV file that somebody opens in a spreadsheet: none of them is computed there.

Law: text that begins like a formula, also behind blanks or in full width, gets a mark before it, and taking the mark
off gives back exactly what was there. Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

MARK = "'"
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BLANKS = " \u00a0\ufeff"


def guarded(text: str) -> str:
    """As it may stand in the file. What looks guarded already is guarded once more, so that nothing is lost."""
    return MARK + text if text.lstrip(MARK).lstrip(_BLANKS).startswith(_STARTS) else text


def unguarded(cell: str) -> str:
    """A cell as it was before `guarded`; without its mark it was none of ours, and stays."""
    bare = cell.removeprefix(MARK)
    return bare if guarded(bare) == cell else cell
