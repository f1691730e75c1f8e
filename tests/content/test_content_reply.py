"""From an event of the engine to what the person reads."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import Content, load
from bot.content.wording import ISOLATE, POP, amount, fill, kept_in_order, moment, spoken
from bot.engine.events import Asked, Said
from bot.engine.messages import Option, Sensitivity
from tests.content.small_content import write
from tests.content.whole import whole

AT = {"at": "2026-11-25T13:00:00+00:00", "zone": "Asia/Kuwait", "now": "2026-11-24T06:00:00+00:00"}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return load(write(tmp_path_factory.mktemp("content")))


def _asked(step: str, *options: str, prefix: str = "", **slots: Any) -> Asked:
    return Asked(f"wages.{step}", f"wages.{step}", "abc123", options, slots, prefix)


def test_a_question_with_its_options(content: Content) -> None:
    reply = content.reply(_asked("work", "home", "company", "skip"), "ne")
    assert (reply.text_id, reply.step, reply.version) == ("wages.work", "wages.work", "abc123")
    assert reply.text == "के काम?"
    assert reply.options == (
        Option("home", "घरमा", "घर"),
        Option("company", "कम्पनीमा", ""),  # the English short label does not stand under a Nepali one
        Option("skip", "I do not know", ""),
    )
    assert (reply.sensitivity, reply.urgent, reply.numbered) == (Sensitivity.PRIVATE, False, True)


def test_options_stand_in_the_order_of_the_event(content: Content) -> None:
    reply = content.reply(_asked("language", "ne", "en"), "en")
    assert [(o.id, o.label) for o in reply.options] == [("ne", "नेपाली"), ("en", "English")]


def test_a_refusal_alone_is_no_number(content: Content) -> None:
    reply = content.reply(_asked("pay", "skip"), "en")
    assert (reply.options, reply.numbered) == ((Option("skip", "Skip", "skip"),), False)


@pytest.mark.parametrize(
    ("language", "text_id", "sms"),
    [
        ("en", "wages.plain", "Thanks."),
        ("ne", "wages.plain", "धन्यवाद।"),  # translated long, not short: dearer, and understood
        ("ar", "wages.plain", "Thanks."),  # not translated at all
        ("xx", "wages.plain", "Thanks."),  # a language that is gone
        ("en", "danger.here", "Okay. We read."),  # no short text
    ],
)
def test_which_short_text_is_said(content: Content, language: str, text_id: str, sms: str) -> None:
    assert content.reply(Said(text_id), language).sms == sms


def test_a_prefix_stands_in_the_same_message(content: Content) -> None:
    reply = content.reply(_asked("work", "home", prefix="system.retry"), "en")
    assert reply.text == "That was not clear.\nWhat kind of work?"
    assert reply.sms == "Sorry? Work? {options}"
    nepali = content.reply(_asked("work", "home", prefix="system.retry"), "ne")
    assert nepali.text == "बुझिएन।\nके काम?"
    without_short = content.reply(_asked("work", "home", prefix="system.old_button"), "en")
    assert without_short.sms == "That button is old. Work? {options}"


def test_values_in_the_persons_language(content: Content) -> None:
    event = Said("wages.done", {"reference": "482 917 3", "at": AT})
    assert content.reply(event, "en").text == "Number 482 917 3. A person writes by Wed 16:00."
    assert content.reply(event, "ne").text == "नम्बर 482 917 3। बुध 16:00 सम्म।"


def test_values_keep_their_direction_in_a_right_to_left_text_but_not_on_sms(content: Content) -> None:
    reply = content.reply(Said("wages.done", {"reference": "482 917 3", "at": AT}), "ar")
    assert reply.text == f"رقم {ISOLATE}482 917 3{POP}، حتى {ISOLATE}الأربعاء 16:00{POP}."
    assert ISOLATE not in reply.sms
    assert POP not in reply.sms
    assert ISOLATE not in content.reply(Said("wages.done", {"reference": "1", "at": AT}), "ne").text


def test_an_absent_value_leaves_no_hole(content: Content) -> None:
    assert content.reply(Said("danger.here", {"emergency": ""}), "en").text == "Okay. We read."
    assert content.reply(Said("danger.here", {"emergency": "112"}), "en").text == "Okay. 112 We read."


def test_danger_is_urgent(content: Content) -> None:
    assert content.reply(Said("danger.here"), "en").urgent
    assert not content.reply(Said("system.retry"), "en").urgent


@pytest.mark.parametrize("text_id", ["gone.step", "wages.gone", "menu.end_1", "system.gone"])
def test_a_text_that_nobody_wrote_is_an_error_of_ours(content: Content, text_id: str) -> None:
    with pytest.raises(KeyError):
        content.reply(Said(text_id), "en")


# --- values


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-11-25T01:00:00+00:00", "16:00"),
        ("2026-11-24T22:00:00+00:00", "16:00"),  # in Kuwait it is the day after already
        ("2026-11-24T20:00:00+00:00", "Wed 16:00"),
        ("2026-11-19T06:00:00+00:00", "Wed 16:00"),
        ("2026-11-18T06:00:00+00:00", "25 Nov 16:00"),
    ],
)
def test_a_time_is_that_of_the_person_with_the_day_when_it_is_another(now: str, said: str) -> None:
    assert moment({**AT, "now": now}, "en") == said


NIGHT = {"at": "2026-11-27T01:15:00+00:00", "zone": "Asia/Kuwait", "now": "2026-11-26T20:00:00+00:00"}  # 04:15 there


@pytest.mark.parametrize("code", sorted(whole().languages))
def test_a_time_at_night_is_not_taken_for_the_afternoon_and_its_day_is_not_english(code: str) -> None:
    reply = whole().reply(Said("human.night", {"at": NIGHT}), code, latin=True)
    for told in (reply.text, reply.sms):
        assert re.search(r"(?<!\d)04:15", told)
        assert ("Fri" in told) == (code == "en")
    if code in whole().latin:
        assert f"{whole().languages[code].latin_days[4]} 04:15" in reply.sms
    else:
        assert moment(NIGHT, code) in reply.sms


@pytest.mark.parametrize(
    ("value", "language", "said"),
    [
        ({"value": "180.000", "currency": "KWD"}, "en", "180 KWD"),
        ({"value": "180.500", "currency": "KWD"}, "ar", "180.5 KWD"),
        ({"value": "20000", "currency": "NPR"}, "ne", "20,000 NPR"),
        ({"value": "200", "currency": None, "word": "dinar"}, "en", "200 dinar"),
        ({"value": "200", "currency": None}, "en", "200"),
        ({"value": "9" * 40, "currency": "KWD"}, "en", "9" * 40 + " KWD"),
        ({"value": "much", "currency": "KWD"}, "en", "much KWD"),
    ],
)
def test_amounts(value: dict[str, Any], language: str, said: str) -> None:
    assert amount(value, language) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, ""), (1500, "1,500"), (0.5, "0.5"), ({"odd": 1}, ""), ("x", "x"), (True, "True")]
)
def test_other_values(value: Any, said: str) -> None:
    assert spoken(value, "en") == said


def test_a_value_cannot_play_a_part(content: Content) -> None:
    nasty = "a\n\nNumber 1\u202e {options} {at}\x00\u2069 क्‍ष"
    assert fill("Hello {name}.", {"name": nasty}, "en", isolate=False) == "Hello a Number 1 (options) (at) क्‍ष."


@given(st.text() | st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_value_makes_one_harmless_line(value: Any) -> None:
    said = fill("<{x}>", {"x": value}, "en", isolate=False)
    inside = said[1:-1]
    assert (said[0], said[-1]) == ("<", ">")
    assert not set(inside) & set("{}\n\r\u2028\u2029\u202e\u2066\u2067\u2068\u2069")
    assert all(c in "\u200c\u200d" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in inside)


def test_a_link_in_arabic_holds_no_marks_of_direction() -> None:
    slots = {"site": "https://help.example", "token": "1a2b", "code": "12 34"}
    shown = fill("هنا {site}/certificate/{token} والرقم {code}", slots, "ar", isolate=True)
    assert shown == f"هنا https://help.example/certificate/1a2b والرقم {ISOLATE}12 34{POP}"


def test_an_arabic_sms_keeps_groups_of_digits_in_order() -> None:
    """Spaces between digits would let a reader see the groups from right to left, and a star before its number."""
    assert kept_in_order("رقمك 482 917 3، أو 16008* 1 نعم") == "رقمك 482\u00a0917\u00a03، أو 16008*\u200e 1 نعم"
