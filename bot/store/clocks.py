"""What a clock that was wrong for a while has put off: found when it is right again, and due at once.

Law: a machine may start with a clock that is a day ahead, and be set right an hour later; what was received, queued and
paged meanwhile must not wait for that day, nor may an account or a chat. Only moments are changed that no right clock
can have written. Each table in a transaction of its own, past rows that somebody holds: nothing waits in a circle.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Table, and_, bindparam, func, or_, select, update

from bot.store.database import Database
from bot.store.tables import channel_accounts, channel_lanes, conversations, inbox, notices, outbox, pages

AHEAD = timedelta(minutes=2)  # more than a row of the inbox waits by itself, or the clocks of two machines differ
SILENCE = timedelta(hours=1)  # a provider's: as long it is believed (transports/errors.py)
RETRY = timedelta(hours=2)  # the longest wait between two tries (transports/verdict.py)
FAR = timedelta(days=60)  # what is held for longer waits for an event, not for an hour

_NOW, _SOON, _LATER, _LATEST, _FAR = (
    bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "soon", "later", "latest", "far")
)
_MOST = func.make_interval(0, 0, 0, 0, 0, 0, 2 / func.greatest(channel_accounts.c.per_second, 0.001))  # two messages
_QUEUED = outbox.c.state.in_(("queued", "held"))
_PUT_OFF = and_(
    _QUEUED,
    outbox.c.not_before > _SOON,
    outbox.c.not_before < _FAR,
    or_(outbox.c.queued_at > _SOON, and_(outbox.c.state == "queued", outbox.c.not_before > _LATEST)),
)
_OF_WHOM = select(outbox.c.conversation_id).where(or_(and_(_QUEUED, outbox.c.not_before <= _NOW), _PUT_OFF))


def _mend(table: Table, which: Any, *columns: str, **more: Any) -> Any:
    """These columns become `now` where they lie ahead, in the rows that nobody holds, and others what `more` says."""
    keys = list(table.primary_key.columns)
    free = select(*keys).where(which).with_for_update(skip_locked=True, key_share=True).cte("free")
    same = and_(*(key == free.c[key.name] for key in keys))
    return update(table).where(same).values({name: func.least(table.c[name], _NOW) for name in columns} | more)


_OPEN = and_(notices.c.taken_at.is_(None), or_(notices.c.raised_at > _SOON, notices.c.called_at > _SOON))
_PROMISED = notices.c.due_at - func.greatest(notices.c.raised_at - _NOW, timedelta())  # as long after it was raised

# In this order: before her rows are due again it is known that she has not just written.
_MENDS = (
    _mend(notices, _OPEN, "raised_at", "called_at", due_at=_PROMISED),
    _mend(pages, and_(pages.c.state == "queued", pages.c.lease_until > _SOON), "lease_until"),
    _mend(inbox, and_(inbox.c.state == "waiting", inbox.c.ready_at > _SOON), "ready_at", "received_at"),
    _mend(channel_accounts, channel_accounts.c.next_send_at > _SOON + _MOST, "next_send_at"),
    _mend(channel_lanes, channel_lanes.c.next_send_at > _LATER, "next_send_at"),
    _mend(
        conversations,
        and_(
            or_(conversations.c.last_inbound_at > _SOON, conversations.c.next_send_at > _LATER),
            conversations.c.id.in_(_OF_WHOM),
        ),
        "last_inbound_at",
        "next_send_at",
    ),
    _mend(outbox, _PUT_OFF, "not_before", "queued_at"),
)


async def put_right(database: Database, now: datetime) -> int:
    """Returns how many rows had been put off."""
    at = {"now": now, "soon": now + AHEAD, "later": now + AHEAD + SILENCE, "latest": now + AHEAD + RETRY}
    found = 0
    for mend in _MENDS:
        async with database.begin() as connection:
            found += (await connection.execute(mend, at | {"far": now + FAR})).rowcount
    return found
