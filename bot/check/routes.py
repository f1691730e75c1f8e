"""Rule: the routes of SMS are complete, and every message about them is one segment.

Law: each country of stay that has a number for danger has a route; what a route of one way says fits one segment in
every language with the longest number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bot.channels.routes import FACTS
from bot.channels.segments import count, normalise
from bot.check.texts import at, place, translated
from bot.content import Content, Problem
from bot.content.flows import CHANNEL

FILE = f"knowledge/{FACTS}.yml"
LONGEST = {"number": "+9779812345678", "emergency": "9999"}
_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
SAID = ("one_way", "one_way_same")


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Absent countries, answers that are no yes or no, hours that are none, texts that cost more than one segment."""
    facts = content.knowledge.by_name.get(FACTS)
    if facts is None:
        return
    countries = facts.get("countries") or {}
    for code, route in countries.items():
        for key in ("two_way", "numbers_in_body"):
            if not isinstance(route.get(key), bool):
                yield Problem(FILE, route.at(key), f"`{key}:` of {code} is true or false")
        quiet = route.get("quiet")
        if quiet is not None and not _HOURS.fullmatch(str(quiet)):
            yield Problem(FILE, route.at("quiet"), f"`quiet:` is hours (21:00-09:00) or null: {quiet}")
    for code in content.knowledge.by_name.get("emergency", {}).get("numbers", {}):
        if code not in countries:
            yield Problem(
                FILE, 1, f"{code} has a number for danger and no route: say whether an SMS can be answered there"
            )
    yield from _too_long(content, root)


def _too_long(content: Content, root: Path) -> Iterable[Problem]:
    for language in content.languages:
        words = content.channel(language, number=LONGEST["number"], emergency=LONGEST["emergency"])
        for say in content.texts.get(CHANNEL, ()):
            context = f"{CHANNEL}.{say.id}"
            if say.id in SAID and translated(content, language, context):
                cost = count(normalise(words[say.id]))
                if cost.segments != 1:
                    source = place(content, root, language, context, say.source)
                    yield at(source, f"{language}: {cost.segments} segments ({cost.units} units): {words[say.id]}")
