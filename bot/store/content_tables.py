"""What colleagues say about content, and what people wrote that nobody understood.

Law: as in `tables.py`. `heard_lines` has no subject and no moment: a row is words of our own word list, a day and a
guess, under a random id, so that nothing leads back to a message. A turn only adds to it.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Table, Text, UniqueConstraint, Uuid

from bot.store.columns import at, identity, metadata, one_of

VERDICTS = ("checked", "wrong", "change")
WHY = ("unknown", "unsure", "answer")  # no intent; a weak one was followed; it fitted none of the offered answers

# A person's word about one fact of knowledge/, as it stood: `hash` is of its content.
fact_marks = Table(
    "fact_marks",
    metadata,
    identity(),
    Column("fact", Text, nullable=False),  # knowledge/contacts/KW.yml:contacts.kw_pam
    Column("hash", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    at("marked_at", required=True),
    one_of("verdict", VERDICTS),
    Index("ix_fact_marks_fact", "fact", "hash", "marked_at"),
)

# A better translation that a reviewer proposes; taken over by whoever keeps the catalogues.
text_proposals = Table(
    "text_proposals",
    metadata,
    identity(),
    Column("language", Text, nullable=False),
    Column("text_id", Text, nullable=False),
    Column("english", Text, nullable=False),  # that it translates
    Column("proposal", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    at("made_at", required=True),
    Index("ix_text_proposals_text_id", "language", "text_id"),
)

heard_lines = Table(
    "heard_lines",
    metadata,
    identity(),
    Column("day", Date, nullable=False),  # UTC
    Column("language", Text, nullable=False),  # a guess, empty when unsure
    Column("line", Text, nullable=False),
    Column("intent", Text, nullable=False),  # what was guessed
    Column("why", Text, nullable=False),
    one_of("why", WHY),
    Index("ix_heard_lines_day", "day"),
    Index("ix_heard_lines_line", "line", "language"),
)

# What a colleague says that a line means: an intent, or nlu_fallback (none of our business).
line_labels = Table(
    "line_labels",
    metadata,
    identity(),
    Column("line", Text, nullable=False),
    Column("heard_in", Text, nullable=False),  # the guessed language of the group
    Column("language", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    at("labelled_at", required=True),
    UniqueConstraint("line", "heard_in"),
)
