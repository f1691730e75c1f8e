"""What a handler is given, and what it leaves behind.

Law: values and in-memory state only. A handler changes `person` and `conversation`, opens and extends cases, and raises
notices; the conductor (or the desk) compares with what it loaded and writes the difference for the whole batch at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.engine.inputs import Outcome
from bot.store.colleagues import Colleague
from bot.store.records import Licence
from bot.store.rows import Case, Conversation, Person, zone_name
from bot.store.shelved import Coded, Owned, Record

__all__ = [
    "Actor",
    "Case",
    "CaseEvent",
    "Colleague",
    "Context",
    "Conversation",
    "Knowledge",
    "Notice",
    "Outcome",
    "Person",
    "Shelf",
]

Mine = TypeVar("Mine", bound=Owned)
Found = TypeVar("Found", bound=Coded)
Added = TypeVar("Added", bound=Record)


class Knowledge(Protocol):
    """Facts from `knowledge/`."""

    def get(self, name: str) -> Mapping[str, Any]:
        """The file `knowledge/<name>.yml`."""


class Shelf(Protocol):
    """The records of this turn. Nothing is read before it is asked for; what is changed or added is written with the
    batch."""

    async def mine(self, kind: type[Mine]) -> list[Mine]:
        """This person's rows, oldest first, with what this turn added. Their fields may be changed."""

    def add(self, row: Added) -> Added:
        """A new row; an `id`, owner, conversation or time that was left out is filled in. Returns the same row."""

    async def by_code(self, kind: type[Found], digits: str) -> Found | None:
        """Anybody's row by its code, however it is spaced and in whichever digits it is written: a copy, to read only.

        Revoked, used and expired ones too; None for a code that nobody has, or whose owner was erased.
        """

    async def recent(self, kind: type[Owned], since: datetime, **same: str) -> tuple[int, int]:
        """How many rows there are since then: (of this person, of everybody), with what this turn added. `same`: fields
        and values that they must have."""

    async def licences(self, country: str, name_or_number: str) -> list[Licence]:
        """The recruiter with this number, else those whose name begins so (three letters at least) or is nearly so;
        five at most."""

    async def licences_of(self, country: str) -> datetime | None:
        """The day of which the newest list of a country's recruiters speaks; None when there is no list."""

    async def may_join(self, volunteer_id: UUID) -> bool:
        """Whether this volunteer has not ended, and no phone is hers yet."""

    async def case_is_open(self, case_id: UUID) -> bool:
        """Whether anybody's case is open: all that a family code may tell."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the person herself, staff, or the system."""

    kind: str  # person, staff, system
    user_id: UUID | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened in a case: codes only, never a person's words."""

    case_id: UUID
    kind: str
    codes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A human must see this. `audience`: page (somebody is woken) or queue."""

    audience: str
    kind: str
    severity: str
    case_id: UUID | None = None


@dataclass(slots=True)
class Context:
    """One turn of one person, or one act at the desk."""

    actor: Actor
    person: Person
    conversation: Conversation
    cases: list[Case]  # open ones of this person, newest first
    now: datetime
    new_id: Callable[[], UUID]
    references: Callable[[], str]  # unused case references, drawn at random
    knowledge: Knowledge
    shelf: Shelf
    digits: Callable[[int], str]  # so many random digits, for codes that nobody may guess
    closed: list[Case] = field(default_factory=list)  # those that a human closed lately, the last one first
    events: list[CaseEvent] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    colleagues: Mapping[UUID, Colleague] = field(default_factory=dict)  # at the desk: how they stand
    put_off: datetime | None = None  # what waits in the queue for this conversation is due then: she chose to wait
    lowered: bool = False  # open pages of this conversation become lines of the list
    forget: bool = False  # clear the visible conversation: the session is dropped

    def record(self, case: Case, event: str, /, **codes: Any) -> None:
        """Write a case event."""
        self.events.append(CaseEvent(case.id, event, codes))

    def notify(self, audience: str, kind: str, severity: str, case: Case | None = None) -> None:
        """Raise a notice, once per turn."""
        notice = Notice(audience, kind, severity, case.id if case else None)
        if notice not in self.notices:
            self.notices.append(notice)

    def moment(self, at: datetime) -> dict[str, str]:
        """A time as a slot value: said in the person's own zone, with the day when it is not today."""
        return {"at": at.isoformat(), "zone": self.zone(), "now": self.now.isoformat()}

    def day(self, at: datetime | None = None) -> date:
        """The day that it is for the person, now or at a moment: near midnight another one than by UTC."""
        return (at or self.now).astimezone(ZoneInfo(self.zone())).date()

    def zone(self) -> str:
        """IANA name of the person's time zone."""
        rota = self.knowledge.get("duty")
        return zone_name(self.person, self.conversation.country_hint, rota["zones"], str(rota["timezone"]))
