"""What calling the police may do to somebody without papers, pregnant, or hurt by a person of the same sex, by country.

Law: a note counts once a human has reviewed it; an absent file, country or reviewer means that a person comes first.
"""

from __future__ import annotations

from handlers.context import Knowledge


def reviewed(knowledge: Knowledge, country: str) -> bool:
    """Whether `knowledge/risks.yml` has a note of this country that somebody has signed."""
    try:
        notes = knowledge.get("risks")
    except (KeyError, FileNotFoundError):
        return False
    note = (notes.get("countries") or notes).get(country)
    return isinstance(note, dict) and bool(note.get("reviewer")) and bool(note.get("checked_on"))
