"""All of one person that a turn may read, what it leaves to be written, and how things stood before.

Law: memory only. `turns.py` fills it, `saving.py` writes what differs from what was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from bot.store.drawers import Drawers
from bot.store.rows import Case, Conversation, Person


def _fields(of: type[Any], *but: str) -> attrgetter[tuple[Any, ...]]:
    return attrgetter(*(f.name for f in fields(of) if f.name not in but))


# Values side by side tell whether a row was changed, and cost a tenth of a second copy of it.
_OF_PERSON, _OF_CONVERSATION, _OF_CASE = (
    _fields(Person, "profile"),
    _fields(Conversation, "session"),
    _fields(Case, "facts"),
)
_Row = tuple[tuple[Any, ...], dict[str, Any]]  # the plain fields, and the one that is sealed


@dataclass(frozen=True, slots=True)
class Before:
    """How a person, her conversations and her cases stood when they were loaded."""

    person: tuple[Any, ...]
    profile: Mapping[str, Any]
    consent_store_at: datetime | None
    conversations: Mapping[UUID, _Row]
    cases: Mapping[UUID, _Row]


@dataclass(slots=True)
class Subject:
    """A person under her lock."""

    id: UUID
    key: bytes
    person: Person
    conversations: dict[UUID, Conversation]
    cases: list[Case]  # open ones, newest first
    messages: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    requeue: set[UUID] = field(default_factory=set)  # conversations whose unsent rows get another look
    open_notices: set[tuple[UUID, str]] = field(default_factory=set)  # (conversation, audience) that nobody took yet
    closed: list[Case] = field(default_factory=list)  # those that were closed lately, the last one first
    media: list[dict[str, Any]] = field(default_factory=list)  # files to be fetched
    lines: list[dict[str, Any]] = field(default_factory=list)  # not understood, of nobody (bot/store/fallen.py)
    put_off: dict[UUID, datetime] = field(default_factory=dict)  # conversation -> when its open lines are due
    lowered: set[UUID] = field(default_factory=set)  # conversations whose open pages become lines of the list
    drawers: Drawers = field(default_factory=Drawers)  # records of the shelf that a turn looked at or added
    _before: Before | None = None

    def remember(self) -> None:
        """Note how things stand now, so that `save` writes only what changes from here on."""
        self._before = Before(
            _OF_PERSON(self.person),
            deepcopy(self.person.profile),
            self.person.consent_store_at,
            {k: _conversation(row) for k, row in self.conversations.items()},
            {row.id: _case(row) for row in (*self.cases, *self.closed)},
        )

    def changed_person(self) -> bool:
        """Whether `person` differs from what was loaded."""
        return self._before is None or self._before.person != _OF_PERSON(self.person) or self.changed_profile()

    def changed_profile(self) -> bool:
        """Whether her profile differs: it is sealed anew only then."""
        return (self._before.profile if self._before else {}) != self.person.profile

    def has_just_consented(self) -> bool:
        """Whether this batch holds the person's first yes to keeping what she writes."""
        earlier = self._before.consent_store_at if self._before else None
        return earlier is None and self.person.consent_store_at is not None

    def changed_conversations(self) -> list[Conversation]:
        """Conversations that differ."""
        before = self._before.conversations if self._before else {}
        return [c for c in self.conversations.values() if before.get(c.id) != _conversation(c)]

    def earlier_facts(self) -> dict[UUID, dict[str, Any]]:
        """The facts of her cases as they were loaded."""
        return {case_id: facts for case_id, (_, facts) in self._before.cases.items()} if self._before else {}

    def changed_cases(self) -> tuple[list[Case], list[Case]]:
        """(new ones, changed ones)."""
        before = self._before.cases if self._before else {}
        return (
            [c for c in self.cases if c.id not in before],
            [c for c in (*self.cases, *self.closed) if c.id in before and before[c.id] != _case(c)],
        )


def _conversation(row: Conversation) -> _Row:
    return _OF_CONVERSATION(row), dict(row.session)


def _case(row: Case) -> _Row:
    return _OF_CASE(row), dict(row.facts)
