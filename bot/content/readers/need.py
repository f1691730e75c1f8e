"""Reads what somebody looks for a number of: the needs of `knowledge/needs.yml`, by the words that people use.

Law: as for topics: one need or none.
"""

from __future__ import annotations

from bot.content.readers.topic import Named

reader = Named("needs")
