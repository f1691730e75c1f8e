"""The records of volunteers: by which code they came, where they are asked, and about which searches.

Law: as in `records.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.store.records import NEW, NOW


@dataclass(slots=True, kw_only=True)
class VolunteerCode:
    """A code that a coordinator gave; `label` is the coordinator's note. The digits are shown once and kept nowhere.
    With `volunteer_id` it joins the phone on which it is written to that volunteer, once."""

    digits: str
    label: str = ""
    volunteer_id: UUID | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    made_at: datetime = NOW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class VolunteerLink:
    """This person is a volunteer of ours, and is asked in this conversation."""

    volunteer_id: UUID
    conversation_id: UUID = NEW
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class SearchCopy:
    """A search that this volunteer is asked about. `number` is how the search is called."""

    volunteer_id: UUID
    number: int
    request_id: UUID | None = None
    state: str = "planned"  # planned, told, over
    told_at: datetime | None = None
    over_at: datetime | None = None
    made_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW


@dataclass(slots=True, kw_only=True)
class SearchAnswer:
    """What a volunteer wrote about a search, until it lies in the case."""

    copy_id: UUID
    words: str | None
    files: int = 0
    said_at: datetime = NOW
    owner: UUID = NEW
    id: UUID = NEW
