"""What a handler may rely on, held against the shelf in memory and the one in the database alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from bot.store.records import (
    NEW,
    BoxLetter,
    Certificate,
    CodeTry,
    CodeUse,
    FamilyCode,
    Feedback,
    Licence,
    LinkCode,
    Referral,
    Reminder,
)
from bot.store.volunteer_records import VolunteerCode
from tests.conftest import NOON
from tests.store.shelves import InMemory, Stored, case

HOUR = timedelta(hours=1)
DIGITS = "4829173056128347"
People = InMemory | Stored


@pytest.fixture(params=["memory", pytest.param("database", marks=pytest.mark.stored)])
def people(request: pytest.FixtureRequest) -> People:
    return InMemory() if request.param == "memory" else request.getfixturevalue("stored")


async def test_what_is_added_is_hers_at_once_and_later_oldest_first(people: People) -> None:
    async with people.turn("maya") as turn:
        later = turn.shelf.add(Reminder(flow="menu", due_at=NOON + HOUR, topic="b", made_at=NOON + HOUR))
        first = turn.shelf.add(Reminder(flow="menu", due_at=NOON + HOUR, slots={"n": [1, "ए"]}, topic="a"))
        assert {r.topic for r in await turn.shelf.mine(Reminder)} == {"a", "b"}
        assert (first.made_at, first.owner) == (NOON, turn.person.id)
        assert NEW not in {first.id, later.id, first.conversation_id}
    async with people.turn("maya") as turn:
        assert await turn.shelf.mine(Reminder) == [first, later]
        assert await turn.shelf.mine(Referral) == []
    async with people.turn("rita") as turn:
        assert await turn.shelf.mine(Reminder) == []


async def test_added_before_and_after_the_first_look(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(CodeTry())
    async with people.turn("maya", NOON + HOUR) as turn:
        turn.shelf.add(CodeTry())
        assert len(await turn.shelf.mine(CodeTry)) == 2
        turn.shelf.add(CodeTry())
        assert len(await turn.shelf.mine(CodeTry)) == 3
    async with people.turn("maya") as turn:
        assert len(await turn.shelf.mine(CodeTry)) == 3


async def test_what_is_changed_stays_changed_deep_inside_too(people: People) -> None:
    async with people.turn("maya") as turn:
        row = turn.shelf.add(Referral(service="shelter", receiver="contacts.x", facts={"who": {"children": 1}}))
        row.topic = "sewing"
    async with people.turn("maya") as turn:
        (row,) = await turn.shelf.mine(Referral)
        assert (row.topic, row.state) == ("sewing", "asked")
        row.facts["who"]["children"] = 2
        row.state, row.decided_at = "accepted", NOON + HOUR
    async with people.turn("maya") as turn:
        (row,) = await turn.shelf.mine(Referral)
        assert row.facts == {"who": {"children": 2}}
        assert (row.state, row.decided_at, row.receiver) == ("accepted", NOON + HOUR, "contacts.x")


@pytest.mark.parametrize(
    "typed", [DIGITS, "4829 1730 5612 8347", " 4829-1730-5612-8347.", "४८२९ १७३० ५६१२ ८३४७", "٤٨٢٩١٧٣٠٥٦١٢٨٣٤٧"]
)
async def test_a_code_is_found_by_another_however_it_is_typed(people: People, typed: str) -> None:
    async with people.turn("maya") as turn:
        made = turn.shelf.add(FamilyCode(digits=DIGITS, expires_at=NOON + HOUR, revoked_at=NOON))
    async with people.turn("mother") as turn:
        found = await turn.shelf.by_code(FamilyCode, typed)
        assert found is not None
        assert (found.id, found.owner, found.kind) == (made.id, made.owner, "real")
        assert (found.expires_at, found.revoked_at) == (NOON + HOUR, NOON)
        assert await turn.shelf.by_code(LinkCode, typed) is None


@pytest.mark.parametrize("typed", ["", " - ", DIGITS[:-1], DIGITS[::-1], "\ud800", "x" * 500])
async def test_what_nobody_has_is_none(people: People, typed: str) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
        turn.shelf.add(BoxLetter(body="no way back"))
    async with people.turn("mother") as turn:
        for kind in (FamilyCode, BoxLetter):
            assert await turn.shelf.by_code(kind, typed) is None


async def test_a_found_row_is_a_copy(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
        found = await turn.shelf.by_code(FamilyCode, DIGITS)
        assert found is not None
        found.revoked_at = NOON
    for name in ("mother", "maya"):
        async with people.turn(name) as turn:
            found = await turn.shelf.by_code(FamilyCode, DIGITS)
            assert found is not None
            assert found.revoked_at is None
            found.revoked_at = NOON
    async with people.turn("maya") as turn:
        assert [c.revoked_at for c in await turn.shelf.mine(FamilyCode)] == [None]


async def test_her_own_code_is_found_as_this_turn_left_it(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
    async with people.turn("maya") as turn:
        (mine,) = await turn.shelf.mine(FamilyCode)
        mine.revoked_at = NOON
        found = await turn.shelf.by_code(FamilyCode, DIGITS)
        assert found is not None
        assert found.revoked_at == NOON


async def test_two_people_and_one_code_the_owner_sees_the_use(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
    async with people.turn("mother", NOON + HOUR) as turn:
        found = await turn.shelf.by_code(FamilyCode, DIGITS)
        assert found is not None
        turn.shelf.add(CodeUse(code_id=found.id, owner=found.owner))
        assert await turn.shelf.mine(CodeUse) == []
    async with people.turn("mother") as turn:
        assert await turn.shelf.mine(CodeUse) == []
    async with people.turn("maya") as turn:
        assert [(u.code_id, u.used_at) for u in await turn.shelf.mine(CodeUse)] == [(found.id, NOON + HOUR)]


async def test_nothing_but_a_use_is_written_to_somebody_else(people: People) -> None:
    async with people.turn("maya") as turn:
        with pytest.raises(ValueError, match="somebody else"):
            turn.shelf.add(CodeTry(owner=uuid7()))
    async with people.turn("maya") as turn:
        assert await turn.shelf.recent(CodeTry, NOON - HOUR) == (0, 0)


@pytest.mark.parametrize("digits", ["", " ", "—"])
async def test_a_code_without_digits_is_a_mistake(people: People, digits: str) -> None:
    async with people.turn("maya") as turn:
        with pytest.raises(ValueError, match="without a code"):
            turn.shelf.add(LinkCode(digits=digits, expires_at=NOON))


async def test_tries_are_counted_hers_and_everybody_s(people: People) -> None:
    for name, at in (("maya", NOON), ("maya", NOON - 3 * HOUR), ("rita", NOON), ("rita", NOON - HOUR)):
        async with people.turn(name, at) as turn:
            turn.shelf.add(CodeTry())
    async with people.turn("maya") as turn:
        assert await turn.shelf.recent(CodeTry, NOON - HOUR) == (1, 3)
        assert await turn.shelf.recent(CodeTry, since=NOON - 4 * HOUR) == (2, 4)
        turn.shelf.add(CodeTry())
        assert await turn.shelf.recent(CodeTry, NOON) == (2, 3)


async def test_tries_of_one_kind_use_up_nothing_of_another(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(CodeTry(what="box"))
    async with people.turn("maya") as turn:
        turn.shelf.add(CodeTry(what="link"))
        turn.shelf.add(CodeTry())
        counted = [await turn.shelf.recent(CodeTry, NOON - HOUR, what=w) for w in ("box", "link", "family", "other")]
    assert counted == [(1, 1), (1, 1), (1, 1), (0, 0)]


async def test_a_case_is_open_until_it_is_closed_whoever_asks(people: People) -> None:
    case_id = uuid7()
    async with people.turn("maya") as turn:
        turn.cases.append(case(case_id))
        assert await turn.shelf.case_is_open(case_id)
    async with people.turn("mother") as turn:
        assert await turn.shelf.case_is_open(case_id)
        assert not await turn.shelf.case_is_open(uuid7())
    async with people.turn("maya") as turn:
        turn.cases[0].closed_at = NOON
        assert not await turn.shelf.case_is_open(case_id)
    async with people.turn("mother") as turn:
        assert not await turn.shelf.case_is_open(case_id)


async def test_a_letter_is_nobody_s_and_its_writer_comes_back_by_a_code(people: People) -> None:
    async with people.turn("maya", datetime(2026, 11, 24, 22, 17, 3, tzinfo=UTC)) as turn:
        letter = turn.shelf.add(BoxLetter(body="He asked for money.", about="a volunteer", reply_code="77 88 99"))
        turn.shelf.add(BoxLetter(body="Another."))
        with pytest.raises(LookupError):
            await turn.shelf.mine(BoxLetter)  # type: ignore[type-var]
    assert letter.received_at == datetime(2026, 11, 24, tzinfo=UTC)
    assert letter.id.version == 4  # random: no time in it
    async with people.turn("somebody") as turn:
        found = await turn.shelf.by_code(BoxLetter, "778899")
        assert found is not None
        assert (found.body, found.about, found.state, found.answer) == (
            "He asked for money.",
            "a volunteer",
            "new",
            None,
        )


async def test_feedback_has_a_month_and_no_day(people: People) -> None:
    async with people.turn("maya") as turn:
        row = turn.shelf.add(Feedback(kind="closed", safe=3, respected=1))
    assert (row.month, row.helped, row.id.version) == (date(2026, 11, 1), None, 4)


async def test_every_other_kind_that_has_a_code(people: People) -> None:
    async with people.turn("maya") as turn:
        turn.shelf.add(Certificate(track="pre_departure", code="K7PX-24QM", score=80))
        turn.shelf.add(LinkCode(digits="482917", expires_at=NOON + HOUR))
        turn.shelf.add(VolunteerCode(digits="662211", label="Kuwait, three people", expires_at=NOON + HOUR))
    async with people.turn("rita") as turn:
        certificate = await turn.shelf.by_code(Certificate, "k7px24qm")
        link = await turn.shelf.by_code(LinkCode, "482 917")
        volunteer = await turn.shelf.by_code(VolunteerCode, "662211")
    assert certificate is not None
    assert (certificate.track, certificate.score, certificate.passed_at) == ("pre_departure", 80, NOON)
    assert link is not None
    assert (link.used_at, link.expires_at) == (None, NOON + HOUR)
    assert volunteer is not None
    assert (volunteer.label, volunteer.made_at) == ("Kuwait, three people", NOON)
    async with people.turn("maya") as turn:
        assert [c.code for c in await turn.shelf.mine(Certificate)] == ["K7PX-24QM"]


def licence(name: str, number: str, **values: Any) -> Licence:
    return Licence(
        **({"country": "NP", "status": "licensed", "imported_at": NOON, "source": "list"} | values),
        name=name,
        number=number,
    )


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("1234/067/68", ["1234/067/68"]),
        ("1234 067 68", ["1234/067/68"]),
        ("१२३४०६७६८", ["1234/067/68"]),
        ("everest", ["1234/067/68", "2000"]),
        ("EVEREST Over-seas", ["1234/067/68"]),
        ("everst", ["1234/067/68", "2000"]),
        ("zone everset", ["2000"]),
        ("everest pvt", ["1234/067/68", "2000"]),
        ("overseas", []),
        ("ev", []),
        ("%%%", []),
        ("___", []),
        ("", []),
        ("himal", ["h0", "h1", "h2", "h3", "h4"]),
        ("Dubai Gulf", []),
    ],
)
async def test_a_recruiter_by_number_or_by_the_beginning_of_the_name(
    people: People, words: str, numbers: list[str]
) -> None:
    rows = [licence("Everest Over Seas Pvt. Ltd.", "1234/067/68"), licence("Everest Zone", "2000", status="cancelled")]
    rows += [licence(f"Himal {n}", f"h{n}") for n in range(7)]
    rows += [licence("Dubai Gulf", "1", country="IN")]
    await people.import_licences(rows)
    async with people.turn("maya") as turn:
        found = await turn.shelf.licences("NP", words)
        assert await turn.shelf.licences_of("NP") == NOON
        assert await turn.shelf.licences_of("KE") is None
    assert [r.number for r in found] == numbers
