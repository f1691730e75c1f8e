"""Every state that a person can bring a conversation into: a walk over the real turns, from the start of every flow.

Law: nothing is guessed from the flows' text; a state is what the session says after a real turn.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.content import Content
from bot.engine.inputs import Danger, Meaning, Started
from tests.conversations.harness import Line, Phone, recording
from tests.conversations.telling import licence
from tests.fakes.shelf import SmallWorld

State: TypeAlias = tuple[object, ...]
Act: TypeAlias = Callable[[Phone], Coroutine[Any, Any, list[Line]]]
NONSENSE = "zz qq"
MOST = 5000  # states; more means that the walk has lost its way
# Starts that come before the others: what decides in these flows is a slot, which is no part of a state.
KNOWING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("coming_home", {"home": "NP"}),
    ("recruiter", {"leaving": "NP"}),
    ("follow_up", {"month": 12}),
)
LISTED = [licence("Kuwait Overseas", "11"), licence("Kuwait Manpower", "12")]  # recruiters that a word of `acts` finds
DANGER = Meaning("report_violence", 0.95, danger=Danger("report_violence"))


@dataclass
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
    return frames, phone.conversation.owner, agreed, bool(phone.session.shared.get("country"))


def twin(phone: Phone) -> Phone:
    """A copy to try something with; content, words and what was said already are shared."""
    new = copy.copy(phone)
    new.subject = copy.deepcopy(phone.subject)
    new.conversation = next(iter(new.subject.conversations.values()))
    new.lines = list(phone.lines)
    return new


def acts(phone: Phone) -> dict[str, Act]:
    """What a person may do at an open question: every option, a refusal, words that fit and words that do not."""
    line = next(line for line in reversed(phone.lines) if line.reply.step == phone.asking)
    found: dict[str, Act] = {}
    for option in line.reply.options:
        found[f"={option.id}"] = lambda p, o=option.id: p.tap(line.reply.step, o)  # type: ignore[misc]
    for text in ("3 months 180 KD", "kuwait", NONSENSE):
        found[text] = lambda p, t=text: p.hear(t)  # type: ignore[misc]
    return found


async def walk(content: Content, language: str) -> Walk:
    """From the start of every flow, by every input, until nothing new comes."""
    found = Walk()
    ahead: deque[Phone] = deque()
    starts = [(name, slots, True) for name, slots in KNOWING]
    starts += [(name, {}, chosen) for name in content.flows.by_name for chosen in (True, False)]
    for name, slots, chosen in starts:
        phone = Phone(recording(content), "telegram", language, chosen=chosen, world=SmallWorld(licences=list(LISTED)))
        phone.subject.person.language_guess = language
        await phone.give(Started(name, "test", slots))
        ahead.append(phone)
    while ahead:
        phone = ahead.popleft()
        here = state_of(phone)
        if here in found.phones or not phone.asking:
            found.over |= {here} - set(found.phones)
            continue
        assert len(found.phones) < MOST
        found.phones[here], found.ways[here] = phone, {}
        for name, act in acts(phone).items():
            new = twin(phone)
            lines = await act(new)
            found.ways[here][name] = state_of(new)
            found.said[here, name] = [line.id for line in lines]
            ahead.append(new)
    return found
