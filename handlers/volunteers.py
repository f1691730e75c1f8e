"""Volunteers: a phone becomes theirs by a code; they are asked about a search, and what they write comes back.

Law: who joins says yes first. A volunteer learns what was ticked and nothing more, and nothing of what became of it.
Nothing here is said to whoever reported, and nothing is found out of them: an answer is laid into the case by a job.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bot.store.records import Reminder
from bot.store.volunteer_records import SearchAnswer, SearchCopy, VolunteerCode, VolunteerLink
from handlers import profile
from handlers.context import Context, Outcome

__all__ = ["answer", "join", "look", "over", "pick", "show", "standing"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {"invited": (), "other": ()},
    "join": {"joined": (), "other": ()},
    "show": {"shown": (), "over": ()},
    "answer": {"noted": ()},
    "standing": {"one": ("copy",), "several": ("copies",), "none": ()},
    "over": {"told": ("number",)},
    "pick": {"found": ("lines", "number"), "gone": ()},
}

LONGEST = 4000  # characters of an answer
TOPIC = "search"  # of the reminder that brings a search; its slots hold what she is asked
MOST = 10  # options of a question


async def look(ctx: Context, *, code: str | None = None) -> Outcome:
    """Whether these digits invite a volunteer who has not joined yet. A wrong code is no matter: the tip goes on."""
    return Outcome("invited" if await _invited(ctx, code) else "other")


async def join(ctx: Context, *, code: str | None = None) -> Outcome:
    """This phone is the volunteer's, and may be written to: she was asked just now."""
    volunteer_id = await _invited(ctx, code)
    if volunteer_id is None:
        return Outcome("other")
    ctx.shelf.add(VolunteerLink(volunteer_id=volunteer_id))
    await profile.give_consent(ctx)
    return Outcome("joined")


async def show(ctx: Context, *, copy: str | None = None) -> Outcome:
    """Whether she may still be asked: meanwhile the search may have ended, or she may have stopped."""
    row = await _copy(ctx, copy)
    if row is None or row.state == "over":
        return Outcome("over")
    row.state, row.told_at = "told", ctx.now
    return Outcome("shown")


async def answer(ctx: Context, *, copy: str | None = None, seen: str | None = None, media: Any = None) -> Outcome:
    """What she knows, for the case. Nothing known is no answer; neither is what comes after the end."""
    row = await _copy(ctx, copy)
    files = len(media) if isinstance(media, list) else int(bool(media))
    if row is not None and row.state != "over" and (seen or files):
        ctx.shelf.add(SearchAnswer(copy_id=row.id, words=(seen or "")[:LONGEST] or None, files=files))
    return Outcome("noted")


async def standing(ctx: Context) -> Outcome:
    """The questions that she was asked and that have not ended."""
    rows = [row for row in await ctx.shelf.mine(SearchCopy) if row.state == "told"][-MOST:]
    if not rows:
        return Outcome("none")
    if len(rows) == 1:
        return Outcome("one", {"copy": str(rows[0].id)})
    return Outcome("several", {"copies": [{"id": _option(row), "value": str(row.number)} for row in rows]})


async def pick(ctx: Context, *, copy: str | None = None) -> Outcome:
    """What she was asked, once more."""
    rows = await ctx.shelf.mine(SearchCopy)
    row = next((r for r in rows if copy in (str(r.id), _option(r)) and r.state == "told"), None)
    asked = [r.slots for r in await ctx.shelf.mine(Reminder) if row and r.slots.get("copy") == str(row.id)]
    if row is None or not asked:
        return Outcome("gone")
    return Outcome("found", {"lines": asked[-1].get("lines"), "number": str(row.number)})


async def over(ctx: Context, *, number: str | None = None) -> Outcome:
    """She is told to stop (the flow of a reminder that the end of a search left)."""
    return Outcome("told", {"number": number or ""})


def _option(row: SearchCopy) -> str:
    return f"q{row.id.hex[-20:]}"


async def _invited(ctx: Context, code: str | None) -> UUID | None:
    """The volunteer whom a code invites: it is hers, not too old, and nobody has joined by it."""
    found = await ctx.shelf.by_code(VolunteerCode, code or "-")
    if found is None or found.volunteer_id is None or found.revoked_at is not None:
        return None
    if found.expires_at is not None and found.expires_at <= ctx.now:
        return None
    return found.volunteer_id if await ctx.shelf.may_join(found.volunteer_id) else None


async def _copy(ctx: Context, copy: str | None) -> SearchCopy | None:
    return next((c for c in await ctx.shelf.mine(SearchCopy) if copy in (str(c.id), _option(c))), None)
