"""Before the engine: whether the bot may answer at all, and what it is given in place of what arrived.

Law: who owns the conversation decides; danger pages in every case; nothing is said here. `session` is the only thing
that a gate changes besides the owner.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import regex

from bot.conductor import meanwhile
from bot.conductor.arrived import COURTESY, child_of, danger_of, doubt_of
from bot.content import Content
from bot.engine import offers
from bot.engine.answers import Answer, exact
from bot.engine.inputs import Heard, Input, Meaning, Pressed, Resumed, Shared, Started
from bot.engine.session import Frame, Session
from bot.engine.stack import LONGEST, SAID, SENT
from bot.store import reminders
from bot.store.records import CHECK_IN
from handlers import asked, cases, casework, children, closing, targets, transfers, which
from handlers import owner as owners
from handlers.context import Context
from handlers.handoff import ANSWER_UNTIL

REOPENED = "reopened"  # the flow of who writes again after the end
TAKES_BACK = "unuse"  # the flow of who takes back what she agreed to
# Words that count even when a human has the conversation; one of them is about that human.
ALWAYS = frozenset({"stop", "start", "complain", "no_news"})
CHILD_FLOW, MORE_FLOW, PASS_ON, STATUS = "child", "add", "passed_on", "status"
REFERENCE = 7  # digits of the number of a case
FACTS = frozenset({"information", "system"})  # levels of flows that answer by themselves, and open no matter of a human
TO_US = frozenset({"greet", "affirm", "deny"})  # intents that are no wish of their own after a human's question
QUIET = frozenset({"menu", "back", "status"})  # words that are only kept, while a human is awaited about self-harm
MORE_UNTIL = "more_until"  # in the session: until then what she adds belongs to her newest case
BY_US = "by_us"  # in the session: the open question came from a reminder, so it may be answered hours later
_SIGN = regex.compile(r"\X")  # what a person sees as one (Unicode Standard Annex 29)
HOUR, HOUR_STEPS = (
    ("danger_end", "hour"),
    ("danger_end.hour", "danger_end.hour_grave"),
)  # the question and its grave twin
HAND_ON = ("hand_on", "may_we")
HAND_ON_STEPS = ("hand_on.may_we", "hand_on.may_we_all", "hand_on.may_we_files")
STAYED = "stayed_at"  # when the line of the flow `stay` was said last: kept in the session
CHECK_IN_LEAVES = timedelta(minutes=5)  # for the line that she allowed; a human's words would need her own yes
PAUSE = timedelta(hours=1)  # after which an open question is not simply read out again: who writes may be another


class Gate:
    """One turn's look at a conversation. `open_notices`: (conversation, audience) that nobody took yet. `by_itself`: no
    message of hers, but a clock, a job or staff."""

    def __init__(
        self,
        ctx: Context,
        session: Session,
        content: Content,
        language: str,
        open_notices: Set[tuple[UUID, str]],
        *,
        by_itself: bool = False,
    ) -> None:
        self._ctx = ctx
        self.session = session
        self._content = content
        self._language = language
        self._open_notices = open_notices
        self._by_itself = by_itself
        self.courteous = False  # thanks, after the end

    async def may_answer(self, given: Input) -> bool:
        """False when a human has, or waits to have, the conversation. Danger pages in every case."""
        owner, danger = self._ctx.conversation.owner, danger_of(given)
        if isinstance(given, Started) and given.by == reminders.BY:  # meanwhile a human took it, or the flow is no more
            return self._may_check_in() if given.flow == CHECK_IN else self._may_remind(given.flow)
        if self._by_itself and owner == "human":  # nothing begins by itself while a human has it, unless time ran out
            late = isinstance(given, Started) and (given.flow, given.by) == (targets.FLOW, targets.BY)
            return late and targets.overdue(self._ctx)
        if owner == "bot" or isinstance(given, Resumed | Started):
            return True
        if owner == "closed":  # whatever is written reopens it
            owners.move(self._ctx.conversation, "writes")
            return True
        word = self._universal(given)
        if word in ALWAYS or (danger is None and self._in_secret()):
            return True
        if danger is None and asked.is_open(self._ctx):
            await self._hears_who_may_help(given)
        if owner == "waiting" and danger is None and not self._asks():
            await self._hears_the_hour(given)
        shut = word in QUIET and which.heavy(self._ctx) is not None  # no list before a human has closed it
        if owner == "waiting" and danger is None and (word or self._asks() or self._code(given)) and not shut:
            return True  # a command, a code, or the answer to what a command asked: nobody else speaks here yet
        if danger is None and (doubt := doubt_of(given)) and which.recent_alarm(self._ctx) is None:
            return await self._asks_gently(doubt)
        if danger is None and meanwhile.begins(self._ctx, self._content, given):
            return True
        if danger is None:
            if isinstance(given, Heard | Shared) and (self._ctx.conversation.id, "queue") not in self._open_notices:
                self._ctx.notify("queue", "wrote_again", "medium", which.concerned(self._ctx))
            return False
        if owner == "waiting" and which.recent_alarm(self._ctx) is None:
            owners.move(self._ctx.conversation, "cries")  # nobody speaks yet: number and questions help more
            return True
        await cases.raise_alarm(self._ctx, kind=danger)
        # Asked whether the program may write later, she says it again: woken, and answered by the flow that asks.
        return owner == "waiting" and self._asks_about("self_harm")

    async def _asks_gently(self, doubt: str) -> bool:
        """What only may be danger is asked about here too as long as nobody has spoken; else whoever has the
        conversation, or will, is told what it may be."""
        ctx = self._ctx
        if ctx.conversation.owner == "waiting" and ctx.conversation.earlier_user_id is None and not which.heavy(ctx):
            return owners.move(ctx.conversation, "speaks")
        await cases.note_doubt(ctx, kind=doubt)
        return False

    async def _hears_the_hour(self, given: Input) -> None:
        """Asked whether we may write for the next hour, she told where she is: within that hour a clear yes or no still
        answers it. Nothing is said to it, as to a yes in its place."""
        said = self._said_to(HOUR, HOUR_STEPS, given) if casework.hour_is_open(self._ctx) else None
        if said == "yes":
            await casework.agree_hour(self._ctx)
        elif said == "no":
            await casework.close_hour(self._ctx)

    async def _hears_who_may_help(self, given: Input) -> None:
        """A human asked whether another organisation may help too: a clear yes or no is noted, nothing is said."""
        if (said := self._said_to(HAND_ON, HAND_ON_STEPS, given)) in ("yes", "no"):
            await transfers.answer(self._ctx, agreed=said)

    def _said_to(self, question: tuple[str, str], steps: Sequence[str], given: Input) -> str | None:
        """What the input is, beyond doubt, as an answer to a question that no session holds any more."""
        flow = self._content.flows.get(question[0])
        if flow is None:
            return None
        if isinstance(given, Pressed):
            return given.option if given.step in steps else None
        if not isinstance(given, Heard) or given.edited:
            return None
        answer = self._answer_to(Session((Frame(*question, flow.version, waiting=True),)), given)
        return str(answer.values.get(question[1])) if answer else None

    def _may_remind(self, flow: str) -> bool:
        """Nothing begins by itself while a human has it, or while she thinks of ending her life. A reminder that she
        allowed may come after the end; her answer then belongs to it."""
        conversation = self._ctx.conversation
        if not owners.may(conversation, "reminded") or flow not in self._content.flows.by_name:
            return False
        if which.heavy(self._ctx) is not None:
            return False
        return owners.move(conversation, "reminded")

    def _may_check_in(self) -> bool:
        """The line that she allowed for this moment, as long as nobody else came: her yes opens the door for it, and
        for no longer than it takes to leave."""
        if self._ctx.conversation.owner != "waiting" or which.heavy(self._ctx) is None:
            return False
        self._ctx.conversation.agreed_until = self._ctx.now + CHECK_IN_LEAVES
        return True

    async def after_the_end(self, given: Input | None) -> Input | None:
        """Who writes again after a human closed it is heard: the case is open again. Courtesy, commands and questions
        for facts reopen nothing."""
        if self._ctx.conversation.owner != "closed" or not isinstance(given, Heard | Shared):
            return given
        if self._asks() and self._answers(given):
            return given
        self.courteous = self.courtesy(given)
        owners.move(self._ctx.conversation, "writes")
        flow = self._content.flows.by_name.get(self._content.flows.by_intent.get(given.meaning.intent, ""))
        other = flow is not None and flow.level in {"information", "system"}
        if self.courteous and given.meaning.intent not in COURTESY:  # nothing but a sign
            return Started(self._content.flows.by_intent["thank"], "reply")
        if not self._ctx.closed or self._universal(given) or self.courteous or other or self._code(given):
            return given
        if danger_of(given) is None:
            self.session = Session(shared=self.session.shared)  # "is it solved?" is answered by that, too
            return Started(REOPENED, "reply")
        await closing.reopen(self._ctx)
        return given

    def ends_again(self) -> None:
        """Thanks after the end is no new beginning: what she writes after it still opens the same number."""
        if self.courteous and not self._asks() and self._ctx.conversation.owner == "bot":
            owners.move(self._ctx.conversation, "ended")

    def _answers(self, given: Heard | Shared) -> bool:
        """Whether it clearly answers the open question."""
        return isinstance(given, Heard) and self._answer_to(self.session, given) is not None

    def _answer_to(self, session: Session, given: Heard) -> Answer | None:
        """What it is, beyond doubt, as an answer to the question that is open in a session."""
        state = self._content.state(session, self._language)
        asked = state.present()
        return exact(state.asking(*asked), given.text) if asked is not None else None

    def courtesy(self, given: Heard | Shared) -> bool:
        """Thanks, a greeting, a yes: by the model, or by a sign that means the same everywhere. Nobody waits for an
        answer to it."""
        if given.meaning.intent in COURTESY:
            return True
        if not isinstance(given, Heard):
            return False
        signs, text = self._ctx.knowledge.get("phrases")["courtesy"], "".join(given.text.split())
        return bool(text) and all(mark[0] in signs for mark in _SIGN.finditer(text))

    def stays(self, given: Input | None) -> bool:
        """Whether the line of the flow `stay` is due: a human is awaited, she writes on, and heard nothing for ten
        minutes. Not on a phone that was taken from her: it would tell who holds it of a human."""
        person = self._ctx.person
        if self._ctx.conversation.owner != "waiting" or not isinstance(given, Heard | Shared | Pressed):
            return False
        if person.seized_at is not None or person.opted_out_at is not None:
            return False
        minutes = int(self._ctx.knowledge.get("contact_policy")["stay_minutes"])
        last = self.session.shared.get(STAYED)
        if last and self._ctx.now - datetime.fromisoformat(last) < timedelta(minutes=minutes):
            return False
        shared = {**self.session.shared, STAYED: self._ctx.now.isoformat()}
        self.session = replace(self.session, shared=shared)
        return True

    def _universal(self, given: Input) -> str | None:
        """The universal command that the input is; also what takes a consent back, however it is said."""
        if not isinstance(given, Heard):
            return None
        words = self._content.words("en")
        return words.universal(given.text) or (TAKES_BACK if words.sentence(given.text) == TAKES_BACK else None)

    def cannot_wait(self, given: Input) -> bool:
        """Whether it is a word that counts after ever so many messages, and changes something."""
        stopped = self._ctx.person.opted_out_at is not None
        meant = {"human": self._ctx.conversation.owner == "bot", "stop": not stopped, "start": stopped}
        return meant.get(self._universal(given) or "", False)

    def _in_secret(self) -> bool:
        """Whether an open question belongs to the box: it is answered whoever has the conversation."""
        top = self.session.top
        flow = self._content.flows.get(top.flow) if top and top.waiting else None
        return flow is not None and flow.secret

    def _code(self, given: Input) -> str | None:
        """The family code that the input is or holds."""
        reader = self._content.readers.get("code")
        return reader.find(given.text, {}, self._language) if reader and isinstance(given, Heard) else None

    def _asks_about(self, flow: str) -> bool:
        top = self.session.top
        return top is not None and top.waiting and top.flow == flow

    def _asks(self) -> bool:
        """Whether a question of the bot is open."""
        top = self.session.top
        return top is not None and top.waiting

    def instead(self, given: Input, before: datetime | None) -> Input:
        """What the engine gets in place of it: a child's words start the flow for children (danger goes before it),
        words after a number are more about the same, and after a pause an open question is not simply answered."""
        flows = self._content.flows
        self._withdraw(given, before)
        child = child_of(given)
        if child and not danger_of(given) and not children.is_child(self._ctx) and flows.get(CHILD_FLOW):
            return Started(CHILD_FLOW, "said", {"tells": child})
        if flows.get(PASS_ON) and (answer := self._answers_us(given)):
            return Started(PASS_ON, "said", answer)
        if flows.get(STATUS) and self._is_number(given):
            return Started(STATUS, "said")
        if flows.get(MORE_FLOW) and (more := self._more(given)):
            return Started(MORE_FLOW, "said", more)
        free = self._free(given)
        if free is not None and (matter := meanwhile.taken_up(self._ctx, self._content, free)):
            return matter
        return self._after_a_pause(given, before)

    def _free(self, given: Input) -> Meaning | None:
        """The meaning of words that come while nothing is open, and are no command."""
        if not isinstance(given, Heard) or given.edited or self.session.stack:
            return None
        return None if self._universal(given) or self._code(given) else given.meaning

    def _is_number(self, given: Input) -> bool:
        """Whether it is as many digits as a number of ours has and nothing else, and nothing is asked: whoever sends
        that wants to know how it stands. It is not looked up: the answer is the same whatever the digits are. Right
        after her case was opened they may be a telephone as well: then they belong to it, unless they are its number,
        which she was just told."""
        if not isinstance(given, Heard) or self._free(given) is None:
            return False
        digits = self._content.readers["digits"].read(given.text, {"length": REFERENCE}, self._language)
        if digits is None or any(case.reference == digits for case in self._ctx.cases):
            return digits is not None
        return not self._follows(given, MORE_UNTIL)

    def _withdraw(self, given: Input, before: datetime | None) -> None:
        """An offer is gone when something else comes, or after a pause: what it shows is not for whoever comes then."""
        state = self._content.state(self.session, self._language)
        late = before is not None and self._ctx.now - before >= PAUSE and offers.is_open(state)
        if late or offers.passed_by(state, given):
            self.session = offers.withdrawn(self.session)

    def passes_by(self, given: Input, before: datetime | None) -> bool:
        """Whether an offer is open while a human is awaited, and this is no answer to it: then it is gone, and what she
        writes is heard by that human as if nothing had been asked."""
        asked = self.session
        if self._ctx.conversation.owner == "waiting" and isinstance(given, Heard | Shared | Pressed):
            self._withdraw(given, before)
        return self.session is not asked

    def _more(self, given: Input) -> dict[str, Any] | None:
        """Words or files that follow a number and are no command and no other matter: more about it."""
        if not isinstance(given, Heard | Shared) or given.meaning.danger or not self._follows(given, MORE_UNTIL):
            return None
        if isinstance(given, Heard) and self._another_matter(given.meaning):
            return None
        told = _told(given)
        return {"follows": told[SAID], "files": told[SENT]}

    def _answers_us(self, given: Input) -> dict[str, Any] | None:
        """What follows a human's words for a day and is neither a command nor a question that the bot answers by
        itself: an answer to that human. Also a report: whoever asked reads it and knows better what it is."""
        if not isinstance(given, Heard | Shared) or given.meaning.danger or not self._follows(given, ANSWER_UNTIL):
            return None
        flows, meaning = self._content.flows, given.meaning
        flow = flows.by_name.get(flows.by_intent.get(meaning.intent, ""))
        clear = meaning.confidence >= self._content.rules.interrupt and meaning.intent not in TO_US
        return None if clear and flow is not None and flow.level in FACTS else _told(given)

    def _follows(self, given: Heard | Shared, window: str) -> bool:
        """Whether words or files come while a window of the session is open and no question is, and are no command."""
        until = self.session.shared.get(window)
        if self.session.stack or not self._ctx.cases:
            return False
        if not isinstance(until, str) or datetime.fromisoformat(until) < self._ctx.now:
            return False
        return not (self._universal(given) or self._code(given) or (isinstance(given, Heard) and given.edited))

    def _another_matter(self, meaning: Meaning) -> bool:
        """Whether the words clearly mean another flow than that of the newest case; thanks and a greeting have one."""
        flows = self._content.flows
        name = flows.by_intent.get(meaning.intent)
        clear = meaning.confidence >= self._content.rules.interrupt
        case = which.concerned(self._ctx)
        return clear and name is not None and case is not None and name != flows.by_intent.get(case.kind)

    def _after_a_pause(self, given: Input, before: datetime | None) -> Input:
        """After an hour the phone may be in other hands: the open question is not answered by what comes, and not read
        out again; the neutral "shall we go on?" comes first. Danger, commands and another clear wish go before it. A
        reminder's question is harmless and comes long after her last message: its answer is one."""
        top = self.session.top
        flow = self._content.flows.get(top.flow) if top and top.waiting else None
        if flow is None or flow.level in {"danger", "system"} or not isinstance(given, Heard):
            return given
        if before is None or self._ctx.now - before < PAUSE or self.session.shared.get(BY_US):
            return given
        if code := self._code(given):  # whoever writes it wants its answer, not the question of yesterday
            return Started(self._content.rules.codes, "pause", {"code": code})
        self.session = _asked_anew(self.session)
        clear = given.meaning.confidence >= self._content.rules.interrupt and given.meaning.intent != "greet"
        return given if given.meaning.danger or self._universal(given) or clear else Started("resume", "pause")


def _asked_anew(session: Session) -> Session:
    """Without the word that it is safe to write, which holds for the moment: another matter asks it again."""
    stack = (replace(f, slots={k: v for k, v in f.slots.items() if (k, v) != ("safe", "yes")}) for f in session.stack)
    return replace(session, stack=tuple(stack))


def _told(given: Heard | Shared) -> dict[str, Any]:
    """Words and files as the slots in which a flow takes what came by the way."""
    text = given.text if isinstance(given, Heard) else given.caption
    files = [{"kind": given.kind, "ref": given.ref}] if isinstance(given, Shared) and given.ref else None
    return {SAID: [text.strip()[:LONGEST]] if text.strip() else None, SENT: files}
