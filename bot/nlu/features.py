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
from itertools import accumulate, chain, pairwise
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


def codes_of_pieces(word: str, shortest: int, longest: int) -> list[int]:
    """The features of all runs of characters of ` word ` of the given lengths, with repeats; a word that is shorter is
    one piece."""
    letters = list(map(str.encode, f" {word} "))
    if shortest >= len(letters):
        return [crc32(b"".join(letters))]
    codes: list[int] = []
    runs = [0] * len(letters)
    for more in range(min(longest, len(letters))):
        runs = list(map(crc32, letters[more:], runs))  # each run with its next letter: a checksum goes on from another
        if more + 1 >= shortest:
            codes += runs
    return codes


def codes_of_word(block: Block, word: Word) -> list[int]:
    """The features of one word in a block of characters, with repeats."""
    form = word.norm if block.form == "norm" else word.folded if block.form == "fold" else word.bone
    if not word.folded and block.form != "norm":
        return []
    return codes_of_pieces(form, block.shortest, block.longest)


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


_Entry = tuple[Word, IntArray, tuple[int, ...]]  # of a word: its forms, its known features, how many are unknown
_BITS = np.uint64(32)  # of a feature's number; before them stands the block, so that all blocks are one sorted list


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
        blocks_of = [np.full(len(v), n, np.uint64) << _BITS for n, v in enumerate(vocabularies)]
        self._codes = np.concatenate(
            [b | np.asarray(v, np.uint64) for b, v in zip(blocks_of, vocabularies, strict=True)]
        )
        self.idf = np.asarray(idf, np.float32)
        self.documents = documents
        self.ideas = ideas or Ideas()
        self._starts = np.cumsum([0] + [len(v) for v in vocabularies])
        self.size = len(self._codes)
        self._by_word = [i for i, block in enumerate(self.blocks) if block.unit == "char"]
        self._by_text = [i for i, block in enumerate(self.blocks) if block.unit != "char"]
        self._weights = np.array([block.weight for block in self.blocks])
        self._unseen = (log(1 + documents) + 1.0) ** 2  # the weight of a feature that no text has
        self._words: dict[str, _Entry] = {}

    @property
    def vocabularies(self) -> list[CodeArray]:
        """The features of each block, in order."""
        return [self._codes[a:b].astype(np.uint32) for a, b in pairwise(self._starts)]

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
        return self.vectors([text])[0]

    def vectors(self, texts: Iterable[str]) -> list[tuple[IntArray, FloatArray]]:
        """`vector` for each text, in order: what all of them hold is looked up and weighed together."""
        norms = [words_of(text) for text in texts]
        if not norms:
            return []
        known = self._read({norm for words in norms for norm in words})
        entries = [[known[norm] for norm in words] for words in norms]
        rows = [
            (number, codes_of_text(self.blocks[number], [word for word, _, _ in read]))
            for read in entries
            for number in self._by_text
        ]
        of_texts = self._known(rows, len(self._by_text))
        found: list[list[IntArray]] = []
        unseen = np.zeros((len(norms), len(self.blocks)))
        for n, (read, (indices, unknown)) in enumerate(zip(entries, of_texts, strict=True)):
            found.append([*(of_word for _, of_word, _ in read), indices])
            if read:
                unseen[n, self._by_word] = [sum(counts) for counts in zip(*(c for _, _, c in read), strict=True)]
            unseen[n, self._by_text] = unknown
        return self._weighed(found, unseen)

    def _weighed(
        self, found: Sequence[Sequence[IntArray]], unseen: NDArray[np.float64]
    ) -> list[tuple[IntArray, FloatArray]]:
        """`found`: of each text its known features, with repeats. `unseen` [texts, blocks]: how many nobody knows."""
        texts, blocks = unseen.shape
        of = np.repeat(np.arange(texts), [sum(map(len, some)) for some in found])
        places, count = np.unique(np.concatenate([*chain(*found)]) + of * self.size, return_counts=True)
        text, index = np.divmod(places, self.size or 1)
        value = (1.0 + np.log(count)) * self.idf[index]
        block = text * blocks + self._starts[1:].searchsorted(index, side="right")
        sums = np.bincount(block, value * value, minlength=texts * blocks).reshape(texts, blocks)
        lengths = np.sqrt(np.maximum(sums, 1e-12) + unseen * self._unseen)
        values = (value * (self._weights / lengths).ravel()[block]).astype(np.float32)
        indices = index.astype(np.int32)
        return [(indices[a:b], values[a:b]) for a, b in pairwise(text.searchsorted(np.arange(texts + 1)))]

    def _read(self, norms: Iterable[str]) -> dict[str, _Entry]:
        """Of each word its entry; those that were not met before are looked up together."""
        entries = {norm: entry for norm in norms if (entry := self._words.get(norm)) is not None}
        new = [read_word(norm, self.ideas) for norm in norms if norm not in entries]
        rows = [(number, codes_of_word(self.blocks[number], word)) for word in new for number in self._by_word]
        for word, (indices, unknown) in zip(new, self._known(rows, len(self._by_word)), strict=True):
            entry = entries[word.norm] = word, indices, unknown
            if len(word.norm) <= LONGEST_WORD and len(self._words) < _CACHE:
                self._words[word.norm] = word, indices.copy(), unknown  # a copy: not all that was looked up with it
        return entries

    def _known(self, rows: Sequence[tuple[int, Sequence[int]]], each: int) -> list[tuple[IntArray, tuple[int, ...]]]:
        """Of every `each` rows (a block and features): those that the model knows, and how many of each row it does
        not."""
        if not rows:
            return []
        sizes = [len(codes) for _, codes in rows]
        wanted = np.fromiter(chain.from_iterable(codes for _, codes in rows), np.uint64, sum(sizes))
        wanted |= np.repeat(np.array([number for number, _ in rows], np.uint64) << _BITS, sizes)
        places, order = np.empty(len(wanted), np.int64), wanted.argsort()  # in order: from one to the next it is near
        places[order] = np.minimum(self._codes.searchsorted(wanted[order]), max(self.size - 1, 0))
        is_known = self._codes[places] == wanted if self.size else np.zeros(len(wanted), bool)
        indices = places[is_known].astype(np.int32)
        ends = np.concatenate(([0], is_known.cumsum()))[list(accumulate(sizes, initial=0))].tolist()
        unknown = [size - (b - a) for size, (a, b) in zip(sizes, pairwise(ends), strict=True)]
        return [
            (indices[ends[row] : ends[row + each]], tuple(unknown[row : row + each]))
            for row in range(0, len(rows), each)
        ]
