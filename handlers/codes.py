"""Family codes: sixteen digits by which a family learns whether a case is open, and nothing else.

Law: right and wrong are told apart by nobody who has not a right code of an open case. Wrong, revoked, expired, never
issued, badly typed, of a closed case, or asked too often: the same outcome after the same queries (T39). Digits come in
by `ctx.digits`, and are never written to events, notices or logs.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from bot.content.readers.code import FIRST, LENGTH
from bot.store.records import NEW, CodeTry, CodeUse, FamilyCode
from handlers.context import Context, Outcome
from handlers.references import check_digit
from handlers.which import own

__all__ = ["end", "look", "make", "mine", "revoke"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "end": {"ended": (), "unknown": ()},
    "look": {"open": (), "nothing": ()},
    "make": {"made": ("code", "until"), "nothing_open": (), "enough": ()},
    "mine": {"some": ("codes", "lines"), "none": ()},
    "revoke": {"revoked": (), "unknown": ()},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"look", "make", "mine", "revoke"})

HOUR = timedelta(hours=1)


def new_digits(ctx: Context) -> str:
    """A new code: a fixed first digit, random ones, a check digit."""
    body = FIRST + ctx.digits(LENGTH - 2)
    return body + check_digit(body)


def in_fours(digits: str) -> str:
    """As it is written: `7482 9173 0046 1295`."""
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def is_well_typed(digits: str) -> bool:
    """Whether this can be a code at all."""
    return len(digits) == LENGTH and digits.startswith(FIRST) and check_digit(digits[:-1]) == digits[-1]


def is_live(code: FamilyCode, now: datetime) -> bool:
    """Neither taken back nor too old."""
    return code.revoked_at is None and (code.expires_at is None or now < code.expires_at)


async def look(ctx: Context, *, code: str) -> Outcome:
    """What a family is told. Every way through asks the database the same questions, in the same order."""
    limits = ctx.knowledge.get("codes")["tries_an_hour"]
    mine_so_far, all_so_far = await ctx.shelf.recent(CodeTry, ctx.now - HOUR, what="family")
    ctx.shelf.add(CodeTry())
    found = await ctx.shelf.by_code(FamilyCode, code)
    is_open = await ctx.shelf.case_is_open((found and found.case_id) or NEW)
    if mine_so_far == limits["one"] or all_so_far == limits["all"]:  # the first one too many
        ctx.notify("queue", "many_codes", "medium")
    too_many = mine_so_far >= limits["one"] or all_so_far >= limits["all"]
    if too_many or found is None or not is_well_typed(code) or not is_live(found, ctx.now):
        return Outcome("nothing")
    if found.kind == "real" and not is_open:
        return Outcome("nothing")
    ctx.shelf.add(CodeUse(code_id=found.id, owner=found.owner))
    return Outcome("open")


async def make(ctx: Context, *, kind: str) -> Outcome:
    """A new code of the newest open case (`real`), or one that says yes to all (`decoy`). Both are told in the same
    words and end on the same day: somebody may be looking on, and try again later."""
    rules = ctx.knowledge.get("codes")
    if sum(is_live(c, ctx.now) for c in await ctx.shelf.mine(FamilyCode)) >= rules["at_a_time"]:
        return Outcome("enough")
    case = own(ctx)
    if kind == "real" and case is None:
        return Outcome("nothing_open")
    digits, until = new_digits(ctx), ctx.now + timedelta(days=rules["valid_days"])
    if kind == "real" and case is not None:
        ctx.shelf.add(FamilyCode(digits=digits, case_id=case.id, expires_at=until))
        ctx.record(case, "code_made")
    else:
        ctx.shelf.add(FamilyCode(digits=digits, kind="decoy", expires_at=until))
    return Outcome("made", {"code": in_fours(digits), "until": {"day": ctx.day(until).isoformat()}})


async def mine(ctx: Context) -> Outcome:
    """The live codes of this person: as options to take one back, and as lines with how often each was used."""
    live = [c for c in await ctx.shelf.mine(FamilyCode) if is_live(c, ctx.now)]
    if not live:
        return Outcome("none")
    uses = await ctx.shelf.mine(CodeUse)
    rows = [_row(c, [ctx.day(u.used_at) for u in uses if u.code_id == c.id]) for c in live]
    codes = [{"id": _option(c), "value": {"row": [_letter(c), c.digits[-4:]]}} for c in live]
    return Outcome("some", {"codes": codes, "lines": {"list": rows}})


def _option(code: FamilyCode) -> str:
    return f"c{code.id.hex[-20:]}"


def _row(code: FamilyCode, used: list[date]) -> dict[str, Any]:
    """`A 1295: 2× · 16 Nov`: no finer than the week of the last use."""
    row: list[Any] = [_letter(code), f"{code.digits[-4:]}:", f"{len(used)}×"]
    return {"row": [*row, "·", {"day": _monday(max(used)).isoformat()}] if used else row}


def _letter(code: FamilyCode) -> dict[str, str]:
    return {"text": f"codes.{code.kind}.letter"}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


async def end(ctx: Context, *, which: str) -> Outcome:
    """A colleague ends one at her wish. No event says so: a copy of hers would tell how many there were."""
    found = next((c for c in await ctx.shelf.mine(FamilyCode) if str(c.id) == which and is_live(c, ctx.now)), None)
    if found is None or ctx.actor.kind != "staff":
        return Outcome("unknown")
    found.revoked_at = ctx.now
    return Outcome("ended")


async def revoke(ctx: Context, *, code: str) -> Outcome:
    """Take a code back, at once; `code` is the option of `mine`."""
    found = next((c for c in await ctx.shelf.mine(FamilyCode) if _option(c) == code and is_live(c, ctx.now)), None)
    if found is None:
        return Outcome("unknown")
    found.revoked_at = ctx.now
    return Outcome("revoked")
