"""How often each question was asked and answered, by day: numbers of nobody.

Law: no subject and no moment is kept; a job adds whole hours at once, a turn writes nothing here.
"""

from __future__ import annotations

from sqlalchemy import Column, Date, DateTime, Integer, Table, Text

from bot.store.columns import metadata, one_of

FLOW_RESULTS = ("answered", "again", "left")  # went on; the same question was asked again; nothing more came

flow_counts = Table(
    "flow_counts",
    metadata,
    Column("day", Date, primary_key=True),  # UTC
    Column("flow", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("result", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    one_of("result", FLOW_RESULTS),
)

# The hours that were counted, so that none is counted twice and a gap is seen.
flow_hours = Table(
    "flow_hours",
    metadata,
    Column("hour", DateTime(timezone=True), primary_key=True),
)
