"""Answers to our questions in people's own words: the lines (`<language>.yml`), and what the service makes of each.

Law: the whole turn with the real classifier, as in a first report by SMS; `shown` lines are those by which words were
mended, `kept` lines are measured only and nobody mends anything for one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bot.conductor.gate import BY_US
from bot.content import Content
from bot.engine.answers import Answer, slots_of
from bot.engine.flow import Ask
from bot.engine.machine import Machine
from bot.engine.session import Frame, Session
from bot.nlu.language import script_of
from bot.nlu.understanding import Understanding
from tests.conversations.harness import Phone, recording

FOLDER = Path(__file__).parent
PARTS = ("shown", "kept")
LEADS = {"injury": ("injury_compensation", "medical"), "money": ("money_help",), "human": ("human",)}  # lines of lists
SKIP = "skip"  # what is written for a refusal, or for "I do not know"
MISSED, OTHER = "missed", "another question"
Asked = Mapping[str, Mapping[str, Sequence[str]]]  # by question (flow.step): by answer: lines


@dataclass(frozen=True, slots=True)
class Said:
    """A line: what was asked, the answer that it is (an option's id, a country's code, a number), who says it."""

    language: str
    part: str
    question: str
    means: str
    text: str

    @property
    def latin(self) -> bool:
        """Whether it is typed in Latin letters."""
        return script_of(self.text) == "LATIN"


def read(path: Path) -> Iterator[Said]:
    """The lines of one file."""
    data: Mapping[str, Asked] = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
    for part in PARTS:
        for question, answers in (data.get(part) or {}).items():
            for means, lines in answers.items():
                yield from (Said(path.stem, part, question, str(means), str(line)) for line in lines)


def lines(language: str = "") -> list[Said]:
    """Those of one language, or of all."""
    return [one for path in sorted(FOLDER.glob(f"{language or '*'}.yml")) for one in read(path)]


def _ask(content: Content, question: str) -> Ask:
    name, _, step = question.partition(".")
    return next(s for s in content.flows.by_name[name].steps if isinstance(s, Ask) and s.id == step)


@contextmanager
def _noticed(taken: list[tuple[str, Answer]]) -> Iterator[None]:
    """Every answer that is taken meanwhile, with its question; it is taken as ever."""
    settle = Machine.settle

    def noticing(machine: Machine, ask: Ask, answer: Answer, words: str = "") -> None:
        known = {slot: machine.slot(slot) for slot in slots_of(ask)}  # what was heard in it was put before
        taken.append((f"{machine.top.flow}.{ask.id}", replace(answer, values={**known, **answer.values})))
        settle(machine, ask, answer, words)

    Machine.settle = noticing  # type: ignore[method-assign]
    try:
        yield
    finally:
        Machine.settle = settle  # type: ignore[method-assign]


def _text(value: Any) -> str:
    """A value as the lines' files write it: 3, 180, KW."""
    return str(value.get("value", value.get("text", ""))) if isinstance(value, Mapping) else str(value)


def _matches(ask: Ask, answer: Answer, means: str) -> bool:
    if means == SKIP:
        return all(value is None for value in answer.values.values())
    if chosen := next((c for c in ask.choices if c.id == means), None):
        return answer.values.get(ask.slot) == means if ask.slot in answer.values else answer.goto == chosen.goto
    return any(_text(value) == means for value in answer.values.values() if value is not None)


async def heard(content: Content, understanding: Understanding, said: Said) -> str:
    """What the service makes of it: `said.means` when it is right, else what it took, MISSED, or OTHER."""
    phone = Phone(recording(content), "sms", said.language)
    name, _, step = said.question.partition(".")
    frame = Frame(name, step, content.flows.by_name[name].version, asked=(step,), waiting=True)
    phone.conversation.session = Session((frame,), {"welcomed": True, BY_US: True}).to_json()
    taken: list[tuple[str, Answer]] = []
    with _noticed(taken):
        await phone.hear(said.text, understanding.understand([said.text])[0])
    ask = _ask(content, said.question)
    ours = [answer for question, answer in taken if question == said.question]
    if ours:
        return said.means if _matches(ask, ours[0], said.means) else f"taken as {dict(ours[0].values) or ours[0].goto}"
    if any(f.flow in LEADS.get(said.means, (said.means,)) for f in phone.session.stack):
        return said.means  # a line of a list that was told as a report is one
    return MISSED if phone.asking == said.question else f"{OTHER}: {phone.asking or 'none'}"


async def results(content: Content, understanding: Understanding, said: Sequence[Said]) -> list[tuple[Said, str]]:
    """Of each line."""
    hear = partial(heard, content, understanding)
    return [(one, await hear(one)) for one in said]
