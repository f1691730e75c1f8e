"""What a turn and a handler work on: a person, a conversation, a case, as they stand in memory.

Law: plain values with state; `turns.py` loads them and writes the difference. No SQL, no encryption here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class Person:
    """The subject of this turn. `country` is where she is, ISO 3166-1 alpha-2."""

    id: UUID
    language: str | None = None
    language_guess: str | None = None
    country: str | None = None
    timezone: str | None = None
    simulated: bool = False
    consent_store_at: datetime | None = None
    consent_contact_at: datetime | None = None
    consent_refused_at: datetime | None = None
    opted_out_at: datetime | None = None
    safe_from: int | None = None  # minutes after local midnight
    safe_until: int | None = None
    erase_at: datetime | None = None  # proved: all of hers goes then, unless a human must look first
    seized_at: datetime | None = None  # she wrote her second word: nothing of ours leaves by itself from then on
    link_code_id: UUID | None = None  # the code of her other channel, written on this one
    profile: dict[str, Any] = field(default_factory=dict)  # small things of hers, sealed: a word, progress in a course


def zone_name(person: Person, country_hint: str | None, zones: Mapping[str, str], default: str) -> str:
    """IANA name of a person's time zone: her own, else her country's by `zones`, else the helpline's."""
    return person.timezone or zones.get(person.country or country_hint or "") or default


@dataclass(slots=True)
class Conversation:
    """One address of ours and theirs. `owner_epoch` grows at each change of owner, so that what was queued before is
    known as late."""

    id: UUID
    channel: str
    account: str
    country_hint: str | None = None
    owner: str = "bot"
    owner_epoch: int = 0
    owner_user_id: UUID | None = None
    last_inbound_at: datetime | None = None
    agreed_until: datetime | None = None
    blocked_at: datetime | None = None
    rang_at: datetime | None = None  # a missed call, or an SMS without words
    nudged_at: datetime | None = None  # a neutral template left since she wrote last
    session: dict[str, Any] = field(default_factory=dict)
    reply_due_at: datetime | None = None  # by when a human answers; None: nobody waits for one
    late_at: datetime | None = None  # nobody answered in time: it was passed on then
    told_late_at: datetime | None = None  # and she was told so
    earlier_user_id: UUID | None = None  # who had it last: offered first when she returns

    def wrote(self, at: datetime, now: datetime) -> None:
        """She wrote at this moment. One that lies ahead of now was told by a clock that was wrong, and is forgotten."""
        last = self.last_inbound_at
        if last is None or last < at or last > now:
            self.last_inbound_at = at

    def give_to(self, owner: str, user_id: UUID | None = None) -> None:
        """Change the owner: bot, waiting, human, closed. Nothing happens when it is the owner already."""
        if (self.owner, self.owner_user_id) != (owner, user_id):
            self.owner, self.owner_user_id = owner, user_id
            self.owner_epoch += 1


@dataclass(slots=True)
class Case:
    """A case as far as flows and handlers need it. `facts` are answers by slot name, JSON values. A `draft` is a report
    that came while another was open: only a caseworker joins it with `linked_case_id`."""

    id: UUID
    reference: str
    kind: str
    severity: str
    stage: str
    opened_at: datetime
    conversation_id: UUID | None = None
    organisation_id: UUID | None = None  # nobody's: of the organisation that runs this installation
    country: str | None = None
    answer_due_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    linked_case_id: UUID | None = None
    draft: bool = False
    assigned_to: UUID | None = None
    outcome: str | None = None  # how it ended: a code
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def care(self) -> str | None:
        """Whom it must be kept for with more care: child, self_harm; None for all others."""
        if self.kind == "child" or self.facts.get("child") == "yes":
            return "child"
        return "self_harm" if "express_self_harm" in (self.kind, *self.facts.get("also", ())) else None
