"""Every state that a person can bring a conversation into: a walk over the real turns, from the start of every flow.

Law: nothing is guessed from the flows' text; a state is what the session says after a real turn. The walk is made in
English: where a conversation can go does not depend on the language. What does, the words at a question, is looked at
in every language at each question once (`in_language`).
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bot.check.graph import named
from bot.content import Content
from bot.engine.flow import Call
from bot.engine.inputs import Danger, Meaning, Started
from tests.conversations.harness import Line, Phone, recording

State: TypeAlias = tuple[object, ...]
Act: TypeAlias = Callable[[Phone], Coroutine[Any, Any, list[Line]]]
NONSENSE = "zz qq"
MOST = 5000  # states; more means that the walk has lost its way
DANGER = Meaning("report_violence", 0.95, danger=Danger("report_violence"))
STARTS = (Started("child", "test", {"tells": "parent_away"}),)  # ways in that no flow's name alone opens


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
    frames = tuple((f.flow, f.step, f.waiting, f.misses, f.noted) for f in phone.session.stack)
    agreed = bool(person.consent_store_at), bool(person.consent_refused_at), bool(person.opted_out_at)
    return frames, phone.conversation.owner, agreed, bool(phone.session.shared.get("country"))


def twin(phone: Phone) -> Phone:
    """A copy to try something with; content, words and what was said already are shared, rows for the database left."""
    new = copy.copy(phone)
    new.subject = copy.deepcopy(replace(phone.subject, messages=[], outbox=[], events=[], notices=[]))
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
    for start in (
        *(Started(name, "test") for name in content.flows.by_name if not _only_called(content, name)),
        *STARTS,
    ):
        for chosen in (True, False):
            phone = Phone(recording(content), "telegram", language, chosen=chosen)
            phone.subject.person.language_guess = language
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
        for name, act in acts(phone).items():
            new = twin(phone)
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
