"""What calling the police may do to somebody without papers, pregnant, or hurt by a person of the same sex, by country.

Law: notes count once a human has reviewed all of a country's; an absent file, country or reviewer means that a person
comes first. The notes themselves are for caseworkers and are never said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.context import Knowledge


def reviewed(knowledge: Knowledge, country: str) -> bool:
    """Whether `knowledge/risks.yml` has every kind of note of this country, each with a reviewer and a date."""
    try:
        risks = knowledge.get("risks")
    except (KeyError, FileNotFoundError):
        return False
    notes: Mapping[str, Any] = (risks.get("countries") or {}).get(country) or {}
    wanted = risks.get("kinds") or ()
    return bool(wanted) and all(_signed(notes.get(kind)) for kind in wanted)


def _signed(note: Any) -> bool:
    return isinstance(note, Mapping) and bool(note.get("reviewer")) and bool(note.get("checked_on"))
