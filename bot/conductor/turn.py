"""One turn of one person: what arrived is looked at, noted, let through to the engine or not, and somebody is called.

Law: works on a locked subject in memory; nothing is written here, and no sentence is made here. `here.py` is its state,
`noting.py` the history, `talk.py` the engine and the handlers, `speaking.py` the replies, `recorded.py` what is left.
"""

from __future__ import annotations

from dataclasses import replace

from bot.conductor import fallen, noting, private, recorded, speaking, talk, told
from bot.conductor.arrived import Arrived, child_of, danger_of, named, weighed
from bot.conductor.gate import Gate
from bot.conductor.here import Here, Tools
from bot.conductor.known import note_letters, offer_language
from bot.engine.flow import Ask
from bot.engine.inbound import Inbound
from bot.engine.inputs import Heard, Input, Shared, Started
from bot.engine.interrupts import COMPLAIN, command
from bot.engine.session import Session
from bot.store import windows
from bot.store.rows import Conversation
from bot.store.subject import Subject
from handlers import box, cases, children, targets
from handlers.context import Actor


def _is_aside(given: Input) -> bool:
    return isinstance(given, Started) and given.flow == windows.FLOW


def _is_closed(asked: Ask | None) -> bool:
    """Whether what a question hears is for nobody else."""
    return asked is not None and (asked.secret or asked.counted)


def _seen(given: Input) -> str | None:
    """The kind of danger in what was said, also of one that is only asked about."""
    danger = given.meaning.danger if isinstance(given, Heard | Shared) else None
    return danger.kind if danger else None


class Turn:
    """Runs what arrived in one conversation of a locked subject."""

    def __init__(self, tools: Tools, subject: Subject, conversation: Conversation, actor: Actor | None = None) -> None:
        self._here = Here(tools, subject, conversation, actor)
        self.subject = subject
        self.ctx = self._here.ctx

    @property
    def wiped(self) -> tuple[int, ...]:
        """Rows of the inbox whose words no table keeps."""
        return self._here.wiped

    async def run(self, arrived: Arrived) -> None:
        """All that follows from what arrived: state, case rows, replies."""
        here, before = self._here, self._here.conversation.last_inbound_at
        given = named(weighed(arrived.given, here.tools.content.readers, here.language()), here.asked())
        arrived = replace(arrived, given=given)
        here.arrived = arrived
        if arrived.inbound is not None and private.recycled(self.ctx):
            private.become_guest(self.ctx)
            here.keep(Session())
        else:
            note_letters(here, given)
        here.by_us = arrived.inbound is None and isinstance(arrived.given, Started)
        secret = arrived.inbound is not None and noting.is_secret(here, arrived.inbound)
        asked = here.asked()
        seen = await private.look(self.ctx, here.session, arrived.given, here.tools.content, here.language())
        if seen.leaves:
            here.keep(Session(shared=here.session.shared))
        if arrived.inbound is not None and self._is_told(arrived, arrived.inbound, masked=seen.mask, secret=secret):
            return
        told.words_after_a_ring(here, seen.given)
        gate = self._gate(by_itself=arrived.inbound is None)
        given = await gate.after_the_end(seen.given)
        here.session = gate.session
        if given is not None and gate.passes_by(given, before):
            here.keep(gate.session)
        answers = given is not None and await gate.may_answer(given)
        if given is not None and answers:
            given = gate.instead(given, before)
            here.session = gate.session
            await self._answer(gate, arrived, given, always=secret)
        if given is None:  # nothing may be said: somebody is woken all the same
            await self._page_anyway(private.wakes(self.ctx, arrived.given))
        if isinstance(arrived.given, Heard | Shared) and not gate.courtesy(arrived.given):
            targets.wrote(self.ctx)
        if child := child_of(arrived.given):  # whoever has the conversation; paged once
            await children.raise_child(self.ctx, tells=child)
        if not (secret or seen.mask or here.boxed or _is_closed(asked)):
            self._keep_line(given, typed=asked is not None and not asked.choices)
        if not answers and gate.stays(given):
            here.session = gate.session
            await talk.converse(here, Started("stay", "waiting"))
        letter = arrived.given is not None and (secret or self._accuses_us(arrived.given))
        if letter and arrived.given and not any(n.audience == box.READERS for n in self.ctx.notices):
            await self._keep_anyway(arrived.given)
        self.finish()

    async def aside(self, given: Started) -> None:
        """Our words of a flow, said within an act of staff; what stands open stays as it is."""
        await talk.aside(self._here, given)

    async def begin(self, given: Started) -> None:
        """A flow that staff starts, within their act."""
        await talk.converse(self._here, given)

    def note(self, arrived: Arrived, inbound: Inbound) -> None:
        """Put what arrived into the history, without a turn."""
        noting.note(self._here, arrived, inbound)

    def finish(self) -> None:
        """Turn what the handlers recorded into rows of the batch."""
        recorded.finish(self._here)

    # --- steps of `run`

    def _is_told(self, arrived: Arrived, inbound: Inbound, *, masked: bool, secret: bool) -> bool:
        """Put it into the history; whether it is something that the provider tells, and nothing more follows."""
        here = self._here
        counted = noting.is_counted(here, arrived)
        noting.note(here, arrived, inbound, masked=masked or counted, secret=secret)
        if counted:
            here.wiped = arrived.ids
        if told.is_all(here, inbound):
            return True
        if inbound.kind != "rang":
            return False
        told.rang(here, arrived.received_at)
        self.finish()
        return True

    def _gate(self, *, by_itself: bool) -> Gate:
        here = self._here
        return Gate(
            self.ctx,
            here.session,
            here.tools.content,
            here.language(),
            self.subject.open_notices,
            by_itself=by_itself,
        )

    async def _answer(self, gate: Gate, arrived: Arrived, given: Input, *, always: bool) -> None:
        """The conversation, at our pace; what pages in it pages. `always`: a letter, of which each line is kept."""
        here = self._here
        speaking.own_up(here, arrived, given)
        if arrived.inbound is None or always or speaking.in_pace(here, gate, given):
            offer_language(here, given)
            await (talk.aside(here, given) if _is_aside(given) else talk.converse(here, given))
        if here.unsure_words:  # asked in words that nobody has signed: a human looks at once
            await self._page_anyway(_seen(given))
        await self._page_anyway(private.wakes(self.ctx, arrived.given))
        gate.session = Session.from_json(here.conversation.session)
        gate.ends_again()

    async def _page_anyway(self, danger: str | None) -> None:
        """Whatever flow answered: danger leaves a page, unless one is open that nobody has taken yet (law 2)."""
        paged = any(n.audience == "page" for n in self.ctx.notices)
        if danger and not paged and not self._here.waits_for("page"):
            await cases.raise_alarm(self.ctx, kind=danger)

    def _keep_line(self, given: Input | None, *, typed: bool) -> None:
        """Words that nobody understood, for whoever teaches the bot."""
        tools, words = self._here.tools, self._here.tools.content.words(self._here.language())
        if tools.unnamed is not None and isinstance(given, Heard) and not command(words, given.text):
            reason = fallen.why(given, self._here.events, tools.content.rules, typed)
            fallen.keep(self.ctx, self.subject, given, reason, tools.unnamed)

    def _accuses_us(self, given: Input) -> bool:
        """Whether a sentence speaks of one of us: whoever reads the queue may be the one that it is about."""
        text = given.text if isinstance(given, Heard) else given.caption if isinstance(given, Shared) else ""
        return self._here.tools.content.words(self._here.language()).sentence(text) == COMPLAIN

    async def _keep_anyway(self, given: Input) -> None:
        """Danger or a child's words broke in, so the box was not begun or got no answer: they are a letter all the same
        (law 1)."""
        if (danger_of(given) or child_of(given)) and isinstance(given, Heard | Shared):
            words = given.text if isinstance(given, Heard) else given.caption
            await box.write(self.ctx, words=words)
