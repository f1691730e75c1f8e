"""Spans of time: two moments, the second one not part of it.

Law: pure arithmetic; moments have a zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

Span: TypeAlias = tuple[datetime, datetime]


def without(spans: Sequence[Span], gap: Span) -> list[Span]:
    """The spans with a gap cut out of them."""
    left: list[Span] = []
    for start, end in spans:
        left += [(a, b) for a, b in ((start, min(end, gap[0])), (max(start, gap[1]), end)) if a < b]
    return left


def joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that touch or overlap made one, in order."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole
