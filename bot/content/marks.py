"""What colleagues say of facts on the desk, laid over `knowledge/`: checked counts, wrong is held back, at once.

Law: a word is about a fact as it stood: it names the hash of its content, and a fact that has changed since needs a new
one. Nothing is shown by a single word where `knowledge/checking.yml` wants two; a single "wrong" always holds back.
Only files that pass the gate of `handlers/facts.py` are touched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

from bot.content.knowledge import Facts
from bot.content.source import Place, Row

CHECKED, WRONG, CHANGE = "checked", "wrong", "change"
SIGNED = frozenset({"checked_on", "reviewer", "confidence"})  # not of the content itself
RULES = "checking"


class Word(Protocol):
    """One colleague's word about a fact (`bot/store/marks.py`)."""

    @property
    def fact(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def verdict(self) -> str: ...
    @property
    def user_id(self) -> Any: ...
    @property
    def name(self) -> str: ...
    @property
    def marked_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What the words about a fact come to. `verdict`: checked, wrong, change, or empty; `by`: who says so now;
    `needed`: how many must say checked."""

    verdict: str = ""
    by: tuple[str, ...] = ()
    needed: int = 1
    day: date | None = None


def content_hash(fact: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what a fact says, without who signed it and when."""
    return hashlib.sha256(json.dumps(_plain(fact), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if k not in SIGNED}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def needed(facts: Facts, fact_id: str, fact: Mapping[str, Any]) -> int:
    """How many people must say checked."""
    two = facts.by_name.get(RULES, {}).get("two", {})
    place = any(fnmatchcase(fact_id, pattern) for pattern in two.get("places", ()))
    return 2 if place or fact.get("need") in two.get("needs", ()) else 1


def is_gated(facts: Facts, fact_id: str) -> bool:
    """Whether a word on the desk decides what people are shown."""
    return _name(fact_id) in facts.by_name.get(RULES, {}).get("gated", ())


def standing(words: Iterable[Word], fact: Mapping[str, Any], least: int) -> Standing:
    """What the words about a fact as it is now come to, oldest first: the newest decides, and words of checking after
    the last other word are counted by person. What was once called wrong needs two."""
    now = content_hash(fact)
    valid = [w for w in words if w.hash == now]
    if not valid:
        return Standing(needed=least)
    if any(w.verdict == WRONG for w in valid):
        least = max(least, 2)
    run: list[Word] = []
    for word in reversed(valid):
        if run and word.verdict != run[0].verdict:
            break
        run.append(word)
    by = tuple(dict.fromkeys(w.name for w in reversed(run)))
    people, newest = {w.user_id for w in run}, run[0]
    verdict = newest.verdict
    if verdict == CHECKED and len(people) < least:
        disputed = any(w.verdict == WRONG for w in valid)
        verdict = WRONG if disputed else ""
    return Standing(verdict, by, least, newest.marked_at.date())


@dataclass(frozen=True, slots=True)
class Marks:
    """All words, oldest first."""

    words: tuple[Word, ...] = ()

    def by_fact(self) -> dict[str, list[Word]]:
        """The words of each fact."""
        found: dict[str, list[Word]] = {}
        for word in self.words:
            found.setdefault(word.fact, []).append(word)
        return found

    def on(self, facts: Facts) -> Facts:
        """The facts as they count with these words."""
        if not self.words:
            return facts
        known = _LAST.get("made")
        if known is None or known[0] is not facts or known[1] != self.words:
            _LAST["made"] = known = (facts, self.words, _applied(facts, self.by_fact()))
        return known[2]


NONE = Marks()
_LAST: dict[str, tuple[Facts, tuple[Word, ...], Facts]] = {}  # the newest: each batch asks with the same words


def of(words: Sequence[Word]) -> Marks:
    """Rows of the store as marks."""
    return Marks(tuple(words)) if words else NONE


def _applied(facts: Facts, by_fact: Mapping[str, Sequence[Word]]) -> Facts:
    by_name = dict(facts.by_name)
    for fact_id, words in by_fact.items():
        fact = find(facts, fact_id)
        if fact is None or not is_gated(facts, fact_id):
            continue
        said = standing(words, fact, needed(facts, fact_id, fact))
        if said.verdict == CHECKED and said.day:
            _lay(by_name, fact_id, {"checked_on": said.day.isoformat(), "reviewer": ", ".join(said.by)})
        elif said.verdict == WRONG:
            _lay(by_name, fact_id, {"checked_on": None, "reviewer": None, "confidence": "low"})
    return Facts(by_name, facts.texts)


def _name(fact_id: str) -> str:
    """`knowledge/contacts/KW.yml:...` and `knowledge/risks.yml:...`: contacts, risks."""
    return fact_id.partition(":")[0].removesuffix(".yml").split("/")[1]


def _way(fact_id: str) -> list[str]:
    """Keys from the top of knowledge/ to a fact."""
    file, _, path = fact_id.partition(":")
    return [*file.removeprefix("knowledge/").removesuffix(".yml").split("/"), *path.split(".")]


def find(facts: Facts, fact_id: str) -> Mapping[str, Any] | None:
    """The fact of an id, or None when there is none (any more)."""
    value: Any = facts.by_name
    for key in _way(fact_id):
        value = _step(value, key)
        if value is None:
            return None
    return value if isinstance(value, Mapping) and "confidence" in value else None


def _index(row: Sequence[Any], key: str) -> int | None:
    """An item of a list counts by its `id:`, else by its number from 1."""
    for place, item in enumerate(row):
        if str(item.get("id") if isinstance(item, Mapping) and item.get("id") else place + 1) == key:
            return place
    return None


def _step(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list):
        place = _index(value, key)
        return None if place is None else value[place]
    return None


def _lay(by_name: dict[str, Any], fact_id: str, change: Mapping[str, Any]) -> None:
    """Change a fact in a copy of what leads to it; all else is shared."""
    *before, last = _way(fact_id)
    at: Any = by_name
    for key in before:
        at = _copied(at, key)
    _copied(at, last).update(change)


def _copied(at: Any, key: str) -> Any:
    place: Any = _index(at, key) if isinstance(at, Row) else key
    inner = copy(at[place]) if isinstance(at[place], Place | Row) else dict(at[place])
    at[place] = inner
    return inner
