"""What became of what a broadcast put into the lane, written down for each person; how it ends.

Law: what looks at many rows locks the broadcast first and then waits for no row. What others hold it leaves for its
next look, so it never stands in a circle with a turn, a merge of two people or a sender.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import broadcasts as broadcasts_of
from bot.store.audience import Sparing, grave
from bot.store.broadcasts import SENT, Broadcast
from bot.store.lane import ASKED, MOVED, elsewhere, subscribed
from bot.store.recipients import IN_THE_AIR, WAITING
from bot.store.tables import broadcast_recipients, broadcasts, outbox

AGAIN = timedelta(hours=1)  # before somebody whose conversation changed hands is looked at once more
# Withdrawn for these, nothing has left and it may still be right: somebody else has the conversation, WhatsApp's window
# has shut, or she writes to another account of ours by now.
PASSING = ("owner_changed", "window", MOVED)
_STAYED = and_(outbox.c.kind == "template", outbox.c.state == "withdrawn", outbox.c.reason.is_not_distinct_from(ASKED))


async def settle(connection: AsyncConnection, broadcast_id: UUID, sparing: Sparing, now: datetime) -> None:
    """What left, failed or was withdrawn is written down; what she wants no more, what a grave case stands before, or
    what waits where she does not write any more, is withdrawn. Who was only busy waits once more."""
    await connection.execute(select(broadcasts.c.id).where(broadcasts.c.id == broadcast_id).with_for_update())
    await _withdraw(connection, broadcast_id, sparing)
    r, o = broadcast_recipients.c, outbox.c
    left = and_(r.broadcast_id == broadcast_id, r.state == "queued")
    await _to_the_words(connection, left)
    sent, withdrawn = o.state.in_(SENT), o.state == "withdrawn"
    busy = and_(withdrawn, o.reason.in_(PASSING))
    ended = (
        select(
            r.id,
            case((sent, "sent"), (busy, "waiting"), (withdrawn, "skipped"), else_="failed").label("state"),
            case((sent, func.nullif(r.reason, ASKED)), else_=o.reason).label("reason"),
            case((and_(busy, o.reason == MOVED), now), (busy, now + AGAIN), else_=r.not_before).label("not_before"),
        )
        .join(outbox, o.id == r.outbox_id)
        .where(left, o.state.in_((*SENT, "failed", "unknown", "withdrawn")), ~_has_words())
    )
    await _write(connection, ended, "state", "reason", "not_before")
    late = literal("late").label("reason")  # nobody knows any more: never twice
    lost = select(r.id, literal("skipped").label("state"), late).where(left, ~exists().where(o.id == r.outbox_id))
    await _write(connection, lost, "state", "reason")


async def _withdraw(connection: AsyncConnection, broadcast_id: UUID, sparing: Sparing) -> None:
    o = outbox.c
    reasons = ((~subscribed(), "unsubscribed"), (grave(o.subject_id, sparing.kinds), "open_case"), (elsewhere(), MOVED))
    waits = and_(o.broadcast_id == broadcast_id, o.state == "lane", or_(*(against for against, _ in reasons)))
    found = select(o.id, case(*reasons).label("reason")).where(waits)
    free = found.order_by(o.id).with_for_update(of=outbox, skip_locked=True).cte("free")
    await connection.execute(update(outbox).where(o.id == free.c.id).values(state="withdrawn", reason=free.c.reason))


async def _to_the_words(connection: AsyncConnection, left: ColumnElement[bool]) -> None:
    """Whose template stayed here since another one had asked her, or she wrote: her words wait, or have left, all the
    same."""
    r, words = broadcast_recipients.c, outbox.alias("words")
    found = (
        select(r.id, words.c.id.label("outbox_id"), literal(ASKED).label("reason"))
        .join(outbox, outbox.c.id == r.outbox_id)
        .join(words, _words_of(words))
        .where(left, _STAYED)
    )
    await _write(connection, found, "outbox_id", "reason")


def _words_of(words: FromClause) -> ColumnElement[bool]:
    """The words beside a template of the outbox, unless nothing becomes of them any more."""
    beside = and_(words.c.broadcast_id == outbox.c.broadcast_id, words.c.conversation_id == outbox.c.conversation_id)
    return and_(beside, words.c.kind == "reply", words.c.state.in_((*WAITING, *IN_THE_AIR)))


def _has_words() -> ColumnElement[bool]:
    """Whether it is a template that stayed, and its words did not: somebody held her row when the others were led to
    theirs (`_to_the_words`), and the next look does it."""
    words = outbox.alias("words")
    return and_(_STAYED, exists(select(words.c.id).where(_words_of(words)).correlate(outbox)))


async def _write(connection: AsyncConnection, found: Select[Any], *names: str) -> None:
    """These columns of the recipients that are found, of those that nobody holds; in the order of their ids."""
    r = broadcast_recipients
    free = found.order_by(r.c.id).with_for_update(of=r, skip_locked=True).cte("free")
    await connection.execute(update(r).where(r.c.id == free.c.id).values({name: free.c[name] for name in names}))


async def finish(connection: AsyncConnection, one: Broadcast, now: datetime) -> bool:
    """End it when its time is over, or when for everybody it is. What is in the air may still arrive."""
    r, o = broadcast_recipients.c, outbox.c
    late = one.ends_at is not None and one.ends_at <= now
    unfinished = exists(select(r.id).where(r.broadcast_id == one.id, r.state.in_(("waiting", "queued"))))
    listed = await broadcasts_of.locked(connection, one.id, one.state)
    if listed is None:
        return False
    if late:
        await _end_words(connection, o.broadcast_id == one.id)
        over = and_(
            r.broadcast_id == one.id, or_(r.state == "waiting", and_(r.state == "queued", _withdrawn(r.outbox_id)))
        )
        gone = select(r.id, literal("skipped").label("state"), literal("late").label("reason")).where(over)
        await _write(connection, gone, "state", "reason")
    elif one.state != "running" or listed.poured_at is None:
        return False
    if (await connection.execute(select(unfinished))).scalar():
        return False
    counts = (await broadcasts_of.counts_of(connection, [one.id])).get(one.id, Counter())
    kept = [[state, reason, count] for (state, reason), count in sorted(counts.items(), key=str)]
    # One that was done before it was stopped has its counts.
    new = {} if one.counts else {"counts": kept}
    await connection.execute(
        update(broadcasts).where(broadcasts.c.id == one.id).values(state="done", ended_at=now, **new)
    )
    return True


async def expire(connection: AsyncConnection, now: datetime) -> int:
    """Words that waited for somebody to write are withdrawn when the time of their broadcast is over, though for
    everybody else it was done long before. Returns how many."""
    past = select(broadcasts.c.id).where(broadcasts.c.state == "done", broadcasts.c.ends_at <= now)
    return await _end_words(connection, outbox.c.broadcast_id.in_(past))


async def _end_words(connection: AsyncConnection, which: ColumnElement[bool]) -> int:
    """What of these broadcasts waits in the lane, or for somebody to write, is withdrawn; how many rows."""
    waits = and_(which, outbox.c.state.in_(WAITING))
    found = select(outbox.c.id).where(waits).order_by(outbox.c.id).with_for_update(skip_locked=True).cte("found")
    gone = await connection.execute(
        update(outbox).where(outbox.c.id == found.c.id).values(state="withdrawn", reason="late")
    )
    return int(gone.rowcount)


def _withdrawn(outbox_id: Any) -> Any:
    return exists(select(outbox.c.id).where(outbox.c.id == outbox_id, outbox.c.state == "withdrawn"))
