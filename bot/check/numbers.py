"""Rule: a number can be dialled, a need and a warning exist, and a place to stay shows no place.

Law: a shelter has no address, page or map, in data as on a screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.content import Content, Problem
from bot.content.source import Place

NUMBERS = ("numbers", "abroad", "whatsapp")
HIDDEN = "shelter"
PLACES = ("address", "map", "location", "web", "email")
_NUMBER = re.compile(r"\+?\d[\d -]{0,18}\d\Z")
_ABROAD = re.compile(r"\+\d")
_HOUSE = re.compile(r"https?:|www\.|\b(street|road|block|building|villa|floor|p\.? ?o\.? box)\b", re.IGNORECASE)


def check(content: Content, root: Path) -> Iterable[Problem]:
    """What looks like no number, needs and warnings that do not exist, places of shelters."""
    by_name = content.knowledge.by_name
    needs, warnings = (by_name.get(name, {}).get(name, {}) for name in ("needs", "warnings"))
    for country, top in by_name.get("contacts", {}).items():
        for name, entry in top.get("contacts", {}).items():
            file = f"knowledge/contacts/{country}.yml"
            yield from _dialled(file, entry)
            if entry.get("need") not in needs:
                yield Problem(file, entry.at("need"), f"there is no need {entry.get('need')} in knowledge/needs.yml")
            if entry.get("warning") is not None and entry["warning"] not in warnings:
                yield Problem(file, entry.at("warning"), f"there is no warning {entry['warning']}")
            if entry.get("need") == HIDDEN:
                yield from _shown(file, name, entry)


def _dialled(file: str, entry: Place) -> Iterator[Problem]:
    for key in NUMBERS:
        for number in entry.get(key) or ():
            if not isinstance(number, str) or not _NUMBER.match(number):
                yield Problem(
                    file, entry.at(key), f"this is no number in quotes, of digits, spaces and hyphens: {number}"
                )
            elif key == "abroad" and not _ABROAD.match(number):
                yield Problem(file, entry.at(key), f"from abroad a number begins with + and the country: {number}")


def _shown(file: str, name: str, entry: Place) -> Iterator[Problem]:
    for key in [k for k in PLACES if entry.get(k)]:
        yield Problem(file, entry.at(key), f"{name} is a place to hide: no `{key}:` here")
    if _HOUSE.search(str(entry.get("label", ""))):
        yield Problem(file, entry.at("label"), f"{name} is a place to hide: its label shows where it is")
