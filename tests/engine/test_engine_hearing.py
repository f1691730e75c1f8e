"""What free text says of a question: phrases, refusals, gaps; asked no more, corrected later, reached by "back"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.hearing import readable
from bot.engine.engine import Rules, turn
from bot.engine.events import Asked
from bot.engine.flow import Ask, Choice, Fill, Flow, Flows
from bot.engine.inputs import Heard, Meaning
from bot.engine.phrases import LONGEST, Phrase, Phrases, clauses, heard, phrase
from bot.engine.session import Session
from tests.engine.engine_world import READERS, FewWords

NO = frozenset({"not", "no"})
BOSS, AGENT = phrase("with/by my/the boss", NO), phrase("agent has/took", NO)
MEANINGS = {"boss": [BOSS], "agent": [AGENT], "friend": [phrase("brothers friend")], "family": [phrase("brothers")]}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("my passport is with the boss", "boss"),
        ("The AGENT took it!", "agent"),
        ("it is not with the boss", None),
        ("it is with. the boss knows", None),
        ("with the boss, but the agent has it", None),
        ("my brother's friend", "friend"),
        ("the bosses", None),
        ("", None),
        ("?!", None),
    ],
)
def test_one_meaning_or_none(text: str, meant: str | None) -> None:
    assert heard(MEANINGS, text) == meant


@pytest.mark.parametrize(
    ("raw", "text", "fits"),
    [
        ("send ... home", "they send me and him home", True),
        ("send ... home", "send one two three four five home", False),
        ("send ... home", "send me not home", False),
        ("not ... home", "not sent home", True),
        ("sahu*", "sahuko ghar", True),
        ("*fiza", "bilfiza", True),
        ("# hours", "we work ١٦ hours", True),
        ("# hours", "we work many hours", False),
    ],
)
def test_gaps_endings_and_numbers(raw: str, text: str, fits: bool) -> None:
    assert (heard({"it": [phrase(raw, NO)]}, text) == "it") is fits


@pytest.mark.parametrize("raw", ["", "...", "... home", "go ...", "a ... ... b", "*", "a/"])
def test_what_is_no_phrase(raw: str) -> None:
    with pytest.raises(ValueError, match=r"phrase|between"):
        phrase(raw)


# -- in a conversation


def _choice(name: str, *phrases: str, goto: str = "") -> Choice:
    return Choice(name, name, heard=phrases, goto=goto)


HOLDS = Ask(
    "holds",
    "Who has it?",
    slot="holds",
    choices=(_choice("boss", "with my/the boss"), _choice("agent", "agent has/took", goto="end")),
)
WHEN = Ask("when", "When?", slot="when", choices=(_choice("soon", "fly tomorrow"), _choice("later", "next month")))
END = Ask("end", "Which country?", slot="place", fills=(Fill("place", "country"),))
FLOW = Flow("paper", "v1", (HOLDS, WHEN, END), starts_on=("report_paper",), level="grievance")
MENU = Flow("menu", "v1", (Ask("what", "What?", slot="what", choices=(Choice("pay", "Pay"),)),), level="system")
RIGHTS = Flow("rights", "v1", (Ask("of", "Where?", slot="of", fills=(Fill("of", "country"),)),))
COMPLAIN = Flow("complain", "v1", (Ask("us", "About us?", slot="us", choices=(Choice("ja", "Ja"),)),), level="system")
FLOWS = Flows({f.name: f for f in (FLOW, MENU, RIGHTS, COMPLAIN)}, {"report_paper": "paper"})
RULES = Rules(
    labels={"rules by country": "rights"},
    retries={"country": "system.retry_country"},
    universal={"complain": "complain"},
)


def say(session: Session, text: str, intent: str = "nlu_fallback") -> tuple[Session, list[Asked]]:
    given = Heard(text, Meaning(intent, 0.9 if intent != "nlu_fallback" else 0.0))
    done = turn(FLOWS, session, given, words=FewWords(), readers=READERS, language="en", rules=RULES)
    return Session.from_json(done.session.to_json()), [e for e in done.events if isinstance(e, Asked)]


WELCOMED = Session(shared={"welcomed": True})


def test_what_the_first_message_says_is_not_asked() -> None:
    session, asked = say(WELCOMED, "my passport is with the boss and I fly tomorrow", "report_paper")
    assert [a.step for a in asked] == ["paper.end"]
    assert session.stack[-1].slots["holds"] == "boss"
    assert session.stack[-1].heard == ("holds", "when")


def test_two_options_are_asked() -> None:
    _, asked = say(WELCOMED, "with my boss, no, the agent took it", "report_paper")
    assert [a.step for a in asked] == ["paper.holds"]


def test_what_an_option_leads_to_is_followed() -> None:
    _, asked = say(WELCOMED, "the agent has my passport", "report_paper")
    assert [a.step for a in asked] == ["paper.end"]


def test_a_sentence_answers_the_open_question_and_later_ones() -> None:
    session, _ = say(WELCOMED, "paper", "report_paper")
    session, asked = say(session, "it is with my boss and I fly tomorrow")
    assert [a.step for a in asked] == ["paper.end"]
    assert session.stack[-1].heard == ("when",)


def test_what_was_only_heard_is_corrected_by_what_is_said_later() -> None:
    session, _ = say(WELCOMED, "with the boss", "report_paper")
    session, asked = say(session, "sorry, the agent took it")
    assert session.stack[-1].slots["holds"] == "agent"
    assert [a.step for a in asked] == ["paper.when"]


def test_what_was_answered_is_not_changed_by_the_way() -> None:
    session, _ = say(WELCOMED, "paper", "report_paper")
    session, _ = say(session, "boss")
    session, _ = say(session, "the agent took it")
    assert session.stack[-1].slots["holds"] == "boss"


def test_back_leads_to_what_was_heard() -> None:
    session, _ = say(WELCOMED, "with the boss", "report_paper")
    session, asked = say(session, "back")
    assert [a.step for a in asked] == ["paper.holds"]
    session, asked = say(session, "agent")
    assert session.stack[-1].slots["holds"] == "agent"


def test_a_line_of_a_list_leads_to_its_flow_also_as_the_first_message() -> None:
    for session in (Session(), WELCOMED, say(WELCOMED, "with the boss", "report_paper")[0]):
        _, asked = say(session, "Rules by country")
        assert [a.step for a in asked] == ["rights.of"]


def test_a_sentence_about_us_starts_the_box_and_does_so_once() -> None:
    session, asked = say(say(WELCOMED, "with the boss", "report_paper")[0], "your worker was very rude")
    assert [a.step for a in asked] == ["complain.us"]
    session, asked = say(session, "your worker was very rude")
    assert [a.step for a in asked] == ["complain.us"]
    assert [f.flow for f in session.stack].count("complain") == 1


def test_the_retry_says_what_an_answer_looks_like() -> None:
    session, _ = say(WELCOMED, "the agent has it", "report_paper")
    _, asked = say(session, "zz")
    assert [a.prefix for a in asked] == ["system.retry_country"]


def test_phrases_are_values() -> None:
    assert isinstance(BOSS, Phrase)
    assert BOSS.examples() == ["with my boss", "by the boss"]


@pytest.mark.parametrize("raw", ["send ... home", "sahu*/boss", "*fiza", "*ill*", "# hours", "a b/c d"])
@pytest.mark.parametrize(
    "text", ["they send me home", "sahuko", "bilfiza", "i am unwilling", "16 hours", "a c d", "no"]
)
def test_the_quick_look_loses_nothing(raw: str, text: str) -> None:
    looked_for = phrase(raw)
    for clause in clauses(text):
        assert looked_for.may_stand(frozenset(clause)) or list(looked_for.spans(clause)) == []


def test_only_the_beginning_of_a_long_text_is_heard() -> None:
    assert heard({"it": [phrase("boss")]}, "x " * LONGEST + "boss") is None


LETTERS = st.sampled_from(["a", "ab", "abc", "abcd", "b", "ba", "bab", "cab", "3", "12"])
ENDS = st.sampled_from(["", "*"])
WAYS = st.lists(st.builds(lambda b, w, a: f"{b}{w}{a}", ENDS, LETTERS, ENDS), min_size=1, max_size=3)
RAWS = st.lists(WAYS.map("/".join) | st.just("#"), min_size=1, max_size=3).map(" ".join)


@given(raws=st.lists(RAWS, max_size=12), said=st.frozensets(LETTERS, max_size=6))
def test_looking_up_by_words_finds_what_looking_at_each_does(raws: list[str], said: frozenset[str]) -> None:
    every = list(readable(raws, frozenset()))
    found = Phrases(every).possible(said)
    assert {id(p) for p in found} == {id(p) for p in every if p.may_stand(said)}
    assert len(found) == len({id(p) for p in found})
