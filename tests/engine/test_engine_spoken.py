"""An option inside a short sentence: what counts as named, what makes it doubtful, where a whole clause is needed."""

from __future__ import annotations

import pytest

from bot.engine import spoken
from bot.engine.answers import Asking
from bot.engine.events import NotUnderstood
from bot.engine.flow import Ask, Choice, Fill
from bot.engine.inputs import Heard
from tests.engine.engine_world import READERS, VIOLENCE, YES_NO, FewWords, Talk, flow, make, means, wages_talk

SKIP = Choice("skip", "Rather not say")
WORK = Ask(
    "work",
    "?",
    slot="work",
    choices=(
        Choice("home", "In a house", synonyms=("house", "maid")),
        Choice("company", "In a company", synonyms=("company", "factory", "no house")),
        Choice("other", "Something else", synonyms=("farm",)),
    ),
    skip=SKIP,
)
TOLD = (Choice("yes", "Yes", synonyms=("there is",)), Choice("no", "No", synonyms=("there is no", "far away")))
TREATMENT = Ask("treatment", "Is there treatment?", slot="treatment", choices=TOLD, skip=SKIP)
SAFE = Ask(
    "safe",
    "Can you write safely?",
    slot="safe",
    choices=(*YES_NO[:1], Choice("no", "No", synonyms=("not now", "dont"))),
)


def of(ask: Ask, text: str, *, grave: bool = False, denies: bool = False) -> str | None:
    asking = Asking(ask, "f.step", FewWords(), READERS, "en", lambda slot: False)
    answer = spoken.option(asking, text, grave=grave, denies=denies)
    return None if answer is None else answer.values.get(ask.slot) or "none"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("a company in the desert", "company"),
        ("I work in big factory, company camp", "company"),  # twice the same
        ("madam's house", "home"),
        ("no house, boss", "company"),  # the longer name counts, and its own refusal
        ("no, company camp", "company"),  # a no before it is about something else
        ("not the factory", None),  # a refusal beside it
        ("nobody from the company", None),
        ("company house", None),  # two
        ("companyhouse", None),
        ("in the company " + "and so on " * 4, None),  # more than an answer
        ("", None),
    ],
)
def test_an_option_in_a_sentence(text: str, means: str | None) -> None:
    assert of(WORK, text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("yes the doctor came", "yes"),
        ("doctor comes, yes", "yes"),
        ("sure, every day", "yes"),  # of any question
        ("I cannot see a doctor", "no"),
        ("there is no doctor", "no"),
        ("the doctor says yes to him", None),  # in the middle of other words
        ("yes but not the right doctor", None),
        ("yes no", None),
        ("no doctor, nobody", "no"),
        ("not far away is nobody", None),  # "far away" is what it is called, the refusals turn it round
    ],
)
def test_yes_and_no(text: str, means: str | None) -> None:
    assert of(TREATMENT, text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("yes, he went out", "yes"),
        ("yes he is coming", None),  # more than a yes, which may be about it
        ("yes yes", "yes"),
        ("ok I can write today", "yes"),  # says more than yes
        ("yes, who reads it?", None),
        ("yes but he is here", None),
        ("he went out yes", None),  # a question that cannot be refused: a yes begins the text, or stands alone
        ("he went out, yes", "yes"),
        ("not now he is here", "no"),
        ("no but he is here", None),
        ("dont tell my boss", None),
        ("tell my boss no", None),  # in many languages a no ends what it turns round
        ("no he is here", "no"),
    ],
)
def test_a_yes_that_decides_stands_by_itself(text: str, means: str | None) -> None:
    assert of(SAFE, text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [("no, he went", "no"), ("no he is here", None), ("no, no food", None), ("sure", "yes"), ("sure he is here", None)],
)
def test_in_danger_a_clause_of_its_own_counts_alone(text: str, means: str | None) -> None:
    assert of(SAFE, text, grave=True) == means


def test_a_no_in_danger_may_begin_the_text_when_the_classifier_agrees() -> None:
    assert of(SAFE, "no he is here", grave=True, denies=True) == "no"
    assert of(SAFE, "he is here no", grave=True, denies=True) is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("no", "no"),
        ("can wait", "no"),
        ("no, can wait", "no"),
        ("can wait? no", None),
        ("no can wait", None),  # in many languages "not" and "can wait"
        ("ok, he hit me again", None),
        ("no, he is here", None),
    ],
)
def test_what_would_hurt_is_a_whole_answer_alone(text: str, means: str | None) -> None:
    calm = Choice("no", "It can wait", synonyms=("no", "ok", "can wait"), alone=True)
    life = Ask("life", "Is it very bad?", slot="life", choices=(Choice("yes", "Very bad"), calm))
    assert of(life, text, grave=True) == means
    assert of(life, text, grave=True, denies=True) == means


def test_words_that_are_the_answer_are_not_looked_through() -> None:
    letter = Ask("what", "?", slot="what", choices=WORK.choices, fills=(Fill("words", "sentence"),))
    assert of(letter, "the company cheated me") is None


def test_who_does_not_want_to_say_has_refused() -> None:
    talk = wages_talk()
    assert talk.hear("well I would rather not") == ["system.retry>wages.work"]  # it cannot be refused
    talk = Talk(flows=make(flow("one", WORK, on=("report_unpaid_wages",))))
    talk.hear("my pay", means("report_unpaid_wages"))
    talk.hear("well I would rather not", means("greet"))
    assert talk.session.stack == ()


def test_another_matter_and_danger_are_more_than_an_answer() -> None:
    talk = Talk(flows=make(flow("one", TREATMENT, on=("a",)), flow("two", WORK, level="grievance", on=("b",))))
    talk.hear("hello", means("a"))
    talk.hear("yes the company did it", means("b", 0.99))
    assert talk.session.stack[-1].flow == "two"
    talk = wages_talk()
    talk.give(Heard("he beats me in the house", VIOLENCE))
    assert talk.session.stack[-1].flow == "violence"


def test_a_question_of_danger_goes_on_without_a_doubtful_answer() -> None:
    talk = Talk()
    talk.give(Heard("he hits me", VIOLENCE))
    talk.hear("he is at the door yes")
    assert talk.session.stack[-1].slots.get("safe") is None
    assert any(isinstance(event, NotUnderstood) for event in talk.events)
