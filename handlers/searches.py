"""What volunteers may be asked about somebody who is missing: only what was ticked, in no words that tell more.

Law: pure. No number of a paper or a phone, no street, nothing of the reporter or of the reason. The same lines stand in
the preview and in what is sent. Nobody is looked for before the reporter agreed that the found person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handlers.tracing import OPEN

FIELDS = ("name", "age", "place", "work", "last")  # in this order they are said
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
FREE = re.compile(r"[^\W\d_][\w .,'’-]*")  # words that begin with a letter
DIGITS = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Composed:
    """`fields`: what is kept. `lines`: the slot value that a volunteer reads. `problems`: field -> code."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


def may_search(facts: Mapping[str, Any]) -> bool:
    """False while it is open whether the person who is found decides."""
    return facts.get("decides") != OPEN


def compose(rules: Mapping[str, Any], form: Mapping[str, str]) -> Composed:
    """From a form: `with_<field>` ticks a field; name, age, country, city, work and month hold the values."""
    kept: dict[str, Any] = {}
    lines: list[Any] = []
    problems: dict[str, str] = {}
    for name in FIELDS:
        if not form.get(f"with_{name}"):
            continue
        value, said, problem = _READERS[name](rules, form)
        if problem:
            problems[name] = problem
            continue
        kept[name] = value
        lines.append({"row": [{"text": f"tracing.labels.{name}.say"}, *said]})
    if not kept and not problems:
        problems["fields"] = "nothing_ticked"
    if kept and not problems and not {"name", "place"} & set(kept):
        problems["fields"] = "too_little"
    return Composed(kept, {"list": lines}, problems)


def _words(text: str, most: int) -> str | None:
    """None for what may not leave: numbers, and more than a few words."""
    told = " ".join(text.split())
    if not told or len(told) > most or DIGITS.search(told) or not FREE.fullmatch(told):
        return None
    return told


def _name(rules: Mapping[str, Any], form: Mapping[str, str]) -> tuple[Any, list[Any], str]:
    told = _words(form.get("name", ""), int(rules["name_length"]))
    return (told, [told], "") if told else (None, [], "no_name")


def _age(rules: Mapping[str, Any], form: Mapping[str, str]) -> tuple[Any, list[Any], str]:
    code = form.get("age", "")
    return (code, [{"text": f"tracing.ages.{code}.say"}], "") if code in rules["ages"] else (None, [], "choose")


def _work(rules: Mapping[str, Any], form: Mapping[str, str]) -> tuple[Any, list[Any], str]:
    code = form.get("work", "")
    return (code, [{"text": f"tracing.works.{code}.say"}], "") if code in rules["works"] else (None, [], "choose")


def _place(rules: Mapping[str, Any], form: Mapping[str, str]) -> tuple[Any, list[Any], str]:
    country, told = form.get("country", ""), form.get("city", "").strip()
    city = _words(told, int(rules["place_length"])) if told else ""
    if city is None:
        return None, [], "no_place"
    if not re.fullmatch(r"[A-Z]{2}", country):
        return None, [], "choose"
    return {"country": country, "city": city}, [*([f"{city},"] if city else []), {"country": country}], ""


def _last(rules: Mapping[str, Any], form: Mapping[str, str]) -> tuple[Any, list[Any], str]:
    found = MONTH.fullmatch(form.get("month", ""))
    return (found[0], [{"month": found[0]}], "") if found else (None, [], "no_month")


_READERS = {"name": _name, "age": _age, "place": _place, "work": _work, "last": _last}
