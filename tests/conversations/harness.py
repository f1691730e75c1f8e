"""One person on one channel, in memory: the real turn, handlers, content and layouts, without a database.

Law: nothing here stands in for what runs in the service; session and facts of cases go through JSON at every turn.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.app import country_of, load_channels
from bot.channels.contract import Inbound, MediaRef, Part, unpack_press
from bot.conductor.arrived import Arrived, as_input
from bot.conductor.here import Tools
from bot.conductor.turn import Turn
from bot.content import Content
from bot.engine.events import Asked, Said
from bot.engine.inputs import Heard, Input, Meaning, Resumed
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.layouts import Layouts
from bot.store.contents import Book, Made
from bot.store.filing import KINDS
from bot.store.keys import open_json
from bot.store.rows import Case, Conversation, Person
from bot.store.spans import joined
from bot.store.staffed import ANY, Planned, Rotas
from bot.store.subject import Subject
from handlers import casework, closing, word
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf, SmallWorld

CHANNELS = load_channels()
KEY = bytes(32)
APART = 10**9  # between the ids of one phone and of the next
UNCLEAR = Meaning()


@dataclass(frozen=True, repr=False)
class Recording(Content):
    """The real content, which also notes what it was asked to say."""

    said: list[Said | Asked] = field(default_factory=list)

    def reply(
        self, event: Said | Asked, language: str, *, latin: bool = False, script: bool = True, beneath: bool = False
    ) -> Reply:
        """The real reply."""
        self.said.append(event)
        return super().reply(event, language, latin=latin, script=script, beneath=beneath)


def recording(content: Content) -> Recording:
    """A twin of the content that shares everything but its notes, also what is reckoned once from it."""
    for name in [n for n, value in vars(Content).items() if isinstance(value, cached_property)]:
        getattr(content, name)
    twin = Recording(**{f.name: getattr(content, f.name) for f in fields(Content)})
    vars(twin).update({k: v for k, v in vars(content).items() if k not in vars(twin)})
    return twin


@dataclass(frozen=True)
class Line:
    """One message of ours: the event, the Reply as the outbox holds it, what the phone shows, and whether it may go."""

    event: Said | Asked
    reply: Reply
    parts: tuple[Part, ...]
    state: str

    @property
    def id(self) -> str:
        """`wages.work`, or with what stands before it `system.retry>wages.work`."""
        prefix = self.event.prefix if isinstance(self.event, Asked) else ""
        return f"{prefix}>{self.event.text_id}" if prefix else self.event.text_id


@dataclass(repr=False)
class Phone:
    """A conversation. `language` is what the person speaks; `chosen` False = she has not told us yet. Phones of one
    `world` meet: what one put on the shelf, another finds by its code."""

    content: Recording
    channel: str
    language: str
    number: str = ""
    chosen: bool = True
    now: datetime = NOON
    lines: list[Line] = field(default_factory=list)  # all that we said
    notices: list[dict[str, Any]] = field(default_factory=list)
    wrote: str = ""  # the last that she wrote, tapped or sent
    world: SmallWorld = field(default_factory=SmallWorld)
    templates: bool = False  # whether our WhatsApp account has its templates, and so buttons
    ids: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = itertools.count(1 + len(self.world.cases) * APART)
        person = Person(self._id(), language=self.language if self.chosen else None)
        hint = country_of(self.channel, self.number) if self.number else None
        self.conversation = Conversation(self._id(), self.channel, "7001", country_hint=hint)
        self.conversation.session = Session(shared={"welcomed": True} if self.chosen else {}).to_json()
        self.subject = Subject(person.id, KEY, person, {self.conversation.id: self.conversation}, [])
        self.world.cases.append(self.subject.cases)
        knowledge = self.content.knowledge
        self.rota: Planned | None = None
        self.policy = outgoing.Policy.read(knowledge.get("contact_policy"), knowledge.get("duty"))
        self.words = self.content.words(language=self.language)

    def read_by(self, hours: Mapping[str, Sequence[float]]) -> None:
        """Colleagues told what they read, and when they are there: language: [from, until], in hours from now."""
        spans = {
            language: ((self.now + timedelta(hours=start), self.now + timedelta(hours=end)),)
            for language, (start, end) in hours.items()
        }
        there = tuple(joined([span for each in spans.values() for span in each]))
        self.rota = Planned(there, (), there[-1][1], spans)

    def answered_by(self, hours: Mapping[str, Sequence[float]]) -> None:
        """Women and men answer here, in any language: woman: [from, until], in hours from now; [] = no shift of one is
        planned. Somebody is there all the time."""
        spans = {
            gender: {ANY: ((self.now + timedelta(hours=at[0]), self.now + timedelta(hours=at[1])),) if at else ()}
            for gender, at in hours.items()
        }
        there = (self.now - timedelta(hours=1), self.now + timedelta(hours=80))
        self.rota = Planned((there,), (), there[1], genders=spans)

    # -- what happens

    async def hear(self, text: str, meaning: Meaning = UNCLEAR, *, edited: bool = False) -> list[Line]:
        """The person writes; an edit with `edited`."""
        return await self._arrives(self._inbound("edited" if edited else "text", text=text), meaning)

    async def share(self, kind: str, caption: str = "", meaning: Meaning = UNCLEAR) -> list[Line]:
        """The person sends a file, her place or a contact."""
        if kind == "location":
            return await self._arrives(self._inbound(kind, text=caption, location=(29.3, 48.0)), meaning)
        return await self._arrives(self._inbound("media", text=caption, media=(MediaRef(kind, "ref-1"),)), meaning)

    async def tap(self, step: str, option: str) -> list[Line]:
        """The person taps a button that she was shown, this one or an older one, as the layout made it."""
        shown = [b.payload for line in self.lines for p in line.parts for b in p.buttons if line.id.endswith(step)]
        pressed = [p for p in map(unpack_press, shown) if p and p[:2] == (step, option)]
        assert pressed, f"{self.channel} never showed a button {option} of {step}"
        return await self._arrives(self._inbound("press", press=pressed[-1]), UNCLEAR)

    async def give(self, given: Input) -> list[Line]:
        """An input that is no message of hers: a timer, a flow that a job starts."""
        return await self._turn(Arrived((next(self.ids),), self.conversation.id, self.now, None, given))

    async def answered_by_human(self) -> None:
        """A caseworker takes the conversation."""
        await casework.take(self._new_turn().ctx)

    async def closed_by_human(self) -> None:
        """A caseworker ends the newest case."""
        await closing.close(self._new_turn().ctx, reference=self.case.reference if self.case else None)
        self._put_away()

    async def released(self) -> list[Line]:
        """A caseworker gives it back to the bot."""
        await casework.release(self._new_turn().ctx)
        return await self.give(Resumed())

    def later(self, **amount: float) -> None:
        """Time passes, by the words of timedelta."""
        self.now += timedelta(**amount)

    # -- what there is

    @property
    def session(self) -> Session:
        """Where the conversation stands."""
        return Session.from_json(self.conversation.session)

    @property
    def asking(self) -> str:
        """The open question, `flow.step`; empty when there is none."""
        top = self.session.top
        return f"{top.flow}.{top.step}" if top and top.waiting else ""

    @property
    def case(self) -> Case | None:
        """The newest case."""
        return self.subject.cases[0] if self.subject.cases else None

    def shown(self, line: Line) -> str:
        """All words of a message that its reader sees."""
        labels = [w for p in line.parts for b in p.buttons for w in (b.label, b.description)]
        return "\n".join(w for w in (*(p.text for p in line.parts), *labels) if w)

    def laid_out(self, reply: Reply) -> tuple[Part, ...]:
        """A reply as this channel shows it."""
        book = Book()
        book.refill([Made("buttons_1", "", "HX1", "x")] if self.templates else [])
        return Layouts(CHANNELS, self.content, book).parts(self.channel, "7001", reply)

    def has_word(self, kind: str, digits: str) -> None:
        """She has chosen a word (`kind` word) or a second one (duress) before."""
        self.subject.person.profile[kind] = word.hidden(kind, digits, "1".__mul__)

    def has(self, row_id: UUID, kind: str, **values: Any) -> None:
        """A record that she has from before, by the name of its kind. Names that end in `_id` take a number."""
        of = next(one for one in KINDS if one.__name__ == kind)
        known = {f.name for f in fields(of)}
        given = {name: UUID(int=v) if name.endswith("_id") else v for name, v in values.items()}
        given |= {name: self.subject.id for name in ("owner",) if name in known}
        given |= {name: self.conversation.id for name in ("conversation_id",) if name in known}
        given |= {name: self.now for name in ("made_at", "due_at") if name in known}
        self.world.records.append(of(id=row_id, **given))

    # -- inside

    def _put_away(self) -> None:
        """What is closed is loaded apart from what is open."""
        done = [c for c in self.subject.cases if c.closed_at is not None]
        self.subject.closed[:0] = done
        self.subject.cases[:] = [c for c in self.subject.cases if c not in done]

    def _id(self) -> UUID:
        return UUID(int=next(self.ids))

    def _digits(self, count: int) -> str:
        """Different ones each time, the same in each run; never a run of one digit."""
        return str(int(self._id()) * 7_919_000_000_007 + 4_829_173)[::-1].ljust(count, "5")[:count]

    def _inbound(self, kind: str, **more: Any) -> Inbound:
        return Inbound(self.channel, "7001", self.number or "5551234", f"e{next(self.ids)}", kind, **more)

    async def _arrives(self, inbound: Inbound, meaning: Meaning) -> list[Line]:
        self.wrote = inbound.text or (inbound.press[1] if inbound.press else f"({inbound.kind})")
        given = as_input(inbound, meaning)
        texts = (inbound.text,) if inbound.text else ()
        if isinstance(given, Heard) and not given.text.strip():
            given = None  # as the conductor does
        return await self._turn(Arrived((next(self.ids),), self.conversation.id, self.now, inbound, given, texts))

    def _new_turn(self) -> Turn:
        numbers = (f"{n}" for n in itertools.count(4829173 + len(self.subject.cases)))
        tools = Tools(
            self.content,
            self.policy,
            self.now,
            self._id,
            lambda: next(numbers),
            lambda subject, conversation: MemoryShelf(
                self.world, subject.id, conversation_id=conversation.id, now=self.now, new_id=self._id
            ),
            self._digits,
            rotas=Rotas(self.rota),
        )
        return Turn(tools, self.subject, self.conversation)

    async def _turn(self, arrived: Arrived) -> list[Line]:
        self.content.said.clear()
        self.subject.outbox.clear()
        self.subject.notices.clear()
        await self._new_turn().run(arrived)
        self.conversation.session = json.loads(json.dumps(self.conversation.session))
        for case in self.subject.cases:
            case.facts = json.loads(json.dumps(case.facts))
        self.subject.person.profile = json.loads(json.dumps(self.subject.person.profile))
        self.world.through_json()
        self.notices = list(self.subject.notices)
        self.subject.open_notices |= {(self.conversation.id, n["audience"]) for n in self.notices}
        queued = [row for row in self.subject.outbox if row["kind"] == "reply"]
        assert len(queued) == len(self.content.said), "what is said goes through the door, once"
        new = [self._line(event, row) for event, row in zip(self.content.said, queued, strict=True)]
        self.lines += new
        return new

    def _line(self, event: Said | Asked, row: dict[str, Any]) -> Line:
        reply = Reply.from_json(open_json(KEY, row["reply_enc"], where=f"outbox.reply_enc.{row['id']}"))
        return Line(event, reply, self.laid_out(reply), str(row["state"]))
