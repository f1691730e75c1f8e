"""The tables of the directory and of tracing: services, volunteers, searches that were sent to them, their answers.

Law: as in `tables.py`. A volunteer's name and number are sealed under a key of her own (her id is their subject); what
links her to a conversation, and what was sent to her, belongs to who writes there and goes with that person. A search
belongs to who reported it. Services are public, and of nobody.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Identity, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB

from bot.store.columns import at, identity, metadata, one_of, subject

VOLUNTEER_STATES = ("active", "paused", "ended")
SEARCH_STATES = ("open", "ended", "expired")
COPY_STATES = ("planned", "told", "over")


def _list(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=sql("'[]'::jsonb"))


def _user(name: str) -> Column[object]:
    return Column(name, Uuid, ForeignKey("users.id"))


directory_entries = Table(
    "directory_entries",
    metadata,
    identity(),
    Column("organisation_id", Uuid, ForeignKey("organisations.id")),  # whose service it is, if they work here
    Column("knowledge", Text, unique=True),  # the entry of knowledge/ that this one stands for
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("country", Text),  # empty: anywhere
    Column("city", Text, nullable=False, server_default=sql("''")),
    _list("languages"),
    _list("takes"),  # codes: women, children, undocumented, ...
    Column("who", Text, nullable=False, server_default=sql("''")),  # who may be referred, in words
    Column("hours", Text, nullable=False, server_default=sql("''")),
    Column("contact_enc", LargeBinary),  # sealed under the system's key: a shelter's line is nobody else's business
    Column("notes_enc", LargeBinary),
    Column("source", Text, nullable=False, server_default=sql("''")),
    Column("checked_on", Date),
    Column("places", Integer),
    at("places_at"),
    at("changed_at", required=True),
    _user("changed_by"),
    at("ended_at"),
    Index("ix_directory_entries_organisation_id", "organisation_id"),
)

volunteers = Table(
    "volunteers",
    metadata,
    identity(),
    subject(),
    Column("number", Integer, Identity(always=True), nullable=False, unique=True),  # "V-12"
    Column("organisation_id", Uuid, ForeignKey("organisations.id"), nullable=False),
    Column("name_enc", LargeBinary, nullable=False),
    Column("phone_enc", LargeBinary),
    Column("notes_enc", LargeBinary),
    Column("country", Text, nullable=False),
    Column("city", Text, nullable=False, server_default=sql("''")),
    _list("languages"),
    _list("skills"),
    Column("state", Text, nullable=False),
    at("made_at", required=True),
    _user("made_by"),
    at("expires_at", required=True),  # nobody helps for ever without being asked again
    at("ended_at"),
    one_of("state", VOLUNTEER_STATES),
    Index("ix_volunteers_organisation_id", "organisation_id"),
    Index("ix_volunteers_subject_id", "subject_id"),
)

# The conversation in which a volunteer wrote her code, and agreed. It goes with who writes there.
volunteer_links = Table(
    "volunteer_links",
    metadata,
    identity(),
    subject(),
    Column("volunteer_id", Uuid, ForeignKey("volunteers.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("conversation_id", Uuid, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    at("made_at", required=True),
    Index("ix_volunteer_links_subject_id", "subject_id"),
    Index("ix_volunteer_links_conversation_id", "conversation_id"),
)

# What volunteers are asked about a missing person: only the fields that somebody ticked.
search_requests = Table(
    "search_requests",
    metadata,
    identity(),
    subject(),
    Column("case_id", Uuid, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, Identity(always=True), nullable=False, unique=True),
    Column("fields_enc", LargeBinary, nullable=False),
    Column("photo_id", Uuid, ForeignKey("media.id", ondelete="SET NULL")),  # that may be looked at while it is open
    Index("ix_search_requests_photo_id", "photo_id", postgresql_where=sql("photo_id IS NOT NULL")),
    Column("state", Text, nullable=False),
    _user("made_by"),
    at("made_at", required=True),
    at("ends_at", required=True),
    at("ended_at"),
    one_of("state", SEARCH_STATES),
    Index("ix_search_requests_subject_id", "subject_id"),
    Index("ix_search_requests_case_id", "case_id"),
    Index("ix_search_requests_open", "ends_at", postgresql_where=sql("state = 'open'")),
)

# One volunteer's copy of a search. The search may be gone before: then she is told to stop as well.
search_copies = Table(
    "search_copies",
    metadata,
    identity(),
    subject(),
    Column("request_id", Uuid, ForeignKey("search_requests.id", ondelete="SET NULL")),
    Column("volunteer_id", Uuid, ForeignKey("volunteers.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # of the search
    Column("state", Text, nullable=False),
    at("made_at", required=True),
    at("told_at"),
    at("over_at"),
    Column("look", LargeBinary, unique=True),  # keyed hash of the code by which she looks at the picture
    one_of("state", COPY_STATES),
    Index("ix_search_copies_subject_id", "subject_id"),
    Index("ix_search_copies_request_id", "request_id"),
    Index("ix_search_copies_volunteer_id", "volunteer_id"),
    Index("ix_search_copies_standing", "made_at", postgresql_where=sql("state <> 'over'")),
)

# What a volunteer wrote, until a job has laid it into the case (a minute or so).
search_answers = Table(
    "search_answers",
    metadata,
    identity(),
    subject(),
    Column("copy_id", Uuid, ForeignKey("search_copies.id", ondelete="CASCADE"), nullable=False),
    Column("words_enc", LargeBinary),
    Column("files", SmallInteger, nullable=False),
    at("said_at", required=True),
    Index("ix_search_answers_subject_id", "subject_id"),
    Index("ix_search_answers_copy_id", "copy_id"),
)
