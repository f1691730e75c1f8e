"""Who is offered a conversation, and why; the order of the queue, and why."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.colleagues import Colleague
from handlers.routing import Needs, ranked, skill_for
from tests.handlers.people import facts

ASHA = Colleague(UUID(int=1), "Asha", "caseworker", languages=("ne", "hi"), countries=("KW",), on_duty=True)
BIMALA = Colleague(UUID(int=2), "Bimala", "caseworker", languages=("ne",), skills=("legal",), on_duty=True)
CHANDRA = Colleague(UUID(int=3), "Chandra", "specialist", languages=("ar",), gender="man", on_duty=True)
ON_CALL = Colleague(UUID(int=4), "Dipa", "caseworker", languages=("ne",), gender="woman", on_call=True)
AWAY = Colleague(UUID(int=5), "Esha", "caseworker", languages=("ne",))
CHIEF = Colleague(UUID(int=6), "Chief", "supervisor", on_duty=True)
ALL = [CHIEF, AWAY, ON_CALL, CHANDRA, BIMALA, ASHA]


def names(needs: Needs, people: list[Colleague] = ALL, without: tuple[UUID, ...] = ()) -> list[str]:
    return [o.colleague.name for o in ranked(needs, people, critical_most=3, without=without)]


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        (Needs(language="ne"), ["Asha", "Bimala", "Chief"]),
        (Needs(language="ne", skill="legal", country="KW"), ["Bimala", "Asha", "Chief"]),
        (Needs(language="ar"), ["Chandra", "Chief"]),
        (Needs(language="si"), ["Chief"]),  # who told no language may read any
        (Needs("critical", language="ne"), ["Asha", "Bimala", "Dipa", "Chief"]),
        (Needs("critical", language="ne", gender="woman"), ["Dipa", "Asha", "Bimala", "Chief"]),
        (Needs(language="ne", earlier=UUID(int=2)), ["Bimala", "Asha", "Chief"]),
        (Needs(language="ar", gender="woman", waits=True), []),  # she waits for a woman
        (Needs("critical", language="ar", gender="woman", waits=True), ["Chandra", "Chief"]),  # never in danger
        (Needs("critical", gender="woman", earlier=UUID(int=3)), ["Dipa", "Chandra", "Asha", "Bimala", "Chief"]),
    ],
)
def test_who_comes_first(needs: Needs, order: list[str]) -> None:
    assert names(needs) == order


def test_who_has_less_goes_first_among_equals() -> None:
    busy = replace(ASHA, countries=(), open_cases=9)
    free = replace(ASHA, id=UUID(int=99), name="Free", countries=(), open_cases=1)
    assert names(Needs(language="ne"), [busy, free]) == ["Free", "Asha"]


def test_nobody_is_offered_one_critical_case_too_many() -> None:
    full = replace(ASHA, open_critical=3)
    assert names(Needs("critical", language="ne"), [full, BIMALA]) == ["Bimala"]
    assert "Asha" in names(Needs("high", language="ne"), [full, BIMALA])


def test_who_was_called_already_is_left_out() -> None:
    assert names(Needs(language="ne"), without=(ASHA.id,)) == ["Bimala", "Chief"]


def test_volunteers_partners_and_interpreters_are_offered_nothing() -> None:
    for role in ("volunteer", "partner", "interpreter"):
        assert names(Needs(), [replace(ASHA, role=role)]) == []


def test_the_reasons_are_codes_that_the_desk_prints() -> None:
    needs = Needs("critical", language="ne", country="KW", skill="legal", gender="woman", earlier=ASHA.id)
    reasons = {o.colleague.name: o.reasons for o in ranked(needs, ALL, critical_most=3)}
    assert reasons["Asha"] == ("had_it_before", "reads_ne", "knows_KW", "on_duty", "few_open")
    assert reasons["Bimala"] == ("skill_legal", "reads_ne", "on_duty", "few_open")
    assert reasons["Dipa"] == ("gender_she_wished", "reads_ne", "on_call", "few_open")


def test_the_skill_of_a_kind_is_data() -> None:
    skills = facts().get("targets")["skills"]
    assert skill_for("express_self_harm", skills) == "counselling"
    assert skill_for("report_unpaid_wages", skills) is None


@given(st.sets(st.sampled_from(ALL)), st.sampled_from(["low", "critical"]), st.sampled_from([None, "ne", "ar"]))
def test_whoever_is_offered_is_there_and_reads_it(people: set[Colleague], severity: str, language: str | None) -> None:
    for offer in ranked(Needs(severity, language=language), people, critical_most=3):
        assert offer.colleague.on_duty or (offer.colleague.on_call and severity == "critical")
        assert language is None or not offer.colleague.languages or language in offer.colleague.languages
        assert offer.reasons
