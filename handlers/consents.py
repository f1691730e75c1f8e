"""To which uses of what happened to her she agrees: research, advocacy, media. Each by itself, none by default.

Law: nobody is asked in danger, nor while a case is open, unless a human asks her; a child never. To take it back needs
no proof and is open at any time: nothing is lost by it. Help never depends on it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.store.records import Consent
from handlers import opening, which
from handlers.context import Context, Outcome

__all__ = ["give", "invite", "look", "record", "revoke"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {"ask": (), "given": ("given",), "not_now": ()},
    "invite": {"invited": (), "never": ()},
    "give": {"kept": ("given",), "nothing": (), "not_now": ()},
    "revoke": {"revoked": ()},
    "record": {"kept": (), "revoked": (), "never": (), "none": ()},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"give"})

PURPOSES = ("research", "advocacy", "media")
FLOW = "uses"
INVITED = "uses_asked"  # in the profile: when a human wanted her to be asked
INVITED_FOR = timedelta(days=7)


async def look(ctx: Context) -> Outcome:
    """What she agreed to; else whether she may be asked now."""
    given = await _holding(ctx)
    if given:
        return Outcome("given", {"given": _said(given)})
    return Outcome("ask" if _may_ask(ctx) else "not_now")


async def invite(ctx: Context) -> Outcome:
    """A human wants her to be asked: for some days that is as good as an ended case."""
    if not _harmless(ctx):
        return Outcome("never")
    ctx.person.profile[INVITED] = ctx.now.isoformat()
    return Outcome("invited")


async def give(
    ctx: Context,
    *,
    research: str | None = None,
    advocacy: str | None = None,
    media: str | None = None,
) -> Outcome:
    """Her answers, all three at once: what is not a clear yes is a no, and takes back an earlier yes."""
    if not _may_ask(ctx):
        return Outcome("not_now")
    ctx.person.profile.pop(INVITED, None)
    wanted = {name for name, said in zip(PURPOSES, (research, advocacy, media), strict=True) if said == "yes"}
    for name in PURPOSES:
        if name in wanted and not await _rows(ctx, name):
            ctx.shelf.add(Consent(purpose=name, said_on=ctx.day()))
        elif name not in wanted:
            await _end(ctx, name, "self")
    if not wanted:
        return Outcome("nothing")
    return Outcome("kept", {"given": _said([name for name in PURPOSES if name in wanted])})


async def revoke(ctx: Context) -> Outcome:
    """All of it is taken back. One answer, whether there was something or not: others may read it."""
    for name in PURPOSES:
        await _end(ctx, name, "self")
    return Outcome("revoked")


async def record(ctx: Context, *, purpose: str, how: str, said_on: date, agrees: bool = True) -> Outcome:
    """A colleague heard it from her: how and when. A child's is never recorded; a no always is."""
    if purpose not in PURPOSES:
        return Outcome("none")
    if not agrees:
        return Outcome("revoked" if await _end(ctx, purpose, how) else "none")
    if _never(ctx):
        return Outcome("never")
    if await _rows(ctx, purpose):
        return Outcome("none")
    ctx.shelf.add(Consent(purpose=purpose, how=how, said_on=said_on, recorded_by=ctx.actor.user_id))
    return Outcome("kept")


async def _rows(ctx: Context, purpose: str) -> list[Consent]:
    return [row for row in await ctx.shelf.mine(Consent) if row.purpose == purpose and row.revoked_at is None]


async def _holding(ctx: Context) -> list[str]:
    return [name for name in PURPOSES if await _rows(ctx, name)]


async def _end(ctx: Context, purpose: str, how: str) -> bool:
    """Whether there was something to end."""
    rows = await _rows(ctx, purpose)
    for row in rows:
        row.revoked_at, row.revoked_how = ctx.now, how
        row.revoked_by = ctx.actor.user_id if ctx.actor.kind == "staff" else None
    return bool(rows)


def _said(purposes: list[str]) -> dict[str, list[dict[str, str]]]:
    return {"list": [{"text": f"uses.purposes.{name}.say"} for name in purposes]}


def _never(ctx: Context) -> bool:
    """A child has no story that could be told, whatever she agrees to (protection.md D 02)."""
    return any(c.kind == opening.CHILD or opening.is_minor(c.facts) for c in (*ctx.cases, *ctx.closed))


def _harmless(ctx: Context) -> bool:
    """Never asked in danger, about ending a life, of a child, nor on a phone that was taken from her."""
    grave = any(c.severity == "critical" for c in ctx.cases) or which.heavy(ctx) is not None
    return not grave and not _never(ctx) and ctx.person.seized_at is None


def _may_ask(ctx: Context) -> bool:
    """After the end of a case, or because a human wanted it lately."""
    invited = ctx.person.profile.get(INVITED)
    lately = invited is not None and ctx.now - datetime.fromisoformat(invited) < INVITED_FOR
    return _harmless(ctx) and (lately or (not ctx.cases and bool(ctx.closed)))
