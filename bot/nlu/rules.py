"""Reads danger.yml: which concepts together mean danger, where a word of refusal stands, which words end a clause.

Law: a rule that names a concept, kind or field that is not there is an error with file:line, never a silent rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.nlu.concepts import CONCEPT, Lexicon
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.intents import DANGER, SERIOUS
from bot.nlu.normalise import normalise

NOT = "NOT"
LITERAL = "literal"  # the language of stems that stand in danger.yml itself
_FIELDS = {"id", "kind", "tier", "all", "any", "near", "unless", "negation"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the floor, as nlu_data/README.md describes it. `any` empty and `near` 0 = not asked for."""

    id: str
    kind: str
    tier: str
    all: tuple[str, ...]
    any: tuple[str, ...] = ()
    near: int = 0
    unless: tuple[tuple[str, str], ...] = ()
    negation: str = "ignore"


@dataclass(frozen=True, slots=True)
class Negation:
    """Where a NOT of a language stands to the word that it refuses (before, after, both), and what may lie between."""

    sides: Mapping[str, str]
    over: frozenset[str]
    breaks: frozenset[str]

    def reaches(self, language: str, side: str) -> bool:
        """Whether a NOT of this language refuses a word when it stands on this side of it."""
        return self.sides.get(language, "both") in (side, "both")


def read_rules(file: Path, lexicon: Lexicon) -> tuple[list[Rule], Negation]:
    """Rules in the order of the file. Adds literal stems to the lexicon. Raises DataError."""
    root = compose(file)
    if root is None:
        raise DataError(f"{file}:1: no rules here")
    parts = fields(file, root, "danger.yml")
    if unknown := parts.keys() - {"rules", "negation", "over", "breaks"}:
        raise at(file, root, f"unknown: {', '.join(sorted(unknown))}")
    if "rules" not in parts:
        raise at(file, root, "rules are missing")
    rules: list[Rule] = []
    for node in sequence(file, parts["rules"], "rules"):
        rule = _rule(file, node, lexicon)
        if any(rule.id == other.id for other in rules):
            raise at(file, node, f"two rules are called {rule.id}")
        rules.append(rule)
    return rules, _negation(file, parts)


def _negation(file: Path, parts: dict[str, yaml.Node]) -> Negation:
    sides = {}
    if "negation" in parts:
        for language, node in fields(file, parts["negation"], "negation").items():
            side = scalar(file, node, "a side")
            if side not in ("before", "after", "both"):
                raise at(file, node, f"a side is before, after or both: {side}")
            sides[language] = side
    return Negation(sides, _words(file, parts.get("over"), "over"), _words(file, parts.get("breaks"), "breaks"))


def _words(file: Path, node: yaml.Node | None, what: str) -> frozenset[str]:
    if node is None:
        return frozenset()
    return frozenset(normalise(scalar(file, child, what)) for child in sequence(file, node, what))


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
    everything = _terms(file, parts["all"], "all", lexicon)
    if not everything:
        raise at(file, parts["all"], "a rule needs at least one concept in all")
    unless = (
        tuple(_pair(file, pair, lexicon) for pair in sequence(file, parts["unless"], "unless"))
        if "unless" in parts
        else ()
    )
    return Rule(
        id=scalar(file, parts["id"], "id"),
        kind=kind,
        tier=tier,
        all=everything,
        any=_terms(file, parts["any"], "any", lexicon) if "any" in parts else (),
        near=_number(file, parts["near"]) if "near" in parts else 0,
        unless=unless,
        negation=negation,
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


def _pair(file: Path, node: yaml.Node, lexicon: Lexicon) -> tuple[str, str]:
    terms = _terms(file, node, "unless", lexicon)
    if len(terms) != 2:
        raise at(file, node, "unless holds pairs: [PHONE, LOCKED]")
    return terms[0], terms[1]


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
