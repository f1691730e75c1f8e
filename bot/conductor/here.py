"""Where a turn happens: the person under her lock, one conversation of hers, its session, and what the turn is given.

Law: values and state in memory; nothing is decided, said or written here.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.conductor.arrived import Arrived
from bot.content import Content, languages
from bot.content.marks import NONE, Marks
from bot.engine.events import Event
from bot.engine.flow import Ask
from bot.engine.session import Session
from bot.store.colleagues import Colleague
from bot.store.rows import Conversation
from bot.store.staffed import Rotas
from bot.store.subject import Subject
from handlers import duty, which
from handlers.context import Actor, Context, Shelf
from handlers.languages import STEM


def draw_digits(count: int) -> str:
    """So many random digits."""
    return f"{chance.randbelow(10**count):0{count}d}"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a turn is given besides its subject: content, policy, and the ports of time, ids and chance."""

    content: Content
    policy: outgoing.Policy
    now: datetime
    new_id: Callable[[], UUID]
    references: Callable[[], str]
    shelf: Callable[[Subject, Conversation], Shelf]
    digits: Callable[[int], str] = draw_digits
    rotas: Rotas = field(default_factory=Rotas)  # the shifts, if any were planned
    colleagues: Mapping[UUID, Colleague] = field(default_factory=dict)  # at the desk
    unnamed: Callable[[str], str] | None = None  # takes out what may tell of somebody; None keeps no line at all
    marks: Marks = NONE  # what colleagues say of facts
    provable: Callable[[str, str], bool] | None = None  # of a channel and an account: whose provider can be asked


class Here:
    """State of one turn."""

    def __init__(self, tools: Tools, subject: Subject, conversation: Conversation, actor: Actor | None) -> None:
        self.tools = tools
        self.subject = subject
        self.conversation = conversation
        self.person = subject.person
        self.session = Session.from_json(conversation.session)
        self.arrived: Arrived | None = None
        self.by_us = False  # whether a job began this turn, not the person
        self.noted: dict[str, Any] = {}  # the row of what arrived
        self.wiped: tuple[int, ...] = ()  # rows of the inbox whose words no table keeps
        self.boxed = False  # whether this turn said something of the box
        self.unsure_words = False  # whether English stood under something of this turn
        self.events: list[Event] = []  # of the engine, in this turn
        facts, rota = tools.marks.on(tools.content.knowledge), tools.rotas.of(_organisation(subject, conversation))
        self.ctx = Context(
            actor=actor or Actor("person"),
            person=subject.person,
            conversation=conversation,
            cases=subject.cases,
            now=tools.now,
            new_id=tools.new_id,
            references=tools.references,
            knowledge=duty.Facts(facts, rota),
            shelf=tools.shelf(subject, conversation),
            digits=tools.digits,
            closed=subject.closed,
            colleagues=tools.colleagues,
        )

    def keep(self, session: Session) -> None:
        """This is the session from now on, also of what comes after this turn."""
        self.session = session
        self.conversation.session = session.to_json()

    def language(self) -> str:
        """The language in which she is answered."""
        for code in (self.person.language, self.person.language_guess, self.person.profile.get(STEM)):
            if code and code in self.tools.content.languages:
                return str(code)
        return languages.of_country(self.tools.content.languages, self.conversation.country_hint) or "en"

    def asked(self) -> Ask | None:
        """The question that is open."""
        top = self.session.top
        flow = self.tools.content.flows.get(top.flow) if top and top.waiting else None
        place = flow.index(top.step) if flow and top else None
        step = flow.steps[place] if flow and place is not None else None
        return step if isinstance(step, Ask) else None

    def policy_of_contact(self) -> Mapping[str, Any]:
        """`knowledge/contact_policy.yml`."""
        return self.ctx.knowledge.get("contact_policy")

    def waits_for(self, audience: str) -> bool:
        """Whether a notice of this conversation is open that nobody took yet. `audience`: page, queue."""
        return (self.conversation.id, audience) in self.subject.open_notices

    def case_id(self) -> UUID | None:
        """Of her newest open case."""
        return self.subject.cases[0].id if self.subject.cases else None

    def retention(self, danger: object) -> str:
        """How long a text is kept (DESIGN §4): with consent as a person; what a human is to read as long as its case
        needs it; else danger 72 h, browsing 24 h."""
        if self.person.consent_store_at is not None:
            return "person"
        if self.conversation.owner in {"waiting", "human"}:
            return "case"
        if danger or any(c.severity == "critical" for c in self.subject.cases):
            return "danger_before_consent"
        return "case" if any(c.kind != which.TIP for c in self.subject.cases) else "browse"


def _organisation(subject: Subject, conversation: Conversation) -> UUID | None:
    """Whose a conversation is: that of the open cases in it; None for the one that runs this installation."""
    here = (case for case in subject.cases if case.conversation_id == conversation.id and not case.draft)
    return next((case.organisation_id for case in here if case.organisation_id is not None), None)
