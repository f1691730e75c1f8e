"""Words by words in one piece of memory: for tables of thousands of short texts, of which a message needs a few.

Law: the same answers as a dict of lists would give. A row costs its letters (UTF-8) and 8 bytes, where a dict, its
strings and lists cost some 300; to look up a key costs about 1 µs more. Whoever asks often remembers the answer.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from zlib import crc32

_END = b"\0"  # behind a key and behind a value: no text of ours holds it


class Packed:
    """Rows (key, value); a key may stand in several. Rows may be added until the first look, and after it."""

    def __init__(self, rows: Iterable[tuple[str, str]] = ()) -> None:
        self._text = bytearray()
        self._sums = array("I")  # CRC of each key, in order once it was looked up
        self._starts = array("I")  # where each row begins
        self._in_order = True
        for key, value in rows:
            self.add(key, value)

    def __len__(self) -> int:
        return len(self._sums)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self.all(key))

    def add(self, key: str, value: str = "") -> None:
        """One more row."""
        raw = key.encode()
        self._sums.append(crc32(raw))
        self._starts.append(len(self._text))
        self._text += raw + _END + value.encode() + _END
        self._in_order = False

    def all(self, key: str) -> list[str]:
        """The values of a key in the order in which they were added; none for one that nobody added."""
        if not self._in_order:
            self._sort()
        raw = key.encode("utf-8", "replace")
        wanted, sums = crc32(raw), self._sums
        place = bisect_left(sums, wanted)
        if place == len(sums) or sums[place] != wanted or _END in raw:  # nearly always; no key of ours holds that sign
            return []
        raw += _END
        found = []
        while place < len(sums) and sums[place] == wanted:
            start = self._starts[place]
            if self._text.startswith(raw, start):  # another key may have the same sum
                begin = start + len(raw)
                found.append(self._text[begin : self._text.index(_END, begin)].decode())
            place += 1
        return found

    def rows(self) -> Iterator[tuple[str, str]]:
        """All, in no order that means anything."""
        parts = bytes(self._text).decode().split("\0")
        yield from zip(parts[::2], parts[1::2], strict=False)

    def _sort(self) -> None:
        order = sorted(range(len(self._sums)), key=self._sums.__getitem__)  # stable: rows of a key stay in order
        self._sums = array("I", [self._sums[row] for row in order])
        self._starts = array("I", [self._starts[row] for row in order])
        self._in_order = True
