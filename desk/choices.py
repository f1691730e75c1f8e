"""What filters offer: everything that there is, in the reader's language.

Law: taken from what is written (knowledge, words), never from cases: so a list of choices costs nothing and tells
nothing. What is known of comes first; any other country can still be chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from babel import Locale

from bot.channels.limits import LIMITS
from bot.content import Content
from bot.store.case_tables import SEVERITIES
from desk.look import Look

NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # codes of groups, of nowhere, and for try-outs of software
COUNTRIES = ("rights", "contacts")  # folders of knowledge that have a file per country
Choice: TypeAlias = tuple[str, str]  # code, word


@dataclass(frozen=True)
class Group:
    """Some choices under one heading; the first has none."""

    heading: str
    choices: Sequence[Choice]


@dataclass(frozen=True)
class Choices:
    """Made once: what can be chosen changes with a deployment only."""

    content: Content
    look: Look

    def of(self, language: str, names: Sequence[str]) -> dict[str, list[Group]]:
        """What each of these filters offers."""
        return {name: self._offered[language][name] for name in names}

    def known(self, name: str, value: str) -> bool:
        """Whether a filter has this value."""
        return value in self._values[name]

    @cached_property
    def _offered(self) -> dict[str, dict[str, list[Group]]]:
        return {language: self._in(language) for language in self.content.desk_languages()}

    @cached_property
    def _values(self) -> dict[str, frozenset[str]]:
        first = next(iter(self._offered.values()))
        return {name: frozenset(code for g in groups for code, _ in g.choices) for name, groups in first.items()}

    def _in(self, language: str) -> dict[str, list[Group]]:
        def word(text_id: str) -> str:
            return self.look.word(language, text_id)

        def sorted_(codes: Sequence[str] | set[str], label: dict[str, str]) -> list[Choice]:
            return sorted(((code, label[code]) for code in codes), key=lambda one: one[1])

        territories = {c: n for c, n in Locale.parse(language).territories.items() if len(c) == 2 and c.isalpha()}
        near = {code for code in self._places() if code in territories}
        kinds = {code: word(f"kinds.{code}") for code in self._kinds()}
        tongues = {code: self.look.tongue(language, code) for code in self.content.languages}
        return {
            "severity": [Group("", [(code, word(f"severity.{code}")) for code in SEVERITIES])],
            "kind": [Group("", sorted_(set(kinds), kinds))],
            "country": [
                Group("", sorted_(near, territories)),
                Group(word("queue.elsewhere"), sorted_(set(territories) - near - NO_COUNTRY, territories)),
            ],
            "language": [Group("", sorted_(set(tongues), tongues))],
            "channel": [Group("", [(code, word(f"channel.{code}")) for code in LIMITS])],
        }

    def _places(self) -> set[str]:
        """Countries that we know something of."""
        knowledge = self.content.knowledge
        return {code for folder in COUNTRIES for code in knowledge.get(folder)} | set(
            knowledge.get("countries")["origin"]
        )

    def _kinds(self) -> list[str]:
        """Kinds that a case can have."""
        graded = self.content.knowledge.get("triage")["severity"]
        return [code for code in (*graded, "duress", "other") if f"desk.kinds.{code}" in self.content.desk]
