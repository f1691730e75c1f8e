"""What a model answers: probabilities in order for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.classifier import Classifier
from bot.nlu.data import read_examples
from bot.nlu.language import guess, same_spoken
from tests.nlu.conftest import SMALL_HELD_OUT


def test_held_out_lines(classifier: Classifier) -> None:
    examples = read_examples(SMALL_HELD_OUT)
    right = sum(classifier.parse(e.text).intent == e.intent for e in examples)
    assert right >= len(examples) - 1


def test_all_intents_are_ranked(classifier: Classifier) -> None:
    ranked = classifier.parse("my boss hits me")
    assert ranked.intent == "report_violence"
    assert (
        {name for name, _ in ranked.intents}
        == set(classifier.intents)
        == {"report_violence", "report_unpaid_wages", "greet"}
    )
    assert dict(ranked.intents)["greet"] < ranked.confidence


@pytest.mark.parametrize("text", ["", "   ", "\ud83d", "?!", "\u200b"])
def test_nothing_known_is_the_fallback(classifier: Classifier, text: str) -> None:
    ranked = classifier.parse(text)
    assert (ranked.intent, ranked.confidence, ranked.intents) == ("nlu_fallback", 0.0, ())


def test_unknown_words_lower_the_confidence(classifier: Classifier) -> None:
    sure = classifier.parse("my boss hits me").confidence
    assert classifier.parse("my quixotic zebra xylophone vortex").confidence < sure / 2


@given(st.text(st.characters(), max_size=300))
def test_any_text_gets_probabilities(classifier: Classifier, text: str) -> None:
    ranked = classifier.parse(text)
    chances = [p for _, p in ranked.intents]
    assert chances == sorted(chances, reverse=True)
    assert all(0.0 <= p <= 1.0 for p in chances)
    assert sum(chances) <= 1.0 + 1e-9
    language, confidence = guess(text, ranked.languages)
    assert language in {"", "en", "ne", "ar", "bn", "ta", "ml", "si", "ur"}  # taught, or told by letters alone
    assert 0.0 <= confidence <= 1.0


def test_many_is_each(classifier: Classifier) -> None:
    texts = ["hello", "तलब", "", "boss beat me"]
    assert classifier.parse_many(texts) == [classifier.parse(text) for text in texts]


RANKED = (("ne", 0.5), ("hi", 0.3), ("en", 0.1))


@pytest.mark.parametrize(
    ("text", "ranked", "language"),
    [
        ("أحتاج مساعدة", (), "ar"),
        ("أحتاج help الآن", RANKED, "ar"),
        ("मलाई थुने", (), ""),  # two languages of ours share the script
        ("मलाई थुने", (("ne", 0.8), ("en", 0.1)), "ne"),
        ("मलाई थुने", (("en", 0.6), ("ne", 0.3), ("hi", 0.01)), "ne"),  # what is not written in it does not count
        ("मलाई थुने", (("ne", 0.4), ("hi", 0.4)), "ne"),  # either is nearer to her than English
        ("malai thune", RANKED, ""),
        ("malai thune", (("ne", 0.8), ("hi", 0.1)), "ne"),
        ("আমাকে মারে", (), "bn"),
        ("என்னை", (), "ta"),
        ("എന്നെ", RANKED, "ml"),
        ("මට", (), "si"),
        ("میڈم مارتی ہے", (("ar", 0.9),), "ur"),  # letters before words
        ("راتبي متى ينزل", (("ur", 0.9),), "ar"),
        ("وین چابی", (), "ur"),
        ("سلام", (), ""),  # a word of both
        ("سلام", (("ur", 0.5), ("ar", 0.2)), "ur"),
        ("mujhe maarta hai", (("hi", 0.45), ("ur", 0.44), ("en", 0.1)), "hi"),  # one of the two for certain
        ("mujhe maarta hai", (("hi", 0.3), ("ur", 0.2), ("en", 0.4)), ""),
        ("помогите", (("en", 0.9),), ""),
        ("123 😭", (("en", 0.9),), ""),
        ("", (), ""),
    ],
)
def test_the_script_comes_first(text: str, ranked: tuple[tuple[str, float], ...], language: str) -> None:
    assert guess(text, ranked)[0] == language


def test_hindi_and_urdu_in_latin_letters_are_no_change_of_language() -> None:
    assert same_spoken("hi", "ur", "mujhe maarta hai")
    assert same_spoken("ur", "ur", "میں")
    assert not same_spoken("hi", "ur", "مجھے مارتا ہے")
    assert not same_spoken("hi", "ne", "malai kutcha")
