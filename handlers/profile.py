"""What a person decides about herself: language, consent, stop, clear, delete.

Law: a choice is written as it is made, with its time; refusing costs nothing.
"""

from __future__ import annotations

from handlers.context import Context, Outcome

__all__ = [
    "clear",
    "consent",
    "give_consent",
    "opt_in",
    "opt_out",
    "refuse_consent",
    "request_erasure",
    "set_country",
    "set_language",
]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "set_language": {"set": ()},
    "set_country": {"set": ()},
    "consent": {"given": ("agreed",), "open": ()},
    "give_consent": {"given": ()},
    "refuse_consent": {"refused": ()},
    "opt_out": {"stopped": (), "already": ()},
    "opt_in": {"started": ()},
    "clear": {"cleared": ()},
    "request_erasure": {"noted": ()},
}


async def set_language(ctx: Context, *, language: str) -> Outcome:
    """Answer in this language from now on (a folder name of `locales/`)."""
    ctx.person.language = language
    return Outcome("set")


async def set_country(ctx: Context, *, country: str) -> Outcome:
    """Where the person is (ISO 3166-1 alpha-2)."""
    ctx.person.country = country
    return Outcome("set")


async def consent(ctx: Context) -> Outcome:
    """Whether the person already let us keep what she writes, and write to her."""
    return Outcome("given", {"agreed": "yes"}) if ctx.person.consent_store_at else Outcome("open")


async def give_consent(ctx: Context) -> Outcome:
    """We may keep what she tells us, and write to her here."""
    ctx.person.consent_store_at = ctx.person.consent_contact_at = ctx.now
    ctx.person.consent_refused_at = None
    ctx.person.language = ctx.person.language or ctx.person.language_guess  # she has answered in it all along
    return Outcome("given")


async def refuse_consent(ctx: Context) -> Outcome:
    """We may not. A danger message kept for 72 hours is deleted by the purge (DESIGN §4); a count stays."""
    ctx.person.consent_store_at = ctx.person.consent_contact_at = None
    ctx.person.consent_refused_at = ctx.now
    return Outcome("refused")


async def opt_out(ctx: Context) -> Outcome:
    """STOP: nothing more is sent until the person writes START. Open cases stay with the humans."""
    if ctx.person.opted_out_at is not None:
        return Outcome("already")
    ctx.person.opted_out_at = ctx.now
    for case in ctx.cases:
        ctx.record(case, "opted_out")
        ctx.notify("queue", "opted_out", case.severity, case)
    return Outcome("stopped")


async def opt_in(ctx: Context) -> Outcome:
    """START: replies again. Outbound windows are not opened by this."""
    ctx.person.opted_out_at = None
    return Outcome("started")


async def clear(ctx: Context) -> Outcome:
    """Forget where the conversation stood; the case stays, sealed."""
    ctx.forget = True
    return Outcome("cleared")


async def request_erasure(ctx: Context) -> Outcome:
    """Somebody at this phone wants everything deleted: a human checks who it was, within 48 hours."""
    ctx.notify("queue", "erasure_requested", "high", ctx.cases[0] if ctx.cases else None)
    return Outcome("noted")
