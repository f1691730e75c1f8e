"""Serves a trained model: text in, intents and languages with their confidences out.

Law: NumPy only, never scikit-learn or scipy; any str gets an answer; no intent is known by name here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu import model_file
from bot.nlu.features import Block, FloatArray, IntArray, Vectoriser
from bot.nlu.ideas import Ideas
from bot.nlu.intents import FALLBACK

# A support vector machine says -1 for "not mine" and 1 for "mine". A text for which every intent stays below this is
# nobody's: with this share the MCC on a public test with out-of-scope lines rose from 0.48 to 0.52 (threshold 0.3).
NONE = -0.3
# Data that teach what is out of scope need it less: with this the calibration error of ours fell from 0.10 to 0.04.
NONE_TAUGHT = -0.7

Scores = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """All intents, best first, with probabilities (at most 1 together), and all languages; empty: nothing known."""

    intents: Scores = ()
    languages: Scores = ()

    @property
    def intent(self) -> str:
        """The best intent, `nlu_fallback` for a text in which nothing is known."""
        return self.intents[0][0] if self.intents else FALLBACK

    @property
    def confidence(self) -> float:
        """The probability of the best intent."""
        return self.intents[0][1] if self.intents else 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """One linear decision over the features: names, weights [features, names], bias, sharpness of the softmax.

    A decision that looks only at the first blocks has that many weights.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float16]
    bias: FloatArray
    sharpness: float
    none: float = NONE

    def scores(self, indices: IntArray, values: FloatArray) -> Scores:
        """Names with probabilities, best first; equal ones in the order of their names."""
        if not self.names:
            return ()
        looked_at = np.searchsorted(indices, len(self.weights))  # indices rise
        indices, values = indices[:looked_at], values[:looked_at]
        weights = self.weights[indices].astype(np.float32)  # half precision on disk and in memory, not in the sum
        chances = shares((values @ weights + self.bias)[np.newaxis], self.sharpness, self.none)[0]
        return tuple((self.names[i], float(chances[i])) for i in np.argsort(-chances, kind="stable"))


def shares(margins: NDArray[Any], sharpness: float, none: float = NONE) -> NDArray[np.float64]:
    """Probabilities [texts, names] of margins [texts, names]; what is missing to 1 is the share of "none of them"."""
    logits: NDArray[np.float64] = np.asarray(margins, np.float64) * sharpness
    none = none * sharpness
    top = np.maximum(logits.max(axis=1, keepdims=True), none)
    chances: NDArray[np.float64] = np.exp(logits - top)
    whole: NDArray[np.float64] = chances.sum(axis=1, keepdims=True) + np.exp(none - top)
    return np.divide(chances, whole)


class Classifier:
    """A model in memory. Thread-safe for reading; about 0.3 ms a message."""

    def __init__(self, vectoriser: Vectoriser, intents: Head, languages: Head, data_hash: str = "") -> None:
        self.vectoriser = vectoriser
        self._intents = intents
        self._languages = languages
        self.data_hash = data_hash

    @classmethod
    def load(cls, path: Path) -> Classifier:
        """`load(path)` of this module."""
        return load(path)

    @property
    def intents(self) -> tuple[str, ...]:
        """The names that the model can answer with."""
        return self._intents.names

    def parse(self, text: str) -> Ranked:
        """Ranks intents and languages for one raw text. Never raises for a str."""
        indices, values = self.vectoriser.vector(text)
        if not len(indices):
            return Ranked()
        return Ranked(self._intents.scores(indices, values), self._languages.scores(indices, values))

    def parse_many(self, texts: Iterable[str]) -> list[Ranked]:
        """`parse` for each text, in order."""
        return [self.parse(text) for text in texts]


def load(path: Path) -> Classifier:
    """A classifier from the file of `saathi nlu train`. Raises ModelError (bot.nlu.model_file)."""
    meta, arrays = model_file.read(path)
    try:
        blocks = [Block(*block) for block in meta["blocks"]]
        vocabularies = [arrays[f"vocabulary_{i}"] for i in range(len(blocks))]
        ideas = Ideas.parse(arrays["ideas"].tobytes().decode())
        vectoriser = Vectoriser(vocabularies, arrays["idf"], int(meta["documents"]), blocks, ideas)
        heads = [
            Head(
                tuple(meta[what]),
                arrays[f"{what}_weights"],
                arrays[f"{what}_bias"],
                float(meta[f"{what}_sharpness"]),
                float(meta[f"{what}_none"]),
            )
            for what in ("intents", "languages")
        ]
        if any(len(head.weights) > vectoriser.size or head.weights.shape[1] != len(head.names) for head in heads):
            raise ValueError
    except (KeyError, ValueError, TypeError) as error:
        raise model_file.ModelError(f"{path}: parts are missing ({type(error).__name__}); train again") from None
    return Classifier(vectoriser, heads[0], heads[1], str(meta.get("data", "")))
