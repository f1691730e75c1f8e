"""A context for tests of handlers: the real facts, a shelf in memory.

Law: nothing is asserted here.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from bot.content.knowledge import Facts, load_knowledge
from bot.settings import ROOT
from bot.store.rows import Case, Conversation, Person
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf, SmallWorld

HER, HERE = UUID(int=90), UUID(int=91)


@cache
def facts() -> Facts:
    """The files of `knowledge/`, read once."""
    return load_knowledge(ROOT)


def context(*, actor: str = "person", **conversation: Any) -> Context:
    """One turn of somebody who never wrote before."""
    numbers, references = itertools.count(1), itertools.count(1000000)
    return Context(
        actor=Actor(actor),
        person=Person(HER),
        conversation=Conversation(HERE, "sms", "7001", **conversation),
        cases=[],
        now=NOON,
        new_id=lambda: UUID(int=next(numbers)),
        references=lambda: str(next(references)),
        knowledge=facts(),
        shelf=MemoryShelf(SmallWorld(), HER, conversation_id=HERE, now=NOON),
        digits=lambda count: "4829173056128347"[:count],
    )


def case(kind: str, **values: Any) -> Case:
    """An open case of this kind."""
    given: dict[str, Any] = {"id": UUID(int=77), "reference": "4829173", "severity": "medium", "stage": "new"}
    return Case(**{**given, "kind": kind, "opened_at": NOON, **values})


def old_case(ctx: Context, **values: Any) -> Case:
    """A case of hers that was opened an hour ago in this conversation."""
    given = {"opened_at": NOON - timedelta(hours=1), "conversation_id": ctx.conversation.id, **values}
    ctx.cases.append(case(given.pop("kind", "report_unpaid_wages"), **given))
    return ctx.cases[-1]
