"""Every state that a person can bring a conversation into: a walk over the real turns, from the start of every flow.

Law: nothing is guessed from the flows' text; a state is what the session says after a real turn. The walk is made in
English: where a conversation can go does not depend on the language. What does, the words at a question, is looked at
in every language at each question once (`in_language`).
"""

from __future__ import annotations

import copy
import pickle
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from uuid import UUID

from bot.check.graph import named
from bot.content import Content
from bot.engine.flow import Ask, Call
from bot.engine.inputs import Danger, Meaning, Started
from bot.store.records import FamilyCode
from bot.store.rows import Case
from tests.conversations.harness import Line, Phone, recording
from tests.conversations.telling import licence
from tests.fakes.shelf import SmallWorld

State: TypeAlias = tuple[object, ...]
Act: TypeAlias = Callable[[Phone], Coroutine[Any, Any, list[Line]]]
NONSENSE = "zz qq"
WORD = "4071"
OFFER, ASKED, INVITATION = UUID(int=3), (UUID(int=4), UUID(int=5)), "123456782"  # what `_has_history` puts there
MOST = 6000  # states; more means that the walk has lost its way
# Starts that come before the others: what decides in these flows is a slot, which is no part of a state; and ways in
# that no flow's name alone opens.
STARTS = (
    Started("coming_home", "test", {"home": "NP"}),
    Started("recruiter", "test", {"leaving": "NP"}),
    Started("follow_up", "test", {"month": 12}),
    Started("child", "test", {"tells": "parent_away"}),
    Started("hand_on", "test", {"wide": "yes"}),
    Started("compare", "test"),
    Started("contacts", "test", {"place": "FR"}),
    Started("rights", "test", {"place": "FR"}),
    Started("treaties", "test"),
    Started("referral_offer", "test", {"referral": str(OFFER), "receiver": "Pourakhi", "told": "Nepali"}),
    Started("search_request", "test", {"copy": str(ASKED[0]), "lines": "Sita", "number": "17"}),
)
LISTED = [licence("Kuwait Overseas", "11"), licence("Kuwait Manpower", "12")]  # recruiters that a word of `acts` finds
DANGER = Meaning("report_violence", 0.95, danger=Danger("report_violence"))


@dataclass(repr=False)  # asyncio writes the result of a task out when it ends: gigabytes and minutes
class Walk:
    """`phones`: a phone in each state with an open question; `ways`: where each input led; `over`: nothing is open."""

    phones: dict[State, Phone] = field(default_factory=dict)
    ways: dict[State, dict[str, State]] = field(default_factory=dict)
    said: dict[tuple[State, str], list[str]] = field(default_factory=dict)
    over: set[State] = field(default_factory=set)


def state_of(phone: Phone) -> State:
    """What decides how the conversation goes on."""
    person = phone.subject.person
    frames = tuple(
        (f.flow, f.step, f.waiting, f.misses, f.noted, f.slots.get("safe") == "bad") for f in phone.session.stack
    )
    agreed = bool(person.consent_store_at), bool(person.consent_refused_at), bool(person.opted_out_at)
    known = "word" in person.profile, "duress" in person.profile, bool(person.seized_at)
    return frames, phone.conversation.owner, agreed, bool(phone.session.shared.get("country")), known


class Mould:
    """Of a phone as it stands now, from which any number of copies are made."""

    def __init__(self, phone: Phone) -> None:
        subject = replace(phone.subject, messages=[], outbox=[], events=[], notices=[])
        self._phone = phone
        self._state = pickle.dumps((subject, phone.world.records), pickle.HIGHEST_PROTOCOL)

    def twin(self) -> Phone:
        """A copy to try something with; content, words and what was said already are shared, rows for the database
        left."""
        new = copy.copy(self._phone)
        new.subject, records = pickle.loads(self._state)
        new.conversation = next(iter(new.subject.conversations.values()))
        new.lines = list(self._phone.lines)
        new.world = SmallWorld(records, [new.subject.cases], self._phone.world.licences)
        return new


def twin(phone: Phone) -> Phone:
    """One copy."""
    return Mould(phone).twin()


def acts(phone: Phone) -> dict[str, Act]:
    """What a person may do at an open question: every option, a refusal, words that fit and words that do not."""
    line = next(line for line in reversed(phone.lines) if line.reply.step == phone.asking)
    found: dict[str, Act] = {}
    for option in line.reply.options:
        found[f"={option.id}"] = lambda p, o=option.id: p.tap(line.reply.step, o)  # type: ignore[misc]
    for text in ("3 months 180 KD", "kuwait", NONSENSE, *_typed(phone)):
        found[text] = lambda p, t=text: p.hear(t)  # type: ignore[misc]
    return found


def _has_history(phone: Phone) -> None:
    """A matter that is over, and a code for the family."""
    person = phone.subject.person
    over = Case(UUID(int=1), "4829173", "report_status_problem", "medium", "closed", phone.now, closed_at=phone.now)
    phone.subject.closed.append(over)
    code = FamilyCode(digits="7482917300461295", kind="decoy", made_at=phone.now, owner=person.id, id=UUID(int=2))
    phone.world.records.append(code)
    for number, copy_id in enumerate(ASKED, 17):
        phone.has(copy_id, "SearchCopy", volunteer_id=9, number=number, state="told")
        phone.has(UUID(int=number), "Reminder", flow="search_request", slots={"copy": str(copy_id), "lines": "Sita"})
    phone.has(OFFER, "Referral", service="shelter", state="offered")
    phone.has(UUID(int=6), "VolunteerCode", digits=INVITATION, volunteer_id=9)


def _typed(phone: Phone) -> tuple[str, ...]:
    """What fits questions that little else answers: her word and another four digits, two hours."""
    name, _, step = phone.asking.partition(".")
    ask = next(s for s in phone.content.flows.by_name[name].steps if s.id == step)
    readers = {fill.reader for fill in ask.fills} if isinstance(ask, Ask) else set()
    invited = (INVITATION,) if phone.asking == "tip.code" else ()
    return (*invited, *((WORD, "0629") if "digits" in readers else ()), *(("19 - 21",) if "hours" in readers else ()))


def _only_called(content: Content, name: str) -> bool:
    """A part of other flows: nothing starts it by itself, so it is walked where it is called."""
    flows = content.flows.by_name
    called = any(isinstance(s, Call) and s.flow == name for f in flows.values() for s in f.steps)
    led_to = any(f"flow:{name}" in named(s) for f in flows.values() for s in f.steps if not isinstance(s, Call))
    return called and not led_to and not flows[name].starts_on


async def walk(content: Content, language: str) -> Walk:
    """From the start of every flow, by every input, until nothing new comes."""
    found = Walk()
    ahead: deque[Phone] = deque()
    starts = [(start, True) for start in STARTS]
    names = [name for name in content.flows.by_name if not _only_called(content, name)]
    starts += [(Started(name, "test"), chosen) for name in names for chosen in (True, False)]
    for start, chosen in starts:
        phone = Phone(recording(content), "telegram", language, chosen=chosen, world=SmallWorld(licences=list(LISTED)))
        phone.subject.person.language_guess = language
        if chosen:  # who is no stranger has a word too
            phone.has_word("word", WORD)
            _has_history(phone)
        await phone.give(start)
        ahead.append(phone)
    while ahead:
        phone = ahead.popleft()
        here = state_of(phone)
        if here in found.phones or not phone.asking:
            found.over |= {here} - set(found.phones)
            continue
        assert len(found.phones) < MOST
        found.phones[here], found.ways[here] = phone, {}
        mould = Mould(phone)
        for name, act in acts(phone).items():
            new = mould.twin()
            lines = await act(new)
            found.ways[here][name] = state_of(new)
            found.said[here, name] = [line.id for line in lines]
            ahead.append(new)
    return found


def in_language(found: Walk, language: str) -> dict[str, Phone]:
    """A phone at each question, whose person speaks this language from here on."""
    phones: dict[str, Phone] = {}
    for phone in found.phones.values():
        if phone.asking not in phones and not phone.subject.person.opted_out_at:
            new = phones[phone.asking] = twin(phone)
            new.language, new.words = language, new.content.words(language)
            new.subject.person.language = new.subject.person.language_guess = language
    return phones
