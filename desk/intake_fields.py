"""The questions of an intake, by kind of case, as `knowledge/intake.yml` has them; and what was answered to them.

Law: each may be left empty; no fact is asked twice; a question that only a human asks stands in its own part, which is
closed until somebody opens it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.content import Content
from desk.case_page import _choices

FACT, MANY = "f.", "."  # names in the form: f.work, and f.wish.money for each of several
ABOVE = frozenset({"reporter_contact", "safe_contact_time", "language", "consent_store", "narrative"})  # at the top
FIRST = "first"  # the part of what the chat asks: the least that is needed
RENAMED = {("abuse", "kind"): "abuse_kind"}  # a fact has another name where a word of the case has it already
LONGEST = 4000
CHOICES = frozenset({"choice", "bool"})
FRAME = ("child",)
CORE = "core"
OTHER = "other"  # a kind: nothing of the list


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `ask`: its word; `options`: ids with their labels."""

    fact: str
    type: str
    ask: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that stand together. `name`: `first`, a set, or a kind."""

    name: str
    fields: tuple[Field, ...]


def kinds(content: Content) -> list[str]:
    """The kinds of case that can be typed up."""
    return [*content.knowledge.get("intake")["kinds"], OTHER]


def parts(content: Content, kind: str, language: str) -> list[Part]:
    """The questions of a kind: what the chat asks, what a human asks of this kind, then the sets that belong to it."""
    intake = content.knowledge.get("intake")
    entry = intake["kinds"].get(kind, {"fields": [], "sets": ["core"]})
    frame = [f for f in intake["frame"]["fields"] if f["key"] in FRAME]
    bot = [f for f in entry["fields"] if f.get("stage") == "bot"]
    human = [f for f in entry["fields"] if f.get("stage") != "bot"]
    rooms = [(FIRST, kind, bot), (FIRST, "frame", frame), (kind, kind, human)]
    sets = dict.fromkeys([*entry["sets"], CORE])  # who and where may always be said
    rooms += [(name, name, intake["sets"][name]["fields"]) for name in sets]
    labels, asked, found = _labels(content, language), set(ABOVE), dict[str, list[Field]]()
    for part, room, fields in rooms:
        for one in _fields(content, room, fields, labels, asked):
            found.setdefault(part, []).append(one)
            asked.add(one.fact)
    return [Part(name, tuple(fields)) for name, fields in found.items()]


def _fields(
    content: Content,
    room: str,
    fields: Iterable[Mapping[str, Any]],
    labels: Mapping[tuple[str, str], str],
    asked: Collection[str],
) -> Iterator[Field]:
    for field in fields:
        key, fact = field["key"], RENAMED.get((room, field["key"]), field["key"])
        if fact in asked:
            continue
        own = f"asks.{key}_{room}"
        ask = own if f"desk.{own}" in content.desk else f"asks.{key}"
        options = ("yes", "no") if field["type"] == "bool" else tuple(str(o) for o in field.get("options") or ())
        named = tuple((one, labels.get((key, one)) or labels.get(("", one), one)) for one in options)
        yield Field(fact, field["type"], ask, named)


def _labels(content: Content, language: str) -> dict[tuple[str, str], str]:
    """What options are called: by field and id as the chat says it, else by id alone as the desk does (key "")."""
    found = {
        slot: content.catalogue.text(language, context, english)
        for slot, (context, english) in _choices(content).items()
    }
    for text_id in content.desk:
        page, name = text_id.removeprefix("desk.").split(".", 1)
        if page == "choices":
            found["", name] = content.desk_word(language, f"choices.{name}", {})
    return found


def label(content: Content, language: str, fact: str, value: str) -> str | None:
    """What an option that was chosen is called; None for what is no option."""
    labels = _labels(content, language)
    return labels.get((fact, value)) or labels.get(("", value))


def answers(content: Content, kind: str, form: Mapping[str, str], language: str) -> dict[str, Any]:
    """The facts that a form holds: what was answered, in the shapes of the chat's own facts."""
    found: dict[str, Any] = {}
    country = content.readers["country"].read(form.get(f"{FACT}country", ""), {}, language)
    for part in parts(content, kind, language):
        for field in part.fields:
            value = _value(content, field, form, language, str(country or ""))
            if value not in (None, "", []):
                found[field.fact] = value
    if country:  # told before another kind was chosen, which does not ask it
        found.setdefault("country", country)
    if "owed" in found:
        found |= _owed(content, str(found.pop("owed")), language, str(country or ""))
    narrative = form.get(f"{FACT}narrative", "").strip()[:LONGEST]
    return found | ({"narrative": narrative} if narrative else {})


def _value(content: Content, field: Field, form: Mapping[str, str], language: str, country: str) -> Any:
    name, known = FACT + field.fact, [option for option, _ in field.options]
    if field.type == "multi":
        return [option for option in known if form.get(f"{name}{MANY}{option}")]
    text = form.get(name, "").strip()[:LONGEST]
    if not text or (field.type in CHOICES and text not in known):
        return None
    if field.type in ("number", "country"):
        read = content.readers[field.type].read(text, {}, language)
        return text if read is None else read
    if field.type == "amount" and field.fact != "owed":
        return content.readers["amount"].read(text, {"country": country}, language) or text
    return text


def _owed(content: Content, text: str, language: str, country: str) -> dict[str, Any]:
    """Months and an amount in one answer, as the chat reads them; the words stay too."""
    months = content.readers["number"].find(text, {"unit": "month"}, language)
    amount = content.readers["amount"].find(text, {"country": country}, language)
    return {"owed_words": text} | {k: v for k, v in (("months", months), ("amount", amount)) if v is not None}
