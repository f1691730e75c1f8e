"""Of which topics she wants to hear now and then (`knowledge/news.yml`).

Law: none by itself, each by her own word; whoever else writes on her phone changes nothing. To end all of it needs no
proof and touches nothing else: neither her case nor what she may be written for it.
"""

from __future__ import annotations

from bot.store.records import Subscription
from handlers.context import Context, Outcome

__all__ = ["begin", "end", "look"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "look": {
        "open": ("topics", "shared"),
        "some": ("given", "topics", "shared"),
        "all": ("given",),
        "other": (),
    },
    "begin": {"begun": ("topic",), "other": ()},
    "end": {"ended": ()},
}

GUESTS = "guests"  # in the profile: conversations in which somebody else writes
FACTS = "news"


async def look(ctx: Context) -> Outcome:
    """What she hears of, and what else there is. `shared`: somebody else writes on a phone of hers."""
    if _is_guest(ctx):
        return Outcome("other")
    theirs = [row.topic for row in await running(ctx)]
    kinds = list(ctx.knowledge.get(FACTS)["kinds"])
    given = {"list": [_said(kind) for kind in kinds if kind in theirs]}
    topics = [{"id": kind, "value": _said(kind)} for kind in kinds if kind not in theirs]
    shared = "yes" if ctx.person.profile.get(GUESTS) else "no"
    if not given["list"]:
        return Outcome("open", {"topics": topics, "shared": shared})
    if not topics:
        return Outcome("all", {"given": given})
    return Outcome("some", {"given": given, "topics": topics, "shared": shared})


async def begin(ctx: Context, *, topic: str) -> Outcome:
    """She hears of it from now on. Who asks for that may be written to."""
    if _is_guest(ctx) or topic not in ctx.knowledge.get(FACTS)["kinds"]:
        return Outcome("other")
    if not any(row.topic == topic for row in await running(ctx)):
        ctx.shelf.add(Subscription(topic=topic))
    if ctx.person.consent_contact_at is None:
        ctx.person.consent_contact_at = ctx.now
    return Outcome("begun", {"topic": _said(topic)})


async def end(ctx: Context) -> Outcome:
    """None of it any more. One answer, whether there was something or not: others may read it."""
    for row in await running(ctx):
        row.ended_at = ctx.now
    return Outcome("ended")


async def running(ctx: Context) -> list[Subscription]:
    """What she hears of now."""
    return [row for row in await ctx.shelf.mine(Subscription) if row.ended_at is None]


def _said(topic: str) -> dict[str, str]:
    return {"text": f"{FACTS}.{topic}.say"}


def _is_guest(ctx: Context) -> bool:
    return str(ctx.conversation.id) in ctx.person.profile.get(GUESTS, [])
