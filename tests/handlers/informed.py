"""A context with the real facts, and a way to change one of them: what tests of information share.

Law: the facts are those on disk; a test that needs another one says which.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from bot.content.knowledge import Facts, load_knowledge
from bot.settings import ROOT
from bot.store.rows import Conversation, Person
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf, SmallWorld

SECTORS = ("home", "company", "sea", "none", "other", None)


@cache
def real() -> Facts:
    """All of knowledge/."""
    return load_knowledge(ROOT)


def changed(name: str, path: str, **values: Any) -> Facts:
    """The real facts, with one fact changed: `changed("rights", "KW.topics.death", confidence="high")`."""
    content = copy.deepcopy(dict(real().get(name)))
    fact: Any = content
    for key in path.split("."):
        fact = fact[key]
    fact.update(values)
    return Facts({**real().by_name, name: content}, real().texts)


def informed(knowledge: Facts | None = None, *, country: str | None = "KW", world: SmallWorld | None = None) -> Context:
    """Somebody who asks from `country`."""
    me, here = UUID(int=90), UUID(int=91)
    return Context(
        actor=Actor("person"),
        person=Person(me, country=country),
        conversation=Conversation(here, "sms", "7001"),
        cases=[],
        now=NOON,
        new_id=lambda: UUID(int=1),
        references=lambda: "4829173",
        knowledge=knowledge or real(),
        shelf=MemoryShelf(world or SmallWorld(), me, conversation_id=here, now=NOON),
        digits=lambda count: "1" * count,
    )


def said(value: Any) -> str:
    """All English words and numbers of a slot value, a line for each part."""
    if isinstance(value, Mapping):
        if "text" in value:
            return real().texts[value["text"]].english
        return "\n".join(said(v) for key in ("row", "list") for v in value.get(key, ()))
    return str(value)
