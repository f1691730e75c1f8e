"""SMS segments: how many a text costs, how to make it cost fewer, and where it may be cut.

Law: pure; nothing a person reads is changed except typography, and only where that saves segments.
Sources: 3GPP TS 23.038 §6.2.1 (the alphabet and its extension table), TS 23.040 §9.2.3.24.1 (concatenation
header, which leaves 153 septets or 67 UCS-2 units per segment); no segment ends inside an escape or a
surrogate pair.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import regex

from bot.channels.limits import units

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED

# Typography with a plain equal in the alphabet; what is invisible goes.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000", " "),
        **dict.fromkeys("\u200b\u200e\u200f\u2060\u00ad\ufeff", ""),
        **dict.fromkeys("\u2028\u2029\u0085", "\n"),
        **dict.fromkeys("\u2022\u00b7", "*"),
        "\t": " ",
        "\u2026": "...",
        "\u00d7": "x",
    }
)

_GRAPHEME = regex.compile(r"\X")
# A sentence ends at a stop that white space follows (so not inside a web address or a number), or at a line's
# end.
_SENTENCE_END = regex.compile(r"[.!?…।॥؟۔။៕。！？]+[\"'”’»)\]]*(?=\s)|(?=\n)")
_SPACE = regex.compile(r"(?=\s)")
_LEADING = regex.compile(r"(?:\s(?![\p{M}\u200c\u200d]))*")  # not a space that carries a mark: that is a grapheme


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs. `units` are septets or UTF-16 units, escapes and pairs counted as two."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def is_gsm(text: str) -> bool:
    """Whether the whole text fits the GSM 7-bit alphabet with its extension table."""
    return _GSM.issuperset(text)


def _pack(sizes: Iterable[int], room: int) -> int:
    """Segments needed when a character of two units may not be cut."""
    segments, used = 1, 0
    for size in sizes:
        if used + size > room:
            segments, used = segments + 1, 0
        used += size
    return segments


def count(text: str) -> Segments:
    """Encoding, units and segments of a text. One character outside the alphabet turns all of it into
    UCS-2."""
    gsm = is_gsm(text)
    sizes = [2 if c in _EXTENDED else 1 for c in text] if gsm else [2 if c > "\uffff" else 1 for c in text]
    total, single, joined = sum(sizes), (160 if gsm else 70), (153 if gsm else 67)
    if total == 0:
        segments = 0
    elif total <= single:
        segments = 1
    else:
        segments = _pack(sizes, joined)
    return Segments("GSM-7" if gsm else "UCS-2", total, segments)


def normalise(text: str) -> str:
    """Plain quotes, dashes, spaces and dots for typographic ones, if that makes the text fit the GSM
    alphabet.

    A text in another script, or with a letter that has no equal, is returned as it is: nothing would be
    saved.
    """
    if is_gsm(text):
        return text
    plain = text.translate(_PLAIN)
    return plain if is_gsm(plain) and count(plain).segments <= count(text).segments else text


def _fitting(text: str, limit: int) -> int:
    """The index of the last grapheme border at or before `limit` units; inside a grapheme larger than the
    limit there is none, and code points are cut instead."""
    used = end = 0
    for match in _GRAPHEME.finditer(text):
        used += units(match.group())
        if used > limit:
            break
        end = match.end()
    if end:
        return end
    used = 0
    for index, char in enumerate(text):
        used += units(char)
        if used > limit:
            return max(index, 1)
    return len(text)


def _cut(text: str, limit: int) -> int:
    """Where to cut a text that is too long: after a sentence, else before a space, else between graphemes.

    A sentence end in the first third would leave a stub, so a space further on is taken then."""
    end = _fitting(text, limit)
    head = text[: end + 1]
    for pattern, least in ((_SENTENCE_END, end // 3), (_SPACE, 1)):
        places = [m.end() for m in pattern.finditer(head) if least <= m.end() <= end and m.end() > 0]
        if places:
            return places[-1]
    return end


def split(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` UTF-16 units, white space at the cuts dropped; [] for blank text.

    No grapheme is cut, except one that alone is longer than `limit`.
    """
    parts = []
    rest = text.strip()
    while len(rest) > limit or units(rest) > limit:
        at = _cut(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = _LEADING.sub("", rest[at:], count=1)
    return [p for p in (*parts, rest) if p]
