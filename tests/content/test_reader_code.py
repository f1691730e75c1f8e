"""Family codes as people write them: any script, any spacing, badly typed ones too; and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.readers.code import FIRST, LENGTH, reader

CODE = "7482917300461295"


@pytest.mark.parametrize(
    "text",
    [
        "7482917300461295",
        "7482 9173 0046 1295",
        "7482-9173-0046-1295",
        "7482  9173\n0046 1295",
        "७४८२ ९१७३ ००४६ १२९५",
        "٧٤٨٢ ٩١٧٣ ٠٠٤٦ ١٢٩٥",
        "７４８２９１７３００４６１２９５",
        "\u20667482 9173 0046 1295\u2069",
        "748 291 730 046 1295.",
        "my code is 7482 9173 0046 1295, how is he?",
        "मेरो कोड ७४८२९१७३००४६१२९५ हो",
        "code:7482.9173.0046.1295",
    ],
)
def test_a_code_is_found_however_it_is_written(text: str) -> None:
    assert reader.find(text, {}, "en") == CODE
    assert reader.read(text, {}, "en") == CODE


@pytest.mark.parametrize("text", ["748291730046129", "74829173004612955", "4111 1111 1111 1111", "0000 0000 0000 0000"])
def test_digits_alone_are_meant_as_a_code_though_they_cannot_be_one(text: str) -> None:
    assert reader.find(text, {}, "en") is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "how is my son",
        "+977 984 1234567",
        "00977 9841234567",
        "482 917 3",
        "my card 4111 1111 1111 1111 was taken",
        "I paid 748291 and then 7300461295 again",
        "7482 9173 0046 1295 7482",
    ],
)
def test_what_is_no_code(text: str) -> None:
    assert reader.find(text, {}, "en") is None


def test_an_answer_of_half_a_code_is_an_answer() -> None:
    assert reader.read("it is 7482 9173", {}, "en") == "74829173"
    assert reader.read("7482", {}, "en") is None
    assert reader.read("I have none", {}, "en") is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_digits_or_nothing(text: str) -> None:
    found = reader.find(text, {}, "ne")
    assert found is None or (found.isascii() and found.isdigit() and abs(len(found) - LENGTH) <= 1)


@given(st.text("0123456789", min_size=LENGTH - 1, max_size=LENGTH - 1), st.sampled_from(["", " ", "-", "  "]))
def test_every_code_of_ours_is_found_in_a_sentence(rest: str, between: str) -> None:
    code = FIRST + rest
    written = between.join(code[i : i + 4] for i in range(0, LENGTH, 4))
    assert reader.find(f"hello {written} please", {}, "en") == code
