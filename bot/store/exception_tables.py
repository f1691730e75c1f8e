"""The tables of exceptions: what was said of a person to others, who asked us for what, to which uses she agreed, and
what is done with letters about ourselves.

Law: as in `tables.py`. What names a person is hers and sealed under her key; the register of requests names who asked.
A list of people cannot be given to anybody: the table refuses it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text

from bot.store.columns import at, identity, metadata, one_of, subject

ASKERS = ("police", "embassy", "ministry", "employer", "donor", "press", "family_lawyer", "other")
WANTS = ("one_case", "figures", "bulk")
FORMS = ("letter", "email", "phone", "visit", "other")
BASES = ("none", "letter", "law", "order")  # what it leans on: nothing, a letter, a law that was named, a court's order
OUTCOMES = ("refused", "figures_given", "released", "taken_back")
STATES = ("asked", "proposed", "agreed", "refused", "made")  # of what is said of a person to others
PURPOSES = ("research", "advocacy", "media")
HEARD = ("self", "call", "visit", "message", "paper")  # how she said it; `self` is in the flow


def _user(name: str) -> Column[object]:
    return Column(name, Uuid, ForeignKey("users.id"))


def _sealed(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, LargeBinary, nullable=not required)


def _listed(name: str, values: tuple[str, ...]) -> tuple[Column[object], CheckConstraint]:
    return Column(name, Text, nullable=False), one_of(name, values)


# Who asked us for what. Nobody's: which case it is about stands in `disclosures`, and goes with the person.
requests = Table(
    "requests",
    metadata,
    identity(),
    Column("organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    *_listed("asker", ASKERS),
    *_listed("wants", WANTS),
    *_listed("form", FORMS),
    *_listed("basis", BASES),
    _sealed("who_enc", required=True),
    _sealed("words_enc", required=True),
    _sealed("basis_enc"),
    Column("received_on", Date, nullable=False),
    Column("due_on", Date),
    _user("recorded_by"),
    at("recorded_at", required=True),
    Column("outcome", Text),
    _sealed("answer_enc"),
    _user("answered_by"),
    at("answered_at"),
    one_of("outcome", OUTCOMES),
    CheckConstraint("(outcome IS NULL) = (answered_at IS NULL)", name="answered"),
    CheckConstraint("outcome IS DISTINCT FROM 'released' OR wants = 'one_case'", name="never_in_bulk"),
    CheckConstraint("outcome IS DISTINCT FROM 'figures_given' OR wants = 'figures'", name="figures_only"),
    Index("ix_requests_received_on", "organisation_id", "received_on"),
)

# What is, or was, said of a person to others: in an emergency without her consent (two colleagues), or to a request.
disclosures = Table(
    "disclosures",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("request_id", Uuid, ForeignKey("requests.id", ondelete="CASCADE")),
    Column("reason", Text),  # a code: life, child; or order, life where a request is met without her consent
    *_listed("state", STATES),
    _sealed("whom_enc"),
    _sealed("words_enc"),
    _user("proposed_by"),
    at("proposed_at", required=True),
    at("expires_at"),
    _user("decided_by"),
    at("decided_at"),
    Column("consent_how", Text),
    Column("consent_on", Date),
    _user("made_by"),
    at("made_at"),
    _sealed("made_enc"),
    _user("told_by"),
    at("told_at"),
    Column("told_how", Text),
    _sealed("told_enc"),
    one_of("kind", ("emergency", "request")),
    CheckConstraint("(kind = 'request') = (request_id IS NOT NULL)", name="asked_for"),
    CheckConstraint("kind = 'request' OR decided_by IS DISTINCT FROM proposed_by OR decided_by IS NULL", name="two"),
    CheckConstraint("kind = 'request' OR state <> 'made' OR decided_by IS NOT NULL", name="agreed"),
    Index("ix_disclosures_subject_id", "subject_id"),
    Index("ix_disclosures_case_id", "case_id"),
    Index("ix_disclosures_request_id", "request_id"),
    Index("ix_disclosures_proposed", "expires_at", postgresql_where=text("state = 'proposed'")),
)

# To which uses she agreed, each by itself. None is the rule: a row is there once she said yes.
consents = Table(
    "consents",
    metadata,
    identity(),
    subject(),
    *_listed("purpose", PURPOSES),
    *_listed("how", HEARD),
    Column("said_on", Date, nullable=False),
    _user("recorded_by"),  # nobody: she said it in the flow
    at("made_at", required=True),
    at("revoked_at"),
    Column("revoked_how", Text),
    _user("revoked_by"),
    one_of("revoked_how", HEARD),
    Index("ix_consents_subject_id", "subject_id"),
)

# Whom a letter about ourselves is kept from, because it speaks of them or of somebody close.
box_hidden = Table(
    "box_hidden",
    metadata,
    Column("letter_id", Uuid, ForeignKey("box_letters.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
)

# What was done with a letter, by whom: read by its readers only. The trail says no more than that the box was visited.
box_entries = Table(
    "box_entries",
    metadata,
    identity(),
    Column("letter_id", Uuid, ForeignKey("box_letters.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="SET NULL")),
    *_listed("kind", ("read", "note", "state", "answer", "hidden")),
    Column("state", Text),
    _sealed("text_enc"),
    at("made_at", required=True),
    Index("ix_box_entries_letter_id", "letter_id"),
)
