"""What a person decides about herself: language, country, hours, consent, stop, clear.

Law: a choice is written as it is made, with its time; refusing costs nothing.
"""

from __future__ import annotations

from handlers import news, put_off
from handlers.context import Context, Outcome
from handlers.languages import LATIN, LETTERS, OWN, UNSCRIPTED

__all__ = [
    "clear",
    "consent",
    "give_consent",
    "opt_in",
    "opt_out",
    "refuse_consent",
    "set_channel",
    "set_hours",
    "set_language",
    "set_letters",
    "set_topic",
    "writes",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "set_language": {"set": ()},
    "set_letters": {"set": ()},
    "consent": {"given": ("agreed",), "open": ()},
    "give_consent": {"given": ()},
    "refuse_consent": {"refused": ()},
    "opt_out": {"stopped": (), "already": ()},
    "opt_in": {"started": (), "open": ()},
    "clear": {"cleared": ()},
    "set_channel": {"set": ()},
    "set_hours": {"set": ("from", "until"), "unclear": ()},
    "set_topic": {"set": ()},
    "writes": {"noted": ()},
}

HOURS = {"morning": (6 * 60, 8 * 60), "evening": (19 * 60, 22 * 60), "day": (8 * 60, 20 * 60)}  # after local midnight


async def set_language(ctx: Context, *, language: str) -> Outcome:
    """Answer in this language from now on (a folder name of `locales/`)."""
    ctx.person.language = language
    return Outcome("set")


async def set_letters(ctx: Context, *, letters: str) -> Outcome:
    """In which letters an SMS comes from now on, however she writes: `own` of her language, or `latin` ones. Whoever
    was known by ear alone has said with it that the guess is right."""
    if letters == OWN and ctx.person.profile.pop(UNSCRIPTED, None):
        ctx.person.language = ctx.person.language or ctx.person.language_guess
    ctx.person.profile[LETTERS] = LATIN if letters == LATIN else OWN
    return Outcome("set")


async def consent(ctx: Context) -> Outcome:
    """Whether the person already let us keep what she writes, and write to her."""
    return Outcome("given", {"agreed": "yes"}) if ctx.person.consent_store_at else Outcome("open")


async def give_consent(ctx: Context) -> Outcome:
    """We may keep what she tells us, and write to her here."""
    ctx.person.consent_store_at = ctx.person.consent_contact_at = ctx.now
    ctx.person.consent_refused_at = None
    if not ctx.person.profile.get(UNSCRIPTED):
        ctx.person.language = ctx.person.language or ctx.person.language_guess  # she has answered in it all along
    return Outcome("given")


async def refuse_consent(ctx: Context) -> Outcome:
    """We may not. A danger message kept for 72 hours is deleted by the purge (DESIGN §4); a count stays."""
    ctx.person.consent_store_at = ctx.person.consent_contact_at = None
    ctx.person.consent_refused_at = ctx.now
    return Outcome("refused")


async def opt_out(ctx: Context) -> Outcome:
    """STOP: nothing more is sent until the person writes START. Open cases stay with the humans. News is not what she
    comes back to: it begins by its own word."""
    if ctx.person.opted_out_at is not None:
        return Outcome("already")
    ctx.person.opted_out_at = ctx.now
    await news.end(ctx)
    for case in ctx.cases:
        ctx.record(case, "opted_out")
        ctx.notify("queue", "opted_out", case.severity, case)
    return Outcome("stopped")


async def opt_in(ctx: Context) -> Outcome:
    """START: replies again. Outbound windows are not opened by this. `open`: nothing was stopped."""
    if ctx.person.opted_out_at is None:
        return Outcome("open")
    ctx.person.opted_out_at = None
    return Outcome("started")


async def clear(ctx: Context) -> Outcome:
    """Forget where the conversation stood; the case stays, sealed."""
    ctx.forget = True
    put_off.settle(ctx)
    return Outcome("cleared")


async def set_hours(ctx: Context, *, when: str | None = None, hours: dict[str, int] | None = None) -> Outcome:
    """When we may write to her by ourselves, in her own time: a choice of HOURS, or minutes `from` and `until`."""
    if when in HOURS:
        start, end = HOURS[when]
    elif hours:
        start, end = hours["from"], hours["until"]
    else:
        return Outcome("unclear")
    ctx.person.safe_from, ctx.person.safe_until = start, end
    return Outcome("set", {"from": _clock(start), "until": _clock(end)})


async def set_channel(ctx: Context, *, channel: str) -> Outcome:
    """Where she would rather be written to. A wish that a human sees: what is sent goes where she wrote last."""
    ctx.person.profile["channel"] = channel
    return Outcome("set")


async def set_topic(ctx: Context, *, topic: str) -> Outcome:
    """The harmless word that later messages use in place of the matter: one of `knowledge/follow_up.yml`."""
    ctx.person.profile["topic"] = topic if topic in ctx.knowledge.get("follow_up")["offered"] else "plain"
    return Outcome("set")


async def writes(ctx: Context, *, who: str, proved: str | None = None) -> Outcome:
    """Who writes on this phone now. Somebody else is told nothing of what is hers; back to herself leads her word."""
    guests = [c for c in ctx.person.profile.get("guests", []) if c != str(ctx.conversation.id)]
    if who == "other" or (proved == "no" and len(guests) != len(ctx.person.profile.get("guests", []))):
        guests.append(str(ctx.conversation.id))
    ctx.person.profile["guests"] = guests
    return Outcome("noted")


def _clock(minutes: int) -> str:
    """21:00; the midnight that ends a day is 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"
