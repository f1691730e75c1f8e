"""Parts of a file, as a player asks for them (RFC 9110, 14): one part, or the whole.

Law: pure. What is written oddly is no part, and gets the whole file; several parts at once are not made.
"""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})\Z")


class Unsatisfiable(ValueError):
    """The part begins after the end of the file."""


def begins(header: str) -> bool:
    """Whether it is the beginning that is asked for; the whole file begins, too."""
    found = _ONE.match(header.strip())
    return found is None or (found[1] != "" and int(found[1]) == 0)


def part(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) byte of the part, both inclusive; None for the whole file. Raises Unsatisfiable."""
    found = _ONE.match(header.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many bytes
        count = min(int(found[2]), size)
        if count == 0:
            raise Unsatisfiable
        return size - count, size - 1
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if first >= size:
        raise Unsatisfiable
    return None if last < first else (first, last)
