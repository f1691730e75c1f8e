"""From a text to a sparse vector: pieces of words in three written forms and what the words are about, weighed by how
rare they are.

Law: training and serving run this same code; NumPy and the standard library only, no scikit-learn and no scipy.
Facts: TF-IDF with sublinear term frequency (Manning, Raghavan, Schütze: Introduction to Information Retrieval, ch. 6);
the choice of blocks was measured, see docs/understanding.md. A feature is known by a 32-bit number (CRC
of its letters): 4 bytes in place of a string, and of 300,000 features of a model about ten share one with another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bot.nlu.ideas import Ideas
from bot.nlu.normalise import LONGEST_WORD, fold_word, normalise

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]
CodeArray = NDArray[np.uint32]

_VOWELS = re.compile(r"(?<=.)[aeiouvy]")
_CACHE = 20_000  # words whose features are remembered
_WORDS_LOOKED_AT = 300
_IDEAS_LOOKED_AT = 24  # of which every two make a feature


@dataclass(frozen=True, slots=True)
class Block:
    """One family of features: `form` of the words (norm, fold, bone, idea), `unit` (char, word, pair), lengths."""

    form: str
    unit: str
    shortest: int
    longest: int
    weight: float = 1.0


BLOCKS = (
    Block("norm", "char", 1, 4),  # as it is written: these come first, the language is told by them alone
    Block("norm", "word", 1, 2),
    Block("fold", "char", 1, 4),
    Block("bone", "char", 1, 4),
    Block("bone", "word", 1, 2),
)
# For data that come with words.yml; without them whole words in Latin form cost a point on English public sets. Beside
# those of the Latin form whole words as they are written bring nothing.
BLOCKS_WITH_IDEAS = (
    *(block for block in BLOCKS if (block.form, block.unit) != ("norm", "word")),
    Block("fold", "word", 1, 2),
    Block("idea", "pair", 1, 2),
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a normalised text in its other forms; `folded` is empty when nothing of it can be said in Latin."""

    norm: str
    folded: str
    bone: str
    ideas: tuple[int, ...]


def bone(folded: str) -> str:
    """The consonants of a folded word: what is left alike where one script writes vowels and another does not."""
    return _VOWELS.sub("", folded)


def read_word(norm: str, ideas: Ideas) -> Word:
    """The forms of one word."""
    folded = fold_word(norm)
    return Word(norm, folded, bone(folded), ideas.of(norm, folded))


def words_of(text: str) -> list[str]:
    """The words of a raw text that are looked at."""
    return normalise(text).split()[:_WORDS_LOOKED_AT]


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


def codes_of_word(block: Block, word: Word) -> list[int]:
    """The features of one word in a block of characters, with repeats."""
    form = word.norm if block.form == "norm" else word.folded if block.form == "fold" else word.bone
    if not word.folded and block.form != "norm":
        return []
    return [crc32(piece.encode()) for piece in pieces(form, block.shortest, block.longest)]


def codes_of_text(block: Block, words: Sequence[Word]) -> list[int]:
    """The features of all words together in a block of words or of ideas, with repeats."""
    if block.unit == "pair":
        about = sorted({idea for word in words for idea in word.ideas})[:_IDEAS_LOOKED_AT]
        return about + [(a + 1 << 16) + b for i, a in enumerate(about) for b in about[i + 1 :]]
    forms = [word.norm for word in words]
    if block.form != "norm":
        forms = [word.folded if block.form == "fold" else word.bone for word in words if word.folded]
    lengths = range(block.shortest, block.longest + 1)
    return [crc32(" ".join(forms[i : i + n]).encode()) for n in lengths for i in range(len(forms) - n + 1)]


class Vectoriser:
    """Vocabulary and weights of a model. `vector` gives (indices int32, values float32), each block of length 1.

    Features that were never seen add to the length of their block: a text of unknown words is far from everything
    (on a public test with out-of-scope lines this lifted the MCC from 0.55 to 0.57).
    """

    def __init__(
        self,
        vocabularies: Sequence[CodeArray],
        idf: FloatArray,
        documents: int,
        blocks: Sequence[Block] = BLOCKS,
        ideas: Ideas | None = None,
    ):
        self.blocks = tuple(blocks)
        self.vocabularies = [np.asarray(v, np.uint32) for v in vocabularies]
        self.idf = np.asarray(idf, np.float32)
        self.documents = documents
        self.ideas = ideas or Ideas()
        self._starts = np.cumsum([0] + [len(v) for v in self.vocabularies])
        self.size = int(self._starts[-1])
        self._by_word = [i for i, block in enumerate(self.blocks) if block.unit == "char"]
        self._by_text = [i for i, block in enumerate(self.blocks) if block.unit != "char"]
        self._weights = np.array([block.weight for block in self.blocks])
        self._unseen = (log(1 + documents) + 1.0) ** 2  # the weight of a feature that no text has
        self._words: dict[str, tuple[Word, IntArray, NDArray[np.float64]]] = {}

    @property
    def as_written(self) -> int:
        """How many features, from the first on, are of words as they are written."""
        blocks = [block.form != "norm" for block in self.blocks] + [True]
        return int(self._starts[blocks.index(True)])

    @classmethod
    def fit(
        cls, texts: Iterable[str], blocks: Sequence[Block] = (), rarest: int = 1, ideas: Ideas | None = None
    ) -> Vectoriser:
        """Learns the vocabulary: features of at least `rarest` texts. `blocks`: those that fit the ideas if none."""
        ideas = ideas or Ideas()
        blocks = blocks or (BLOCKS_WITH_IDEAS if ideas.names else BLOCKS)
        counts: list[Counter[int]] = [Counter() for _ in blocks]
        known: dict[str, tuple[Word, list[set[int]]]] = {}
        by_word = [i for i, block in enumerate(blocks) if block.unit == "char"]
        documents = 0
        for text in texts:
            documents += 1
            words = []
            for norm in words_of(text):
                if norm not in known:
                    word = read_word(norm, ideas)
                    known[norm] = word, [set(codes_of_word(blocks[i], word)) for i in by_word]
                words.append(known[norm])
            for n, i in enumerate(by_word):
                counts[i].update(set().union(*(codes[n] for _, codes in words)))
            for i, block in enumerate(blocks):
                if block.unit != "char":
                    counts[i].update(set(codes_of_text(block, [word for word, _ in words])))
        kept = [sorted(code for code, n in count.items() if n >= rarest) for count in counts]
        times = [count[code] for count, codes in zip(counts, kept, strict=True) for code in codes]
        idf = np.log((1 + documents) / (1 + np.asarray(times, np.float64))) + 1.0
        return cls([np.asarray(codes, np.uint32) for codes in kept], idf.astype(np.float32), documents, blocks, ideas)

    def vector(self, text: str) -> tuple[IntArray, FloatArray]:
        """The features of one raw text; empty arrays when nothing is known."""
        read = [self._word(norm) for norm in words_of(text)]
        words = [word for word, _, _ in read]
        found = [indices for _, indices, _ in read]
        unseen = np.zeros(len(self.blocks))
        for _, _, counts in read:
            unseen += counts
        for number in self._by_text:
            codes = codes_of_text(self.blocks[number], words)
            indices = self._known(number, codes)
            found.append(indices)
            unseen[number] = len(codes) - len(indices)
        together = np.concatenate(found)
        if not len(together):
            return together, np.zeros(0, np.float32)
        index, count = np.unique(together, return_counts=True)
        value = (1.0 + np.log(count)) * self.idf[index]
        ends = np.searchsorted(index, self._starts)
        sums = np.concatenate(([0.0], np.cumsum(value * value)))[ends]
        lengths = np.sqrt(np.maximum(np.diff(sums), 1e-12) + unseen * self._unseen)
        return index, (value * np.repeat(self._weights / lengths, np.diff(ends))).astype(np.float32)

    def _word(self, norm: str) -> tuple[Word, IntArray, NDArray[np.float64]]:
        """(forms, known features of the blocks of characters, how many of each block are unknown)."""
        entry = self._words.get(norm)
        if entry is None:
            word = read_word(norm, self.ideas)
            unseen = np.zeros(len(self.blocks))
            found = [np.zeros(0, np.int32)]
            for number in self._by_word:
                codes = codes_of_word(self.blocks[number], word)
                found.append(self._known(number, codes))
                unseen[number] = len(codes) - len(found[-1])
            entry = word, np.concatenate(found), unseen
            if len(norm) <= LONGEST_WORD and len(self._words) < _CACHE:
                self._words[norm] = entry
        return entry

    def _known(self, number: int, codes: Sequence[int]) -> IntArray:
        vocabulary = self.vocabularies[number]
        if not codes or not len(vocabulary):
            return np.zeros(0, np.int32)
        wanted = np.asarray(codes, np.uint32)
        places = np.minimum(np.searchsorted(vocabulary, wanted), len(vocabulary) - 1)
        known: IntArray = (places[vocabulary[places] == wanted] + self._starts[number]).astype(np.int32)
        return known
