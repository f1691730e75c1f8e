"""Whom a broadcast is for, and who of them is left out now: one statement for the preview, for the list of recipients
and for the moment before it is sent.

Law: only who subscribed herself. Left out is who has an open case that is critical or about abuse, who said STOP or
took her consent back, whose phone somebody else holds or may hold by now. Codes and counts leave this room, no person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import (
    addresses,
    broadcast_recipients,
    case_people,
    cases,
    contacts,
    conversations,
    keys,
    subscriptions,
)
from bot.store.turns import PERSON_FIELDS

CHANNELS = ("telegram", "whatsapp", "sms")
PHONES = ("whatsapp", "sms")  # numbers are given to others
CHUNK = 2000  # people in one statement, so that no lock is long
PLAIN = "en"  # of whom no language is known

__all__ = ["CHUNK", "Sparing", "Wanted", "chosen", "counts", "grave", "list_more"]


@dataclass(frozen=True, slots=True)
class Sparing:
    """Whom to leave in peace, of `knowledge/news.yml` and `contact_policy.yml`: kinds of open cases, how long a
    conversation must be silent, after how long a number may be somebody else's."""

    kinds: tuple[str, ...]
    silence: timedelta
    recycled: timedelta

    @classmethod
    def read(cls, news: Mapping[str, Any], contact: Mapping[str, Any]) -> Sparing:
        """From the two files."""
        never = tuple(str(kind) for kind in news["never_during"])
        return cls(never, timedelta(minutes=news["silence_minutes"]), timedelta(days=contact["recycled_days"]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom: a topic, languages and countries ([] = all), and in which languages there are words."""

    topic: str
    languages: Sequence[str]
    countries: Sequence[str]
    written: Sequence[str]


def grave(subject: Column[Any], kinds: Sequence[str]) -> ColumnElement[bool]:
    """An open case that is critical, about abuse, or of somebody who needs more care; also one in which she stands with
    others."""
    open_ones = and_(
        cases.c.closed_at.is_(None),
        or_(cases.c.severity == "critical", cases.c.kind.in_(kinds), cases.c.care.is_not(None)),
    )
    theirs = select(case_people.c.case_id).join(cases, cases.c.id == case_people.c.case_id)
    both = (
        select(cases.c.id).where(cases.c.subject_id == subject, open_ones),
        theirs.where(case_people.c.contact_id == subject, open_ones),
    )
    return or_(*(exists(found.correlate(subject.table)) for found in both))


def _place() -> Any:
    """Where she wrote last and can be written to: one conversation for each person, however many she has."""
    return (
        select(
            conversations.c.id,
            conversations.c.owner,
            conversations.c.owner_epoch,
            conversations.c.last_inbound_at,
            conversations.c.agreed_until,
            conversations.c.blocked_at,
            conversations.c.late_at,
            conversations.c.nudged_at,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.country_hint,
        )
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .where(conversations.c.subject_id == subscriptions.c.subject_id, addresses.c.channel.in_(CHANNELS))
        .order_by(
            conversations.c.blocked_at.is_not(None),
            conversations.c.last_inbound_at.desc().nulls_last(),
            conversations.c.id,
        )
        .limit(1)
        .lateral("place")
    )


def chosen(wanted: Wanted, sparing: Sparing, now: datetime) -> Select[Any]:
    """One row for each subscriber in the order of ids, with the columns of `reached.read`; `reason`: why she is left
    out, NULL for who is not."""
    place = _place()
    language = func.coalesce(contacts.c.language, contacts.c.language_guess, PLAIN)
    silent_phone = and_(place.c.channel.in_(PHONES), place.c.last_inbound_at < now - sparing.recycled)
    reason = case(
        (contacts.c.erase_at.is_not(None), "erased"),
        (contacts.c.opted_out_at.is_not(None), "opted_out"),
        (contacts.c.consent_contact_at.is_(None), "no_consent"),
        (contacts.c.seized_at.is_not(None), "seized"),
        (place.c.id.is_(None), "no_way"),
        (place.c.blocked_at.is_not(None), "blocked"),
        (silent_phone, "recycled"),
        (grave(subscriptions.c.subject_id, sparing.kinds), "open_case"),
        (language.not_in(list(wanted.written)), "no_text"),
        else_=null(),
    )
    query = (
        select(
            subscriptions.c.subject_id,
            *place.c,
            contacts.c.simulated,
            contacts.c.profile_enc,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            keys.c.wrapped,
            language.label("language"),
            reason.label("reason"),
        )
        .ext(distinct_on(subscriptions.c.subject_id))
        .join(contacts, contacts.c.id == subscriptions.c.subject_id)
        .join(keys, keys.c.subject_id == subscriptions.c.subject_id)
        .outerjoin(place, true())
        .where(subscriptions.c.topic == wanted.topic, subscriptions.c.ended_at.is_(None))
        .order_by(subscriptions.c.subject_id)
    )
    if wanted.languages:
        query = query.where(language.in_(list(wanted.languages)))
    if wanted.countries:
        query = query.where(func.coalesce(contacts.c.country, place.c.country_hint).in_(list(wanted.countries)))
    return query


async def counts(
    connection: AsyncConnection, wanted: Wanted, sparing: Sparing, now: datetime
) -> list[tuple[str, str | None, str | None, str | None, int]]:
    """(language, channel, country of the phone, why left out, people) of all who subscribed."""
    people = chosen(wanted, sparing, now).subquery("people")
    told = (people.c.language, people.c.channel, people.c.country_hint, people.c.reason)
    rows = await connection.execute(select(*told, func.count()).group_by(*told))
    return [tuple(row) for row in rows]


async def list_more(
    connection: AsyncConnection, broadcast_id: UUID, wanted: Wanted, sparing: Sparing, now: datetime, after: UUID | None
) -> tuple[int, UUID | None]:
    """Write down the next subscribers behind `after`, each once for ever: (how many were looked at, the last one)."""
    query = chosen(wanted, sparing, now).limit(CHUNK)
    if after is not None:
        query = query.where(subscriptions.c.subject_id > after)
    people = query.cte("people")
    names = ("id", "broadcast_id", "subject_id", "state", "reason", "channel", "account", "not_before")
    state = case((people.c.reason.is_(None), "waiting"), else_="skipped")
    new = (
        pg_insert(broadcast_recipients)
        .from_select(
            names,
            select(
                func.gen_random_uuid(),
                literal(broadcast_id),
                people.c.subject_id,
                state,
                people.c.reason,
                people.c.channel,
                people.c.account,
                literal(now),
            ),
        )
        .on_conflict_do_nothing(index_elements=["broadcast_id", "subject_id"])
        .returning(broadcast_recipients.c.id)
        .cte("new")
    )
    # `new` is carried out though nothing reads it.
    last = select(people.c.subject_id).order_by(people.c.subject_id.desc()).limit(1).scalar_subquery()
    row = (await connection.execute(select(func.count(), last).select_from(people).add_cte(new))).one()
    return int(row[0]), row[1]
