"""One turn of one person: the engine, the handlers it calls, and the replies that come of it.

Law: works on a locked subject in memory; nothing is written here, and no sentence is made here.
"""

from __future__ import annotations

import importlib
import secrets as chance
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.conductor import fallen, pace, private
from bot.conductor.arrived import Arrived, NotVouched, child_of, danger_of, weighed
from bot.conductor.gate import BY_US, MORE_UNTIL, Gate
from bot.content import Content, languages
from bot.content.marks import NONE, Marks
from bot.engine import answers
from bot.engine.engine import turn
from bot.engine.events import Asked, Called, Event, Said
from bot.engine.flow import Ask
from bot.engine.inbound import Inbound
from bot.engine.inputs import Heard, Input, Meaning, Outcome, Pressed, Shared, Started
from bot.engine.interrupts import COMPLAIN, command
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.engine.state import SAID, SENT
from bot.nlu.language import same_spoken, script_of
from bot.observe import metrics
from bot.store import attachments, vouched, windows
from bot.store.accounts import UNLIMITED
from bot.store.colleagues import Colleague
from bot.store.keys import seal_json
from bot.store.rota import Rotas
from bot.store.rows import Conversation
from bot.store.turns import Subject
from handlers import box, children, duty, handoff, targets
from handlers import cases as case_actions
from handlers import owner as owners
from handlers.context import Actor, Context, Shelf
from handlers.languages import WROTE

CALLS = 40  # handlers that one message may run; more is a fault of a flow
# Their one line leaves whoever owns the conversation.
SYSTEM_FLOWS = frozenset({"stop", "start", "window", private.LEAVE})
REPORTS = frozenset({"danger", "serious", "grievance"})  # levels of flows in which a country is where it happens
PASSING = frozenset({"search_request"})  # flows whose words are somebody else's: kept for a day, as of who browses
# What a human says here with our words: it leaves as a human's, while a human has the conversation.
OF_A_HUMAN = frozenset({"hand_on", "handed_on", "one_code"})
BOX = "box"  # retention of what belongs to a letter of the box: shown to no caseworker, gone after a day
EDITABLE = timedelta(hours=48)  # how long a message can be edited afterwards (Telegram)
SEALED = "sealed_until"  # in the profile: until then an edit may be one of a letter
FORGOTTEN = (MORE_UNTIL, handoff.ANSWER_UNTIL, SAID, SENT)  # when she clears: what follows belongs to nothing
LATIN = "latin"  # in the profile: she writes in Latin letters
LATE = "late_said"  # in the session: when she was told that an answer is late
CLOCKS = timedelta(minutes=5)  # by which a provider's clock and ours may differ
CLEAR = 3  # words in the letters of her own language that another language must have to be told
LETTERS = 5  # fewer tell nothing: "ok", "yes", "112"
RANG = "rang"  # in the session: it waits for a human only since somebody rang
TALKING = timedelta(hours=1)  # so long an open question is being talked about
TOLD = frozenset({"opened", "said_more"})  # events of a case after which more may come


def draw_digits(count: int) -> str:
    """So many random digits."""
    return f"{chance.randbelow(10**count):0{count}d}"


def _written_at(inbound: Inbound, received_at: datetime) -> datetime:
    """When she wrote: by the provider's clock where it tells that we were away meanwhile, else by ours."""
    sent = inbound.sent_at
    return sent if sent is not None and received_at - sent > CLOCKS else received_at


def _is_aside(given: Input) -> bool:
    return isinstance(given, Started) and given.flow == windows.FLOW


def _organisation(subject: Subject, conversation: Conversation) -> UUID | None:
    """Whose a conversation is: that of the open cases in it; None for the one that runs this installation."""
    here = (case for case in subject.cases if case.conversation_id == conversation.id and not case.draft)
    return next((case.organisation_id for case in here if case.organisation_id is not None), None)


def _seen(given: Input) -> str | None:
    """The kind of danger in what was said, also of one that is only asked about."""
    danger = given.meaning.danger if isinstance(given, Heard | Shared) else None
    return danger.kind if danger else None


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
    unnamed: fallen.Unnamed | None = None  # takes out what may tell of somebody; None keeps no line at all
    marks: Marks = NONE  # what colleagues say of facts
    provable: Callable[[str, str], bool] | None = None  # of a channel and an account: whose provider can be asked


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
        self._arrived: Arrived | None = None
        self._boxed = False  # whether this turn said something of the box
        self._unsure_words = False  # whether English stood under something of this turn
        self._events: list[Event] = []  # of the engine, in this turn
        self.ctx = Context(
            actor=actor or Actor("person"),
            person=subject.person,
            conversation=conversation,
            cases=subject.cases,
            now=tools.now,
            new_id=tools.new_id,
            references=tools.references,
            knowledge=duty.Facts(
                tools.marks.on(tools.content.knowledge), tools.rotas.of(_organisation(subject, conversation))
            ),
            shelf=tools.shelf(subject, conversation),
            digits=tools.digits,
            closed=subject.closed,
            colleagues=tools.colleagues,
        )

    async def run(self, arrived: Arrived) -> None:
        """All that follows from what arrived: state, case rows, replies."""
        before = self._conversation.last_inbound_at
        given = weighed(arrived.given, self._tools.content.readers, self._language())
        self._arrived = arrived = replace(arrived, given=given)
        if arrived.inbound is not None and private.recycled(self.ctx):
            private.become_guest(self.ctx)
            self._session = Session()
            self._conversation.session = self._session.to_json()
        self._by_us = arrived.inbound is None and isinstance(arrived.given, Started)
        secret = arrived.inbound is not None and self._is_secret(arrived.inbound)
        asked = self._asked()
        seen = await private.look(self.ctx, self._session, arrived.given, self._tools.content, self._language())
        if seen.leaves:
            self._session = Session(shared=self._session.shared)
            self._conversation.session = self._session.to_json()
        if arrived.inbound is not None:
            counted = self._is_counted(arrived)
            self.note(arrived, arrived.inbound, masked=seen.mask or counted, secret=secret)
            if counted:
                self.wiped = arrived.ids
            if self._provider_says(arrived.inbound):
                return
            if arrived.inbound.kind == "rang":
                self._rang(arrived.received_at)
                self.finish()
                return
        self._words_after_a_ring(seen.given)
        gate = Gate(
            self.ctx,
            self._session,
            self._tools.content,
            self._language(),
            self.subject.open_notices,
            by_itself=arrived.inbound is None,
        )
        given = await gate.after_the_end(seen.given)
        self._session = gate.session
        if given is not None and gate.passes_by(given, before):
            self._session = gate.session
            self._conversation.session = self._session.to_json()
        answers = given is not None and await gate.may_answer(given)
        if given is not None and answers:
            given = gate.instead(given, before)
            self._session = gate.session
            self._own_up(arrived, given)
            if arrived.inbound is None or secret or self._in_pace(gate, given):
                self._offer_language(given)
                await (self._aside(given) if _is_aside(given) else self._converse(given))
            if self._unsure_words:  # asked in words that nobody has signed: a human looks at once
                await self._page_anyway(_seen(given))
            await self._page_anyway(private.wakes(self.ctx, arrived.given))
            gate.session = Session.from_json(self._conversation.session)
            gate.ends_again()
        if given is None:  # nothing may be said: somebody is woken all the same
            await self._page_anyway(private.wakes(self.ctx, arrived.given))
        if isinstance(arrived.given, Heard | Shared) and not gate.courtesy(arrived.given):
            targets.wrote(self.ctx)
        if child := child_of(arrived.given):  # whoever has the conversation; paged once
            await children.raise_child(self.ctx, tells=child)
        if not (secret or seen.mask or self._boxed or self._is_closed(asked)):
            self._keep_line(given, typed=asked is not None and not asked.choices)
        if not answers and gate.stays(given):
            self._session = gate.session
            await self._converse(Started("stay", "waiting"))
        letter = arrived.given is not None and (secret or self._accuses_us(arrived.given))
        if letter and arrived.given and not any(n.audience == box.READERS for n in self.ctx.notices):
            await self._keep_anyway(arrived.given)
        self.finish()

    def _leave_from(self, inbound: Inbound, at: datetime) -> datetime:
        """From when on she may be answered: from when it came, though it came late, while it is in her hours. Else from
        when she wrote: at night her phone may be with somebody else by now."""
        safe = outgoing.is_safe(self._tools.policy, self._person, self._conversation.country_hint, at)
        return at if safe else _written_at(inbound, at)

    def _own_up(self, arrived: Arrived, given: Input) -> None:
        """After hours in which nobody was answered: one line that this is late, before the first answer. Not before one
        about danger."""
        inbound, now = arrived.inbound, self._tools.now
        if inbound is None or danger_of(given):
            return
        policy, said = self.ctx.knowledge.get("contact_policy"), self._session.shared.get(LATE)
        late = timedelta(minutes=int(policy["late_minutes"]))
        if now - _written_at(inbound, arrived.received_at) < late:
            return
        if said is None or now - datetime.fromisoformat(str(said)) >= late:
            self._session = replace(self._session, shared={**self._session.shared, LATE: now.isoformat()})
            self._conversation.session = self._session.to_json()
            self._say([Said("system.late")])

    def _in_pace(self, gate: Gate, given: Input) -> bool:
        """Whether she is answered once more. Danger that is news, a wish for a human and STOP always are."""
        self._session, verdict = pace.answered(
            self._session,
            self._conversation.channel,
            self._tools.now,
            self.ctx.knowledge.get("contact_policy")["answers"],
        )
        self._conversation.session = self._session.to_json()
        news = danger_of(given) and (self._conversation.id, "page") not in self.subject.open_notices
        if verdict == "answer" or news or gate.cannot_wait(given):
            return True
        if verdict == "wait":
            self._say([Said(pace.WAIT)])
            if (self._conversation.id, "queue") not in self.subject.open_notices:
                self.ctx.notify("queue", "flood", "medium", case_actions.concerned(self.ctx))
        return False

    def _is_secret(self, inbound: Inbound) -> bool:
        """Whether what arrived is heard by a question that no history keeps, or edits what was heard by one."""
        if inbound.kind == "edited":
            return self._edits_a_letter()
        asked = self._asked()
        return asked is not None and asked.secret

    def _asked(self) -> Ask | None:
        """The question that is open."""
        top = self._session.top
        flow = self._tools.content.flows.get(top.flow) if top and top.waiting else None
        place = flow.index(top.step) if flow and top else None
        step = flow.steps[place] if flow and place is not None else None
        return step if isinstance(step, Ask) else None

    @staticmethod
    def _is_closed(asked: Ask | None) -> bool:
        """Whether what a question hears is for nobody else."""
        return asked is not None and (asked.secret or asked.counted)

    def _keep_line(self, given: Input | None, *, typed: bool) -> None:
        """Words that nobody understood, for whoever teaches the bot."""
        words = self._tools.content.words(self._language())
        if self._tools.unnamed is not None and isinstance(given, Heard) and not command(words, given.text):
            reason = fallen.why(given, self._events, self._tools.content.rules, typed)
            fallen.keep(self.ctx, self.subject, given, reason, self._tools.unnamed)

    def _is_counted(self, arrived: Arrived) -> bool:
        """Whether what arrived answers a question whose answers are only counted. Danger, and a wish for somebody, are
        words for a human and are kept."""
        asked, given = self._asked(), arrived.given
        if asked is None or not asked.counted or danger_of(given) or child_of(given):
            return False
        if isinstance(given, Pressed):
            return given.step.endswith(f".{asked.id}")
        state = self._tools.content.state(self._session, self._language())
        open_now = state.present()
        if open_now is None or not isinstance(given, Heard):
            return False
        asking = state.asking(*open_now)
        return bool(answers.exact(asking, given.text) or answers.nearly(asking, given.text))

    def _edits_a_letter(self) -> bool:
        until = self._person.profile.get(SEALED)
        return until is not None and datetime.fromisoformat(until) > self._tools.now

    def _accuses_us(self, given: Input) -> bool:
        """Whether a sentence speaks of one of us: whoever reads the queue may be the one that it is about."""
        text = given.text if isinstance(given, Heard) else given.caption if isinstance(given, Shared) else ""
        return self._tools.content.words(self._language()).sentence(text) == COMPLAIN

    async def _keep_anyway(self, given: Input) -> None:
        """Danger or a child's words broke in, so the box was not begun or got no answer: they are a letter all the same
        (law 1)."""
        if (danger_of(given) or child_of(given)) and isinstance(given, Heard | Shared):
            words = given.text if isinstance(given, Heard) else given.caption
            await box.write(self.ctx, words=words)

    async def aside(self, given: Started) -> None:
        """Our words of a flow, said within an act of staff; what stands open stays as it is."""
        await self._aside(given)

    async def begin(self, given: Started) -> None:
        """A flow that staff starts, within their act."""
        await self._converse(given)

    # --- before the engine

    def note(self, arrived: Arrived, inbound: Inbound, *, masked: bool = False, secret: bool = False) -> None:
        """Put what arrived into the history (`masked`: not its digits; `secret`: nothing of it), and note that the
        person wrote."""
        conversation, at = self._conversation, arrived.received_at
        # Told by the provider: she wrote nothing. Who rings may be anybody who holds the phone: no leave to answer.
        written = self._leave_from(inbound, at)
        told = inbound.kind in {"blocked", "unblocked", "rang"}
        if not told and (conversation.last_inbound_at is None or written > conversation.last_inbound_at):
            conversation.last_inbound_at = written
        if not told and conversation.agreed_until and conversation.agreed_until > self._tools.now and written == at:
            minutes = int(self.ctx.knowledge.get("contact_policy")["agreed_minutes"])
            conversation.agreed_until = self._tools.now + timedelta(minutes=minutes)
        if inbound.kind not in {"blocked", "rang"}:
            conversation.nudged_at = None
            conversation.blocked_at = None
            if not private.is_guest(self.ctx):  # what was held for her is for nobody else
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
            number = inbound.extra.get("message_id")  # tells nothing, and lets the chat be cleaned
            body = {"kind": "secret", "text": "", "extra": {"message_id": number} if number else {}}
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
            "retention": self._retention(danger_of(arrived.given)),
        }
        self.subject.messages.append(self._noted)
        if not secret and conversation.account != UNLIMITED:  # a simulated phone has no files
            here = {"subject_id": self.subject.id, "conversation_id": conversation.id, "message_id": message_id}
            for file in inbound.media:
                values = {**here, "kind": file.kind}
                self.subject.media.append(attachments.row(self.subject.key, values, ref=file.ref, at=at))

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

    def _rang(self, at: datetime) -> None:
        """A missed call, or an SMS without words: nothing is sent back before a human has decided that it is safe. In
        the middle of a conversation with the bot it is most likely a slip, and the bot goes on."""
        conversation, now = self._conversation, self._tools.now
        conversation.rang_at = at
        last, top = conversation.last_inbound_at, self._session.top
        talking = top is not None and top.waiting and last is not None and now - last < TALKING
        if conversation.owner in {"bot", "closed"} and not talking:
            owners.move(conversation, "rings")
            conversation.session = replace(self._session, shared={**self._session.shared, RANG: True}).to_json()
        if (conversation.id, "queue") not in self.subject.open_notices:
            self.ctx.notify("queue", "rang", "high", self.ctx.cases[0] if self.ctx.cases else None)

    def _words_after_a_ring(self, given: Input | None) -> None:
        """Who writes in words after a ring is answered by the bot, as anybody is; the human still sees the ring."""
        if given is None or not self._session.shared.get(RANG):
            return
        self._session = replace(self._session, shared={k: v for k, v in self._session.shared.items() if k != RANG})
        self._conversation.session = self._session.to_json()
        if self._conversation.owner == "waiting":
            owners.move(self._conversation, "speaks")

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
            if self._must_wait(called):  # nothing is done; the question stays open
                self._say([Said("system.unvouched")])
                if (self._conversation.id, "queue") not in self.subject.open_notices:
                    self.ctx.notify("queue", "unvouched", "medium", case_actions.concerned(self.ctx))
                return
            step = await self._call(called)
        else:
            raise RuntimeError("a flow calls actions without end")
        self._keep(session)

    def _must_wait(self, called: Called) -> bool:
        """Whether this deletes or discloses something and its provider cannot say now whether it knows the message: one
        signature of Twilio's fits more than one form (W7). Raises NotVouched when it was not asked yet."""
        arrived = self._arrived
        if arrived is None or arrived.inbound is None or self._tools.provable is None:
            return False
        module, _, function = called.action.partition(".")
        if function not in getattr(importlib.import_module(f"handlers.{module}"), "VOUCHED", ()):
            return False
        if not self._tools.provable(arrived.inbound.channel, arrived.inbound.account):
            return False
        if None in arrived.vouched:
            raise NotVouched
        return set(arrived.vouched) != {vouched.YES}

    def _in_latin(self) -> bool:
        """Whether her last words by SMS were in Latin letters: an old phone may show no others."""
        return self._conversation.channel == "sms" and bool(self._person.profile.get(LATIN))

    def _note_letters(self, given: Input) -> None:
        """Which letters she writes in, off an SMS with enough of them."""
        if self._conversation.channel != "sms" or not isinstance(given, Heard):
            return
        if self._language() not in self._tools.content.latin:
            return
        if sum(1 for c in given.text if c.isalpha()) < LETTERS:
            return
        if script_of(given.text) == "LATIN":
            self._person.profile[LATIN] = True
        else:
            self._person.profile.pop(LATIN, None)

    async def _aside(self, given: Input) -> None:
        """A line of a job that says nothing of the conversation: what is open stays open, and is not asked anew."""
        kept = self._conversation.session
        self._session = Session(shared=self._session.shared)
        await self._converse(given)
        self._conversation.session = kept

    def _prepared(self, given: Input) -> Session:
        """The session, with what is known of the person besides."""
        session = self._session
        meaning = given.meaning if isinstance(given, Heard | Shared) else Meaning()
        self._note_language(given.text if isinstance(given, Heard) else "", meaning.language)
        self._note_letters(given)
        self._person.country = self._person.country or self._country_said(given, meaning)
        known = {
            "language": self._person.language,
            "language_guess": self._person.language_guess,
            "country": self._person.country or self._country_of_stay(),
            # Who went through a report and said yes is no stranger to be introduced to.
            "welcomed": self._person.consent_store_at is not None,
        }
        shared = {**session.shared, **{k: v for k, v in known.items() if v}}
        return replace(session, shared=shared)

    def _note_language(self, text: str, guess: str) -> None:
        """Which language she writes, while she has chosen none: the first one that we answer in stands. One that is not
        there for people yet is kept as well: she is answered in what there is, and colleagues see what she writes."""
        person, ready = self._person, self._tools.content.languages
        if not guess or person.language is not None or person.language_guess in ready:
            return
        known = person.language_guess or ""
        if not known or (guess in ready and not same_spoken(known, guess, text)):
            person.language_guess = guess

    def _country_said(self, given: Input, meaning: Meaning) -> str | None:
        """The country that a first report names, before that of the number: a Kuwaiti number may stand in Saudi Arabia.
        Not a country that people leave from (she wants to go home there), and not what somebody only asks about."""
        content = self._tools.content
        name = content.flows.by_intent.get(meaning.danger.kind if meaning.danger else meaning.intent, "")
        flow = content.flows.get(name)
        if self._session.stack or not isinstance(given, Heard) or flow is None or flow.level not in REPORTS:
            return None
        said = content.readers["country"].find(given.text, {}, self._language())
        return None if said in content.knowledge.get("countries")["origin"] else said

    def _country_of_stay(self) -> str | None:
        """The country of the number, unless people leave from there to work: a family writes from home about abroad."""
        hint = self._conversation.country_hint
        return None if hint in self._tools.content.knowledge.get("countries")["origin"] else hint

    def _language(self) -> str:
        person = self._person
        for code in (person.language, person.language_guess):
            if code and code in self._tools.content.languages:
                return code
        return languages.of_country(self._tools.content.languages, self._conversation.country_hint) or "en"

    def _offer_language(self, given: Input) -> None:
        """Who writes clearly in another language than ours is told, in that one and once, how to change it. One message
        never changes it by itself, and nothing stands before danger."""
        content, language = self._tools.content, self._language()
        if not isinstance(given, Heard) or given.edited or danger_of(given) or self._conversation.owner != "bot":
            return
        other, asked, person = given.meaning.language, self._asked(), self._person
        if not (person.language or person.language_guess):
            return  # of a stranger the first words decide: she is answered in them
        levels = {flow.level for f in self._session.stack if (flow := content.flows.get(f.flow))}
        if other not in content.languages or other == language or person.opted_out_at or "danger" in levels:
            return
        if (asked and answers.takes_words(asked)) or given.meaning.intent == "change_language":
            return
        # Letters tell at once, but for Latin ones: half of what is written in any language is in them.
        foreign = script_of(given.text) not in {script_of(content.languages[language].name), "LATIN", ""}
        if (not foreign and len(given.text.split()) < CLEAR) or person.profile.get(WROTE) == other:
            return
        person.profile[WROTE] = other
        self._queue(content.reply(Said("system.other_language", {"name": content.languages[other].name}), other))

    def _say(self, events: Sequence[Event]) -> Called | None:
        called = None
        self._events += events
        for event in events:
            match event:
                case Said() | Asked():
                    reply = self._tools.content.reply(event, self._language(), latin=self._in_latin())
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
        self._unsure_words = self._unsure_words or bool(reply.under)
        # Who has the conversation may be the one it is about: the box answers all the same, but nobody who said STOP.
        aside = boxed and self._conversation.owner == "human" and self._person.opted_out_at is None
        by_hand = name in OF_A_HUMAN and self.ctx.actor.kind == "staff" and self._conversation.owner == "human"
        outgoing.queue(
            self._tools.policy,
            self.subject,
            self._conversation,
            reply,
            origin="system" if name in SYSTEM_FLOWS or aside else "human" if by_hand else "bot",
            user_id=self.ctx.actor.user_id if by_hand else None,
            row_id=self._tools.new_id(),
            now=self._tools.now,
            case_id=None if boxed else self._case_id(),
            retention=BOX if boxed else "browse" if name in PASSING else self._retention(reply.urgent),
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
            outgoing.wipe(self.subject, self._conversation, row_id=self._tools.new_id(), now=self._tools.now)
            session = Session(shared={k: v for k, v in session.shared.items() if k not in FORGOTTEN})
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
            due = targets.due(ctx, notice)
            targets.start(ctx, notice, due)
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
                    "due_at": due,
                }
            )
        if ctx.lowered:
            self.subject.lowered.add(self._conversation.id)
            ctx.lowered = False
        if ctx.put_off is not None:
            self.subject.put_off[self._conversation.id] = ctx.put_off
            ctx.put_off = None
        ctx.events.clear()
        ctx.notices.clear()
        if self._conversation.owner != "human":  # handing over, or ending it, must not withdraw what was just said
            for row in self.subject.outbox:
                if row["conversation_id"] == self._conversation.id and row["origin"] == "bot":
                    row["owner_epoch"] = self._conversation.owner_epoch
        if self._noted:  # the message that opened a case belongs to it, and to its legal hold
            self._noted["case_id"] = None if self._boxed else self._case_id()
            if self._boxed:
                self._noted["retention"] = BOX
            elif self._noted["retention"] == "browse":  # what opened a case, or asked for a human, is read by one
                self._noted["retention"] = self._retention(None)

    def _case_id(self) -> UUID | None:
        return self.subject.cases[0].id if self.subject.cases else None

    def _retention(self, danger: object) -> str:
        """How long a text is kept (DESIGN §4): with consent as a person; what a human is to read as long as its case
        needs it; else danger 72 h, browsing 24 h."""
        if self._person.consent_store_at is not None:
            return "person"
        if self._conversation.owner in {"waiting", "human"}:
            return "case"
        if danger or any(c.severity == "critical" for c in self.subject.cases):
            return "danger_before_consent"
        return "case" if any(c.kind != case_actions.TIP for c in self.subject.cases) else "browse"
