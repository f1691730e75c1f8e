"""One written form: what is folded together, and that nothing breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import folding
from bot.nlu import normalise as module
from bot.nlu.concepts import Lexicon
from bot.nlu.features import Vectoriser
from bot.nlu.normalise import LONGEST_WORD, fold, normalise, words


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Hello,\tWORLD!  ", "hello world"),
        ("I'm don’t", "im dont"),
        ("heeeelp", "heelp"),
        ("१२३ ٣٤ １ ②", "123 34 1 2"),
        ("ｈｅｌｐ", "help"),
        ("help🆘me", "help 🆘 me"),
        ("\u200bhe\u200dlp\ufeff\u202e", "help"),
        ("\ud83d", ""),
        ("बन्द", "बंद"),
        ("मीठो पूरा", "मिठो पुरा"),
        ("أُخْتِي", "اختي"),
        ("مدرسة", "مدرسه"),
        ("İstanbul", "istanbul"),
        ("cafe\u0301", "café"),
        ("👍🏽", "👍"),
        ("১২ ௧௨ ൧൨ ۱۲ ෧෨", "12 12 12 12 12"),
        ("", ""),
    ],
)
def test_forms(text: str, form: str) -> None:
    assert normalise(text) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ہے بھائی", "هے بهائی"),  # Urdu and Arabic ha
        ("کیا", "كيا"),  # kaf and ya of either keyboard
        ("میں", "مین"),  # the nasal n
        ("ന\u0d4d\u200d", "ൻ"),  # Malayalam chillu: consonant, virama, joiner; or one sign
        ("എന്\u200dറെ", "എൻ്റെ"),
        ("എന്റെ", "എൻ്റെ"),
        ("അതു്", "അത്"),
        ("যায\u09bc", "যায়"),  # Bengali ya with its dot apart
        ("ক্\u200dর", "ক্র"),
        ("වෙනස ක්\u200dර", "වෙනස ක්ර"),
        ("பூட்\u200cடி", "பூட்டி"),
        ("বাড়ী", "বাড়ি"),
        ("අපේ ගණන", "අපේ ගනන"),
    ],
)
def test_one_word_however_the_phone_writes_it(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ہے بھائی", "هے بهائی"),
        ("کیا", "كيا"),
        ("میں", "مین"),
        ("ന\u0d4d\u200d", "ൻ"),
        ("എന്\u200dറെ", "എന്റെ"),
        ("যায\u09bc", "যায়"),
        ("ক্\u200dর", "ক্র"),
        ("১২", "12"),
    ],
)
def test_labels_are_compared_by_the_same_letters(one: str, other: str) -> None:
    assert folding.fold(one) == folding.fold(other)


@pytest.mark.parametrize(("one", "other"), [("கொல்", "கொள்"), ("ہے", "ہی"), ("কর", "কড")])
def test_what_tells_words_apart_stays(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("native", "typed"),
    [
        ("तलब", "talab"),
        ("राखेको", "raakheko"),
        ("मालिक", "maalik"),
        ("पैसा", "paisa"),
        ("थुनेर", "thuner"),
        ("फोन", "phone"),
        ("घर", "ghar"),
        ("चाबी", "chabi"),
        ("বেতন", "beton"),
        ("আমাকে", "amake"),
        ("চাবি", "chabi"),
        ("சம்பளம்", "sambalam"),
        ("அடிக்கிறான்", "adikkiran"),
        ("வீட்டு", "veettu"),
        ("கொன்று", "kondru"),
        ("காற்று", "kaatru"),
        ("ശമ്പളം", "shambalam"),
        ("അടിക്കുന്നു", "adikkunnu"),
        ("എന്റെ", "ente"),
        ("വീട്", "veedu"),
        ("അവൻ", "avan"),
        ("පඩිය", "padiya"),
        ("ගහනවා", "gahanawa"),
        ("යතුර", "yathura"),
        ("ඇඟ", "anga"),
        ("المكتب", "mktb"),
        ("والكفيل", "kfyl"),
        ("قفلت", "2flt"),
    ],
)
def test_native_and_typed_fold_alike(native: str, typed: str) -> None:
    assert fold(normalise(native)) == fold(normalise(typed))


@pytest.mark.parametrize(
    ("one", "other"), [("7abasooni", "habasouni"), ("chha", "cha"), ("vannu", "wannu"), ("5arab", "kharab")]
)
def test_spellings_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_words_give_every_reading_and_ends_of_clauses() -> None:
    assert words("Heeelp, me") == [frozenset({"help", "heelp"}), frozenset(), frozenset({"me"}), frozenset()]


@pytest.mark.parametrize(
    ("written", "also"),
    [
        ("ويضربني", {"ويضربني", "يضربني"}),
        ("هيضربني", {"هيضربني", "يضربني"}),
        ("وبيهددني", {"وبيهددني", "بيهددني", "يهددني"}),
        ("ويهددنيييي", {"ويهددني", "ويهددنيي", "يهددني", "يهددنيي"}),  # drawn out too
        ("بنت", {"بنت"}),
        ("وقت", {"وقت"}),
    ],
)
def test_an_arabic_verb_is_read_without_what_is_joined_to_it(written: str, also: set[str]) -> None:
    assert words(written)[0] == also


@given(st.text(st.characters(), max_size=300))
def test_any_text_has_a_form_and_the_form_stands(text: str) -> None:
    form = normalise(text)
    assert normalise(form) == form
    assert isinstance(fold(form), str)
    assert all(isinstance(readings, frozenset) for readings in words(text))


def test_words_of_any_length_fill_no_memory() -> None:
    """A phone could send a new word of 4,000 letters with every message: each would be kept for good."""
    long, lexicon, vectoriser = "abc" * LONGEST_WORD, Lexicon(), Vectoriser.fit(["hello"])
    lexicon.add("HIT", "hit*", "en")
    before = module._known_latin.cache_info().currsize, module._known_readings.cache_info().currsize
    assert fold(normalise(long))
    lexicon.find(words(f"{long} hitting"))
    vectoriser.vector(f"{long} hello")
    kept = [*lexicon._seen, *vectoriser._words]
    assert {"hitting", "hello"} <= set(kept)
    assert [word for word in kept if len(word) > LONGEST_WORD] == []
    fold(normalise(long * 2))
    words(long * 2)
    after = module._known_latin.cache_info().currsize, module._known_readings.cache_info().currsize
    assert (after[0] - before[0], after[1] - before[1]) <= (2, 2)  # "hello", "hitting"


def test_a_heap_of_marks_is_none() -> None:
    assert len(normalise("ha" + "\u0301\u0316" * 9000 + "lp")) < 20
