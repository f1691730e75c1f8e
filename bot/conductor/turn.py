"""One turn of one person: the engine, the handlers it calls, and the replies that come of it.

Law: works on a locked subject in memory; nothing is written here, and no sentence is made here.
"""

from __future__ import annotations

import importlib
import secrets as chance
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.conductor import private
from bot.content import Content
from bot.engine.engine import turn
from bot.engine.events import Asked, Called, Event, Said
from bot.engine.flow import Ask
from bot.engine.inbound import Inbound
from bot.engine.inputs import Heard, Input, Meaning, Outcome, Pressed, Resumed, Shared, Started, TimedOut
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.engine.state import LONGEST, SAID, SENT
from bot.observe import metrics
from bot.store import reminders
from bot.store.keys import seal_json
from bot.store.rows import Conversation
from bot.store.turns import Subject
from bot.vault.lookup import lookup
from handlers import box, children, closing
from handlers import cases as case_actions
from handlers.context import Actor, Context, Shelf

CALLS = 40  # handlers that one message may run; more is a fault of a flow
SYSTEM_FLOWS = frozenset({"stop", "start", private.LEAVE})  # their one line leaves whoever owns the conversation
REOPENED = "reopened"  # the flow of who writes again after the end
COURTESY = frozenset({"thank", "goodbye", "greet", "affirm", "deny"})  # intents that reopen nothing
# Universal words that count even when a human has the conversation; one of them is about that human.
ALWAYS = frozenset({"stop", "start", "complain"})
BOX = "box"  # retention of what belongs to a letter of the box: shown to no caseworker, gone after a day
EDITABLE = timedelta(hours=48)  # how long a message can be edited afterwards (Telegram)
SEALED = "sealed_until"  # in the profile: until then an edit may be one of a letter
CHILD_FLOW, MORE_FLOW = "child", "more"
QUIET = frozenset({"menu", "back", "status"})  # words that are only kept, while a human is awaited about self-harm
MORE_UNTIL = "more_until"  # in the session: until then what she adds belongs to her newest case
BY_US = "by_us"  # in the session: the open question came from a reminder, so it may be answered hours later
TOLD = frozenset({"opened", "said_more"})  # events of a case after which more may come
STAYED = "stayed_at"  # when the line of the flow `stay` was said last: kept in the session
PAUSE = timedelta(hours=1)  # after which an open question is not simply read out again: who writes may be another


def draw_digits(count: int) -> str:
    """So many random digits."""
    return f"{chance.randbelow(10**count):0{count}d}"


@dataclass(frozen=True, slots=True)
class Arrived:
    """What arrived of one conversation, ready for a turn: one inbox row, or several joined ones."""

    ids: tuple[int, ...]
    conversation_id: UUID
    received_at: datetime
    inbound: Inbound | None  # None for a timer, a job, the desk
    given: Input | None
    texts: tuple[str, ...] = ()


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


def as_input(inbound: Inbound, meaning: Meaning) -> Input | None:
    """An Inbound as an engine input; None when it says nothing to the engine."""
    match inbound.kind:
        case "text":
            return Heard(inbound.text, meaning)
        case "edited":
            return Heard(inbound.text, meaning, edited=True)
        case "press" if inbound.press:
            return Pressed(*inbound.press)
        case "media":
            kind = inbound.media[0].kind if inbound.media else "unknown"
            ref = inbound.media[0].ref if inbound.media else ""
            return Shared(kind, ref, inbound.text, meaning)
        case "location" if inbound.location:
            return Shared("location", f"{inbound.location[0]},{inbound.location[1]}", inbound.text, meaning)
        case "contact" | "unknown":
            return Shared(inbound.kind, "", inbound.text, meaning)
        case "command_start":
            return Heard(inbound.text or "menu", meaning)
        case _:
            return None


def as_job_input(payload: Mapping[str, Any]) -> Input | None:
    """An input that a job or the desk put into the inbox."""
    match payload.get("kind"):
        case "timed_out":
            return TimedOut(str(payload["step"]))
        case "resumed":
            return Resumed()
        case "started":
            return Started(str(payload["flow"]), str(payload.get("by", "")), dict(payload.get("slots", {})))
        case _:
            return None


class Turn:
    """Runs what arrived in one conversation of a locked subject."""

    def __init__(self, tools: Tools, subject: Subject, conversation: Conversation, actor: Actor | None = None) -> None:
        self._tools = tools
        self.subject = subject
        self._conversation = conversation
        self._person = subject.person
        self._session = Session.from_json(conversation.session)
        self._noted: dict[str, Any] = {}  # the row of what arrived
        self.wiped: tuple[int, ...] = ()  # rows of the inbox whose words no table keeps
        self._by_us = False  # whether a job began this turn, not the person
        self._boxed = False  # whether this turn said something of the box
        self.ctx = Context(
            actor=actor or Actor("person"),
            person=subject.person,
            conversation=conversation,
            cases=subject.cases,
            now=tools.now,
            new_id=tools.new_id,
            references=tools.references,
            knowledge=tools.content.knowledge,
            shelf=tools.shelf(subject, conversation),
            digits=tools.digits,
            closed=subject.closed,
            keyed=lambda *parts: lookup(subject.key, "handlers", *parts).hex(),
        )

    async def run(self, arrived: Arrived) -> None:
        """All that follows from what arrived: state, case rows, replies."""
        before = self._conversation.last_inbound_at
        self._by_us = arrived.inbound is None and isinstance(arrived.given, Started)
        secret = arrived.inbound is not None and self._is_secret(arrived.inbound)
        seen = private.look(self.ctx, self._session, arrived.given, self._tools.content, self._language())
        if seen.leaves:
            self._session = Session(shared=self._session.shared)
            self._conversation.session = self._session.to_json()
        if arrived.inbound is not None:
            self.note(arrived, arrived.inbound, masked=seen.mask, secret=secret)
            if self._provider_says(arrived.inbound):
                return
        given = await self._after_the_end(seen.given)
        if given is not None and await self._bot_may_answer(given):
            await self._converse(self._instead(given, before))
            await self._page_anyway(_danger(arrived.given))
        elif self._stays(given):
            await self._converse(Started("stay", "waiting"))
        if child := _child(arrived.given):  # whoever has the conversation; paged once
            await children.raise_child(self.ctx, tells=child)
        if secret and arrived.given is not None and not any(n.audience == box.READERS for n in self.ctx.notices):
            await self._keep_anyway(arrived.given)
        self.finish()

    def _is_secret(self, inbound: Inbound) -> bool:
        """Whether what arrived is heard by a question that no history keeps, or edits what was heard by one."""
        if inbound.kind == "edited":
            return self._edits_a_letter()
        top = self._session.top
        flow = self._tools.content.flows.get(top.flow) if top and top.waiting else None
        place = flow.index(top.step) if flow and top else None
        step = flow.steps[place] if flow and place is not None else None
        return isinstance(step, Ask) and step.secret

    def _edits_a_letter(self) -> bool:
        until = self._person.profile.get(SEALED)
        return until is not None and datetime.fromisoformat(until) > self._tools.now

    async def _keep_anyway(self, given: Input) -> None:
        """Danger or a child's words broke in, so the question got no answer: they are a letter all the same (law 1)."""
        if (_danger(given) or _child(given)) and isinstance(given, Heard | Shared):
            words = given.text if isinstance(given, Heard) else given.caption
            await box.write(self.ctx, words=words)

    # --- before the engine

    def note(self, arrived: Arrived, inbound: Inbound, *, masked: bool = False, secret: bool = False) -> None:
        """Put what arrived into the history (`masked`: not its digits; `secret`: nothing of it), and note that the
        person wrote."""
        conversation, at = self._conversation, arrived.received_at
        told = inbound.kind in {"blocked", "unblocked"}  # by the provider: she wrote nothing
        if not told and (conversation.last_inbound_at is None or at > conversation.last_inbound_at):
            conversation.last_inbound_at = at
        if conversation.agreed_until and conversation.agreed_until > self._tools.now:
            minutes = int(self.ctx.knowledge.get("contact_policy")["agreed_minutes"])
            conversation.agreed_until = self._tools.now + timedelta(minutes=minutes)
        if inbound.kind != "blocked":
            conversation.blocked_at = None
            self.subject.requeue.add(conversation.id)
        if inbound.ack:
            outgoing.acknowledge(
                self.subject, conversation, inbound.ack, row_id=self._tools.new_id(), now=self._tools.now
            )
        message_id = self._tools.new_id()
        body: dict[str, Any] = {
            "kind": inbound.kind,
            "text": "\n".join(arrived.texts) or inbound.text,
            "press": inbound.press and inbound.press[1],
            "media": [[m.kind, m.ref, m.content_type] for m in inbound.media],
            "location": inbound.location,
            "name": inbound.profile_name,
            "extra": inbound.extra,
        }
        if masked:
            body = private.masked(body)
        if secret:
            body = {"kind": "secret", "text": ""}
            self.wiped = arrived.ids
            self._boxed = True
            self._person.profile[SEALED] = (self._tools.now + EDITABLE).isoformat()
        elif not self._edits_a_letter():
            self._person.profile.pop(SEALED, None)
        self._noted = {
            "id": message_id,
            "received_at": at,
            "subject_id": self.subject.id,
            "conversation_id": conversation.id,
            "case_id": self._case_id(),
            "direction": "in",
            "author": "person",
            "user_id": None,
            "inbox_id": arrived.ids[0],
            "outbox_id": None,
            "body_enc": seal_json(self.subject.key, body, where=f"messages.body_enc.{message_id}"),
            "retention": self._retention(_danger(arrived.given)),
        }
        self.subject.messages.append(self._noted)

    def _provider_says(self, inbound: Inbound) -> bool:
        """Things that the provider decided already; True when there is nothing to answer."""
        match inbound.extra.get("opt_out"):
            case "STOP":  # the carrier has confirmed it by itself
                self._person.opted_out_at = self._tools.now
            case "START":
                self._person.opted_out_at = None
        if inbound.kind == "blocked":
            self._conversation.blocked_at = self._tools.now
        return inbound.kind in {"blocked", "unblocked"}

    async def _bot_may_answer(self, given: Input) -> bool:
        """False when a human has, or waits to have, the conversation. Danger pages in every case."""
        owner, danger = self._conversation.owner, _danger(given)
        if isinstance(given, Started) and given.by == reminders.BY:  # meanwhile a human took it, or the flow is no more
            return owner == "bot" and given.flow in self._tools.content.flows.by_name
        word = self._universal(given)
        if owner == "bot" or isinstance(given, Resumed | Started):
            return True
        if owner == "closed":  # whatever is written reopens it
            self._conversation.give_to("bot")
            return True
        if word in ALWAYS or (danger is None and self._in_secret()):
            return True
        shut = word in QUIET and case_actions.heavy(self.ctx) is not None  # no list before a human has closed it
        if owner == "waiting" and danger is None and (word or self._asks() or self._code(given)) and not shut:
            return True  # a command, a code, or the answer to what a command asked: nobody else speaks here yet
        if danger is None:
            if isinstance(given, Heard | Shared) and (self._conversation.id, "queue") not in self.subject.open_notices:
                self.ctx.notify("queue", "wrote_again", "medium", self.subject.cases[0] if self.subject.cases else None)
            return False
        if owner == "waiting" and case_actions.recent_alarm(self.ctx) is None:
            self._conversation.give_to("bot")  # nobody speaks yet: the number and the questions of danger help more
            return True
        await case_actions.raise_alarm(self.ctx, kind=danger)
        return False

    async def _after_the_end(self, given: Input | None) -> Input | None:
        """Who writes again after a human closed it is heard: the case is open again. Courtesy, commands and questions
        for facts reopen nothing."""
        if self._conversation.owner != "closed" or not isinstance(given, Heard | Shared):
            return given
        self._conversation.give_to("bot")
        flow = self._tools.content.flows.by_name.get(self._tools.content.flows.by_intent.get(given.meaning.intent, ""))
        other = flow is not None and flow.level in {"information", "system"}
        if (
            not self.ctx.closed
            or self._universal(given)
            or given.meaning.intent in COURTESY
            or other
            or self._code(given)
        ):
            return given
        if _danger(given) is None:
            return Started(REOPENED, "reply")
        await closing.reopen(self.ctx)
        return given

    def _stays(self, given: Input | None) -> bool:
        """Whether the line of the flow `stay` is due: it is too heavy for her, she writes on, nobody is there yet."""
        if self._conversation.owner != "waiting" or not isinstance(given, Heard | Shared | Pressed):
            return False
        minutes = int(self.ctx.knowledge.get("contact_policy")["stay_minutes"])
        last = self._session.shared.get(STAYED)
        if last and self._tools.now - datetime.fromisoformat(last) < timedelta(minutes=minutes):
            return False
        if case_actions.heavy(self.ctx) is None:
            return False
        shared = {**self._session.shared, STAYED: self._tools.now.isoformat()}
        self._session = replace(self._session, shared=shared)
        return True

    def _universal(self, given: Input) -> str | None:
        """The universal command that the input is."""
        return self._tools.content.words("en").universal(given.text) if isinstance(given, Heard) else None

    def _in_secret(self) -> bool:
        """Whether an open question belongs to the box: it is answered whoever has the conversation."""
        top = self._session.top
        flow = self._tools.content.flows.get(top.flow) if top and top.waiting else None
        return flow is not None and flow.secret

    def _code(self, given: Input) -> str | None:
        """The family code that the input is or holds."""
        reader = self._tools.content.readers.get("code")
        return reader.find(given.text, {}, self._language()) if reader and isinstance(given, Heard) else None

    def _asks(self) -> bool:
        """Whether a question of the bot is open."""
        top = self._session.top
        return top is not None and top.waiting

    def _instead(self, given: Input, before: datetime | None) -> Input:
        """What the engine gets in place of it: a child's words start the flow for children (danger goes before it),
        words after a number are more about the same, and after a pause an open question is not simply answered."""
        flows = self._tools.content.flows
        child = _child(given)
        if child and not _danger(given) and not children.is_child(self.ctx) and flows.get(CHILD_FLOW):
            return Started(CHILD_FLOW, "said", {"tells": child})
        if flows.get(MORE_FLOW) and (more := self._more(given)):
            return Started(MORE_FLOW, "said", more)
        return self._after_a_pause(given, before)

    def _more(self, given: Input) -> dict[str, Any] | None:
        """Words or files that follow a number and are no command and no other matter: more about it."""
        until = self._session.shared.get(MORE_UNTIL)
        if self._session.stack or not self.ctx.cases or not isinstance(given, Heard | Shared) or _danger(given):
            return None
        if not isinstance(until, str) or datetime.fromisoformat(until) < self._tools.now:
            return None
        if self._universal(given) or self._code(given):
            return None
        if isinstance(given, Heard) and (given.edited or self._another_matter(given.meaning)):
            return None
        text = given.text if isinstance(given, Heard) else given.caption
        files = [{"kind": given.kind, "ref": given.ref}] if isinstance(given, Shared) and given.ref else None
        return {SAID: [text.strip()[:LONGEST]] if text.strip() else None, SENT: files}

    def _another_matter(self, meaning: Meaning) -> bool:
        """Whether the words clearly mean another flow than that of the newest case; thanks and a greeting have one."""
        flows = self._tools.content.flows
        name = flows.by_intent.get(meaning.intent)
        clear = meaning.confidence >= self._tools.content.rules.interrupt
        return clear and name is not None and name != flows.by_intent.get(self.ctx.cases[0].kind)

    def _after_a_pause(self, given: Input, before: datetime | None) -> Input:
        """After an hour the phone may be in other hands: the open question is not answered by what comes, and not read
        out again; the neutral "shall we go on?" comes first. Danger, commands and another clear wish go before it. A
        reminder's question is harmless and comes long after her last message: its answer is one."""
        top = self._session.top
        flow = self._tools.content.flows.get(top.flow) if top and top.waiting else None
        if flow is None or flow.level in {"danger", "system"} or not isinstance(given, Heard):
            return given
        if before is None or self._tools.now - before < PAUSE or self._session.shared.get(BY_US):
            return given
        if code := self._code(given):  # whoever writes it wants its answer, not the question of yesterday
            return Started(self._tools.content.rules.codes, "pause", {"code": code})
        clear = given.meaning.confidence >= self._tools.content.rules.interrupt and given.meaning.intent != "greet"
        return given if given.meaning.danger or self._universal(given) or clear else Started("resume", "pause")

    async def _page_anyway(self, danger: str | None) -> None:
        """Whatever flow answered: danger leaves a page, unless one is open that nobody has taken yet (law 2)."""
        paged = any(n.audience == "page" for n in self.ctx.notices)
        if danger and not paged and (self._conversation.id, "page") not in self.subject.open_notices:
            await case_actions.raise_alarm(self.ctx, kind=danger)

    # --- the engine and the handlers it calls

    async def _converse(self, given: Input) -> None:
        session = self._prepared(given)
        step: Input = given
        for _ in range(CALLS):
            content, language = self._tools.content, self._language()
            result = turn(
                content.flows,
                session,
                step,
                words=content.words(language),
                readers=content.readers,
                language=language,
                rules=content.rules,
            )
            session = result.session
            called = self._say(result.events)
            if called is None:
                break
            step = await self._call(called)
        else:
            raise RuntimeError("a flow calls actions without end")
        self._keep(session)

    def _prepared(self, given: Input) -> Session:
        """The session, with what is known of the person besides."""
        session = self._session
        meaning = given.meaning if isinstance(given, Heard | Shared) else Meaning()
        if self._person.language is None and meaning.language in self._tools.content.languages:
            self._person.language_guess = self._person.language_guess or meaning.language
        known = {
            "language": self._person.language,
            "language_guess": self._person.language_guess,
            "country": self._person.country or self._country_of_stay(),
            # Who went through a report and said yes is no stranger to be introduced to.
            "welcomed": self._person.consent_store_at is not None,
        }
        shared = {**session.shared, **{k: v for k, v in known.items() if v}}
        return replace(session, shared=shared)

    def _country_of_stay(self) -> str | None:
        """The country of the number, unless people leave from there to work: a family writes from home about abroad."""
        hint = self._conversation.country_hint
        return None if hint in self._tools.content.knowledge.get("countries")["origin"] else hint

    def _language(self) -> str:
        person = self._person
        for code in (person.language, person.language_guess):
            if code and code in self._tools.content.languages:
                return code
        return "en"

    def _say(self, events: Sequence[Event]) -> Called | None:
        called = None
        for event in events:
            match event:
                case Said() | Asked():
                    reply = self._tools.content.reply(event, self._language())
                    self._queue(reply)
                case Called():
                    called = event
                case _:
                    pass
        return called

    def _queue(self, reply: Reply) -> None:
        name = reply.text_id.partition(".")[0]
        flow = self._tools.content.flows.get(name)
        boxed = flow is not None and flow.secret
        self._boxed = self._boxed or boxed
        # Who has the conversation may be the one it is about: the box answers all the same, but nobody who said STOP.
        aside = boxed and self._conversation.owner == "human" and self._person.opted_out_at is None
        outgoing.queue(
            self._tools.policy,
            self.subject,
            self._conversation,
            reply,
            origin="system" if name in SYSTEM_FLOWS or aside else "bot",
            row_id=self._tools.new_id(),
            now=self._tools.now,
            case_id=None if boxed else self._case_id(),
            retention=BOX if boxed else self._retention(reply.urgent),
        )

    async def _call(self, called: Called) -> Outcome:
        module_name, _, function = called.action.partition(".")
        module = importlib.import_module(f"handlers.{module_name}")
        if function not in module.__all__:
            raise LookupError(called.action)
        action: Callable[..., Awaitable[Outcome]] = getattr(module, function)
        outcome = await action(self.ctx, **called.args)
        declared = module.OUTCOMES[function]
        if outcome.name not in declared or not set(outcome.slots) <= set(declared[outcome.name]):
            raise LookupError(f"{called.action} returned an outcome that it does not declare: {outcome.name}")
        return outcome

    # --- after the engine

    def _keep(self, session: Session) -> None:
        country = session.shared.get("country")
        if isinstance(country, str) and len(country) == 2:
            self._person.country = country
        if any(event.kind in TOLD for event in self.ctx.events):
            minutes = int(self.ctx.knowledge.get("contact_policy")["more_minutes"])
            until = (self._tools.now + timedelta(minutes=minutes)).isoformat()
            session = replace(session, shared={**session.shared, MORE_UNTIL: until})
        shared = {k: v for k, v in session.shared.items() if k != BY_US}
        session = replace(session, shared={**shared, BY_US: True} if self._by_us else shared)
        if self.ctx.forget:
            session = Session(shared={k: v for k, v in session.shared.items() if k not in (MORE_UNTIL, SAID, SENT)})
        self._conversation.session = session.to_json()

    def finish(self) -> None:
        """Turn what the handlers recorded into rows of the batch."""
        ctx, now = self.ctx, self._tools.now
        for event in ctx.events:
            self.subject.events.append(
                {
                    "id": self._tools.new_id(),
                    "subject_id": self.subject.id,
                    "case_id": event.case_id,
                    "kind": event.kind,
                    "actor": ctx.actor.kind,
                    "user_id": ctx.actor.user_id,
                    "codes": dict(event.codes),
                    "happened_at": now,
                }
            )
        for notice in ctx.notices:
            metrics.alarms.labels(kind=notice.kind).inc()
            if notice.audience == box.READERS:
                continue  # a row would name her: the letter itself waits in the box (`saathi box list`)
            self.subject.notices.append(
                {
                    "id": self._tools.new_id(),
                    "subject_id": self.subject.id,
                    "conversation_id": self._conversation.id,
                    "case_id": notice.case_id,
                    "audience": notice.audience,
                    "kind": notice.kind,
                    "severity": notice.severity,
                    "raised_at": now,
                }
            )
        ctx.events.clear()
        ctx.notices.clear()
        if self._conversation.owner in {"bot", "waiting"}:  # handing over must not withdraw what was just said
            for row in self.subject.outbox:
                if row["conversation_id"] == self._conversation.id and row["origin"] == "bot":
                    row["owner_epoch"] = self._conversation.owner_epoch
        if self._noted:  # the message that opened a case belongs to it, and to its legal hold
            self._noted["case_id"] = None if self._boxed else self._case_id()
            if self._boxed:
                self._noted["retention"] = BOX

    def _case_id(self) -> UUID | None:
        return self.subject.cases[0].id if self.subject.cases else None

    def _retention(self, danger: object) -> str:
        """How long a text is kept (DESIGN §4): with consent as a person, else danger 72 h, browsing 24 h."""
        if self._person.consent_store_at is not None:
            return "person"
        critical = any(c.severity == "critical" for c in self.subject.cases)
        return "danger_before_consent" if danger or critical else "browse"


def _danger(given: Input | None) -> str | None:
    """The kind of danger that pages, if the input carries one."""
    if isinstance(given, Heard | Shared) and given.meaning.danger and given.meaning.danger.tier == "page":
        return given.meaning.danger.kind
    return None


def _child(given: Input | None) -> str:
    """What a text says of a child that writes; empty when it says nothing of it."""
    return given.meaning.child if isinstance(given, Heard | Shared) else ""
