"""Packed tables answer as dicts of lists do."""

from __future__ import annotations

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from bot.packed import Packed

WORDS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS)), st.lists(WORDS))
def test_each_key_has_its_values_in_order(rows: list[tuple[str, str]], others: list[str]) -> None:
    packed, wanted = Packed(rows), dict[str, list[str]]()
    for key, value in rows:
        wanted.setdefault(key, []).append(value)
    for key in (*wanted, *others):
        assert packed.all(key) == wanted.get(key, [])
        assert (key in packed) == (key in wanted)
    assert sorted(packed.rows()) == sorted(rows)
    assert len(packed) == len(rows)


def test_a_row_may_be_added_after_the_first_look() -> None:
    packed = Packed([("मार", "beat")])
    assert packed.all("लाग") == []
    packed.add("लाग", "stick")
    packed.add("मार", "kill")
    assert packed.all("मार") == ["beat", "kill"]
    assert packed.all("लाग") == ["stick"]


def test_two_keys_of_one_sum_are_two() -> None:
    assert crc32(b"plumless") == crc32(b"buckeroo")
    packed = Packed([("plumless", "1"), ("buckeroo", "2"), ("plumless", "3")])
    assert packed.all("plumless") == ["1", "3"]
    assert packed.all("buckeroo") == ["2"]


def test_what_people_write_is_no_row() -> None:
    packed = Packed([("a", "b")])
    for text in ("a\0b", "a\0", "\0", "", "\ud800", "a\ud800"):
        assert packed.all(text) == []
        assert text not in packed
    assert None not in packed
