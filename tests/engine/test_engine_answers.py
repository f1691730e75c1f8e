"""Answers: numbers in any script, words with slips, readers, refusals, files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import answers
from bot.engine.answers import Asking
from bot.engine.events import Asked, NotUnderstood
from bot.engine.flow import Ask, Choice, Fill, Say
from bot.engine.folding import LONGEST
from bot.engine.inputs import Started
from bot.engine.session import Session
from bot.engine.stack import WORDS
from tests.engine.engine_world import AMOUNT, COUNTRY, MONTHS, READERS, YES_NO, FewWords, Talk, flow, means, wages_talk

WORK = Ask(
    "work",
    "?",
    slot="work",
    choices=(
        Choice("home", "In a house", synonyms=("domestic", "maid")),
        Choice("not_sure", "I am not sure"),
        Choice("agree", "I agree to this"),
    ),
    skip=Choice("skip", "Rather not say", synonyms=("prefer not to",), goto="far"),
)


def asking(ask: Ask, **known: object) -> Asking:
    return Asking(ask, "f.work", FewWords(), READERS, "en", lambda s: known.get(s) is not None)


NUMBERS = ["1", " 1 ", "1.", "(1)", "1)", "1️⃣", "１", "①", "१", "১", "١", "۱", "௧", "#1", "1\n", "1\n1", "hello\n1"]
NAMES = [
    "home",
    "HOME",
    "In a house",
    "in a  house!",
    "ín a hóuse",
    "Maid",
    "maid.",
    "घर",
    "GHAR",
    "1 in a house",
    "१. घर",
]


@pytest.mark.parametrize("text", [*NUMBERS, *NAMES])
def test_the_first_option(text: str) -> None:
    assert answers.exact(asking(WORK), text) == answers.Answer({"work": "home"})


@pytest.mark.parametrize(
    "text", ["", "0", "5", "7", "11", "1.5", "1 2", "1 maybe", "1\n2", "house", "9" * 5000, "-", "👍"]
)
def test_no_option(text: str) -> None:
    assert answers.exact(asking(WORK), text) is None


@pytest.mark.parametrize("text", ["not sure", "not_sure", "2", "I am not sure"])
def test_an_id_may_be_written_with_spaces(text: str) -> None:
    assert answers.exact(asking(WORK), text) == answers.Answer({"work": "not_sure"})


@pytest.mark.parametrize("text", ["4", "skip", "Rather not say", "prefer not to", "४"])
def test_the_refusal_is_the_number_after_the_last_option(text: str) -> None:
    assert answers.exact(asking(WORK), text) == answers.Answer({"work": None}, "far")


def test_emoji_is_an_answer_when_it_is_a_synonym() -> None:
    ask = Ask("q", "?", slot="q", choices=YES_NO)
    assert answers.exact(asking(ask), "👍") == answers.Answer({"q": "yes"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हाँ", "हां"),
        ("ज़िंदगी", "जिंदगी"),
        ("نَعَمْ", "نعم"),
        ("أوافق", "اوافق"),
        ("نعـــم", "نعم"),
        ("خادمة", "خادمه"),
        ("گھریلو ملازمہ", "گھريلو ملازمه"),
        ("không", "khong"),
        ("don't know", "dont know"),
        ("don’t know", "DONT  KNOW"),
        ("Straße", "STRASSE"),
        ("१२ महिना", "12 महिना"),
        ("हो\u200d", "हो"),
    ],
)
def test_fold_brings_together_what_people_write_alike(one: str, other: str) -> None:
    assert answers.fold(one) == answers.fold(other)


@pytest.mark.parametrize(("one", "other"), [("कुल", "कल"), ("की", "का"), ("কি", "কা"), ("ด้วย", "ดวย"), ("+", "-")])
def test_fold_keeps_apart_what_differs(one: str, other: str) -> None:
    assert answers.fold(one) != answers.fold(other)


@pytest.mark.parametrize("text", ["in a huose", "in a hous", "domestik", "domesstic", "DOMESTC"])
def test_small_slips(text: str) -> None:
    assert answers.exact(asking(WORK), text) is None
    assert answers.nearly(asking(WORK), text) == answers.Answer({"work": "home"})


@pytest.mark.parametrize(
    "text", ["I disagree to this", "I do not agree to this", "hoe", "home house", "mouse", "gome", ""]
)
def test_no_slip_turns_a_meaning_round(text: str) -> None:
    assert answers.nearly(asking(WORK), text) is None


@pytest.mark.parametrize(
    ("meant", "written"), [("我同意这个", "我不同意这个"), ("lawful", "unlawful"), ("paid", "unpaid"), ("2024", "2025")]
)
def test_slips_stay_out_where_one_letter_negates(meant: str, written: str) -> None:
    ask = Ask("q", "?", slot="q", choices=(Choice("a", meant), Choice("b", "something else")))
    assert answers.nearly(asking(ask), written) is None


def test_a_slip_that_fits_two_options_is_no_answer() -> None:
    ask = Ask("q", "?", slot="q", choices=(Choice("a", "month"), Choice("b", "mouth")))
    assert answers.nearly(asking(ask), "moth") is None
    assert answers.nearly(asking(ask), "monthh") == answers.Answer({"q": "a"})


def test_two_options_named_alike_are_no_answer() -> None:
    ask = Ask("q", "?", slot="q", choices=(Choice("a", "same"), Choice("b", "same")))
    assert answers.exact(asking(ask), "same") is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3 months 500 riyal", {"months": 3, "amount": 500}),
        ("500 riyal", {"amount": 500}),
        ("500", None),  # months, or money?
        ("nothing", None),
        ("about 3", {"months": 3, "amount": 3}),
    ],
)
def test_one_answer_fills_several_slots(text: str, values: dict[str, int] | None) -> None:
    got = answers.read(asking(Ask("owed", "?", fills=(MONTHS, AMOUNT))), text)
    assert (got.values if got else None) == values


def test_what_is_known_is_not_read_again_but_always_is() -> None:
    ask = Ask("owed", "?", fills=(MONTHS, AMOUNT))
    assert answers.exact(asking(ask, months=3), "500") == answers.Answer({"amount": 500})
    again = Ask("owed", "?", fills=(MONTHS,), always=True)
    assert answers.exact(asking(again, months=3), "5") == answers.Answer({"months": 5})


def test_text_takes_anything_but_nothing() -> None:
    ask = Ask("t", "?", fills=(Fill("t", "text"),), skip=Choice("skip", "Skip"))
    assert answers.read(asking(ask), "  my words ") == answers.Answer({"t": "my words"})
    assert answers.read(asking(ask), " \n ") is None
    assert answers.read(asking(ask), "1") == answers.Answer({"t": None})
    assert answers.read(asking(ask), "2") == answers.Answer({"t": "2"})


def test_a_number_is_an_answer_before_it_is_the_refusal() -> None:
    ask = Ask("m", "?", fills=(MONTHS,), skip=Choice("skip", "Skip"))
    assert answers.exact(asking(ask), "1") == answers.Answer({"months": 1})
    country = Ask("c", "?", fills=(COUNTRY,), skip=Choice("skip", "Skip"))
    assert answers.read(asking(country), "1") == answers.Answer({"country": None})


def test_entities_go_through_the_reader_and_words_come_first() -> None:
    heard = answers.listen((COUNTRY, MONTHS), ("in Kuwait",), {"country": "Qatar", "months": 4}, READERS, "en")
    assert heard == {"country": "KW", "months": 4}
    assert answers.listen((COUNTRY,), ("", "Nepal"), {}, READERS, "en") == {"country": "NP"}
    assert answers.listen((COUNTRY,), (), {"country": "Atlantis"}, READERS, "en") == {}


@given(st.text(), st.booleans())
def test_any_text_is_an_answer_or_none(text: str, always: bool) -> None:
    for ask in (WORK, Ask("o", "?", fills=(MONTHS, AMOUNT, COUNTRY), always=always), Ask("e", "?")):
        for understand in (answers.exact, answers.nearly, answers.read):
            got = understand(asking(ask), text)
            assert got is None or set(got.values) <= {"work", "months", "amount", "country"}


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_fold_is_stable(text: str) -> None:
    assert answers.fold(answers.fold(text)) == answers.fold(text)


# -- in a talk


def test_not_understood_is_helped_twice_and_then_handed_over() -> None:
    talk = wages_talk()
    assert talk.hear("hm") == ["system.retry>wages.work"]
    assert NotUnderstood("wages.work", 1) in talk.events
    assert talk.hear("hm") == ["system.retry_help>wages.work"]
    assert talk.hear("hm") == ["human.noted"]
    assert talk.stack() == []


def test_an_answer_ends_the_count_of_misses() -> None:
    talk = wages_talk()
    talk.hear("hm")
    talk.hear("hm")
    assert talk.hear("company") == ["wages.employer"]
    assert talk.hear("a") == ["wages.owed"]
    assert talk.hear("hm") == ["system.retry>wages.owed"]


def test_who_is_with_the_human_flow_already_is_let_through() -> None:
    talk = Talk()
    talk.change(
        flow("human", Ask("q", "?", slot="q", choices=YES_NO), Ask("r", "?", slot="r", choices=YES_NO), level="system")
    )
    talk.hear("human")
    assert [talk.hear("hm") for _ in range(3)][-1] == ["human.r"]


def test_words_are_kept_beside_the_values() -> None:
    talk = wages_talk()
    for text in ("company", "Boss"):
        talk.hear(text)
    talk.hear("since 4 months nothing")
    frame = talk.session.stack[0]
    assert (frame.slots["months"], frame.slots["owed_words"]) == (4, "since 4 months nothing")
    assert "amount" not in frame.slots


def test_what_is_heard_by_the_way_answers_too() -> None:
    talk = Talk()
    talk.hear("pay", means("report_unpaid_wages"))
    assert talk.hear("2 months, 300 riyal") == ["system.noted_so_far>wages.country"]
    assert (talk.slot("months"), talk.slot("amount")) == (2, 300)
    talk.hear("qatar")
    assert talk.hear("maid") == ["consent.agree"]


def test_media_and_places_answer_what_asks_for_them() -> None:
    talk = Talk()
    assert talk.give(Started("proof")) == ["proof.photo"]
    assert talk.events[-1].options == ("skip",)  # type: ignore[union-attr]
    assert talk.share("location") == ["system.media_received>proof.photo"]
    assert talk.share("location") == ["system.media_received"]
    assert talk.share("image", "my contract") == ["proof.place"]
    assert talk.slot("photo") == {"kind": "image", "ref": "ref-1"}
    assert talk.slot("photo_words") == "my contract"
    assert talk.share("location") == []
    assert talk.stack() == []


def test_a_tap_answers_the_present_question() -> None:
    talk = wages_talk()
    assert talk.press("wages.work", "company") == ["wages.employer"]
    assert talk.slot("work") == "company"


@pytest.mark.parametrize(
    ("step", "option", "version"),
    [
        ("wages.country", "skip", "v1"),
        ("wages.work", "company", "v0"),
        ("wages.work", "gone", "v1"),
        ("menu.topic", "rights", "v1"),
        ("", "", ""),
    ],
)
def test_a_tap_on_an_old_button_never_answers_the_present_question(step: str, option: str, version: str) -> None:
    talk = wages_talk()
    before = talk.session.top
    assert talk.press(step, option, version) == ["system.old_button>wages.work"]
    assert talk.session.top == before


def test_a_tap_when_nothing_is_open_leads_to_the_menu() -> None:
    assert Talk().press("wages.work", "home") == ["system.old_button", "menu.topic"]


def test_a_number_wins_over_the_same_universal_key() -> None:
    talk = Talk()
    talk.change(flow("f", Ask("m", "?", fills=(MONTHS,)), Ask("t", "?", fills=(Fill("t", "text"),))))
    talk.give(Started("f"))
    assert talk.hear("0") == ["f.t"]
    assert talk.slot("months") == 0
    assert talk.hear("9") == ["menu.topic"]
    talk = wages_talk()
    assert talk.hear("0") == ["human.noted"]


def test_asked_lists_options_with_the_refusal_last() -> None:
    talk = Talk()
    talk.change(flow("f", WORK))
    talk.give(Started("f"))
    assert talk.events[-1] == Asked("f.work", "f.work", "v1", ("home", "not_sure", "agree", "skip"))


def test_words_heard_by_the_way_answer_the_open_question_even_a_choice() -> None:
    both = Choice("QA", "Qatar state"), Choice("KW", "Kuwait state")
    talk = Talk()
    talk.change(flow("f", Ask("country", "?", slot="country", choices=both), Say("s", "S"), listens=(COUNTRY,)))
    talk.give(Started("f"))
    assert talk.hear("I think it was kuwait") == ["f.s"]
    assert not any(isinstance(e, NotUnderstood) for e in talk.events)


def test_a_text_of_any_length_is_compared_by_its_beginning() -> None:
    """20 kB of marks that a normal form must sort would hold up everybody for seconds."""
    assert len(answers.fold("help" * 5000)) == LONGEST
    assert len(answers.fold("a" + "\u0301\u0316" * 9000)) < LONGEST
    assert answers.number("2" + " " * 100) == 2
    assert answers.number("2" + "." * 5000) is None


def test_words_of_any_length_do_not_swell_the_session() -> None:
    """The history has all of them. A letter that no history keeps is whole where it is."""
    long = "x" * (WORDS + 1)
    talk = Talk()
    talk.change(
        flow(
            "letter",
            Ask("who", "Who?", fills=(Fill("who", "text"),), keep="words"),
            Ask("letter", "What?", fills=(Fill("letter", "text"),), secret=True),
            Ask("more", "More?", slot="more"),
        )
    )
    talk.give(Started("letter", "test"))
    talk.hear(long)
    assert (len(talk.slot("who")), len(talk.slot("words"))) == (WORDS, WORDS)
    talk.hear(long)
    assert talk.slot("letter") == long
    first = Talk(session=Session())
    first.hear(long)
    assert first.session.heard == long[:WORDS]
