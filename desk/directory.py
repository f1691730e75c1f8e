"""The directory as a page shows it: what stands in knowledge/ and what staff keep, as one list.

Law: pure. An entry that staff keep stands for the one of knowledge/ that it came from. What nobody is sure of is shown
to colleagues and may not be offered (knowledge's own gate, `handlers/facts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bot.content import Content
from bot.store.directory import Entry

RULES = "directory"  # knowledge/directory.yml
SERVICES, CONTACTS = "services", "contacts"
ANYWHERE, NOWHERE = "any", "INT"  # a country of a service; the file of contacts of no country
ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the page is asked for; empty: all."""

    country: str = ""
    kind: str = ""
    language: str = ""
    words: str = ""


def kinds(content: Content) -> dict[str, list[str]]:
    """The kinds of services, with the needs that are of each."""
    return dict(content.knowledge.get(RULES)["kinds"])


def known(content: Content, language: str) -> Iterator[Entry]:
    """All of knowledge/, with names in the reader's language where they are translated."""
    of = {need: kind for kind, needs in kinds(content).items() for need in needs}
    numbers = {name: one for place in content.knowledge.get(CONTACTS).values() for name, one in _contacts(place)}
    used = set()
    for name, service in content.knowledge.get(SERVICES)["services"].items():
        contact = numbers.get(str(service.get("contact") or ""))
        if service["need"] not in of or contact is None:  # a need for which a caseworker still has to find somebody
            continue
        used.add(service.get("contact"))
        said = content.said(language, {"text": f"{SERVICES}.{name}.receiver"})
        for country in service["countries"]:
            where = None if country == ANYWHERE else str(country)
            sure = service["confidence"] != "low" and bool(service.get("receiver")) and not service.get("line")
            yield _entry(f"{SERVICES}.{name}", of[service["need"]], said or name, where, service, contact, sure)
    for place, file in content.knowledge.get(CONTACTS).items():
        for name, one in _contacts(file):
            if one["need"] in of and name not in used:
                where = None if place == NOWHERE else str(place)
                yield _entry(f"{CONTACTS}.{name}", of[one["need"]], str(one["org"]), where, one, one, False)


def _contacts(file: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from (file.get("contacts") or {}).items()


def _entry(
    key: str,
    kind: str,
    name: str,
    country: str | None,
    fact: Mapping[str, Any],
    contact: Mapping[str, Any],
    sure: bool,
) -> Entry:
    ways = [str(w) for w in (*(contact.get("numbers") or ()), *(contact.get("web") or ()))]
    checked = fact.get("checked_on")
    hours = contact.get("hours")
    return Entry(
        kind=kind,
        name=name,
        country=country,
        languages=tuple(contact.get("languages") or ()),
        takes=tuple(fact.get("takes") or ()),
        hours=str(hours) if hours else "",
        contact="\n".join(ways),
        notes=str(fact.get("note") or ""),
        source=", ".join(str(s) for s in fact.get("source") or ()),
        checked_on=checked if isinstance(checked, date) else None,
        knowledge=key,
        offered=sure,
    )


def together(content: Content, language: str, kept: Sequence[Entry]) -> list[Entry]:
    """One list: what staff keep stands for what it came from."""
    taken = {one.knowledge for one in kept if one.knowledge}
    rest = [one for one in known(content, language) if one.knowledge not in taken]
    return [*kept, *rest]


def wanted(content: Content, entries: Sequence[Entry], by: Wanted, *, ended: bool) -> list[Entry]:
    """Those that fit: free places first, then by country and name. `ended`: those that have ended too."""
    words = by.words.casefold().split()
    order = list(kinds(content))

    def fits(one: Entry) -> bool:
        text = f"{one.name} {one.city} {one.who} {one.notes} {one.organisation}".casefold()
        return (
            (ended or one.ended_at is None)
            and (not by.country or one.country in (None, by.country))
            and (not by.kind or one.kind == by.kind)
            and (not by.language or not one.languages or by.language in one.languages)
            and all(word in text for word in words)
        )

    def place(one: Entry) -> tuple[Any, ...]:
        kind = order.index(one.kind) if one.kind in order else len(order)
        here = bool(by.country) and one.country != by.country
        return (one.ended_at is not None, here, kind, not one.places, one.id is None, one.country or "", one.name)

    return sorted((one for one in entries if fits(one)), key=place)


def stale(content: Content, entry: Entry, now: datetime) -> bool:
    """Whether the number of free places is too old to be believed."""
    hours = int(content.knowledge.get(RULES)["stale_hours"])
    return entry.places_at is not None and entry.places_at < now - timedelta(hours=hours)


def unchecked(content: Content, entry: Entry, now: datetime) -> bool:
    """Whether nobody has checked it, or not for long."""
    days = int(content.knowledge.get(RULES)["checked_days"])
    return entry.checked_on is None or entry.checked_on < now.date() - timedelta(days=days)


def countries(content: Content) -> list[str]:
    """Where we know somebody: the codes of a choice."""
    here = {str(one) for one in content.knowledge.get(CONTACTS) if one != NOWHERE}
    return sorted(here | set(content.knowledge.get("countries")["origin"]))
