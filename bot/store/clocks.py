"""What a clock that was ahead has put off, once it is set back.

Law: asked for by a process that saw its clock set back (`jobs/set_back.py`), with how far: so what was written then is
told by the true moment, and who wrote is taken to have written when she did. A clock that only is behind changes
nothing, nor does one that differs from the database's. Each table in a transaction of its own, past rows that somebody
holds: nothing waits in a circle.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Interval,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from bot.store.database import Database
from bot.store.tables import channel_accounts, channel_lanes, conversations, inbox, notices, outbox, pages

AHEAD = timedelta(minutes=2)  # more than a row of the inbox waits by itself, or the clocks of two machines differ
SILENCE = timedelta(hours=1)  # a provider's: as long it is believed (transports/errors.py)
RETRY = timedelta(hours=2)  # the longest wait between two tries (transports/verdict.py)
FAR = timedelta(days=60)  # what is held for longer waits for an event, not for an hour

_NOW, _SOON, _LATER, _LATEST, _FAR = (
    bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "soon", "later", "latest", "far")
)
_BACK = bindparam("back", type_=Interval)  # how far the clock was set back
_MOST = func.make_interval(0, 0, 0, 0, 0, 0, 2 / func.greatest(channel_accounts.c.per_second, 0.001))  # two messages
# Written out, not bound: the planner uses an index of some states only when it can read them in the statement.
_QUEUED = outbox.c.state.in_((literal_column("'queued'"), literal_column("'held'")))
_PUT_OFF = and_(
    _QUEUED,
    outbox.c.not_before > _SOON,
    outbox.c.not_before < _FAR,
    or_(
        outbox.c.queued_at > _SOON,
        and_(outbox.c.state == literal_column("'queued'"), outbox.c.not_before > _LATEST),
    ),
)
_OF_WHOM = select(outbox.c.conversation_id).where(or_(and_(_QUEUED, outbox.c.not_before <= _NOW), _PUT_OFF))


def _true(column: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """When it was: what lies ahead was told by the clock that was. Where nothing stands, nothing is put."""
    return case((column > _NOW, func.least(column - _BACK, _NOW)), else_=column)


def _due(column: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """Now, where it lies ahead."""
    return case((column > _NOW, _NOW), else_=column)


def _mend(table: Table, which: Any, **values: Any) -> Any:
    """Of the rows that nobody holds."""
    keys = list(table.primary_key.columns)
    free = select(*keys).where(which).with_for_update(skip_locked=True, key_share=True).cte("free")
    same = and_(*(key == free.c[key.name] for key in keys))
    return update(table).where(same).values(values)


_OPEN = and_(notices.c.taken_at.is_(None), or_(notices.c.raised_at > _SOON, notices.c.called_at > _SOON))
_PROMISED = case((notices.c.raised_at > _NOW, notices.c.due_at - _BACK), else_=notices.c.due_at)

# In this order: before her rows are due again it is known when she wrote.
_MENDS = (
    _mend(notices, _OPEN, raised_at=_true(notices.c.raised_at), called_at=_true(notices.c.called_at), due_at=_PROMISED),
    _mend(
        pages,
        and_(pages.c.state == literal_column("'queued'"), pages.c.lease_until > _SOON),
        lease_until=_due(pages.c.lease_until),
    ),
    _mend(
        inbox,
        and_(inbox.c.state == literal_column("'waiting'"), inbox.c.ready_at > _SOON),
        ready_at=_due(inbox.c.ready_at),
        received_at=_true(inbox.c.received_at),
    ),
    _mend(
        channel_accounts,
        channel_accounts.c.next_send_at > _SOON + _MOST,
        next_send_at=_due(channel_accounts.c.next_send_at),
    ),
    _mend(channel_lanes, channel_lanes.c.next_send_at > _LATER, next_send_at=_due(channel_lanes.c.next_send_at)),
    _mend(
        conversations,
        and_(
            or_(conversations.c.last_inbound_at > _SOON, conversations.c.next_send_at > _LATER),
            conversations.c.id.in_(_OF_WHOM),
        ),
        last_inbound_at=_true(conversations.c.last_inbound_at),
        next_send_at=_due(conversations.c.next_send_at),
    ),
    _mend(outbox, _PUT_OFF, not_before=_due(outbox.c.not_before), queued_at=_true(outbox.c.queued_at)),
)
# A minute for which a job was noted is passed over when it comes.
_MINUTES = text("DELETE FROM procrastinate_periodic_defers WHERE defer_timestamp > extract(epoch FROM :soon)")


_NEWEST = text(
    "SELECT greatest("
    "(SELECT max(received_at) FROM (SELECT received_at FROM inbox ORDER BY id DESC LIMIT 1000) AS i), "
    "(SELECT max(queued_at) FROM (SELECT queued_at FROM outbox ORDER BY seq DESC LIMIT 1000) AS o), "
    "(SELECT to_timestamp(max(defer_timestamp)) FROM procrastinate_periodic_defers))"
)


async def put_right(database: Database, now: datetime, back: timedelta) -> int:
    """Returns how many rows had been put off. `back`: how far the clock was set back."""
    at = {"now": now, "soon": now + AHEAD, "later": now + AHEAD + SILENCE, "latest": now + AHEAD + RETRY}
    found = 0
    async with database.begin() as connection:
        await connection.execute(_MINUTES, {"soon": at["soon"]})
    for mend in _MENDS:
        async with database.begin() as connection:
            found += (await connection.execute(mend, at | {"far": now + FAR, "back": back})).rowcount
    return found


async def newest(database: Database) -> datetime | None:
    """The newest moment at which anything was written down here: of the last rows by their numbers, for the very last
    may be of a clock that is right again, and the last minute for which a job was noted."""
    async with database.looking() as connection:
        found: datetime | None = (await connection.execute(_NEWEST)).scalar_one()
    return found


async def differs(database: Database, now: datetime) -> bool:
    """Whether this clock is not the database's."""
    async with database.looking() as connection:
        theirs: datetime = (await connection.execute(select(func.now()))).scalar_one()
    return abs(theirs - now) > AHEAD
