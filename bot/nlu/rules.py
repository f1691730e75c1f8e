"""Reads danger.yml: which concepts together mean danger, the same for all languages.

Law: what only one language says stands with that language (`excuses.py`); a rule that names a concept, kind or field
that is not there is an error with file:line, never a silent rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.nlu.concepts import CONCEPT, Lexicon
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.intents import DANGER, SERIOUS

NOT = "NOT"
LITERAL = "literal"  # the language of stems that stand in danger.yml itself
_FIELDS = {"id", "kind", "tier", "all", "any", "near", "unless", "explained", "negation", "yields"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the floor, as nlu_data/README.md describes it. `any` empty and `near` 0 = not asked for. `explained`:
    the first holds the place, the second stands anywhere and the third, if there is one, nowhere ("I cannot go out, I
    have duty"). `yields`: it is taken back where the classifier is sure of a matter ("help me with my salary")."""

    id: str
    kind: str
    tier: str
    all: tuple[str, ...]
    any: tuple[str, ...] = ()
    near: int = 0
    unless: tuple[tuple[str, str], ...] = ()
    explained: tuple[tuple[str, ...], ...] = ()
    negation: str = "ignore"
    yields: bool = False


def read_rules(file: Path, lexicon: Lexicon) -> list[Rule]:
    """Rules in the order of the file. Adds literal stems to the lexicon. Raises DataError."""
    root = compose(file)
    if root is None:
        raise DataError(f"{file}:1: no rules here")
    parts = fields(file, root, "danger.yml")
    if moved := parts.keys() & {"negation", "over", "breaks"}:
        raise at(file, root, f"{', '.join(sorted(moved))}: belongs to a language: <lang>/excuses.yml")
    if unknown := parts.keys() - {"rules"}:
        raise at(file, root, f"unknown: {', '.join(sorted(unknown))}")
    if "rules" not in parts:
        raise at(file, root, "rules are missing")
    rules: list[Rule] = []
    for node in sequence(file, parts["rules"], "rules"):
        rule = _rule(file, node, lexicon)
        if any(rule.id == other.id for other in rules):
            raise at(file, node, f"two rules are called {rule.id}")
        rules.append(rule)
    return rules


def _rule(file: Path, node: yaml.Node, lexicon: Lexicon) -> Rule:
    parts = fields(file, node, "a rule")
    if unknown := parts.keys() - _FIELDS:
        raise at(file, node, f"unknown in a rule: {', '.join(sorted(unknown))}")
    for name in ("id", "kind", "tier", "all"):
        if name not in parts:
            raise at(file, node, f"a rule needs {name}")
    kind = _one_of(file, parts["kind"], "kind", DANGER | SERIOUS)
    tier = _one_of(file, parts["tier"], "tier", {"page", "ask"})
    negation = (
        _one_of(file, parts["negation"], "negation", {"blocks", "needs", "ignore"}) if "negation" in parts else "ignore"
    )
    if tier == "page" and "yields" in parts:
        raise at(file, node, "a rule that pages yields to nothing")
    everything = _terms(file, parts["all"], "all", lexicon)
    if not everything:
        raise at(file, parts["all"], "a rule needs at least one concept in all")
    pairs = sequence(file, parts["unless"], "unless") if "unless" in parts else ()
    unless = tuple(_pair(file, pair, everything[0], lexicon) for pair in pairs)
    reasons = sequence(file, parts["explained"], "explained") if "explained" in parts else ()
    return Rule(
        id=scalar(file, parts["id"], "id"),
        kind=kind,
        tier=tier,
        all=everything,
        any=_terms(file, parts["any"], "any", lexicon) if "any" in parts else (),
        near=_number(file, parts["near"]) if "near" in parts else 0,
        unless=unless,
        explained=tuple(_reason(file, pair, lexicon) for pair in reasons),
        negation=negation,
        yields="yields" in parts and _one_of(file, parts["yields"], "yields", {"true", "false"}) == "true",
    )


def _one_of(file: Path, node: yaml.Node, what: str, allowed: frozenset[str] | set[str]) -> str:
    value = scalar(file, node, what)
    if value not in allowed:
        raise at(file, node, f"{what} is one of {', '.join(sorted(allowed))}: {value}")
    return value


def _number(file: Path, node: yaml.Node) -> int:
    value = scalar(file, node, "near")
    if not value.isascii() or not value.isdigit() or not 0 < int(value) <= 50:
        raise at(file, node, f"near is a number of words from 1 to 50: {value}")
    return int(value)


def _pair(file: Path, node: yaml.Node, head: str, lexicon: Lexicon) -> tuple[str, str]:
    """Two concepts in this order."""
    terms = _concepts(file, node, "unless", lexicon)
    if len(terms) != 2:
        raise at(file, node, "unless holds pairs: [PHONE, LOCKED]")
    if head not in terms:
        raise at(file, node, f"a pair must hold {head}, or it excuses nothing: {', '.join(terms)}")
    return terms[0], terms[1]


def _reason(file: Path, node: yaml.Node, lexicon: Lexicon) -> tuple[str, ...]:
    """What holds the place, the reason for it, and what makes it none."""
    terms = _concepts(file, node, "explained", lexicon)
    if len(terms) not in (2, 3):
        raise at(file, node, "explained holds [UNABLE, REASON] or [UNABLE, REASON, KEEPER]")
    return terms


def _concepts(file: Path, node: yaml.Node, what: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Concepts. A word would excuse the words of every language, so it may not stand here."""
    terms = tuple(scalar(file, child, "a term") for child in sequence(file, node, what))
    for term in terms:
        if not CONCEPT.fullmatch(term):
            raise at(file, node, f"an excuse in words belongs to a language: <lang>/excuses.yml: {term}")
        if term not in lexicon.names:
            raise at(file, node, f"no language has the concept {term}")
    return terms


def _terms(file: Path, node: yaml.Node, what: str, lexicon: Lexicon) -> tuple[str, ...]:
    """Concepts, and stems in small letters, which become concepts of their own."""
    terms = []
    for child in sequence(file, node, what):
        term = scalar(file, child, what)
        if CONCEPT.fullmatch(term):
            if term not in lexicon.names:
                raise at(file, child, f"no language has the concept {term}")
        else:
            try:
                lexicon.add(term, term, LITERAL)
            except ValueError as error:
                raise at(file, child, str(error)) from None
        terms.append(term)
    return tuple(terms)
