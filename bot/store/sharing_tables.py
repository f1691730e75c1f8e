"""The tables of what goes beyond one organisation or one person: transfers, opened glass, links, joined people.

Law: as in `tables.py`. A row belongs to the person whose case it names first and goes with her; what colleagues wrote
in it is sealed under her key.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, identity, metadata, one_of, subject

TRANSFER_STATES = ("asked", "offered", "accepted", "declined", "refused", "withdrawn", "expired", "recalled")
ASK_STATES = ("asked", "agreed", "declined", "withdrawn")
_PENDING = text("state IN ('asked', 'offered')")


def _case(name: str = "case_id") -> Column[object]:
    return Column(name, Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False)


def _user(name: str, *, required: bool = False) -> Column[object]:
    return Column(name, Uuid, ForeignKey("users.id"), nullable=not required)


def _codes(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'[]'::jsonb"))


# One case on its way to another organisation. Until it is accepted nothing of it is there but what stands in this row.
case_transfers = Table(
    "case_transfers",
    metadata,
    identity(),
    subject(),
    _case(),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="SET NULL")),
    Column("from_organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    Column("to_organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("parts", Text, nullable=False, server_default=text("''")),  # of before: conversation, facts, media
    Column("summary_enc", LargeBinary, nullable=False),
    Column("held_back_enc", LargeBinary),  # the facts that were not handed over, so that only newer ones are shown
    Column("how", Text, nullable=False),  # how she was asked: bot, spoken, written, in_person
    at("consented_at"),
    _user("made_by", required=True),
    at("made_at", required=True),
    at("expires_at", required=True),
    _user("decided_by"),
    at("decided_at"),
    Column("reason", Text),  # of a no: a code
    Column("answer_enc", LargeBinary),  # and its words
    at("ended_at"),  # she took it back
    one_of("state", TRANSFER_STATES),
    Index("ix_case_transfers_subject_id", "subject_id"),
    Index("ix_case_transfers_conversation_id", "conversation_id", postgresql_where=text("conversation_id IS NOT NULL")),
    Index("ix_case_transfers_case_id", "case_id"),
    Index("ix_case_transfers_from", "from_organisation_id", "made_at"),
    Index("ix_case_transfers_to", "to_organisation_id", "state"),
    Index("uq_case_transfers_pending", "case_id", unique=True, postgresql_where=_PENDING),
)

# Somebody read a case that was not open to them, because a life could hang on it.
glass_openings = Table(
    "glass_openings",
    metadata,
    identity(),
    subject(),
    _case(),
    _user("user_id", required=True),
    Column("reason", Text, nullable=False),
    Column("words_enc", LargeBinary, nullable=False),
    at("opened_at", required=True),
    at("ends_at", required=True),
    at("ended_at"),  # given up before
    at("reviewed_at"),
    _user("reviewed_by"),
    Column("verdict", Text),
    one_of("verdict", ("right", "talked", "wrong")),
    Index("ix_glass_openings_subject_id", "subject_id"),
    Index("ix_glass_openings_case_id", "case_id"),
    Index("ix_glass_openings_user_id", "user_id", "ends_at"),
    Index("ix_glass_openings_unreviewed", "opened_at", postgresql_where=text("reviewed_at IS NULL")),
)

# Two cases that have to do with each other, perhaps of two people. Seen on each side by who may see the other one.
case_links = Table(
    "case_links",
    metadata,
    identity(),
    subject(),
    _case(),
    _case("other_case_id"),
    Column("reason", Text, nullable=False),
    _user("made_by", required=True),
    at("made_at", required=True),
    _user("ended_by"),
    at("ended_at"),
    Index("ix_case_links_subject_id", "subject_id"),
    Index("ix_case_links_case_id", "case_id"),
    Index("ix_case_links_other_case_id", "other_case_id"),
)

# One colleague says that two cases are of one person, and why; another one agrees or does not.
merge_asks = Table(
    "merge_asks",
    metadata,
    identity(),
    subject(),
    _case(),
    _case("other_case_id"),
    _codes("reasons"),
    Column("state", Text, nullable=False),
    _user("made_by", required=True),
    at("made_at", required=True),
    _user("decided_by"),
    at("decided_at"),
    one_of("state", ASK_STATES),
    Index("ix_merge_asks_subject_id", "subject_id"),
    Index("ix_merge_asks_case_id", "case_id"),
    Index("ix_merge_asks_other_case_id", "other_case_id"),
)

# Two subjects that became one, and all that is needed to make two of them again.
merges = Table(
    "merges",
    metadata,
    identity(),
    subject(),
    Column("gone_id", Uuid, nullable=False),  # the subject that is no more; it is given the same id again
    Column("how", Text, nullable=False),
    _user("made_by"),
    at("made_at", required=True),
    Column("rows", JSONB, nullable=False),  # ids by table: what was hers
    Column("before_enc", LargeBinary, nullable=False),  # how both were known before
    _user("undone_by"),
    at("undone_at"),
    Column("reason", Text),  # why it was undone: a code
    one_of("how", ("code", "two_people")),
    Index("ix_merges_subject_id", "subject_id"),
)
