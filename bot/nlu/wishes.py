"""What relatives and friends clearly want, by rules of `nlu_data/wishes.yml`, without any classifier.

Law: danger and what is graver stand; a text that means two of these wishes means none. Bad data is a DataError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from bot.engine.phrases import Meanings, Phrase, Phrases, heard, phrase
from bot.nlu.data import DataError, at, compose, fields, scalar, sequence
from bot.nlu.intents import INTENTS

CERTAIN = 0.9  # the confidence of a rule: enough to leave another matter for it


@dataclass(frozen=True, slots=True)
class Wishes:
    """`sure`: from this confidence on an intent of `graver` is believed before a rule. `unless`: what makes a text none
    of these wishes: who is not let to call her family is no relative who searches."""

    phrases: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    sure: float = 1.0
    graver: frozenset[str] = frozenset()
    unless: tuple[Phrase, ...] = ()

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
        rules = {
            intent: _phrases(file, by, words)
            for intent, by in fields(file, parts["wishes"], "wishes").items()
            if _known(file, by, intent)
        }
        graver = frozenset(scalar(file, node, "an intent") for node in sequence(file, parts["graver"], "graver"))
        unless = Phrases(_phrases(file, parts["unless"], words) if "unless" in parts else ())
        return cls(Meanings(rules), float(scalar(file, parts["sure"], "sure")), graver, unless)

    def of(self, text: str, intent: str, confidence: float) -> str:
        """The intent of the rule that the text fits; empty when there is none, or when a graver one is sure."""
        if intent in self.graver and confidence >= self.sure:
            return ""
        wish = heard(self.phrases, text)
        return "" if wish is None or heard({wish: self.unless}, text) else wish


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
