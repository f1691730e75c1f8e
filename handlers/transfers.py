"""A case on its way to another organisation: asked, offered, accepted or not, and taken back when she wants it.

Law: nothing changes hands without her yes to this receiver, and the sender has the case until the receiver takes it.
What she did not agree to stays behind: the receiver sees the summary, and of before the ticked parts only. What may
follow on what stands in `transfer_moves.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.store.records import Share, Transfer
from handlers import asked, handoff, owner, targets
from handlers.context import Case, Context, Outcome
from handlers.transfer_moves import ASKED, MOVES, OFFERED, move

__all__ = ["accept", "answer", "decline", "offer", "recall", "record", "withdraw", "words"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "offer": {
        "offered": (),
        "asked": (),
        "pending": (),
        "others_open": (),
        "cannot_ask": (),
        "nobody_there": (),
        "incomplete": (),
        "none": (),
    },
    "answer": {"heard": (), "noted": ()},
    "record": {"offered": (), "refused": (), "none": ()},
    "withdraw": {"withdrawn": (), "none": ()},
    "words": {
        "narrow": ("who", "name", "wide"),
        "wide": ("who", "name", "wide"),
        "files": ("who", "name", "wide"),
    },
    "accept": {"accepted": (), "expired": (), "full": ("open",), "others_open": (), "not_staff": (), "none": ()},
    "decline": {"declined": (), "expired": (), "none": ()},
    "recall": {"recalled": (), "none": ()},
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"answer"})

BOT = "bot"


async def offer(
    ctx: Context,
    *,
    reference: str,
    by: UUID,
    to: UUID,
    parts: Sequence[str] = (),
    summary: str = "",
    how: str = BOT,
    said_at: datetime | None = None,
    reachable: bool = True,
) -> Outcome:
    """Offer a case to another organisation (`to`; `by`: the sender's). With `how` = bot she is asked first, here;
    else a human heard her yes then (`said_at`). `reachable`: somebody there may have such a case at all."""
    rules = ctx.knowledge.get("sharing")["transfer"]
    case = _case(ctx, reference)
    if case is None or to == by or ctx.actor.user_id is None:
        return Outcome("none")
    if not reachable:
        return Outcome("nobody_there")
    if not _complete(ctx, rules, parts, summary, how, said_at):
        return Outcome("incomplete")
    if await _pending(ctx, case) is not None:
        return Outcome("pending")
    if _others_here(ctx, case):
        return Outcome("others_open")
    if how == BOT and (ctx.conversation.channel == handoff.DESK or not asked.may(ctx)):
        return Outcome("cannot_ask")
    until = ctx.now + timedelta(days=int(rules["days"]))
    row = ctx.shelf.add(
        Transfer(
            case_id=case.id,
            conversation_id=ctx.conversation.id,
            from_organisation_id=by,
            to_organisation_id=to,
            parts=",".join(part for part in rules["parts"] if part in parts),
            summary=summary,
            how=how,
            made_by=ctx.actor.user_id,
            expires_at=until,
        )
    )
    if how == BOT:
        ctx.record(case, "transfer_asked", to=str(to))
        asked.note(ctx, until)
        return Outcome("asked")
    row.state, row.consented_at = OFFERED, said_at
    ctx.record(case, "transfer_offered", to=str(to), how=how)
    return Outcome("offered")


def _complete(
    ctx: Context, rules: Mapping[str, Any], parts: Sequence[str], summary: str, how: str, said_at: datetime | None
) -> bool:
    least, most = rules["summary"]
    heard = how == BOT or (how in rules["how"] and said_at is not None and said_at <= ctx.now)
    return heard and least <= len(summary) <= most and set(parts) <= set(rules["parts"])


def _case(ctx: Context, reference: str) -> Case | None:
    here = [c for c in ctx.cases if c.reference == reference and c.conversation_id == ctx.conversation.id]
    return next((c for c in here if not c.draft), None)


def _others_here(ctx: Context, case: Case) -> bool:
    """One conversation is with one organisation: what else is open in it is settled first."""
    return any(c.id != case.id for c in targets.here(ctx))


async def _pending(ctx: Context, case: Case) -> Transfer | None:
    """The transfer of this case that still waits; one that waited too long is over now."""
    for row in await ctx.shelf.mine(Transfer):
        if row.case_id == case.id and row.state in MOVES["lapsed"]:
            if ctx.now < row.expires_at:
                return row
            move(row, "lapsed", ctx.now)
    return None


async def words(ctx: Context, *, who: object = None, name: object = None, wide: object = None) -> Outcome:
    """What the question and the line about it name: the organisation as it wants to be seen, and who writes.
    `wide`: whether what she wrote goes there too (yes), or also what she sent (files)."""
    asks, says = str(who or ""), str(name or "")
    if wide == "files":
        return Outcome("files", {"who": asks, "name": says, "wide": "files"})
    if wide == "yes":
        return Outcome("wide", {"who": asks, "name": says, "wide": "yes"})
    return Outcome("narrow", {"who": asks, "name": says, "wide": "no"})


def wide(parts: Sequence[str]) -> str:
    """How the question says what goes along beside the note: never less than does."""
    return "files" if "media" in parts else "yes" if parts else "no"


async def answer(ctx: Context, *, agreed: str | None = None) -> Outcome:
    """Her own yes or no, to the question of the flow. Where a human has the conversation nothing is said to it."""
    told = Outcome("heard" if ctx.conversation.owner == owner.HUMAN else "noted")
    asked.stop(ctx)
    rows = [r for r in await ctx.shelf.mine(Transfer) if r.state == ASKED and r.conversation_id == ctx.conversation.id]
    if not rows or agreed not in {"yes", "no"}:
        return told
    _answered(ctx, rows[-1], agreed == "yes")
    return told


def _answered(ctx: Context, row: Transfer, agreed: bool) -> bool:
    if not move(row, "agreed" if agreed else "refused", ctx.now):
        return False
    case = _by_id(ctx, row)
    if agreed:
        row.consented_at = ctx.now
    if case is not None:
        ctx.record(case, "transfer_offered" if agreed else "transfer_refused", how=row.how)
        ctx.notify("queue", "answered_us", case.severity, case)
    return True


async def record(ctx: Context, *, transfer: str, agreed: bool, how: str, said_at: datetime) -> Outcome:
    """A human heard her answer in another way than the question: her yes, or that she does not want it any more."""
    row = await _row(ctx, transfer)
    rules = ctx.knowledge.get("sharing")["transfer"]
    if row is None or how not in rules["how"] or said_at > ctx.now:
        return Outcome("none")
    case = _by_id(ctx, row)
    if not agreed:
        if not move(row, "refused", ctx.now):
            return Outcome("none")
        asked.stop(ctx)
        if case is not None:
            ctx.record(case, "transfer_refused", how=how)
        return Outcome("refused")
    if not move(row, "agreed", ctx.now):
        return Outcome("none")
    row.how, row.consented_at = how, said_at
    asked.stop(ctx)
    if case is not None:
        ctx.record(case, "transfer_offered", how=how)
    return Outcome("offered")


async def withdraw(ctx: Context, *, transfer: str) -> Outcome:
    """The sender wants it back before anybody took it."""
    row = await _row(ctx, transfer)
    if row is None or not move(row, "withdrawn", ctx.now):
        return Outcome("none")
    row.decided_at, row.decided_by = ctx.now, ctx.actor.user_id
    asked.stop(ctx)
    if case := _by_id(ctx, row):
        ctx.record(case, "transfer_withdrawn")
    return Outcome("withdrawn")


async def accept(ctx: Context, *, transfer: str, override: str | None = None) -> Outcome:
    """A colleague of the receiver takes it: case and conversation are theirs, and the sender may read it as long as the
    person wants that."""
    user = ctx.actor.user_id
    if ctx.actor.kind != "staff" or user is None:
        return Outcome("not_staff")
    row = await _row(ctx, transfer)
    case = _by_id(ctx, row) if row else None
    if row is None or case is None or row.consented_at is None:
        return Outcome("none")
    if row.state == OFFERED and ctx.now < row.expires_at:
        if _others_here(ctx, case):
            return Outcome("others_open")
        if (too_many := handoff.full(ctx, user, override)) is not None:
            return Outcome("full", {"open": too_many.slots["open"]})
    if not move(row, "accepted", ctx.now):
        return Outcome("expired" if row.state == "expired" else "none")
    row.decided_at, row.decided_by = ctx.now, user
    row.held_back = None if "facts" in row.parts.split(",") else dict(case.facts)
    ctx.shelf.add(
        Share(
            case_id=case.id,
            organisation_id=row.from_organisation_id,
            consented_at=row.consented_at,
            accepted_at=ctx.now,
        )
    )
    case.organisation_id = row.to_organisation_id
    for share in await ctx.shelf.mine(Share):  # what was only shared with the receiver is theirs now
        if share.case_id == case.id and share.organisation_id == row.to_organisation_id and share.ended_at is None:
            share.ended_at = ctx.now
    owner.move(ctx.conversation, "given", user)
    handoff.assigned(ctx, user, "transfer_accepted", override)
    return Outcome("accepted")


async def decline(ctx: Context, *, transfer: str, reason: str, words: str = "") -> Outcome:
    """The receiver cannot: it stays where it is, and the sender reads why."""
    rules = ctx.knowledge.get("sharing")["transfer"]
    row = await _row(ctx, transfer)
    if row is None or reason not in rules["reasons"]:
        return Outcome("none")
    if not move(row, "declined", ctx.now):
        return Outcome("expired" if row.state == "expired" else "none")
    row.decided_at, row.decided_by = ctx.now, ctx.actor.user_id
    row.reason, row.answer = reason, words or None
    if case := _by_id(ctx, row):
        ctx.record(case, "transfer_declined", reason=reason)
    return Outcome("declined")


async def recall(ctx: Context, *, transfer: str) -> Outcome:
    """She takes her yes back: the receiver is out, and it waits at the sender for somebody."""
    row = await _row(ctx, transfer)
    case = _by_id(ctx, row, ctx.closed) if row else None
    if row is None or case is None or case.organisation_id != row.to_organisation_id:
        return Outcome("none")
    if not move(row, "recalled", ctx.now):
        return Outcome("none")
    row.ended_at = ctx.now
    case.organisation_id, case.assigned_to = row.from_organisation_id, None
    for share in await ctx.shelf.mine(Share):
        if share.case_id == case.id and share.ended_at is None:
            share.ended_at = ctx.now
    owner.move(ctx.conversation, "escalated")
    if ctx.conversation.owner == owner.WAITING and ctx.conversation.reply_due_at is None:
        ctx.conversation.reply_due_at = targets.following(ctx, case.severity)
    ctx.record(case, "transfer_recalled")
    ctx.notify("queue", "transfer_recalled", case.severity, case)
    return Outcome("recalled")


async def end_all(ctx: Context) -> None:
    """She takes back that anything of hers is kept: offers are over, and who was only let in to read is out."""
    for row in await ctx.shelf.mine(Transfer):
        if row.state in MOVES["refused"] and move(row, "refused", ctx.now) and (case := _by_id(ctx, row)):
            ctx.record(case, "transfer_refused", how=BOT)
    for share in await ctx.shelf.mine(Share):
        share.ended_at = share.ended_at or ctx.now


async def _row(ctx: Context, transfer: str) -> Transfer | None:
    return next((r for r in await ctx.shelf.mine(Transfer) if str(r.id) == transfer), None)


def _by_id(ctx: Context, row: Transfer, more: Sequence[Case] = ()) -> Case | None:
    return next((c for c in (*ctx.cases, *more) if c.id == row.case_id), None)
