"""Checking a recruiter against the operator's list, and what it may cost.

Law: the list speaks of a day, and that is said; what is not in it is unknown, never forbidden. A cap is named only
where `knowledge/recruiting.yml` has one that somebody signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.store.records import Licence
from handlers import facts
from handlers.context import Context, Outcome

__all__ = ["age", "ask_what", "fee", "find", "origin", "show", "warn", "weigh"]

_SHOWN = ("name", "number", "until", "month", "old", "advice")

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "origin": {"known": ("leaving",), "unknown": ()},
    "find": {
        "one": ("licence",),
        "several": ("candidates", "licence"),
        "missing": ("month", "old", "advice"),
        "no_list": (),
    },
    "show": {
        "licensed": _SHOWN,
        "undated": _SHOWN,
        "expired": _SHOWN,
        "suspended": _SHOWN,
        "cancelled": _SHOWN,
        "gone": _SHOWN,
        "missing": ("month", "old", "advice"),
    },
    "age": {"old": (), "fresh": ()},
    "ask_what": {"known": ("office", "questions"), "plain": ("questions",)},
    "fee": {"capped": ("cap",), "unknown": ("rule",)},
    "warn": {"said": ("advice",)},
    "weigh": {"above": ("cap",), "within": ("cap",), "unsure": ("cap",)},
}

OLD = timedelta(days=60)


async def origin(ctx: Context, *, leaving: object = None) -> Outcome:
    """The country she leaves from: the one that was named, else that of her number when people leave from there."""
    homes = ctx.knowledge.get("countries")["origin"]
    for code in (facts.code(leaving), ctx.conversation.country_hint, ctx.person.country):
        if code and code in homes:
            return Outcome("known", {"leaving": code})
    return Outcome("known", {"leaving": facts.code(leaving)}) if facts.code(leaving) else Outcome("unknown")


async def find(ctx: Context, *, leaving: object, agent: str | None = None) -> Outcome:
    """Whom the list has under this name or number: one, or up to five to choose from."""
    newest = await ctx.shelf.licences_of(facts.code(leaving))
    if newest is None or not agent:
        return Outcome("no_list")
    rows = await ctx.shelf.licences(facts.code(leaving), agent)
    if not rows:
        return Outcome(
            "missing",
            {
                "month": {"month": f"{ctx.day(newest):%Y-%m}"},
                "old": _old(ctx, newest),
                "advice": _advice("not_in_list"),
            },
        )
    if len(rows) == 1:
        return Outcome("one", {"licence": _key(rows[0])})
    offered = [{"id": _key(row), "value": {"row": [row.name, row.number]}} for row in rows]
    return Outcome("several", {"candidates": offered, "licence": None})


async def show(ctx: Context, *, leaving: object, agent: str | None = None, licence: str | None = None) -> Outcome:
    """How the chosen one stands, and as of when."""
    rows = await ctx.shelf.licences(facts.code(leaving), agent or "")
    row = next((row for row in rows if _key(row) == licence), None)
    if row is None:
        newest = await ctx.shelf.licences_of(facts.code(leaving)) or ctx.now
        return Outcome(
            "missing",
            {
                "month": {"month": f"{ctx.day(newest):%Y-%m}"},
                "old": _old(ctx, newest),
                "advice": _advice("not_in_list"),
            },
        )
    newest = await ctx.shelf.licences_of(facts.code(leaving)) or row.imported_at
    state = _state(ctx, row, newest)
    return Outcome(
        "licensed"
        if state == "licensed"
        else "undated"
        if state == "undated"
        else "expired"
        if state == "expired"
        else "suspended"
        if state == "suspended"
        else "gone"
        if state == "gone"
        else "cancelled",
        {
            "name": row.name,
            "number": row.number,
            "until": {"month": f"{row.valid_until:%Y-%m}"} if row.valid_until else None,
            "month": {"month": f"{ctx.day(row.imported_at):%Y-%m}"},
            "old": _old(ctx, row.imported_at),
            "advice": _advice("in_list"),
        },
    )


async def warn(ctx: Context) -> Outcome:
    """What to know of a visit visa."""
    return Outcome("said", {"advice": _advice("visit_visa")})


def _advice(name: str) -> dict[str, str]:
    """A warning of `knowledge/recruiting.yml`."""
    return {"text": f"recruiting.warnings.{name}.say"}


async def age(ctx: Context, *, old: str | None = None) -> Outcome:
    """Whether it must be said that the list is old."""
    return Outcome("old" if old == "yes" else "fresh")


async def ask_what(ctx: Context, *, leaving: object = None) -> Outcome:
    """What to ask any agent, and the office of the country that knows who has a licence."""
    file = ctx.knowledge.get("recruiting")
    asked = [
        {"text": f"recruiting.questions.{row['id']}.say"} for row in file["questions"] if facts.may_be_shown(row, file)
    ]
    place = file["countries"].get(facts.code(leaving))
    questions = {"list": asked}
    if place is None or not facts.may_be_shown(place, file):
        return Outcome("plain", {"questions": questions})
    office = f"{place['authority']}, {str(place['check_at']).removeprefix('https://')}"
    return Outcome("known", {"office": office, "questions": questions})


async def fee(ctx: Context, *, leaving: object = None) -> Outcome:
    """What an agency may take, where that is known and checked; else the honest sentence."""
    cap = _cap(ctx, leaving)
    if cap is not None:
        return Outcome("capped", {"cap": cap})
    places = ctx.knowledge.get("recruiting")["countries"]
    place = facts.code(leaving) if facts.code(leaving) in places else next(iter(places))
    return Outcome("unknown", {"rule": {"text": f"recruiting.{place}.fee.say"}})


async def weigh(ctx: Context, *, leaving: object = None, asked: object = None) -> Outcome:
    """Whether what was asked for is more than the cap. Another currency, or no sum: unsure."""
    cap = _cap(ctx, leaving)
    if cap is None or not isinstance(asked, Mapping) or asked.get("currency") not in (None, cap["currency"]):
        return Outcome("unsure", {"cap": cap})
    try:
        above = Decimal(str(asked["value"])) > Decimal(str(cap["value"]))
    except (InvalidOperation, KeyError):
        return Outcome("unsure", {"cap": cap})
    return Outcome("above" if above else "within", {"cap": cap})


def _cap(ctx: Context, leaving: object) -> dict[str, Any] | None:
    file = ctx.knowledge.get("recruiting")
    rule = (file["countries"].get(facts.code(leaving)) or {}).get("fee") or {}
    cap = rule.get("cap")
    return dict(cap) if cap and facts.is_checked(rule, file) else None  # a sum that nobody signed is not named


def _key(row: Licence) -> str:
    """The end of the row's id: random, so that an old button names no other."""
    return row.id.hex[-12:]


def _old(ctx: Context, as_of: Any) -> str:
    return "yes" if ctx.now - as_of > OLD else "no"


def _state(ctx: Context, row: Licence, newest: datetime) -> str:
    """`gone`: it had a licence in an older list, and a newer one does not have it."""
    if row.status != "licensed":
        return row.status
    if row.imported_at < newest:
        return "gone"
    if row.valid_until is None:
        return "undated"
    return "licensed" if row.valid_until >= ctx.day() else "expired"
