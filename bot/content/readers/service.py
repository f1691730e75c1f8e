"""Reads what somebody who came back needs first: the needs of `knowledge/services.yml`, by the words that people use.

Law: as for topics: one need or none.
"""

from __future__ import annotations

from bot.content.readers.topic import Named

reader = Named("services", "needs")
