"""Reads `<lang>/excuses.yml`: what takes an alarm back in one language, and in that language only.

Law: an excuse of a language never covers a word of another ("tim" excuses `pukul`, never `beat`); an excuse that could
never do anything is an error with file:line, never a silent one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.nlu.concepts import CONCEPT, Lexicon
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.normalise import normalise

FILE = "excuses.yml"
_FIELDS = {"negation", "over", "breaks", "unless"}
_SIDES = ("before", "after", "both")
Pair = tuple[str, str]  # two terms in this order: concepts, or stems that are concepts of their own


@dataclass(frozen=True, slots=True)
class Manner:
    """How a language refuses and excuses: the side of its refusals, what may lie between, what ends a clause, pairs
    by rule."""

    side: str = "both"
    over: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()
    unless: Mapping[str, tuple[Pair, ...]] | None = None

    def pairs(self, rule: str) -> tuple[Pair, ...]:
        """The pairs that excuse this rule."""
        return (self.unless or {}).get(rule, ())


def read_manners(data_dir: Path, heads: Mapping[str, str], lexicon: Lexicon) -> dict[str, Manner]:
    """The manner of every language with concepts. `heads`: the first concept of each rule, which a pair must hold.

    Adds literal stems to the lexicon, each in its language. Raises DataError.
    """
    for file in sorted(data_dir.glob(f"*/{FILE}")):
        if not (file.parent / "concepts.yml").exists():
            raise DataError(f"{file}:1: excuses of a language without concepts.yml")
    found: dict[str, Manner] = {}
    for concepts in sorted(data_dir.glob("*/concepts.yml")):
        file = concepts.parent / FILE
        found[file.parent.name] = _manner(file, heads, lexicon) if file.exists() else Manner()
    return found


def _manner(file: Path, heads: Mapping[str, str], lexicon: Lexicon) -> Manner:
    root = compose(file)
    if root is None:
        raise DataError(f"{file}:1: no excuses here")
    parts = fields(file, root, FILE)
    if unknown := parts.keys() - _FIELDS:
        raise at(file, root, f"unknown: {', '.join(sorted(unknown))}")
    side = scalar(file, parts["negation"], "negation") if "negation" in parts else "both"
    if side not in _SIDES:
        raise at(file, parts["negation"], f"a side is {', '.join(_SIDES)}: {side}")
    over, breaks = (_words(file, parts.get(name), name) for name in ("over", "breaks"))
    if both := over & breaks:
        raise at(file, root, f"reached over and ending a clause at once: {', '.join(sorted(both))}")
    unless = {}
    for rule, node in (fields(file, parts["unless"], "unless") if "unless" in parts else {}).items():
        if rule not in heads:
            raise at(file, node, f"danger.yml has no rule {rule}")
        listed = [_pair(file, pair, rule, heads[rule], lexicon) for pair in sequence(file, node, rule)]
        for place, pair in enumerate(listed):
            if pair in listed[:place]:
                raise at(file, node, f"{rule}: this pair stands twice: {', '.join(pair)}")
        unless[rule] = tuple(listed)
    return Manner(side, over, breaks, unless)


def _words(file: Path, node: yaml.Node | None, what: str) -> frozenset[str]:
    found = set()
    for child in sequence(file, node, what) if node is not None else ():
        word = normalise(scalar(file, child, what))
        if not word or " " in word:
            raise at(file, child, f"{what} holds single words: {scalar(file, child, what)}")
        found.add(word)
    return frozenset(found)


def _pair(file: Path, node: yaml.Node, rule: str, head: str, lexicon: Lexicon) -> Pair:
    terms: Sequence[str] = [scalar(file, child, "a term") for child in sequence(file, node, rule)]
    if len(terms) != 2:
        raise at(file, node, f"{rule} holds pairs: [film*, {head}]")
    language = file.parent.name
    if head not in terms:
        raise at(file, node, f"a pair of {rule} must hold {head}, or it excuses nothing: {', '.join(terms)}")
    if CONCEPT.fullmatch(head) and not lexicon.has(head, language):
        raise at(file, node, f"{language}/concepts.yml has no stem of {head}, so this excuses nothing")
    made = [_term(file, node, term, language, lexicon) for term in terms]
    return made[0], made[1]


def _term(file: Path, node: yaml.Node, term: str, language: str, lexicon: Lexicon) -> str:
    """A concept as it is; a stem becomes a concept of its own, which only this language knows."""
    if CONCEPT.fullmatch(term):
        if term not in lexicon.names:
            raise at(file, node, f"no language has the concept {term}")
        return term
    own = f"{language}: {term}"
    try:
        lexicon.add(own, term, language)
    except ValueError as error:
        raise at(file, node, str(error)) from None
    return own
