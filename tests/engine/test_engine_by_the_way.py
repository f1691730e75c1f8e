"""What a person says or sends besides the answers: kept for the case, heard by the flows that called, then gone."""

from __future__ import annotations

from bot.engine.flow import Ask, Call, Fill, Flows
from bot.engine.session import Session
from tests.engine.engine_world import (
    COUNTRY,
    FLOWS,
    MONTHS,
    YES_NO,
    Talk,
    flow,
    in_danger,
    make,
    means,
    wages_talk,
)


def _nested() -> Flows:
    """A report whose opening is a subflow, as the real ones are."""
    report = flow(
        "report",
        Call("begin", "opening", {}, {"safe": "safe"}),
        Ask("months", "How many months?", fills=(MONTHS,)),
        Ask("words", "Tell us", fills=(Fill("words", "text"),)),
        level="grievance",
        on=("report_contract",),
        listens=(MONTHS,),
    )
    opening = flow(
        "opening",
        Ask("safe", "Can you write?", slot="safe", choices=YES_NO),
        Ask("country", "Which country?", fills=(COUNTRY,), shared=True),
        level="system",
        listens=(COUNTRY,),
    )
    return make(*FLOWS.by_name.values(), report, opening)


def test_the_first_words_and_what_answers_nothing_are_kept() -> None:
    talk = wages_talk()
    talk.hear("nobody here will tell me anything")
    assert talk.session.shared["said"] == ["not paid", "nobody here will tell me anything"]
    talk.hear("1")
    assert talk.session.shared["said"] == ["not paid", "nobody here will tell me anything"]  # an answer is an answer


def test_a_long_answer_is_kept_as_well() -> None:
    talk = wages_talk()
    talk.hear("2")
    talk.hear("the name is on the gate and he drives a white car")
    assert talk.session.shared["said"][-1].startswith("the name is on the gate")


def test_files_and_places_are_kept_whatever_is_asked() -> None:
    talk = wages_talk()
    talk.share("image")
    talk.share("location")
    assert talk.session.shared["sent"] == [{"kind": "image", "ref": "ref-1"}, {"kind": "location", "ref": "ref-1"}]


def test_an_action_may_take_them_and_they_go_when_the_matter_is_over() -> None:
    talk = wages_talk()
    talk.hear("1")
    talk.hear("3 month 50 riyal")
    talk.hear("yes")
    assert talk.session.stack == ()
    assert not {"said", "sent"} & set(talk.session.shared)


def test_words_of_danger_and_those_before_it_stay_together() -> None:
    talk = wages_talk()
    talk.hear("he hits me", in_danger("report_violence"))
    assert talk.session.shared["said"] == ["not paid", "he hits me"]


def test_no_more_than_twenty_pieces_are_kept() -> None:
    talk = wages_talk()
    for number in range(40):
        talk.at(misses=0)
        talk.hear(f"word {'x' * number}")
    said = talk.session.shared["said"]
    assert len(said) == 20
    talk.at(misses=0)
    talk.hear("y" * 5000)
    assert len(talk.session.shared["said"][-1]) == 1000


def test_a_subflow_hears_what_was_said_before_it_was_called() -> None:
    talk = Talk(flows=_nested())
    assert talk.hear("in qatar they changed it", means("report_contract")) == ["opening.safe"]
    assert talk.hear("yes") == ["report.months"]
    assert talk.session.shared["country"] == "QA"


def test_a_caller_hears_what_is_said_to_its_subflow() -> None:
    talk = Talk(flows=_nested(), session=Session(shared={"welcomed": True, "country": "KW"}))
    talk.hear("they changed it", means("report_contract"))
    assert talk.hear("why, it is 3 month now") == ["system.retry>opening.safe"]
    assert talk.hear("yes") == ["report.words"]
    assert talk.slot("months") == 3


def test_a_country_under_another_question_is_taken_and_is_no_miss() -> None:
    talk = Talk(flows=_nested())
    talk.hear("they changed it", means("report_contract"))
    assert talk.hear("qatar") == ["system.noted_so_far>opening.safe"]
    assert talk.hear("yes") == ["report.months"]  # the country is not asked any more
    assert talk.session.shared["country"] == "QA"


def test_a_country_said_later_counts_before_that_of_the_number() -> None:
    talk = Talk(flows=_nested(), session=Session(shared={"welcomed": True, "country": "KW"}))
    talk.hear("they changed it", means("report_contract"))
    assert talk.hear("in qatar") == ["system.noted_so_far>opening.safe"]
    assert talk.session.shared["country"] == "QA"


def test_a_country_that_comes_again_under_the_same_question_is_a_miss() -> None:
    talk = Talk(flows=_nested(), session=Session(shared={"welcomed": True, "country": "KW"}))
    talk.hear("they changed it", means("report_contract"))
    talk.hear("kuwait")
    assert talk.hear("kuwait") == ["system.retry>opening.safe"]


def test_more_words_than_a_country_are_no_country_alone() -> None:
    talk = Talk(flows=_nested(), session=Session(shared={"welcomed": True, "country": "KW"}))
    talk.hear("they changed it", means("report_contract"))
    assert talk.hear("my brother was in qatar before") == ["system.retry>opening.safe"]
    assert talk.session.shared["country"] == "KW"
