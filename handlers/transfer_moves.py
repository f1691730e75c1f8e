"""What may happen to a case on its way to another organisation: the states, and the moves between them.

Law: what stands in no row of MOVES cannot happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.store.records import Transfer

ASKED, OFFERED, ACCEPTED = "asked", "offered", "accepted"
# What happens, the state before it, and after it. What has no row is over for good.
MOVES: Mapping[str, Mapping[str, str]] = {
    "agreed": {ASKED: OFFERED},
    "refused": {ASKED: "refused", OFFERED: "refused"},
    "withdrawn": {ASKED: "withdrawn", OFFERED: "withdrawn"},
    "lapsed": {ASKED: "expired", OFFERED: "expired"},
    "accepted": {OFFERED: ACCEPTED},
    "declined": {OFFERED: "declined"},
    "recalled": {ACCEPTED: "recalled"},
}


def move(row: Transfer, what: str, now: datetime) -> bool:
    """Let it happen; False when it cannot. Whatever comes too late finds it lapsed."""
    if row.state in MOVES["lapsed"] and now >= row.expires_at and what not in {"lapsed", "withdrawn", "refused"}:
        row.state = "expired"
        return False
    if row.state not in MOVES[what]:
        return False
    row.state = MOVES[what][row.state]
    return True


def state_of(row: Transfer, now: datetime) -> str:
    """Its state as it is now: nobody needs to come by for an offer to be over."""
    return "expired" if row.state in MOVES["lapsed"] and now >= row.expires_at else row.state
