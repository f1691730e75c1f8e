"""Rule: each country of `knowledge/rights/` answers every topic, and names whom to complain to in its own numbers.

Law: a contact that is named exists and may be for that sector; there is always a row for `any`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.content import Content, Problem
from bot.content.source import Place

SECTORS = ("any", "domestic", "seafarer", "undocumented")
PERSON = "person"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Absent and unknown topics, unknown sectors and contacts."""
    by_name = content.knowledge.by_name
    topics: Mapping[str, Any] = by_name.get("topics", {}).get("topics", {})
    if not topics:
        return  # nothing is offered, so nobody can ask
    for country, right in by_name.get("rights", {}).items():
        file = f"knowledge/rights/{country}.yml"
        own = right.get("topics", {})
        for name in [t for t in topics if t not in own]:
            yield Problem(file, right.at("topics"), f"nothing about {name}, which is offered for every country")
        for name in [t for t in own if t not in topics]:
            yield Problem(file, own.at(name), f"there is no topic {name} in knowledge/topics.yml")
        contacts = by_name.get("contacts", {}).get(country, {}).get("contacts", {})
        for name, fact in own.items():
            yield from _rows(file, country, name, fact, contacts)


def _rows(file: str, country: str, topic: str, fact: Place, contacts: Mapping[str, Any]) -> Iterator[Problem]:
    rows = fact.get("complain") or []
    if not any(row.get("sector") == SECTORS[0] for row in rows):
        yield Problem(file, fact.at("complain"), f"{topic} says for nobody in particular (`any`) where to complain")
    for row in rows:
        sector, contact = row.get("sector"), row.get("contact")
        if sector not in SECTORS:
            yield Problem(file, row.line, f"a sector is one of {', '.join(SECTORS)}: {sector}")
        if contact != PERSON and contact not in contacts:
            yield Problem(
                file, row.line, f"knowledge/contacts/{country}.yml has no {contact}; a human of ours: {PERSON}"
            )
        elif contact != PERSON and sector == "domestic" and "company" in contacts[contact].get("sectors", ()):
            yield Problem(file, row.line, f"{contact} is for companies and does not help who works in a home")
