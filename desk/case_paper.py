"""One case as a record for paper: what stands on its page, in the words of who prints it.

Law: the number is masked unless the whole one was asked for with a reason; conversation and notes only when wished.
Hashes are of the files as they were sent, so that a copy elsewhere can be compared.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import Locale
from babel.dates import format_datetime

from bot.documents.record import Item, Record, Section
from bot.media.files import Files
from bot.store.notes import NOTE
from bot.vault.fields import open_
from desk.case_page import Shown
from desk.office import Office, Visit
from desk.views.print import Sent
from handlers.handoff import DESK

MEDIA = "media"  # the folder of files in the data directory, as `bot/app.py` has it


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to stand on it. `number`: the whole one, or empty."""

    talk: bool
    notes: bool
    number: str


def hashed(office: Office, files: Sequence[Sent]) -> dict[str, str]:
    """SHA-256 of each file that is kept, by its id; slow, for a thread."""
    kept, found = Files(office.settings.data_dir / MEDIA), {}
    for one in files:
        if one.name and one.key:
            try:
                data = open_(one.key, kept.read(one.name), where=f"media.file.{one.id}")
            except (FileNotFoundError, ValueError):
                continue
            found[str(one.id)] = hashlib.sha256(data).hexdigest()
    return found


async def compose(
    office: Office, visit: Visit, shown: Shown, facts: Sequence[tuple[str, Any]], files: Sequence[Sent], wish: Wish
) -> Record:
    """The record, in the language and zone of the visitor."""
    hashes = await asyncio.to_thread(hashed, office, files)
    say = _Say(office, visit)
    reference = shown.head.place.reference or ""
    sections = [
        Section(say("print.about"), list(_about(say, shown, wish))),
        Section(say("print.facts"), [Item(say.fact(name), say.value(value)) for name, value in facts] or say.none()),
        Section(say("print.timeline"), list(_timeline(say, shown, wish.notes)) or say.none()),
        Section(say("print.tasks"), [Item(say.at(one.due_at), one.text) for one in shown.around.tasks] or say.none()),
        Section(say("print.evidence"), list(_evidence(say, files, hashes)) or say.none()),
    ]
    if wish.talk:
        sections.append(Section(say("print.talk"), list(_talk(say, shown)) or say.none()))
    language = office.content.languages[visit.language]
    return Record(
        language=visit.language,
        direction=language.direction,
        title=say.kind(shown.head.kind),
        reference=f"{reference[:3]} {reference[3:6]} {reference[6:]}",
        lead=say("print.warning"),
        by=f"{say('print.by', name=visit.user.name, at=say.at(visit.now))} ({say.zone})",
        keep=say("print.keep"),
        page=office.content.catalogue.text(
            visit.language, "desk.print.page", office.content.desk["desk.print.page"].english
        ),
        sections=sections,
    )


class _Say:
    """Words of the desk for who prints."""

    def __init__(self, office: Office, visit: Visit) -> None:
        self._office, self._visit = office, visit
        self.zone = office.look.zone_of(visit)

    def __call__(self, text_id: str, **values: Any) -> str:
        return self._office.look.word(self._visit.language, text_id, **values)

    def named(self, page: str, code: str) -> str:
        """The word of a code, else the page's `other`, else the code."""
        for name in (code, "other"):
            if f"desk.{page}.{name}" in self._office.content.desk:
                return self(f"{page}.{name}")
        return code

    def kind(self, code: str) -> str:
        """What a kind of case is called."""
        return self.named("kinds", code)

    def fact(self, name: str) -> str:
        """What a fact is called."""
        found = (f"{page}.{name}" for page in ("facts", "asks") if f"desk.{page}.{name}" in self._office.content.desk)
        word = next(found, "")
        return self(word) if word else name

    def value(self, value: Any) -> str:
        """A fact's value as words."""
        if isinstance(value, Mapping):
            return " ".join(self.value(one) for one in value.values() if one not in (None, ""))
        if isinstance(value, list):
            return "\n".join(self.value(one) for one in value)
        return self.kind(value) if f"desk.kinds.{value}" in self._office.content.desk else str(value)

    def at(self, moment: datetime | None) -> str:
        """A moment with its year: a paper is read later. The zone stands in the head."""
        if moment is None:
            return ""
        return format_datetime(moment, "d MMM y, HH:mm", tzinfo=self.zone, locale=Locale.parse(self._visit.language))

    def none(self) -> list[Item]:
        """What stands where nothing is."""
        return [Item(self("print.none"), "")]

    def country(self, code: str | None) -> str:
        """The name of a country."""
        return self._office.look.country(self._visit.language, code)

    def tongue(self, code: str | None) -> str:
        """The name of a language."""
        return self._office.look.tongue(self._visit.language, code)


def _about(say: _Say, shown: Shown, wish: Wish) -> Iterator[Item]:
    head = shown.head
    owner = say("case.closed_on", at=say.at(head.closed_at)) if head.closed_at else ""
    yield Item(say("print.severity"), say.named("severity", head.severity))
    yield Item(say("print.opened"), say.at(head.opened_at))
    who = "nobody" if head.owner == "bot" and head.channel == DESK else head.owner
    yield Item(say("print.owner"), owner or say(f"case.owner_{who}", name=head.keeper or ""))
    for label, words in (
        ("country", say.country(head.country)),
        ("language", say.tongue(head.language)),
        ("channel", say.named("channel", head.channel) if head.channel else ""),
        ("phone", wish.number or head.number),
    ):
        if words:
            yield Item(say(f"print.{label}"), words)


def _timeline(say: _Say, shown: Shown, notes: bool) -> Iterator[Item]:
    """The oldest first: paper is read from the top."""
    for one in reversed(shown.around.happened):
        what = say.named("events", one.kind) + (f" · {one.by}" if one.by else "")
        if one.kind != NOTE:
            yield Item(say.at(one.at), what)
        elif notes:
            yield Item(f"{say.at(one.at)} · {what}", one.note, over=True)


def _evidence(say: _Say, files: Sequence[Sent], hashes: Mapping[str, str]) -> Iterator[Item]:
    for one in files:
        label = " · ".join(
            filter(None, (say.at(one.at), one.content_type or one.kind, f"{one.size} B" if one.size else ""))
        )
        digest = hashes.get(str(one.id))
        words = say("print.evidence_hash", hash=digest) if digest else say("print.evidence_not", state=one.state)
        yield Item(label, words, over=True)


def _talk(say: _Say, shown: Shown) -> Iterator[Item]:
    for line in shown.lines:
        state = "" if line.author == "person" else f" · {say.named('state', line.state)}"
        yield Item(f"{say.at(line.at)} · {say(f'case.by_{line.author}')}{state}", line.text, over=True)
