"""From a text to a sparse vector: pieces of words in four written forms, weighed by how rare they are.

Law: training and serving run this same code; NumPy and the standard library only, no scikit-learn and no scipy.
Facts: TF-IDF with sublinear term frequency (Manning, Raghavan, Schütze: Introduction to Information Retrieval, ch. 6);
the choice of blocks was measured, see docs/understanding.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from bot.nlu.normalise import LONGEST_WORD, fold_word, normalise

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]

_VOWELS = re.compile(r"(?<=.)[aeiouvy]")
_CACHE = 50_000  # words whose features are remembered
_WORDS_LOOKED_AT = 300


@dataclass(frozen=True, slots=True)
class Block:
    """One family of features: `form` of the words (norm, fold, bone), `unit` (char or word), lengths, weight."""

    form: str
    unit: str
    shortest: int
    longest: int
    weight: float = 1.0


BLOCKS = (
    Block("norm", "char", 1, 4),
    Block("norm", "word", 1, 2),
    Block("fold", "char", 1, 4),
    Block("bone", "char", 1, 4),
    Block("bone", "word", 1, 2),
)


def bone(folded: str) -> str:
    """The consonants of a folded word: what is left alike where one script writes vowels and another does not."""
    return _VOWELS.sub("", folded)


def forms_of(text: str) -> dict[str, list[str]]:
    """The words of a raw text in each form; the lists may differ in length."""
    norm = normalise(text).split()[:_WORDS_LOOKED_AT]
    fold = [f for w in norm if (f := fold_word(w))]
    return {"norm": norm, "fold": fold, "bone": [bone(w) for w in fold]}


def pieces(word: str, shortest: int, longest: int) -> list[str]:
    """All runs of characters of ` word ` of the given lengths; a word that is shorter is one piece."""
    padded = f" {word} "
    found = []
    for n in range(shortest, longest + 1):
        if n >= len(padded):
            found.append(padded)
            break
        found += [padded[i : i + n] for i in range(len(padded) - n + 1)]
    return found


def grams(block: Block, words: Sequence[str]) -> list[str]:
    """Every feature of one block in a text, with repeats."""
    if block.unit == "char":
        return [piece for word in words for piece in pieces(word, block.shortest, block.longest)]
    return [
        " ".join(words[i : i + n]) for n in range(block.shortest, block.longest + 1) for i in range(len(words) - n + 1)
    ]


class Vectoriser:
    """Vocabulary and weights of a model. `vector` gives (indices int32, values float32), each block of length 1.

    Features that were never seen add to the length of their block: a text of unknown words is far from everything
    (on a public test with out-of-scope lines this lifted the MCC from 0.55 to 0.57).
    """

    def __init__(
        self, vocabularies: Sequence[Sequence[str]], idf: FloatArray, documents: int, blocks: Sequence[Block] = BLOCKS
    ):
        self.blocks = tuple(blocks)
        self.vocabularies = [list(v) for v in vocabularies]
        self.idf = idf
        self.documents = documents
        self._index: list[dict[str, int]] = []
        start = 0
        for vocabulary in self.vocabularies:
            self._index.append({gram: start + i for i, gram in enumerate(vocabulary)})
            start += len(vocabulary)
        self.size = start
        self._unseen = (log(1 + documents) + 1.0) ** 2  # the weight of a gram that no text has
        self._words: list[dict[str, tuple[list[int], int]]] = [{} for _ in self.blocks]

    @classmethod
    def fit(cls, texts: Iterable[str], blocks: Sequence[Block] = BLOCKS, rarest: int = 1) -> Vectoriser:
        """Learns the vocabulary: grams of at least `rarest` texts."""
        counts: list[Counter[str]] = [Counter() for _ in blocks]
        documents = 0
        for text in texts:
            documents += 1
            forms = forms_of(text)
            for block, count in zip(blocks, counts, strict=True):
                count.update(set(grams(block, forms[block.form])))
        vocabularies = [sorted(g for g, n in count.items() if n >= rarest) for count in counts]
        idf = [
            log((1 + documents) / (1 + count[gram])) + 1.0
            for count, vocabulary in zip(counts, vocabularies, strict=True)
            for gram in vocabulary
        ]
        return cls(vocabularies, np.asarray(idf, np.float32), documents, blocks)

    def vector(self, text: str) -> tuple[IntArray, FloatArray]:
        """The features of one raw text; empty arrays when nothing is known."""
        forms = forms_of(text)
        indices: list[IntArray] = []
        values: list[FloatArray] = []
        for number, block in enumerate(self.blocks):
            known, unseen = self._lookup(number, block, forms[block.form])
            if not known:
                continue
            index, count = np.unique(np.asarray(known, np.int32), return_counts=True)
            value = (1.0 + np.log(count)) * self.idf[index]
            length = np.sqrt(value @ value + unseen * self._unseen)
            indices.append(index)
            values.append((block.weight / length * value).astype(np.float32))
        if not indices:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        return np.concatenate(indices), np.concatenate(values)

    def _lookup(self, number: int, block: Block, words: Sequence[str]) -> tuple[list[int], int]:
        if block.unit == "word":
            return self._known(number, grams(block, words))
        cache = self._words[number]
        known: list[int] = []
        unseen = 0
        for word in words:
            found = cache.get(word)
            if found is None:
                found = self._known(number, pieces(word, block.shortest, block.longest))
                if len(word) <= LONGEST_WORD and len(cache) < _CACHE:
                    cache[word] = found
            known += found[0]
            unseen += found[1]
        return known, unseen

    def _known(self, number: int, found: Sequence[str]) -> tuple[list[int], int]:
        index = self._index[number]
        known = [index[gram] for gram in found if gram in index]
        return known, len(found) - len(known)
