"""What a case has to do with: links that one side sees, drafts that only a colleague joins, codes that nobody reads."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from handlers import codes
from handlers.context import Context
from tests.desk.office import Desk, Person, opened, plain
from tests.pipeline.world import World

MAYA, RAM = "9001", "9002"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _case(world: World, address: str, text: str) -> str:
    await world.says(address, text)
    where = await world.where(address)
    number = await world.one("SELECT reference FROM cases WHERE subject_id = :s LIMIT 1", s=where.subject_id)
    return f"/case/{number}"


async def _page(person: Person, case: str) -> str:
    return plain((await person.get(case)).text)


def _number(case: str) -> str:
    return case.removeprefix("/case/")


def _card(page: str, name: str) -> str:
    return page.partition(f'<section class="card" id="{name}">')[2].partition("</section>")[0]


async def test_a_search_and_whom_it_looks_for_are_linked_for_who_may_see_both(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    hers, his = await _case(world, MAYA, "he has a knife"), await _case(world, RAM, "human please")
    for case in (hers, his):
        await person.post(f"{case}/take")
    number = _number(hers)
    answer = await person.post(f"{his}/link", other=number, reason_code="searched_for")
    assert answer.headers["location"].endswith("?told=linked")
    assert number in _card(await _page(person, his), "links")
    assert _number(his) in _card(await _page(person, hers), "links")
    assert (
        (await person.post(f"{hers}/link", other=_number(his), reason_code="searched_for"))
        .headers["location"]
        .endswith("none")
    )
    await world.run("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Elsewhere')")
    await world.run(
        "UPDATE cases SET organisation_id = (SELECT id FROM organisations WHERE name = 'Elsewhere')"
        " WHERE reference = :n",
        n=number,
    )
    other = await town.person("caseworker")
    shown = await _page(other, his)
    assert number not in shown
    assert "a search for this person" not in shown
    assert "Linked with another" not in shown  # nothing in what happened tells of it either
    which = await world.one("SELECT id FROM case_links")
    assert (await person.post(f"{his}/unlink", link=str(which))).headers["location"].endswith("?told=unlinked")
    assert await world.one("SELECT ended_by FROM case_links") == person.user_id


async def test_a_case_that_one_may_not_find_is_answered_as_one_that_is_not(town: Desk, world: World) -> None:
    person, his = await town.person("caseworker"), await _case(world, RAM, "human please")
    await person.post(f"{his}/take")
    foreign = await town.case("other", "open", person.user_id)
    for number in (foreign, "0000000", "", _number(his)):
        answer = await person.post(f"{his}/link", other=number, reason_code="same_house")
        assert answer.headers["location"].endswith("?told=other_absent"), number
    assert await world.one("SELECT count(*) FROM case_links") == 0


async def _draft(world: World) -> tuple[str, str]:
    """A case, and a report that came beside it; their pages."""
    first = await _case(world, MAYA, "human please")
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, linked_case_id, draft, kind, severity, stage,"
        " opened_at) SELECT gen_random_uuid(), subject_id, '9999999', conversation_id, id, true, 'report_unpaid_wages',"
        " 'high', 'new', now() FROM cases"
    )
    return first, "/case/9999999"


async def test_a_draft_is_joined_by_a_colleague_and_nothing_is_lost(town: Desk, world: World) -> None:
    person, (first, draft) = await town.person("supervisor"), await _draft(world)
    assert "Came beside an open case" in await _page(person, draft)
    assert (await person.post(f"{draft}/draft", what="join")).headers["location"].endswith("?told=joined")
    row = (await world.rows("SELECT draft, outcome, closed_at FROM cases WHERE reference = '9999999'"))[0]
    assert (row.draft, row.outcome) == (False, "joined")
    assert row.closed_at is not None
    assert await world.one("SELECT severity FROM cases WHERE closed_at IS NULL") == "high"  # the graver of both
    assert "Unpaid wages" in _told(await _page(person, first))
    assert "Came beside" not in await _page(person, draft)


def _told(page: str) -> str:
    return page.partition('class="told"')[2].partition("</dl>")[0]


@pytest.mark.parametrize(("what", "linked"), [("other_matter", True), ("other_person", False)])
async def test_a_draft_is_a_case_of_its_own(town: Desk, world: World, what: str, linked: bool) -> None:
    person, (_, draft) = await town.person("supervisor"), await _draft(world)
    assert (await person.post(f"{draft}/draft", what=what)).headers["location"].endswith("?told=apart")
    row = (await world.rows("SELECT draft, linked_case_id, closed_at FROM cases WHERE reference = '9999999'"))[0]
    assert (row.draft, row.linked_case_id is not None, row.closed_at) == (False, linked, None)


async def test_family_codes_are_counted_and_never_shown(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world, MAYA, "human please")
    await person.post(f"{case}/take")
    where, digits = await world.where(MAYA), []

    for kind in ("real", "decoy"):

        async def make(ctx: Context, kind: str = kind) -> None:
            digits.append(str((await codes.make(ctx, kind=kind)).slots["code"]))

        await world.app.staff.prepare(where, make)
    page = await _page(person, case)
    card = _card(page, "codes")
    assert "2 answer now" in card
    assert card.count("made ") == 2
    for code in digits:
        assert code not in page
        assert code[-4:] not in card
    assert "Family code made" not in page  # only one of them has an event: when it was made would tell which
    first, second = re.findall(r"<li>(.*?)</li>", card, re.DOTALL)
    strip = re.compile(r'value="[0-9a-f-]{36}"')
    assert strip.sub("", first) == strip.sub("", second)
    which = UUID(re.search(r'name="code" value="([^"]+)"', card)[1])  # type: ignore[index]
    assert (await person.post(f"{case}/codes/end", code=str(which))).headers["location"].endswith("code_wish")
    answer = await person.post(f"{case}/codes/end", code=str(which), wish="yes")
    assert answer.headers["location"].endswith("code_ended")
    assert "1 answer now" in _card(await _page(person, case), "codes")
    assert await world.one("SELECT count(*) FROM family_codes WHERE revoked_at IS NOT NULL") == 1
    assert (await person.post(f"{case}/codes/end", code=str(which), wish="yes")).headers["location"].endswith("none")


async def test_the_digits_of_a_code_are_not_in_the_conversation(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    case = await _case(world, MAYA, "human please")
    await world.set_person(
        (await world.where(MAYA)).subject_id, consent_contact_at=world.now, safe_from=0, safe_until=1440
    )
    await person.post(f"{case}/take")
    assert (await person.post(f"{case}/merge/code")).headers["location"].endswith("?told=code_sent")
    await world.sends()
    sent = world.provider.sent[-1][2]
    digits = re.match(r"\d{4} \d{4}", sent)
    assert digits
    page = await _page(person, case)
    assert digits[0] not in page
    assert "Write these digits to us" in page


async def test_a_code_is_not_sent_to_who_may_not_be_written_to(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world, MAYA, "human please")
    await person.post(f"{case}/take")
    await world.run("UPDATE contacts SET consent_contact_at = NULL")
    assert (await person.post(f"{case}/merge/code")).headers["location"].endswith("?told=code_not_sent")
    assert await world.one("SELECT count(*) FROM link_codes") == 0


async def _two(town: Desk, world: World) -> tuple[Person, str, str]:
    person = await town.person("caseworker")
    one, other = await _case(world, MAYA, "human please"), await _case(world, RAM, "he has a knife")
    for case in (one, other):
        await person.post(f"{case}/take")
    return person, one, other


PROVED = {"reason_own_word": "yes", "reason_met": "yes"}


async def test_two_colleagues_make_one_person_and_a_supervisor_two_again(town: Desk, world: World) -> None:
    person, one, other = await _two(town, world)
    boss, number = await town.person("supervisor"), _number(other)
    before = {a: (await world.where(a)).subject_id for a in (MAYA, RAM)}
    lines = {a: await world.heard(a) for a in (MAYA, RAM)}
    answer = await person.post(f"{one}/merge/ask", other=number, reason_own_word="yes")
    assert answer.headers["location"].endswith("?told=merge_reasons")
    assert (await person.post(f"{one}/merge/ask", other=number, **PROVED)).headers["location"].endswith("merge_asked")
    assert (await person.post(f"{one}/merge/ask", other=number, **PROVED)).headers["location"].endswith("none")
    which = str(await world.one("SELECT id FROM merge_asks"))
    assert (await person.post(f"{one}/merge/decide", ask=which, what="agree")).headers["location"].endswith("none")
    assert "says that this is the same person" in await _page(boss, other)
    assert (await boss.post(f"{other}/merge/decide", ask=which, what="agree")).headers["location"].endswith("merged")
    assert (await world.where(MAYA)).subject_id == (await world.where(RAM)).subject_id
    assert number in await _page(person, one)  # among the other cases of this person
    await world.says(RAM, "after they became one")
    joined = str(await world.one("SELECT id FROM merges"))
    assert (await person.post(f"{one}/merge/undo", merge=joined, reason_code="mistake")).status_code == 403
    answer = await boss.post(f"{one}/merge/undo", merge=joined, reason_code="two_people")
    assert answer.headers["location"].endswith("?told=unmerged")
    assert {a: (await world.where(a)).subject_id for a in (MAYA, RAM)} == before
    assert await world.heard(MAYA) == lines[MAYA]
    assert await world.heard(RAM) == [*lines[RAM], "after they became one"]
    assert (await boss.get(one)).status_code == (await boss.get(other)).status_code == 200
    assert "after they became one" in await _page(boss, other)
    assert (
        (await boss.post(f"{one}/merge/undo", merge=joined, reason_code="mistake")).headers["location"].endswith("none")
    )


async def test_a_colleague_who_does_not_agree_keeps_them_two(town: Desk, world: World) -> None:
    person, one, other = await _two(town, world)
    boss = await town.person("supervisor")
    await person.post(f"{one}/merge/ask", other=_number(other), **PROVED)
    which = str(await world.one("SELECT id FROM merge_asks"))
    assert (await boss.post(f"{one}/merge/decide", ask=which, what="no")).headers["location"].endswith("merge_not")
    assert await world.one("SELECT state FROM merge_asks") == "declined"
    assert await world.one("SELECT count(*) FROM merges") == 0
    assert (await boss.post(f"{one}/merge/decide", ask=which, what="agree")).headers["location"].endswith("none")


async def test_what_was_wished_after_a_merge_holds_for_both(town: Desk, world: World) -> None:
    person, one, other = await _two(town, world)
    boss = await town.person("supervisor")
    await person.post(f"{one}/merge/ask", other=_number(other), **PROVED)
    await boss.post(f"{one}/merge/decide", ask=str(await world.one("SELECT id FROM merge_asks")), what="agree")
    await world.run("UPDATE contacts SET opted_out_at = now(), consent_store_at = NULL, consent_contact_at = NULL")
    await boss.post(f"{one}/merge/undo", merge=str(await world.one("SELECT id FROM merges")), reason_code="forced")
    rows = await world.rows("SELECT opted_out_at, consent_store_at, consent_contact_at FROM contacts")
    assert len(rows) == 2
    for row in rows:
        assert row.opted_out_at is not None
        assert (row.consent_store_at, row.consent_contact_at) == (None, None)


async def test_who_has_not_the_other_case_is_told_so(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    mine, hers = await _case(world, MAYA, "he has a knife"), await _case(world, RAM, "human please")
    await person.post(f"{mine}/take")
    answer = await person.post(f"{mine}/merge/ask", other=_number(hers), **PROVED)
    assert answer.headers["location"].endswith("?told=merge_not_yours")
    assert "The other case is not with you" in (await person.get(f"{mine}?told=merge_not_yours")).text
