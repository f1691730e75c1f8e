"""A feature is the checksum of a run of letters, whichever way it is reckoned; texts together are as each alone."""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.features import Vectoriser, codes_of_pieces

TEXTS = ["my boss hits me", "", "तलब आएन", "zzz", "boss boss boss", "my salary"]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=9), st.integers(1, 4), st.integers(0, 3))
def test_runs_of_letters(word: str, shortest: int, more: int) -> None:
    padded, lengths = f" {word} ", range(shortest, shortest + more + 1)
    runs = [padded[i : i + n] for n in lengths for i in range(len(padded) - n + 1)]
    if shortest >= len(padded):
        runs = [padded]
    assert Counter(codes_of_pieces(word, shortest, shortest + more)) == Counter(crc32(r.encode()) for r in runs)


def test_texts_together_are_as_each_alone() -> None:
    vectoriser = Vectoriser.fit(["my boss hits me", "my salary is not paid", "तलब पाएको छैन"])
    alone = [Vectoriser.fit(["my boss hits me", "my salary is not paid", "तलब पाएको छैन"]).vector(t) for t in TEXTS]
    for (indices, values), (indices_alone, values_alone) in zip(vectoriser.vectors(TEXTS), alone, strict=True):
        assert np.array_equal(indices, indices_alone)
        assert np.array_equal(values, values_alone)
    assert [len(indices) for indices, _ in alone].count(0) == 1, "only the empty text has nothing that is known"
    assert vectoriser.vectors([]) == []
