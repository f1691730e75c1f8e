"""The gate that every fact passes before a person sees it (no action of a flow lives here).

Law: what is of low confidence and what nobody has checked is never shown; what is shown unchecked says so in the same
message. `checked_on` and a reviewer's name, at the fact or at its file, lift both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handlers.context import Context

Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A fact that may be shown. `text`: the slot value that says it. `checked`: a human has signed it."""

    fact: Fact
    text: Mapping[str, str]
    checked: bool

    @property
    def month(self) -> dict[str, str] | None:
        """When it was checked: month and year."""
        return {"month": str(self.fact["checked_on"])[:7]} if self.checked else None


def code(country: object) -> str:
    """The code of a country, given as itself or as a slot value `{"country": "KW"}`; empty when there is none."""
    value = country.get("country") if isinstance(country, Mapping) else country
    return value if isinstance(value, str) else ""


def land(country: object) -> dict[str, str]:
    """A country as a slot value: said by its name in the person's language."""
    return {"country": code(country)}


def is_checked(fact: Fact, file: Fact) -> bool:
    """Whether a human signed this fact, with a date and a name."""
    return bool(fact.get("checked_on")) and bool(fact.get("reviewer") or file.get("reviewer"))


def may_be_shown(fact: Fact, file: Fact) -> bool:
    """Low confidence needs a human first."""
    return is_checked(fact, file) or fact.get("confidence") in ("high", "medium")


def found(fact: Fact, file: Fact, text_id: str) -> Found | None:
    """The fact, if it may be shown."""
    return Found(fact, {"text": text_id}, is_checked(fact, file)) if may_be_shown(fact, file) else None


def right(ctx: Context, country: object, topic: str) -> Found | None:
    """What a person may know about a topic in a country; None when nothing may be said."""
    place = code(country)
    file: Fact = ctx.knowledge.get("rights").get(place) or {}
    fact = file.get("topics", {}).get(topic)
    return found(fact, file, f"rights.{place}.{topic}.say") if fact else None


def topic_of(ctx: Context, kind: str) -> str | None:
    """The topic of a kind of case, by which it is known where to complain; None for what no office deals with."""
    topics: Mapping[str, Fact] = ctx.knowledge.get("topics")["topics"]
    return next((name for name, entry in topics.items() if kind in entry.get("kinds", ())), None)


def contacts(ctx: Context, country: object) -> Iterator[tuple[str, Found]]:
    """The numbers of a country that may be shown, by id, in the order of their file."""
    place = code(country)
    file: Fact = ctx.knowledge.get("contacts").get(place) or {}
    for name, entry in file.get("contacts", {}).items():
        if shown := found(entry, file, f"contacts.{place}.{name}.label"):
            yield name, shown


def term(name: str) -> dict[str, str]:
    """A short word of `knowledge/terms.yml` as a slot value."""
    return {"text": f"terms.{name}.say"}
