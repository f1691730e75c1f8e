"""Two channels of one person become one: the younger subject's rows are sealed anew under the older one's key.

Law: both are locked in the order of their ids, and so are their conversations, so that no turn runs and nothing is
received under a key that is about to go. Afterwards nothing is left under the younger one's id or key. The code is
looked at again here: it may have been used meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import turns
from bot.store.bulk import update_rows
from bot.store.keys import Keys, open_, seal, seal_json
from bot.store.rows import Person
from bot.store.tables import (
    address_contacts,
    broadcast_recipients,
    case_events,
    case_people,
    cases,
    contacts,
    conversations,
    inbox,
    link_codes,
    merges,
    metadata,
)
from bot.store.tables import keys as keys_table
from bot.store.turns import PERSON_FIELDS
from bot.vault.fields import Unopenable

AT_ONCE = 100
CHUNK = 500  # rows that are in memory at once
PROOFS = ("word", "duress", "exit")  # of the profile
_APART = {"keys", "contacts"}  # of which there is one for each subject
FOUND_BY_CONVERSATION = {"messages", "outbox", "inbox", "notices", "pages", "media", "case_events"}  # the many


async def due(connection: AsyncConnection) -> list[UUID]:
    """Subjects on whose channel a good code was written."""
    rows = await connection.execute(
        select(contacts.c.id).where(contacts.c.link_code_id.is_not(None)).order_by(contacts.c.id).limit(AT_ONCE)
    )
    return [row.id for row in rows]


async def carry_out(connection: AsyncConnection, secrets: Keys, writer: UUID, now: datetime) -> bool:
    """Join the subject that wrote a code with the one that made it. False when the code is no longer good."""
    giver = await _giver(connection, writer)
    await turns.lock(connection, [writer, giver] if giver else [writer], wait=True)
    if giver is None or await _giver(connection, writer) != giver:
        await connection.execute(update(contacts).where(contacts.c.id == writer).values(link_code_id=None))
        return False
    code = select(contacts.c.link_code_id).where(contacts.c.id == writer).scalar_subquery()
    await connection.execute(update(link_codes).where(link_codes.c.id == code).values(used_at=now))
    await merge(connection, secrets, writer=writer, giver=giver, now=now)
    return True


async def merge(
    connection: AsyncConnection,
    secrets: Keys,
    *,
    writer: UUID,
    giver: UUID,
    now: datetime,
    how: str = "code",
    made_by: UUID | None = None,
) -> UUID:
    """Join two locked subjects; returns the one that stays, the older. What the giver set goes before. How both were is
    kept, so that it can be undone (`unmerge.py`)."""
    older, younger = sorted((writer, giver))  # uuidv7: in the order of their making
    await connection.execute(
        select(conversations.c.id)
        .where(conversations.c.subject_id.in_((older, younger)))
        .order_by(conversations.c.id)
        .with_for_update()
    )
    people = await turns.load(connection, secrets, [older, younger])
    keys = {subject: people[subject].key for subject in (older, younger)}
    await _once_in_a_broadcast(connection, older, younger)
    was = await _rows_of(connection, younger)
    for table in metadata.sorted_tables:
        if "subject_id" in table.c and table.name not in _APART:
            await _move(connection, table, keys[younger], keys[older], younger, older)
    for table in (address_contacts, case_people):
        await connection.execute(
            update(table).where(table.c.contact_id == younger).values(contact_id=older, subject_id=older)
        )
    await connection.execute(
        update(conversations).where(conversations.c.active_contact_id == younger).values(active_contact_id=older)
    )
    person = joined(people[giver].person, people[writer].person)
    await write(connection, older, keys[older], person)
    await connection.execute(delete(contacts).where(contacts.c.id == younger))
    await connection.execute(delete(keys_table).where(keys_table.c.subject_id == younger))
    before = {"stayed": told(people[older].person), "gone": told(people[younger].person)}
    await _keep(connection, keys[older], older, younger, was, before, now, how, made_by)
    await record(connection, (older,), "channel_linked", by=made_by, codes={"how": how}, now=now)
    return older


async def _once_in_a_broadcast(connection: AsyncConnection, older: UUID, younger: UUID) -> None:
    """Who was told the same on both channels stands there once: one person is one recipient."""
    theirs = select(broadcast_recipients.c.broadcast_id).where(broadcast_recipients.c.subject_id == older)
    await connection.execute(
        delete(broadcast_recipients).where(
            broadcast_recipients.c.subject_id == younger, broadcast_recipients.c.broadcast_id.in_(theirs)
        )
    )


async def _rows_of(connection: AsyncConnection, subject_id: UUID) -> dict[str, list[str]]:
    """Ids of what is hers, by table: by these it is found again. What hangs on a conversation, a case or a code is
    found by that."""
    found = {}
    for table in metadata.sorted_tables:
        if "subject_id" in table.c and "id" in table.c and table.name not in _APART | FOUND_BY_CONVERSATION:
            rows = await connection.execute(select(table.c.id).where(table.c.subject_id == subject_id))
            if ids := [str(row.id) for row in rows]:
                found[table.name] = ids
    return found


def told(person: Person) -> dict[str, Any]:
    """A person as JSON values, for `unmerge.py`."""
    values = {name: getattr(person, name) for name in PERSON_FIELDS if name != "link_code_id"}
    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
    return {"fields": plain, "profile": person.profile, "simulated": person.simulated}


async def _keep(
    connection: AsyncConnection,
    key: bytes,
    older: UUID,
    younger: UUID,
    rows: Mapping[str, list[str]],
    before: Mapping[str, Any],
    now: datetime,
    how: str,
    made_by: UUID | None,
) -> None:
    new = uuid7()
    await connection.execute(
        insert(merges).values(
            id=new,
            subject_id=older,
            gone_id=younger,
            how=how,
            made_by=made_by,
            made_at=now,
            rows=rows,
            before_enc=seal_json(key, before, where=f"merges.before_enc.{new}"),
        )
    )


def joined(giver: Person, writer: Person) -> Person:
    """One person out of two: what she set where she made the code goes before what the other channel knew. Not her
    proofs: whoever made the code must not put his word in place of hers."""
    person = Person(giver.id, simulated=giver.simulated)
    for name in PERSON_FIELDS:
        mine, other = getattr(giver, name), getattr(writer, name)
        setattr(person, name, mine if mine is not None else other)
    # A wish of either side stands: STOP until she writes START, deletion until she writes KEEP, the first of two.
    person.opted_out_at = _earlier(giver.opted_out_at, writer.opted_out_at)
    person.erase_at = _earlier(giver.erase_at, writer.erase_at)
    person.link_code_id = None
    if giver.safe_from is not None:
        person.safe_until = giver.safe_until
    if giver.consent_store_at is not None:
        person.consent_refused_at = None
    guests = [*writer.profile.get("guests", []), *giver.profile.get("guests", [])]
    hers = {name: writer.profile[name] for name in PROOFS if name in writer.profile}
    person.profile = {**writer.profile, **giver.profile, **hers, **({"guests": guests} if guests else {})}
    return person


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


async def _giver(connection: AsyncConnection, writer: UUID) -> UUID | None:
    """Who made the code that was written; None when it is used, gone, or her own."""
    row = (
        await connection.execute(
            select(link_codes.c.subject_id)
            .join(contacts, contacts.c.link_code_id == link_codes.c.id)
            .where(contacts.c.id == writer, link_codes.c.used_at.is_(None), link_codes.c.subject_id != writer)
        )
    ).first()
    return row.subject_id if row else None


async def _move(
    connection: AsyncConnection, table: Table, old_key: bytes, new_key: bytes, younger: UUID, older: UUID
) -> None:
    """All rows of a table: sealed anew where something is sealed, then the older one's."""
    sealed = [c.name for c in table.c if c.name.endswith("_enc")]
    while sealed:
        rows = (
            await connection.execute(
                select(table).where(table.c.subject_id == younger).order_by(table.c.id).limit(CHUNK)
            )
        ).all()
        if not rows:
            return
        news = [
            {"id": row.id, "subject_id": older, **{c: resealed(table, row, c, old_key, new_key) for c in sealed}}
            for row in rows
        ]
        await update_rows(connection, table, news)
    await connection.execute(update(table).where(table.c.subject_id == younger).values(subject_id=older))


def resealed(table: Table, row: Row[Any], column: str, old_key: bytes, new_key: bytes) -> bytes | None:
    """The same words under the other key. What cannot be opened now could not be before: it stays as it is."""
    blob = row._mapping[column]
    if blob is None:
        return None
    place = row.conversation_id if table is inbox else row.id
    where = f"{table.name}.{column}.{place}"
    try:
        return seal(new_key, open_(old_key, blob, where=where), where=where)
    except Unopenable:
        return bytes(blob)


async def write(connection: AsyncConnection, subject_id: UUID, key: bytes, person: Person) -> None:
    """What is known of a person, under their key."""
    values: dict[str, Any] = {name: getattr(person, name) for name in PERSON_FIELDS}
    profile = seal_json(key, person.profile, where=f"contacts.profile_enc.{subject_id}") if person.profile else None
    values |= {"profile_enc": profile, "refused_done_at": None}  # of her other channel a no was not carried out
    await connection.execute(update(contacts).where(contacts.c.id == subject_id).values(**values))


async def record(
    connection: AsyncConnection,
    subjects: Sequence[UUID],
    kind: str,
    *,
    by: UUID | None,
    codes: Mapping[str, str],
    now: datetime,
) -> None:
    """The open cases of these people say that one became of two, or two of one. `by`: a colleague; None: herself."""
    rows = await connection.execute(
        select(cases.c.id, cases.c.subject_id).where(cases.c.subject_id.in_(subjects), cases.c.closed_at.is_(None))
    )
    events = [
        {
            "id": uuid7(),
            "subject_id": row.subject_id,
            "case_id": row.id,
            "kind": kind,
            "actor": "staff" if by else "person",
            "user_id": by,
            "codes": dict(codes),
            "happened_at": now,
        }
        for row in rows
    ]
    if events:
        await connection.execute(insert(case_events), events)
