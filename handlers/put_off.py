"""A matter that she could not write of just now: who may help is told of it, and when she comes back it is taken up.

Law: nothing of what she said is kept for it, only which flow it was; nobody writes to her because of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers import triage
from handlers.cases import concerned
from handlers.context import Context, Outcome

__all__ = ["note"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {"note": {"noted": ()}}

PUT_OFF = (
    "put_off"  # in the profile: conversation -> the flow, until when it is asked about again, whether one was woken
)
KEPT = timedelta(days=7)


async def note(
    ctx: Context, *, matter: str | None = None, kind: str | None = None, alarm: str | None = None
) -> Outcome:
    """She cannot write safely now. What is serious waits in the queue, so that a human sees it; of any matter it is
    known which one it was when she writes again. `matter`: a flow. `alarm`: somebody was woken for it before she was
    asked, and is again when she is back and nobody has answered."""
    severity = triage.severity(ctx.knowledge.get("triage"), kind or "other", {})
    if triage.RANK[severity] >= triage.RANK["high"]:
        ctx.notify("queue", kind or "other", severity, concerned(ctx))
    if matter:
        row = [matter, (ctx.now + KEPT).isoformat(), bool(alarm)]
        ctx.person.profile[PUT_OFF] = {**_all(ctx), _here(ctx): row}
    return Outcome("noted")


def matter_of(ctx: Context) -> tuple[str, bool]:
    """The flow that was put off in this conversation, and whether somebody was woken for it; an empty name when there
    is none, or it is too long ago."""
    matter, until, *woken = _all(ctx).get(_here(ctx), ("", ""))
    fresh = bool(until) and ctx.now < datetime.fromisoformat(until)
    return (matter, any(woken)) if fresh else ("", False)


def settle(ctx: Context) -> None:
    """It is taken up, a human answers, or something else is wanted now: it is not asked about again."""
    left = {where: row for where, row in _all(ctx).items() if where != _here(ctx)}
    ctx.person.profile.pop(PUT_OFF, None)
    if left:
        ctx.person.profile[PUT_OFF] = left


def _all(ctx: Context) -> dict[str, list[Any]]:
    return dict(ctx.person.profile.get(PUT_OFF, {}))


def _here(ctx: Context) -> str:
    return str(ctx.conversation.id)
