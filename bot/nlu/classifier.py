"""Serves a trained model: text in, intents and languages with their confidences out.

Law: NumPy only, never scikit-learn or scipy; any str gets an answer; no intent is known by name here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
_AT_ONCE = 64  # texts that are looked up together

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
    """One linear decision over the features: names, weights [rows, names], the row of each feature, bias, sharpness of
    the softmax. Features that stand in the same examples weigh the same, so there are fewer rows than features.

    A decision that looks only at the first blocks has rows for that many features.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float16]
    rows: NDArray[np.uint32]
    bias: FloatArray
    sharpness: float
    none: float = NONE

    def scores(self, vectors: Sequence[tuple[IntArray, FloatArray]]) -> list[Scores]:
        """Of each text: names with probabilities, best first; equal ones in the order of their names."""
        if not self.names or not vectors:
            return [()] * len(vectors)
        chances = shares(np.array([self._margins(*vector) for vector in vectors]), self.sharpness, self.none)
        orders = np.argsort(-chances, axis=1, kind="stable")
        return [
            tuple((self.names[i], row[i]) for i in order)
            for row, order in zip(chances.tolist(), orders.tolist(), strict=True)
        ]

    def _margins(self, indices: IntArray, values: FloatArray) -> FloatArray:
        looked_at = indices.searchsorted(len(self.rows))  # indices rise
        indices, values = indices[:looked_at], values[:looked_at]
        weights = self.weights[self.rows[indices]].astype(
            np.float32
        )  # half precision on disk and in memory, not in the sum
        margins: FloatArray = values @ weights + self.bias
        return margins


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
        return self.parse_many([text])[0]

    def parse_many(self, texts: Iterable[str]) -> list[Ranked]:
        """`parse` for each text, in order. A long list is done in parts, so that it needs no more memory than one."""
        asked = list(texts)
        return [
            ranked
            for first in range(0, len(asked), _AT_ONCE)
            for ranked in self._ranked(asked[first : first + _AT_ONCE])
        ]

    def _ranked(self, texts: Sequence[str]) -> list[Ranked]:
        vectors = self.vectoriser.vectors(texts)
        said = [vector for vector in vectors if len(vector[0])]
        found = map(Ranked, self._intents.scores(said), self._languages.scores(said))
        return [next(found) if len(vector[0]) else Ranked() for vector in vectors]


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
                arrays[f"{what}_rows"],
                arrays[f"{what}_bias"],
                float(meta[f"{what}_sharpness"]),
                float(meta[f"{what}_none"]),
            )
            for what in ("intents", "languages")
        ]
        if any(len(head.rows) > vectoriser.size or head.weights.shape[1] != len(head.names) for head in heads):
            raise ValueError
    except (KeyError, ValueError, TypeError) as error:
        raise model_file.ModelError(f"{path}: parts are missing ({type(error).__name__}); train again") from None
    return Classifier(vectoriser, heads[0], heads[1], str(meta.get("data", "")))
