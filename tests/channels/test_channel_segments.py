"""What an SMS costs, and where a long text may be cut."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.limits import units
from bot.channels.segments import _BASIC, _EXTENDED, Segments, count, normalise, split

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"  # one grapheme, 11 units
NEPALI = "नमस्ते। तपाईंलाई कस्तो सहयोग चाहिन्छ? "
MIXED = st.text(
    alphabet=st.one_of(st.sampled_from("a .!\n|€é\u0301काि\u200d" + "\U0001f468\U0001f469"), st.characters()),
    max_size=400,
)


@pytest.mark.parametrize(
    ("text", "encoding", "spent", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 159, "GSM-7", 159, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 459, "GSM-7", 459, 3),
        ("a" * 460, "GSM-7", 460, 4),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # an escape pair is not cut: 76 pairs fill 152 of 153 septets, and one stays empty
        ("€" * 152, "GSM-7", 304, 2),
        ("€" * 153, "GSM-7", 306, 3),
        ("^{}\\[~]|€\f", "GSM-7", 20, 1),
        ("@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤ÄÖÑÜ§¿äöñüà¡", "GSM-7", 42, 1),
        ("ा" * 69, "UCS-2", 69, 1),
        ("ा" * 70, "UCS-2", 70, 1),
        ("ा" * 71, "UCS-2", 71, 2),
        ("ा" * 134, "UCS-2", 134, 2),
        ("ा" * 135, "UCS-2", 135, 3),
        ("ê" + "a" * 69, "UCS-2", 70, 1),
        ("\t", "UCS-2", 1, 1),
        ("`", "UCS-2", 1, 1),
        (FAMILY, "UCS-2", 11, 1),
        ("\U0001f600" * 35, "UCS-2", 70, 1),
        # a surrogate pair is not cut: 33 fill 66 of 67 units
        ("\U0001f600" * 66, "UCS-2", 132, 2),
        ("\U0001f600" * 67, "UCS-2", 134, 3),
    ],
)
def test_what_a_text_costs(text: str, encoding: str, spent: int, segments: int) -> None:
    assert count(text) == Segments(encoding, spent, segments)  # type: ignore[arg-type]


def test_the_alphabet_has_as_many_letters_as_the_standard() -> None:
    assert (len(_BASIC), len(_EXTENDED)) == (127, 10)  # 128 places less the escape; nine signs and the page break


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("don\u2019t \u2013 \u201cwait\u201d\u2026", 'don\'t - "wait"...'),
        ("10\u00a0000\u202fAED\u200b", "10 000 AED"),
        ("plain", "plain"),
        ("त \u2013 \u201cक\u201d", "त \u2013 \u201cक\u201d"),  # UCS-2 anyway: the author's typography stays
        ("ca\u0303o \u2013", "ca\u0303o \u2013"),
        ("¿qué? ñ \u2019", "¿qué? ñ '"),
    ],
)
def test_typography_goes_only_where_that_saves(written: str, sent: str) -> None:
    assert normalise(written) == sent


@given(MIXED)
def test_normalising_never_costs_more(text: str) -> None:
    assert count(normalise(text)).segments <= count(text).segments
    assert normalise(normalise(text)) == normalise(text)


def graphemes(text: str) -> list[str]:
    return [g for g in regex.findall(r"\X", text) if not g.isspace()]


@pytest.mark.parametrize("size", [1599, 1600, 1601, 159, 160, 161, 69, 70, 71])
@pytest.mark.parametrize("unit", ["a", "का", "e\u0301", FAMILY, "தமிழ் ", "অ্যা ", "ሰላም። ", NEPALI])
@pytest.mark.parametrize("limit", [70, 160, 1600])
def test_no_grapheme_is_cut(size: int, unit: str, limit: int) -> None:
    text = (unit * size)[:size]
    pieces = split(text, limit)
    assert all(0 < units(p) <= limit for p in pieces)
    assert [g for p in pieces for g in graphemes(p)] == graphemes(text)
    if units(text.strip()) <= limit:
        assert pieces == [text.strip()]


@given(MIXED, st.integers(40, 200))
def test_nothing_but_blanks_is_lost(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert all(0 < units(p) <= limit for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_cuts_come_after_sentences_then_words() -> None:
    assert split("One two. Three four? Five six.", 22) == ["One two. Three four?", "Five six."]
    assert split("नमस्ते। कस्तो छ। ठिक छ।", 18) == ["नमस्ते। कस्तो छ।", "ठिक छ।"]
    assert split("one two three four", 9) == ["one two", "three", "four"]
    assert split("Look at https://example.org/a.b?c=d now", 32) == ["Look at", "https://example.org/a.b?c=d now"]
    assert split("first line\nsecond line", 15) == ["first line", "second line"]


def test_a_grapheme_larger_than_a_message_is_cut_rather_than_lost() -> None:
    zalgo = "a" + "\u0301" * 100_000
    pieces = split(zalgo, 1600)
    assert "".join(pieces) == zalgo
    assert all(units(p) <= 1600 for p in pieces)
