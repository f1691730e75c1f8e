"""How grave a case is: the rules of `knowledge/triage.yml` over its kind and facts.

Law: pure look-ups, no action (flows call `cases.weigh`); what is returned here is a floor that a case may rise to.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

RANK = {"low": 0, "medium": 1, "high": 2, "critical": 3}
ANY = "any"  # a rule for every kind


def graver(one: str, other: str) -> str:
    """The higher of two severities."""
    return max(one, other, key=lambda level: RANK[level])


def severity(triage: Mapping[str, Any], kind: str, facts: Mapping[str, Any]) -> str:
    """The highest level of the kind's own and of the rules that hold."""
    own = str(triage["severity"].get(kind, triage["severity"]["default"]))
    return graver(own, raised(triage, kind, facts))


def raised(triage: Mapping[str, Any], kind: str, facts: Mapping[str, Any]) -> str:
    """The highest level of the rules that hold, whatever the kind's own is; `low` when none does."""
    level = "low"
    for rule in triage["raise"]:
        if _of(rule["kind"], kind) and holds(rule["when"], facts):
            level = graver(level, str(rule["to"]))
    return level


def _of(kinds: Any, kind: str) -> bool:
    return kinds == ANY or kind == kinds or (isinstance(kinds, list) and kind in kinds)


def holds(when: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether all conditions hold. `<fact>_at_least: n`, `<fact>_at_most: n` compare numbers (and the value of an
    amount); a list means any of these; else the fact is equal. A fact that is not known holds nothing."""
    return all(_one(name, wanted, facts) for name, wanted in when.items())


def _one(name: str, wanted: Any, facts: Mapping[str, Any]) -> bool:
    for ending, fits in (("_at_least", operator.ge), ("_at_most", operator.le)):
        if name.endswith(ending):
            count = _number(facts.get(name.removesuffix(ending)))
            return count is not None and bool(fits(count, wanted))
    value = facts.get(name)
    if value is None:
        return False
    if isinstance(wanted, list):
        return any(item in wanted for item in value) if isinstance(value, list) else value in wanted
    return wanted in value if isinstance(value, list) else bool(value == wanted)


def _number(value: Any) -> float | None:
    """A number, or that of an amount; a yes or no is none."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
