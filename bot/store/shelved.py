"""Which records lie on the shelf, and what is filled in when one is laid there.

Law: what is nobody's gets an id and a date that lead back to no message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, time
from typing import TypeAlias
from uuid import UUID, uuid4

from bot.store.records import (
    NEW,
    NOW,
    BoxLetter,
    CaseCheck,
    Certificate,
    CertificateLink,
    CodeTry,
    CodeUse,
    Consent,
    FamilyCode,
    Feedback,
    LinkCode,
    Referral,
    Reminder,
    Share,
    Subscription,
    Transfer,
)
from bot.store.volunteer_records import SearchAnswer, SearchCopy, VolunteerCode, VolunteerLink

Owned: TypeAlias = (
    CaseCheck
    | Consent
    | FamilyCode
    | CodeUse
    | CodeTry
    | Referral
    | Reminder
    | Certificate
    | CertificateLink
    | LinkCode
    | VolunteerLink
    | SearchCopy
    | SearchAnswer
    | Share
    | Subscription
    | Transfer
)
Coded: TypeAlias = FamilyCode | Certificate | CertificateLink | LinkCode | BoxLetter | VolunteerCode
Record: TypeAlias = Owned | BoxLetter | Feedback | VolunteerCode


def completed(row: Record, *, owner: UUID, conversation_id: UUID, now: datetime, new_id: Callable[[], UUID]) -> None:
    """Fill in what a handler left out. What is nobody's gets an id and a date that lead back to no message.

    ValueError for a row of somebody else: only a use of a code may be written to its owner.
    """
    theirs = isinstance(row, CodeUse) and row.owner != NEW
    if isinstance(row, Owned) and not theirs:
        if row.owner not in {NEW, owner}:
            raise ValueError(f"a {type(row).__name__} of somebody else")
        row.owner = owner
    if isinstance(row, Reminder | VolunteerLink) and row.conversation_id == NEW:
        row.conversation_id = conversation_id
    for name in (f.name for f in fields(row)):
        if getattr(row, name) == NOW:
            setattr(row, name, now)
    nobodys = isinstance(row, BoxLetter | Feedback)
    if row.id == NEW:
        row.id = uuid4() if nobodys else new_id()
    if isinstance(row, BoxLetter):
        row.received_at = datetime.combine(row.received_at.astimezone(UTC), time(), UTC)
    if isinstance(row, Feedback):
        row.month = (now.astimezone(UTC).date() if row.month == date.min else row.month).replace(day=1)
