"""Facts of `knowledge/` as the page lists them: how sure, who has checked, what people are shown now.

Law: pure; says what is, from the files and the words of colleagues. What a word does: `bot/content/marks.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bot.check.facts import Entry, entries
from bot.content import Content, marks
from bot.content.knowledge import FactText
from bot.content.source import Place, Row
from bot.store.marks import Mark
from handlers import facts

# States, what asks most for somebody first.
STATES = ("half", "wrong", "change", "low", "medium", "stale", "high", "checked")
WAITING = frozenset({"half", "change", "low", "medium", "stale"})
_META = frozenset({"source", "checked_on", "confidence", "reviewer"})
_FILE = ("official_check",)  # of the whole file: who could be asked


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact. `effect`: what people get of it now: plain, unchecked (it says so), held, staff (never shown), rule (in
    use as it stands in the file)."""

    key: UUID
    id: str
    place: str  # file:line
    path: str
    group: str
    country: str
    confidence: str
    state: str
    effect: str
    standing: marks.Standing
    hash: str
    entry: Entry = field(compare=False)
    words: Sequence[Mark] = field(compare=False)  # about the fact as it is now
    earlier: int = 0  # words about an older state of it


def key_of(fact_id: str) -> UUID:
    """What stands for a fact in an address."""
    return UUID(bytes=hashlib.sha256(fact_id.encode()).digest()[:16])


def rows(content: Content, words: Sequence[Mark], today: date) -> list[FactRow]:
    """Every fact, what asks most for somebody first."""
    knowledge = content.knowledge
    said = marks.of(words)
    by_fact = said.by_fact()
    laid = said.on(knowledge)
    found = [_row(entry, knowledge, laid, by_fact, today) for entry in entries(content)]
    return sorted(found, key=lambda r: (STATES.index(r.state), r.effect in ("rule", "staff"), r.id))


def _row(entry: Entry, knowledge: Any, laid: Any, by_fact: Mapping[str, Sequence[Any]], today: date) -> FactRow:
    fact_id = f"{entry.file}:{entry.path}"
    fact, group = entry.fact, entry.file.removeprefix("knowledge/").removesuffix(".yml").partition("/")[0]
    now = marks.content_hash(fact)
    words = by_fact.get(fact_id, ())
    stands = marks.standing(words, fact, marks.needed(knowledge, fact_id, fact))
    counts = marks.find(laid, fact_id) or fact
    return FactRow(
        key=key_of(fact_id),
        id=fact_id,
        place=f"{entry.file}:{fact.line}",
        path=entry.path,
        group=group,
        country=_country(entry),
        confidence=str(fact["confidence"]),
        state=_state(entry, counts, stands, _stale(knowledge, group), today),
        effect=_effect(knowledge, fact_id, counts, entry),
        standing=stands,
        hash=now,
        entry=entry,
        words=[w for w in words if w.hash == now],
        earlier=sum(w.hash != now for w in words),
    )


def _stale(knowledge: Any, group: str) -> timedelta:
    days = knowledge.by_name.get(marks.RULES, {}).get("stale_days", {})
    return timedelta(days=int(days.get(group, days.get("any", 365))))


def _state(entry: Entry, counts: Mapping[str, Any], stands: marks.Standing, stale: timedelta, today: date) -> str:
    if stands.verdict in (marks.WRONG, marks.CHANGE):
        return stands.verdict
    if stands.by and not stands.verdict:
        return "half"
    checked = facts.is_checked(counts, entry.top) or stands.verdict == marks.CHECKED
    if not checked:
        return str(entry.fact["confidence"])
    day = stands.day if stands.verdict == marks.CHECKED else date.fromisoformat(str(counts["checked_on"]))
    return "stale" if day is not None and today - day > stale else "checked"


def _effect(knowledge: Any, fact_id: str, counts: Mapping[str, Any], entry: Entry) -> str:
    if not marks.is_gated(knowledge, fact_id):
        return "rule"
    if fact_id.startswith("knowledge/risks.yml:"):
        return "staff"
    if not facts.may_be_shown(counts, entry.top):
        return "held"
    return "plain" if facts.is_checked(counts, entry.top) else "unchecked"


def _country(entry: Entry) -> str:
    if entry.top.get("country"):
        return str(entry.top["country"])
    parts = entry.path.split(".")
    return parts[1] if parts[0] == "countries" and len(parts) > 1 else ""


def texts_of(content: Content, entry: Entry) -> list[FactText]:
    """The words for people in a fact, not those of facts within it."""
    lines = {(entry.file, line): key for line, key in _lines(entry.fact)}
    found = []
    for text in content.knowledge.texts.values():
        file, _, line = text.source.rpartition(":")
        key = lines.get((file, int(line)))
        if key is not None and (text.id.endswith(f".{key}") or len(lines) > 1) and _within(text, entry):
            found.append(text)
    return found


def _within(text: FactText, entry: Entry) -> bool:
    """Whether a text of this line is of this fact: several facts may stand on one line."""
    key = text.id.rpartition(".")[2]
    return any(text.english == str(value).strip() for name, value in _pairs(entry.fact) if name == key)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Place):
        for key, inner in value.items():
            if isinstance(inner, Place | Row):
                yield from _pairs(inner) if not _is_fact(inner) else ()
            else:
                yield key, inner
    elif isinstance(value, Row):
        for item in value:
            yield from _pairs(item) if not _is_fact(item) else ()


def _lines(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, Place):
        for key, inner in value.items():
            if isinstance(inner, Place | Row):
                yield from _lines(inner) if not _is_fact(inner) else ()
            else:
                yield value.at(key), key
    elif isinstance(value, Row):
        for item in value:
            yield from _lines(item) if not _is_fact(item) else ()


def _is_fact(value: Any) -> bool:
    return isinstance(value, Place) and "confidence" in value


def told(entry: Entry) -> list[tuple[str, str]]:
    """What else a fact holds, as (key, words), for who checks it: law, numbers, whom it takes."""
    said = frozenset(entry.top.get("words") or ())
    held = [(key, value) for key, value in entry.fact.items() if key not in _META | said]
    held += [(key, entry.top[key]) for key in _FILE if key in entry.top]
    return [(key, _plain(value)) for key, value in held if value not in (None, "", []) and not _is_fact(value)]


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_plain(v)}" for k, v in value.items() if v not in (None, "") and not _is_fact(v))
    if isinstance(value, list):
        return ", ".join(f"({_plain(v)})" if isinstance(v, Mapping) else _plain(v) for v in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def sources(content: Content, entry: Entry) -> list[dict[str, str]]:
    """Publisher, address and date of each source; the address is text: following it is up to whoever reads."""
    known = content.knowledge.by_name.get("sources", {})
    found = []
    for key in entry.fact.get("source", ()):
        source = known.get(key, {})
        found.append({name: str(source.get(name) or "") for name in ("publisher", "url", "date")} | {"key": str(key)})
    return found
