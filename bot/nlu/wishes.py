"""What relatives and friends clearly want, by rules of `nlu_data/wishes.yml`, without any classifier.

Law: danger and what is graver stand; a text that means two of these wishes means none. Bad data is a DataError.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.engine.phrases import Meanings, Phrase, Phrases, clauses, heard, phrase
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.intents import INTENTS

MOST = 10  # words of a text that is one wish and nothing else
CERTAIN = 0.9  # the confidence of a rule: enough to leave another matter for it


@dataclass(frozen=True, slots=True)
class Wishes:
    """`sure`: from this confidence on an intent of `graver` is believed before a rule. `unless`: what makes a text none
    of these wishes: who is not let to call her family is no relative who searches. `whole`: phrases that mean an intent
    when they are all that was written ("mujhe ghar jana hai"); `beside`: what may stand before or behind one of them,
    as a clause of its own or not ("company nahi bhej rahi")."""

    phrases: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    sure: float = 1.0
    graver: frozenset[str] = frozenset()
    unless: tuple[Phrase, ...] = ()
    whole: Meanings = field(default_factory=lambda: Meanings({}))
    beside: Meanings = field(default_factory=lambda: Meanings({}))

    @classmethod
    def load(cls, file: Path) -> Wishes:
        """Reads the rules; without the file there are none. Raises DataError."""
        root = compose(file) if file.exists() else None
        if root is None:
            return cls()
        parts = fields(file, root, file.name)
        words = {
            name: {code: scalar(file, node, name) for code, node in fields(file, by, name).items()}
            for name, by in fields(file, parts["words"], "words").items()
        }
        rules = _by_intent(file, parts["wishes"], words)
        whole, beside = (_by_intent(file, parts[part], words) if part in parts else {} for part in ("whole", "beside"))
        graver = frozenset(scalar(file, node, "an intent") for node in sequence(file, parts["graver"], "graver"))
        unless = Phrases(_phrases(file, parts["unless"], words) if "unless" in parts else ())
        sure = float(scalar(file, parts["sure"], "sure"))
        return cls(Meanings(rules), sure, graver, unless, Meanings(whole), Meanings(beside))

    def of(self, text: str, intent: str, confidence: float) -> str:
        """The intent of the rule that the text fits; empty when there is none, or when a graver one is sure."""
        if intent in self.graver and confidence >= self.sure:
            return ""
        wish = heard(self.phrases, text)
        return "" if wish is None or heard({wish: self.unless}, text) else wish

    def all_of(self, text: str) -> str:
        """The intent that is meant by all that was written, and nothing besides; empty when there is none."""
        spoken = [word for clause in clauses(text) for word in clause]
        if not 0 < len(spoken) <= MOST or not (wishes := _spans(self.whole, spoken)):
            return ""
        others = _spans(self.beside, spoken)
        meant = {name for name, found in wishes.items() if _is_all(found, found | others[name], len(spoken))}
        return meant.pop() if len(meant) == 1 else ""


def _spans(meanings: Meanings, spoken: Sequence[str]) -> defaultdict[str, set[tuple[int, int]]]:
    """Where the phrases of each intent stand."""
    found: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for intent, each in meanings.possible(frozenset(spoken)):
        found[intent].update(each.spans(spoken))
    return found


def _is_all(wishes: set[tuple[int, int]], others: set[tuple[int, int]], end: int) -> bool:
    """Whether so many words are a wish, with nothing besides or with what may stand beside it."""
    return (0, end) in wishes or any(
        (start == 0 and (till, end) in others) or (till == end and (0, start) in others) for start, till in wishes
    )


def _by_intent(file: Path, node: yaml.Node, words: Mapping[str, Mapping[str, str]]) -> dict[str, list[Phrase]]:
    return {
        intent: _phrases(file, by, words)
        for intent, by in fields(file, node, "wishes").items()
        if _known(file, by, intent)
    }


def _known(file: Path, node: yaml.Node, intent: str) -> bool:
    if intent not in INTENTS:
        raise at(file, node, f"no intent is called {intent}")
    return True


def _phrases(file: Path, node: yaml.Node, words: Mapping[str, Mapping[str, str]]) -> list[Phrase]:
    found = []
    for code, listed in fields(file, node, "phrases").items():
        for child in sequence(file, listed, "phrases"):
            raw = scalar(file, child, "a phrase")
            for name, by in words.items():
                raw = raw.replace(name, by.get(code, name))
            try:
                found.append(phrase(raw))
            except ValueError as error:
                raise DataError(f"{file}:{child.start_mark.line + 1}: {error}") from None
    return found
