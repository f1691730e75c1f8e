"""Whom a job would have written to: the person, the conversation, where an input for it goes, and what decides whether
something may leave now. Read alike for every job, so that none forgets a field that `outgoing.decide` asks for.

Law: nothing is written here; a spoilt key holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from bot.store.homes import Home
from bot.store.keys import Keys, open_json
from bot.store.rows import Conversation, Person
from bot.store.tables import addresses, contacts, conversations, keys
from bot.store.turns import PERSON_FIELDS


@dataclass(frozen=True, slots=True)
class Reached:
    """A conversation that a job has found."""

    home: Home
    person: Person
    conversation: Conversation


def chosen() -> Select[Any]:
    """All conversations, with the columns that `read` needs; the caller says which."""
    return (
        select(
            conversations.c.id,
            conversations.c.subject_id,
            conversations.c.owner,
            conversations.c.owner_epoch,
            conversations.c.last_inbound_at,
            conversations.c.agreed_until,
            conversations.c.blocked_at,
            conversations.c.late_at,
            conversations.c.nudged_at,
            contacts.c.simulated,
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            addresses.c.channel,
            addresses.c.account,
            addresses.c.country_hint,
            keys.c.wrapped,
        )
        .join(contacts, contacts.c.id == conversations.c.subject_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .join(keys, keys.c.subject_id == conversations.c.subject_id)
    )


def read(secrets: Keys, rows: Iterable[Any]) -> list[Reached]:
    """The rows of `chosen`, with the profile where `profile_enc` was chosen too; without those whose key does not
    open."""
    found = []
    for row in rows:
        sealed = getattr(row, "profile_enc", None)
        try:
            key = secrets.keyring.unwrap(row.wrapped)
            profile = open_json(key, sealed, where=f"contacts.profile_enc.{row.subject_id}") if sealed else {}
        except ValueError:
            continue
        person = Person(
            row.subject_id,
            simulated=row.simulated,
            profile=profile,
            **{f: getattr(row, f"person_{f}") for f in PERSON_FIELDS},
        )
        conversation = Conversation(
            row.id,
            row.channel,
            row.account,
            row.country_hint,
            owner=row.owner,
            owner_epoch=row.owner_epoch,
            last_inbound_at=row.last_inbound_at,
            agreed_until=row.agreed_until,
            blocked_at=row.blocked_at,
            late_at=row.late_at,
            nudged_at=row.nudged_at,
        )
        found.append(Reached(Home(row.subject_id, row.id, key), person, conversation))
    return found
