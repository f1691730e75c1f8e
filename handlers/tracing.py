"""Searches for somebody who cannot be reached, and what neighbours and volunteers saw.

Law: an adult who is found decides what is told. Whoever reported is told one sentence, the same in every outcome; that
somebody died is told by a human voice and never written. Being family is what a reporter says, never what we know.
Two reports of one person are joined by caseworkers alone, and a photo goes to nobody by anything done here.
"""

from __future__ import annotations

from typing import Any

from bot.store.volunteer_records import VolunteerCode, VolunteerLink
from handlers import cases, opening, references, triage, which
from handlers.context import Context, Outcome

__all__ = ["close", "draft_search", "open_search", "open_tip"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "open_search": {"opened": ("reference", "at")},
    "draft_search": {"drafted": ()},
    "open_tip": {"opened": ()},
    "close": {"closed": ("text",), "voice": (), "agreed": (), "unknown": ()},
}

DIED = "found_deceased"
RESULTS = ("found_safe", "found_no_contact_wanted", "found_detained", DIED, "not_found")
OPEN = "open"  # the fact `decides`: neither agreed nor refused
OVER = "status.search_closed"  # the one sentence, in the flow that also says it to whoever asks


async def open_search(ctx: Context, *, country: str | None = None, **facts: Any) -> Outcome:
    """Open a search. `country` is where the missing person was last, not where the reporter is; `claimed_role` is who
    the reporter says to be. A report of the same person by somebody else changes nothing here: staff compare them."""
    case = opening.opened(ctx, which.SEARCH, {"country": country, **facts})
    case.country = country
    return Outcome("opened", {"reference": references.grouped(case.reference), "at": cases.due(ctx, case)})


async def draft_search(ctx: Context, *, country: str | None = None, **facts: Any) -> Outcome:
    """She neither agreed nor refused that the found person decides, and told more instead: a human gets all of it and
    asks again. The case says that the question is open: nobody is looked for by it before."""
    severity = triage.severity(ctx.knowledge.get("triage"), which.SEARCH, facts)
    case = opening.new_case(ctx, which.SEARCH, severity, {"country": country, "decides": OPEN, **facts})
    case.country = country
    return Outcome("drafted")


async def open_tip(ctx: Context, *, code: str | None = None, **facts: Any) -> Outcome:
    """What a neighbour or volunteer saw. A code that is wrong, or none, is the same way in; only the case says it."""
    found = await ctx.shelf.by_code(VolunteerCode, code or "-")
    over = found is None or found.revoked_at or (found.expires_at and found.expires_at <= ctx.now)
    given = {"code": "none"} if over or found is None else {"code": "known", "code_id": str(found.id)}
    if await ctx.shelf.mine(VolunteerLink):  # her phone is known: she needs no code
        given = {"code": "known"}
    opening.opened(ctx, "tip", {**given, **facts})
    return Outcome("opened")


async def close(ctx: Context, *, reference: str, result: str, agreed: bool = False, told: bool = False) -> Outcome:
    """Staff end a search with a result code. `closed`: say this text; it is the same for every result. `agreed`: the
    found person agreed to words of her own, which the caseworker writes. `voice`: a human must tell it first, nothing
    is sent and the search stays open until it is closed with `told`. Raises ValueError for another result code."""
    if result not in RESULTS:
        raise ValueError(result)
    case = which.find(ctx, reference)
    if case is None or case.kind != which.SEARCH:
        return Outcome("unknown")
    if result == DIED and not told:
        ctx.record(case, "tell_by_voice")
        ctx.notify("queue", "tell_by_voice", "critical", case)
        return Outcome("voice")
    case.stage, case.closed_at = "closed", ctx.now  # the conversation goes on: a reply opens no search again
    ctx.cases.remove(case)
    ctx.closed.insert(0, case)
    ctx.record(case, "closed", result=result)
    if result == DIED:
        return Outcome("voice")
    return Outcome("agreed") if agreed else Outcome("closed", {"text": OVER})
