"""Words by words in one piece of memory: for tables of thousands of short texts, of which a message needs a few.

Law: the same answers as a dict of lists would give. A row costs its letters (UTF-8) and 8 bytes, where a dict, its
strings and lists cost some 300; to look up a key costs half a µs more. Whoever asks often remembers the answer.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from zlib import crc32

_END = b"\0"  # behind a key and behind a value: no text of ours holds it


class Packed:
    """Rows (key, value); a key may stand in several. Any thread may look; only one may add, while nobody looks."""

    def __init__(self, rows: Iterable[tuple[str, str]] = ()) -> None:
        self._text = bytearray()
        # CRC of each key, where each row begins, whether they are in order of the sums: put in order at the first look.
        self._index = array("I"), array("I"), True
        for key, value in rows:
            self.add(key, value)

    def __len__(self) -> int:
        return len(self._index[0])

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self.all(key))

    def add(self, key: str, value: str = "") -> None:
        """One more row."""
        raw, (sums, starts, _) = key.encode(), self._index
        sums.append(crc32(raw))
        starts.append(len(self._text))
        self._text += raw + _END + value.encode() + _END
        self._index = sums, starts, False

    def all(self, key: str) -> list[str]:
        """The values of a key in the order in which they were added; none for one that nobody added."""
        sums, starts, in_order = self._index
        if not in_order:
            sums, starts = self._sort()
        raw = key.encode("utf-8", "replace")
        wanted = crc32(raw)
        place = bisect_left(sums, wanted)
        if place == len(sums) or sums[place] != wanted or _END in raw:  # nearly always; no key of ours holds that sign
            return []
        raw += _END
        found = []
        while place < len(sums) and sums[place] == wanted:
            start = starts[place]
            if self._text.startswith(raw, start):  # another key may have the same sum
                begin = start + len(raw)
                found.append(self._text[begin : self._text.index(_END, begin)].decode())
            place += 1
        return found

    def rows(self) -> Iterator[tuple[str, str]]:
        """All, in no order that means anything."""
        parts = bytes(self._text).decode().split("\0")
        yield from zip(parts[::2], parts[1::2], strict=False)

    def _sort(self) -> tuple[array[int], array[int]]:
        """Two threads may do it at once: both make the same of what they found, and put it there in one step."""
        sums, starts, _ = self._index
        order = sorted(range(len(sums)), key=sums.__getitem__)  # stable: rows of a key stay in order
        made = array("I", [sums[row] for row in order]), array("I", [starts[row] for row in order])
        self._index = *made, True
        return made
