"""Who reads which language, and when: what a person is told when nobody of us reads hers now.

Law: computed from what colleagues told of themselves and from their shifts. While nobody has told anything, nothing is
claimed. Another language is offered, never taken for granted; consent, danger and law are said in hers by the bot.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from handlers import duty
from handlers.context import Context, Outcome

__all__ = ["look", "note"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {"read": (), "later": ("at", "languages"), "none": ("languages",)},
    "note": {"noted": (), "waits": ()},
}

ALSO = "also_reads"  # in the profile: another language in which a human may write to her
MOST = 6  # languages that are offered


def spoken(ctx: Context) -> str:
    """The language in which she writes."""
    return ctx.person.language or ctx.person.language_guess or "en"


def reading(rota: Mapping[str, Any], language: str, now: datetime) -> tuple[str, datetime | None]:
    """`read`: somebody reads this language now, or nobody told what they read, or nobody is there at all (which is said
    already); `later` with the moment; `none`: nobody of us, or none of their shifts is planned."""
    at = duty.reads_at(rota, language, now)
    if not duty.readers(rota) or at == now:
        return "read", None
    if at is None:
        return "none", None
    # At night nobody reads anything: when a person reads was said already.
    if duty.next_opening(rota, now) > now and duty.next_opening(rota, now) >= at:
        return "read", None
    return "later", at


async def look(ctx: Context) -> Outcome:
    """Whether somebody reads her language now, later, or nobody of us does."""
    rota = ctx.knowledge.get("duty")
    language = spoken(ctx)
    name, at = reading(rota, language, ctx.now)
    if name == "read":
        return Outcome("read")
    others = [code for code in duty.readers(rota) if code != language and duty.reads_at(rota, code, ctx.now) == ctx.now]
    names = ctx.knowledge.get("targets")["languages"]
    offered = [{"id": code, "value": str(names[code])} for code in others if code in names][:MOST]
    if at is None:
        return Outcome("none", {"languages": offered})
    return Outcome("later", {"at": ctx.moment(at), "languages": offered})


async def note(ctx: Context, *, language: str | None = None) -> Outcome:
    """She chose another language for a human, or waits."""
    if not language:
        return Outcome("waits")
    ctx.person.profile[ALSO] = language
    return Outcome("noted")
