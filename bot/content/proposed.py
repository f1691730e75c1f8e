"""Better translations that reviewers proposed, as a catalogue that whoever keeps `locales/` merges.

Law: only what differs from the catalogue and translates the English of today; the newest of each text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import polib

from bot.content.catalogue import Catalogue, blank, written


class Proposed(Protocol):
    """One proposal (`bot/store/marks.py`)."""

    @property
    def text_id(self) -> str: ...
    @property
    def english(self) -> str: ...
    @property
    def proposal(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def name(self) -> str: ...


def as_po(language: str, proposals: Iterable[Proposed], catalogue: Catalogue, english: Mapping[str, str]) -> str:
    """A gettext catalogue. `proposals` oldest first; `english`: the texts of today by id."""
    file = blank(language)
    newest = {p.text_id: p for p in proposals if english.get(p.text_id) == p.english}
    for text_id, proposal in sorted(newest.items()):
        entry = catalogue.entry(language, text_id)
        if entry is not None and entry.text == proposal.proposal:
            continue
        said = f"{proposal.name}: {proposal.note}" if proposal.note else proposal.name
        file.append(
            polib.POEntry(
                msgctxt=text_id, msgid=proposal.english, msgstr=proposal.proposal, tcomment=" ".join(said.split())
            )
        )
    return written(file)
