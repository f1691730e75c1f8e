"""Pages: which notices wait, and who is called for them, over what. Making the calls is in `calling.py`.

Law: a call is unique for its notice, step, receiver and channel, so any number of workers may plan at once. Nothing of
a person is opened here but what she said of who may write to her.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Uuid, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.keys import Keys, open_json
from bot.store.staffed import ASKED_FOR
from bot.store.tables import cases, contacts, conversations, keys, notices, organisations, pages

AGAIN = timedelta(seconds=20)  # before a call that failed is tried once more
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Open:
    """A notice that nobody has taken, locked, with all that decides who is called next."""

    id: UUID
    subject_id: UUID
    audience: str
    what: str  # its own kind: what happened
    severity: str
    raised_at: datetime
    due_at: datetime | None
    called: int
    called_at: datetime | None
    kind: str | None  # of its case
    language: str | None
    country: str | None
    also_reads: str | None  # another language that she said
    gender: str | None  # of the colleague, if she ever said one
    waits: bool  # she would rather wait for such a one
    earlier: UUID | None
    acknowledged_at: datetime | None
    lowered: bool  # it was a page
    failed: bool  # every call of the last step failed
    rung: frozenset[UUID]
    organisation_id: UUID | None = None  # whose case it is; None: the main one's


def _whose() -> ColumnElement[UUID]:
    """The organisation of a notice: its case's; what is told of a conversation alone is of whoever has its case."""
    of_talk = cases.alias("of_talk")
    return func.coalesce(
        cases.c.organisation_id,
        select(of_talk.c.organisation_id)
        .where(notices.c.case_id.is_(None), of_talk.c.conversation_id == notices.c.conversation_id)
        .order_by(of_talk.c.opened_at.desc())
        .limit(1)
        .correlate(notices)  # two levels up: by itself it would be looked for among the notices of everybody
        .scalar_subquery(),
    )


def _behind_another() -> ColumnElement[bool]:
    """One ladder for a conversation at a time: what she says again rings nobody twice."""
    other = notices.alias("other")
    return exists().where(
        other.c.conversation_id == notices.c.conversation_id,
        other.c.audience == notices.c.audience,
        other.c.taken_at.is_(None),
        other.c.red_at.is_(None),
        other.c.id < notices.c.id,
    )


def _climbed() -> tuple[ColumnElement[Any], ...]:
    """What became of the calls of a notice so far."""
    hers = pages.c.notice_id == notices.c.id
    all_failed = and_(func.count() > 0, func.bool_and(pages.c.state == "failed"))
    return (
        select(func.max(pages.c.acknowledged_at)).where(hers).scalar_subquery().label("acknowledged_at"),
        select(all_failed).where(hers, pages.c.queued_at >= notices.c.called_at).scalar_subquery().label("failed"),
        select(func.array_agg(pages.c.user_id)).where(hers).scalar_subquery().label("rung"),
    )


# Those that nobody has taken, in the order of their ids.
_OPEN = (
    select(
        notices.c.id,
        notices.c.subject_id,
        notices.c.audience,
        notices.c.kind.label("what"),
        notices.c.severity,
        notices.c.raised_at,
        notices.c.due_at,
        notices.c.called,
        notices.c.called_at,
        notices.c.lowered_at.is_not(None).label("lowered"),
        cases.c.kind,
        func.coalesce(contacts.c.language, contacts.c.language_guess).label("language"),
        func.coalesce(contacts.c.country, cases.c.country).label("country"),
        contacts.c.profile_enc,
        keys.c.wrapped,
        conversations.c.earlier_user_id.label("earlier"),
        *_climbed(),
        select(organisations.c.id)
        .where(organisations.c.id == _whose(), organisations.c.settings["main"].as_boolean().is_distinct_from(True))
        .scalar_subquery()
        .label("organisation_id"),
    )
    .join(contacts, contacts.c.id == notices.c.subject_id)
    .join(conversations, conversations.c.id == notices.c.conversation_id)
    .outerjoin(keys, keys.c.subject_id == notices.c.subject_id)
    .outerjoin(cases, cases.c.id == notices.c.case_id)
    .where(
        notices.c.taken_at.is_(None),
        notices.c.red_at.is_(None),
        contacts.c.simulated.is_(False),
        ~_behind_another(),
        or_(notices.c.audience == "page", notices.c.due_at <= bindparam("now"), notices.c.called_at.is_(None)),
    )
    .order_by(notices.c.id)
    .limit(AT_ONCE)
    .with_for_update(of=notices, skip_locked=True)
)


async def open_notices(
    connection: AsyncConnection, secrets: Keys, now: datetime, after: UUID | None = None
) -> list[Open]:
    """The next chunk, in the order of their ids; those that another worker looks at are left out."""
    query = _OPEN if after is None else _OPEN.where(notices.c.id > after)
    return [_open(secrets, row) for row in (await connection.execute(query, {"now": now})).mappings()]


def _open(secrets: Keys, row: RowMapping) -> Open:
    told = dict(row)
    profile = _profile(secrets, told.pop("wrapped"), told.pop("profile_enc"), row["subject_id"])
    told["rung"] = frozenset(user for user in told["rung"] or () if user is not None)
    told["failed"] = bool(told["failed"])
    wish = profile.get("colleague_gender")
    return Open(
        **told,
        also_reads=profile.get("also_reads"),
        gender=wish if wish in ASKED_FOR else None,
        waits=bool(profile.get("colleague_waits")),
    )


def _profile(secrets: Keys, wrapped: bytes | None, sealed: bytes | None, subject_id: UUID) -> dict[str, Any]:
    """What she said once of who may write to her; nothing when it cannot be opened: nobody waits for that."""
    try:
        if not sealed or not wrapped:
            return {}
        opened = open_json(secrets.keyring.unwrap(wrapped), sealed, where=f"contacts.profile_enc.{subject_id}")
    except ValueError:
        return {}
    return opened if isinstance(opened, dict) else {}


@dataclass(frozen=True, slots=True)
class Call:
    """One colleague over one channel. `receiver` names it once for ever: a user's id, or `alert_0`."""

    step: str
    receiver: str
    user_id: UUID | None
    channel: str


@dataclass(frozen=True, slots=True)
class Rung:
    """What was decided for a locked notice: how far it has climbed by now (`called`), who is called, to whom it is
    offered and why, and whether nobody is left (`red`)."""

    notice: Open
    calls: tuple[Call, ...]
    called: int
    offered_to: UUID | None = None
    offer: tuple[str, ...] = ()
    red: bool = False


_CLIMBED = update(notices).where(notices.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid))))


async def climb(connection: AsyncConnection, rungs: Sequence[Rung], now: datetime) -> int:
    """Write what was decided, all that is alike in one statement; returns how many calls are new."""
    alike: dict[tuple[int, UUID | None, tuple[str, ...], bool], list[UUID]] = {}
    for each in rungs:
        alike.setdefault((each.called, each.offered_to, each.offer, each.red), []).append(each.notice.id)
    for (called, offered_to, offer, red), ids in alike.items():
        values: dict[str, Any] = {"called": called, "called_at": now}
        values |= {"offered_to": offered_to, "offer": list(offer)} if offered_to is not None else {}
        values |= {"red_at": now} if red else {}
        await connection.execute(_CLIMBED.values(**values), {"ids": ids})
    rows = [_call_row(each.notice, call, now) for each in rungs for call in each.calls]
    if not rows:
        return 0
    made = await connection.execute(pg_insert(pages).values(rows).on_conflict_do_nothing().returning(pages.c.id))
    return len(made.all())


async def in_vain(connection: AsyncConnection, notice_id: UUID) -> set[tuple[str, str]]:
    """(receiver, channel) of all calls for a notice, where every one has failed; nothing while one may be heard."""
    query = select(pages.c.receiver, pages.c.channel, pages.c.state).where(pages.c.notice_id == notice_id)
    made = (await connection.execute(query)).all()
    heard = any(row.state != "failed" for row in made)
    return set() if heard else {(row.receiver, row.channel) for row in made}


def _call_row(notice: Open, call: Call, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "subject_id": notice.subject_id,
        "notice_id": notice.id,
        "step": call.step,
        "receiver": call.receiver,
        "user_id": call.user_id,
        "channel": call.channel,
        "state": "queued",
        "queued_at": now,
    }
