"""The records of the shelf: what flows keep beside a person's cases, and facts that an operator imports.

Law: plain values. A field with a column `<field>_enc` is sealed when it is written, `owner` is the row's subject; an
`id`, a time or an owner that a handler leaves out is filled in by the shelf (`shelved.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

NEW = UUID(int=0)  # the shelf gives an id of its own, this person as the owner, this conversation as the place
NOW = datetime(1, 1, 1, tzinfo=UTC)  # the moment of the turn


@dataclass(slots=True, kw_only=True)
class FamilyCode:
    """Sixteen digits that answer only "is the case open and moving". A decoy always says yes."""

    digits: str
    kind: str = "real"  # real, decoy
    case_id: UUID | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class CodeUse:
    """Somebody asked with a code. `owner` is the code's, so that she sees it; who asked is not kept."""

    code_id: UUID
    owner: UUID
    used_at: datetime = NOW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class CodeTry:
    """This person typed a code, right or wrong: counted to limit guessing, gone after two days. `what`: family, box
    or link; one never uses up what is left of another."""

    what: str = "family"
    tried_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class CaseCheck:
    """A human looked at a case: that she is safe (`safe`), that it may be closed (`close`). Never rewritten."""

    case_id: UUID
    user_id: UUID
    what: str
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Consent:
    """She agreed to one use of what happened to her: research, advocacy, media. `how`: self (in the flow), or as a
    colleague heard it. Ends when she takes it back; the row stays, so that it is known until when it held."""

    purpose: str
    said_on: date
    how: str = "self"
    recorded_by: UUID | None = None
    revoked_at: datetime | None = None
    revoked_how: str | None = None
    revoked_by: UUID | None = None
    owner: UUID = NEW
    id: UUID = NEW
    made_at: datetime = NOW


@dataclass(slots=True, kw_only=True)
class Subscription:
    """She wants to hear of a topic (`knowledge/news.yml`), by her own word in the chat, until `ended_at`."""

    topic: str
    ended_at: datetime | None = None
    owner: UUID = NEW
    id: UUID = NEW
    made_at: datetime = NOW


@dataclass(slots=True, kw_only=True)
class Transfer:
    """A case on its way to another organisation. `parts`: what of before goes with it (conversation,facts,media);
    `held_back`: the facts that did not. `how`: bot, or how a human asked her."""

    case_id: UUID
    from_organisation_id: UUID
    to_organisation_id: UUID
    summary: str
    made_by: UUID
    expires_at: datetime
    how: str
    state: str = "asked"
    parts: str = ""
    held_back: dict[str, Any] | None = None
    conversation_id: UUID | None = None
    consented_at: datetime | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    answer: str | None = None
    ended_at: datetime | None = None
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Share:
    """Another organisation, or one colleague, may see a case, as long as the person wants it."""

    case_id: UUID
    consented_at: datetime
    organisation_id: UUID | None = None
    user_id: UUID | None = None
    accepted_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Referral:
    """A service asked for. `topic` and `service` are codes, `receiver` is the text id that names who gets `facts`."""

    service: str
    receiver: str = ""
    topic: str = ""
    case_id: UUID | None = None
    organisation_id: UUID | None = None
    entry_id: UUID | None = None  # of the directory
    state: str = "asked"  # offered, declined, asked (she agreed), sent, accepted, rejected, completed, withdrawn
    facts: dict[str, Any] = field(default_factory=dict)
    outcome: str | None = None  # a code, as she told it afterwards
    agreed_at: datetime | None = None
    sent_at: datetime | None = None
    decided_at: datetime | None = None
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


CHECK_IN = "check_in"  # the flow of a reminder that she allowed while a human is awaited (self-harm, at night)


@dataclass(slots=True, kw_only=True)
class Reminder:
    """A flow that starts later, in her safe hours, when nothing else goes on. It may come late or never: nothing that
    must happen hangs on it. `topic` is a code by which a handler finds it again; her own words go into `slots`."""

    flow: str
    due_at: datetime
    slots: dict[str, Any] = field(default_factory=dict)
    topic: str = ""
    state: str = "waiting"  # waiting, done, cancelled
    conversation_id: UUID = NEW
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Certificate:
    """A passed track of the orientation; `code` is what `/verify/<code>` takes."""

    track: str
    code: str
    score: int  # percent
    revoked_at: datetime | None = None
    passed_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class CertificateLink:
    """The way to a certificate's file for some days: who has `token` (128 random bits and more) gets it. `name` is what
    she wants to stand on it, `language` that of its words."""

    token: str
    certificate_id: UUID
    language: str
    expires_at: datetime
    name: str = ""
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class LinkCode:
    """Digits shown on one channel and typed on another: proof that both are hers."""

    digits: str
    expires_at: datetime
    used_at: datetime | None = None
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class BoxLetter:
    """A complaint about us. Nobody's: no owner, the day only, and an id that says no time. With `reply_code` its writer
    can come back and read `answer`."""

    body: str
    about: str | None = None
    reply_code: str | None = None
    state: str = "new"  # new, read, looked_into, answered, closed
    answer: str | None = None
    received_at: datetime = NOW  # cut to the day
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Feedback:
    """Three answers from 1 to 3, of nobody; a question that was passed over is None."""

    kind: str
    safe: int | None = None
    helped: int | None = None
    respected: int | None = None
    month: date = date.min  # its first day; left out: this month
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class Licence:
    """A recruiter's licence, from the list that the operator imported."""

    country: str
    number: str
    name: str
    status: str  # licensed, suspended, cancelled
    valid_until: date | None = None
    source: str = ""
    imported_at: datetime = NOW
    id: UUID = NEW
