"""A burst of any length as pieces that understanding sees whole, and the gravest of what they mean.

Law: total; danger at the end of a long text weighs what it does at the beginning. What is too long even for that is not
passed over: somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conductor.patience import UNSURE
from bot.engine.inputs import Danger, Meaning
from bot.nlu.children import PARENT_AWAY, SELF
from bot.nlu.normalise import LONGEST

OVERLAP = 400  # characters that two pieces share: a sentence on the border stands whole in one of them
MOST = 8  # pieces, about 157,000 characters; no person writes more in a second and a half
_TIERS = ("page", "ask")
_CHILD = (PARENT_AWAY, SELF)


def pieces(texts: Sequence[str]) -> list[str]:
    """The joined texts in pieces, of which the last is the end; mostly one."""
    joined = "\n".join(texts)
    step = LONGEST - OVERLAP
    starts = range(0, max(1, len(joined) - OVERLAP), step)
    found = [joined[start : start + LONGEST] for start in starts[: MOST - 1]]
    return found if len(starts) < MOST else [*found, joined[-LONGEST:]]


def together(meanings: Sequence[Meaning], texts: Sequence[str]) -> Meaning:
    """What the first piece means, with the gravest danger and what any piece says of a child."""
    dangers = [m.danger for m in meanings if m.danger]
    if len("\n".join(texts)) > MOST * (LONGEST - OVERLAP) and UNSURE.danger:
        dangers.append(UNSURE.danger)
    danger: Danger | None = min(dangers, key=lambda d: _TIERS.index(d.tier), default=None)
    child = next((said for said in _CHILD if any(m.child == said for m in meanings)), "")
    return replace(meanings[0], danger=danger, child=child)
