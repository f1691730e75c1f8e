"""A message that is a family's code: it starts its flow, unless it answers the open question or danger is on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from bot.engine.events import Called, Entered
from bot.engine.flow import Ask, Do, Fill, Say
from bot.engine.inputs import Outcome
from bot.engine.rules import Rules
from tests.engine import engine_world
from tests.engine.engine_world import FLOWS, RULES, Talk, flow, in_danger, make, means, wages_talk

FAMILY = flow(
    "family_status",
    Ask("code", "Which code?", fills=(Fill("code", "code"),), slot="code"),
    Do("look", "codes.look", {"code": "$code"}, {"done": "open"}),
    Say("open", "It is open"),
)


class Code:
    """Four digits after a 7."""

    def find(self, text: str, args: Mapping[str, Any], language: str) -> str | None:
        found = re.search(r"\b7\d{4}\b", text)
        return found[0] if found else None

    read = find


@pytest.fixture(autouse=True)
def _reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engine_world.READERS, "code", Code())  # type: ignore[arg-type]


def talk_of(talk: Talk) -> Talk:
    talk.flows = make(*{**FLOWS.by_name, "family_status": FAMILY}.values())
    talk.outcomes["codes.look"] = Outcome("done")
    return talk


def asked_with(talk: Talk) -> list[Any]:
    return [e.args["code"] for e in talk.events if isinstance(e, Called) and e.action == "codes.look"]


def test_alone_or_in_a_sentence_it_starts_its_flow_with_the_code() -> None:
    talk = talk_of(Talk())
    assert talk.hear("71234") == ["family_status.open"]
    assert asked_with(talk) == ["71234"]
    assert talk.hear("my code is 75678", means("ask_case_status")) == ["family_status.open"]
    assert asked_with(talk) == ["75678"]
    assert [e for e in talk.events if isinstance(e, Entered)] == [Entered("family_status", "code")]
    assert talk.session.top is None


def test_a_stranger_is_answered_before_she_is_welcomed() -> None:
    talk = talk_of(Talk())
    talk.session = type(talk.session)()
    assert talk.hear("71234") == ["family_status.open"]


def test_an_answer_to_the_open_question_is_an_answer() -> None:
    talk = talk_of(Talk())
    talk.hear("somebody died", means("report_death"))
    assert talk.hear("71234") == ["death.where"]
    assert talk.slot("who") == "71234"


def test_elsewhere_it_breaks_in_and_what_was_open_is_asked_about() -> None:
    talk = talk_of(wages_talk())
    assert talk.hear("71234") == ["family_status.open", "resume.continue"]
    assert "71234" not in str(talk.session.to_json())  # not kept as words that may become facts of a case
    assert talk.hear("yes") == ["wages.work"]


def test_a_menu_is_left_for_it() -> None:
    talk = talk_of(Talk())
    talk.hear("menu")
    assert talk.hear("71234") == ["family_status.open"]
    assert talk.session.top is None


def test_a_second_code_begins_anew() -> None:
    talk = talk_of(Talk())
    talk.outcomes["codes.look"] = Outcome("done")
    talk.hear("71234")
    talk.hear("72345")
    assert asked_with(talk) == ["72345"]


def test_danger_is_not_left_for_it_and_goes_before_it() -> None:
    talk = talk_of(Talk())
    talk.hear("he beats me", in_danger("report_violence"))
    assert "family_status" not in talk.stack()
    talk.hear("71234")
    assert asked_with(talk) == []
    other = talk_of(Talk())
    assert other.hear("71234 he beats me", in_danger("report_violence"))[0] == "violence.seen"


def test_without_its_flow_or_reader_a_code_is_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Talk().hear("71234") == ["menu.topic"]
    monkeypatch.delitem(engine_world.READERS, "code")
    assert talk_of(Talk()).hear("71234") == ["menu.topic"]


def test_a_phrase_starts_its_flow_and_is_taken_up_like_another_matter() -> None:
    rules = Rules(universal=RULES.universal, phrases={"9": "contacts"})
    talk = wages_talk()
    talk.rules = rules
    assert rules.flow_of("9") == "contacts"
    engine_world.UNIVERSAL["9"], before = "9", engine_world.UNIVERSAL["9"]
    try:
        assert talk.hear("9") == ["contacts.list", "resume.continue"]
    finally:
        engine_world.UNIVERSAL["9"] = before
