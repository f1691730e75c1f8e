"""A matter that she could not write of just now: who may help is told of it, and when she comes back it is taken up.

Law: nothing of what she said is kept for it, only which flow it was; nobody writes to her because of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers import triage
from handlers.context import Context, Outcome
from handlers.which import concerned

__all__ = ["note"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {"note": {"noted": ()}}

# In the profile, by conversation. Only two things stand in a row, since the version before unpacks two: while both are
# at work, or after a step back, a row of three would stop the next message of somebody in danger.
PUT_OFF = "put_off"  # the flow, until when it is asked about again
WOKEN = "put_off_woken"  # that moment once more, where somebody was woken for it: of another row it says nothing
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
        settle(ctx)
        until = (ctx.now + KEPT).isoformat()
        _put(ctx, PUT_OFF, {**_all(ctx, PUT_OFF), _here(ctx): [matter, until]})
        if alarm:
            _put(ctx, WOKEN, {**_all(ctx, WOKEN), _here(ctx): until})
    return Outcome("noted")


def matter_of(ctx: Context) -> tuple[str, bool]:
    """The flow that was put off in this conversation, and whether somebody was woken for it; an empty name when there
    is none, or it is too long ago."""
    matter, until = _all(ctx, PUT_OFF).get(_here(ctx), ("", ""))
    fresh = bool(until) and ctx.now < datetime.fromisoformat(until)
    return (matter, _all(ctx, WOKEN).get(_here(ctx)) == until) if fresh else ("", False)


def settle(ctx: Context) -> None:
    """It is taken up, a human answers, or something else is wanted now: it is not asked about again."""
    for name in (PUT_OFF, WOKEN):
        _put(ctx, name, {where: value for where, value in _all(ctx, name).items() if where != _here(ctx)})


def _all(ctx: Context, name: str) -> dict[str, Any]:
    return dict(ctx.person.profile.get(name, {}))


def _put(ctx: Context, name: str, values: dict[str, Any]) -> None:
    """Nothing stays of what is empty."""
    ctx.person.profile.pop(name, None)
    if values:
        ctx.person.profile[name] = values


def _here(ctx: Context) -> str:
    return str(ctx.conversation.id)
