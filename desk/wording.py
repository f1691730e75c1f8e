"""Texts and their translations as the page lists them: what is missing, older than its English, or too long.

Law: pure, from the same list that `saathi check` and extraction read; nothing is decided here.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.channels.contract import Chrome
from bot.channels.limits import LIMITS
from bot.check.exchange import too_long
from bot.check.samples import longest
from bot.check.texts import LABEL, SMS, Message, messages, options, room_for_label
from bot.content import Content
from bot.content.languages import FALLBACK
from bot.content.wording import PLACEHOLDER
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Say
from bot.store.marks import Proposal

STATES = ("missing", "fuzzy", "long", "fine")
SHORT_SMS = 70  # UTF-16 units of one message outside the GSM alphabet


@dataclass(frozen=True, slots=True)
class TextRow:
    """One text in one language. `room`: characters that it may have, 0 where nothing bounds it."""

    key: UUID
    message: Message
    text: str
    state: str
    room: int
    proposals: tuple[Proposal, ...] = ()

    @property
    def id(self) -> str:
        """Its context in the catalogue."""
        return self.message.context


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a language is. `reviewer`: who has read it all, empty when nobody did."""

    language: str
    texts: int
    missing: int
    fuzzy: int
    long: int
    proposed: int
    reviewer: str


def key_of(text_id: str) -> UUID:
    """What stands for a text in an address."""
    return UUID(bytes=hashlib.sha256(text_id.encode()).digest()[:16])


class Texts:
    """All texts of an installation, read once."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._messages: tuple[tuple[UUID, Message], ...] = ()

    @property
    def all(self) -> tuple[tuple[UUID, Message], ...]:
        """(key, text) of every text, in the order of the files."""
        if not self._messages:
            self._messages = tuple((key_of(m.context), m) for m in messages(self._content))
        return self._messages

    def languages(self) -> list[str]:
        """Those that are translated into."""
        return [code for code in self._content.languages if code != FALLBACK]

    def rows(self, language: str, proposals: Sequence[Proposal] = ()) -> list[TextRow]:
        """Every text in a language, what is missing first."""
        by_text: dict[str, list[Proposal]] = {}
        for proposal in proposals:
            if proposal.language == language:
                by_text.setdefault(proposal.text_id, []).append(proposal)
        desk = language in self._content.desk_languages()
        found = [
            self._row(key, message, language, by_text.get(message.context, ()))
            for key, message in self.all
            if desk or message.domain != "desk"
        ]
        return sorted(found, key=lambda row: STATES.index(row.state))

    def row(self, language: str, key: UUID, proposals: Sequence[Proposal] = ()) -> TextRow | None:
        """One text."""
        return next((row for row in self.rows(language, proposals) if row.key == key), None)

    def _row(self, key: UUID, message: Message, language: str, proposals: Sequence[Proposal]) -> TextRow:
        entry = self._content.catalogue.entry(language, message.context)
        text, room = entry.text if entry else "", room_of(message)
        state = "fine"
        if entry is None:
            state = "fine" if message.optional else "missing"
        elif entry.fuzzy or entry.english != message.english:
            state = "fuzzy"
        elif too_long(message, text):
            state = "long"
        waiting = tuple(p for p in proposals if p.proposal != text)
        return TextRow(key, message, text, state, room, waiting)

    def coverage(self, proposals: Sequence[Proposal]) -> list[Coverage]:
        """Each language."""
        found = []
        for language in self.languages():
            rows = self.rows(language, proposals)
            of = {state: sum(row.state == state for row in rows) for state in STATES}
            found.append(
                Coverage(
                    language,
                    len(rows),
                    of["missing"],
                    of["fuzzy"],
                    of["long"],
                    sum(bool(row.proposals) for row in rows),
                    self._content.languages[language].reviewer or "",
                )
            )
        return found


def room_of(message: Message) -> int:
    """The characters that a text may have by itself; 0 = nothing bounds it."""
    if message.kind == LABEL:
        return room_for_label(message.options)
    return SHORT_SMS if message.kind == SMS and message.segments == 1 else 0


def on_channels(content: Content, text_id: str, language: str) -> list[tuple[str, Sequence[Any]]]:
    """(channel, messages) of the step that a text belongs to, as a phone would show it, with long values; nothing for
    texts that stand by themselves nowhere."""
    name, _, rest = text_id.partition("#")[0].partition(".")
    flow = content.flows.by_name.get(name)
    step = next((s for s in flow.steps if s.id == rest), None) if flow else None
    if flow is None or not isinstance(step, Say | Ask):
        return []
    names = sorted(set(PLACEHOLDER.findall(f"{step.text} {step.sms or ''}")) - {"options"})
    values: Mapping[str, Any] = {n: longest(content, flow, n, language) or f"[{n}]" for n in names}
    event: Said | Asked = Said(text_id.partition("#")[0], values)
    if isinstance(step, Ask):
        ids = tuple(choice.id for choice in options(step))
        event = Asked(f"{name}.{rest}", f"{name}.{rest}", flow.version, ids, values, "")
    reply, words = content.reply(event, language), content.chrome(language)
    chrome = Chrome(list_label=words.get("list_label", ""), more=words.get("more", ""), templates=True)
    return [
        (channel, importlib.import_module(f"bot.channels.{channel}").channel.layout(reply, chrome))
        for channel in LIMITS
    ]
