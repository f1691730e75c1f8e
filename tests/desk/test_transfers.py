"""A case goes to another organisation: with her yes, accepted or not; what goes along, what stays, and back again."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from bot.store import users
from bot.store.records import Transfer
from handlers import transfer_moves
from tests.desk.office import ON_SCREEN, THEIRS, Desk, Person, opened, plain
from tests.desk.test_intake import form
from tests.pipeline.world import World

ADDRESS = "9001"
SUMMARY = "Wages for three months. Wants a lawyer, can talk in the evening."


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


class Two:
    """A case of ours with a caseworker who has it, and somebody of a shelter."""

    def __init__(self, town: Desk, world: World, mine: Person, theirs: Person, number: str) -> None:
        self.town, self.world, self.mine, self.theirs, self.number = town, world, mine, theirs, number
        self.case = f"/case/{number}"

    async def offer(self, who: Person | None = None, **more: str) -> Any:
        to = await self.world.one("SELECT id FROM organisations WHERE name = 'Shelter'")
        form = {"to": str(to), "summary": SUMMARY, "how": "spoken", "said_at": "2026-01-05T10:00", **more}
        return await (who or self.mine).post(f"{self.case}/transfer", **form)

    async def which(self) -> UUID:
        return UUID(str(await self.world.one("SELECT id FROM case_transfers ORDER BY made_at DESC LIMIT 1")))

    async def state(self) -> str:
        return str(await self.world.one("SELECT state FROM case_transfers ORDER BY made_at DESC LIMIT 1"))

    async def accept(self, **more: str) -> Any:
        self.world.clock.move(seconds=1)  # what was before was before
        return await self.theirs.post(f"/transfers/{await self.which()}/accept", **more)


@pytest.fixture
async def two(town: Desk, world: World) -> Two:
    mine, theirs = await town.person("caseworker"), await town.person("caseworker", organisation="Shelter")
    await world.says(ADDRESS, "wages", "human please")
    number = str(await world.one("SELECT reference FROM cases"))
    await world.run(
        "UPDATE contacts SET consent_store_at = now(), consent_contact_at = now(), safe_from = 0, safe_until = 1440"
    )
    async with world.app.database.begin() as connection:
        await users.show_as(connection, THEIRS, ON_SCREEN)
    await mine.post(f"/case/{number}/take")
    return Two(town, world, mine, theirs, number)


async def test_offered_accepted_told_and_read_by_the_sender(two: Two, world: World) -> None:
    assert (await two.offer()).headers["location"].endswith("?told=transfer_offered")
    assert "Offered to Shelter" in plain((await two.mine.get(two.case)).text)
    assert (await two.theirs.get(two.case)).status_code == 404  # nothing is theirs before they accept
    assert (
        await two.mine.post(f"{two.case}/reply", text="still here", seen=await _seen(two.mine, two.case))
    ).status_code == 303
    listed = plain((await two.theirs.get("/transfers")).text)
    assert SUMMARY in listed
    assert "still here" not in listed
    assert "Offered to us by another organisation" in plain((await two.theirs.get("/")).text)
    assert (await two.accept()).headers["location"] == f"/desk{two.case}?told=transfer_accepted"
    shown = await two.theirs.get(two.case)
    assert shown.status_code == 200
    assert SUMMARY in shown.text
    await world.sends()
    assert (
        world.provider.sent[-1][2]
        == "Hello. I am Caseworker, of Rose house. From now on I write to you here, as you agreed."
    )
    row = (await world.rows("SELECT organisation_id, assigned_to FROM cases"))[0]
    assert row.assigned_to == two.theirs.user_id
    page = await two.mine.get(two.case)
    assert page.status_code == 200
    assert "With Shelter since" in plain(page.text)
    for act in ("reply", "take", "note", "close"):
        assert (await two.mine.post(f"{two.case}/{act}", text="x")).status_code == 403, act
    await world.says(ADDRESS, "thank you for the evening")
    assert "thank you for the evening" in plain((await two.theirs.get(two.case)).text)


async def _seen(person: Person, case: str) -> str:
    return (await person.get(case)).text.partition('name="seen" value="')[2].partition('"')[0]


async def test_what_she_did_not_agree_to_stays_behind(two: Two, world: World) -> None:
    await two.mine.post(f"{two.case}/note", text="our own thoughts about it")
    await two.mine.post(f"{two.case}/task", text="ask the cousin", day="2026-03-01")
    await world.says(ADDRESS, "an old line of hers")
    await two.offer()
    await two.accept()
    page = plain((await two.theirs.get(two.case)).text)
    for behind in ("human please", "our own thoughts", "ask the cousin", "an old line of hers"):
        assert behind not in page, behind
    assert "our own thoughts" in plain((await two.mine.get(two.case)).text)
    for sought in ("thoughts", "cousin"):
        assert f"/desk/case/{two.number}" not in plain((await two.theirs.post("/search", q=sought)).text)
    assert f"/desk/case/{two.number}" in plain((await two.theirs.post("/search", q=two.number)).text)
    await world.says(ADDRESS, "a new line for them")
    assert "a new line for them" in plain((await two.theirs.get(two.case)).text)


async def test_what_she_agreed_to_goes_along(two: Two, world: World) -> None:
    await world.says(ADDRESS, "an old line of hers")
    await two.mine.post(f"{two.case}/note", text="our own thoughts about it")
    await two.offer(part_conversation="yes")
    await two.accept()
    page = plain((await two.theirs.get(two.case)).text)
    assert "an old line of hers" in page
    assert "our own thoughts" not in page  # what colleagues wrote for each other is in no part


async def test_facts_of_before_stay_and_newer_ones_are_theirs() -> None:
    from desk.views.transfers import newer

    before = {"country": "KW", "said": ["one"], "months": 3}
    now = {"country": "KW", "said": ["one", "two"], "months": 4, "city": "Salmiya"}
    assert newer(now, before) == {"said": ["two"], "months": 4, "city": "Salmiya"}


async def test_asked_in_the_conversation_her_yes_offers_it_and_nothing_is_said_to_it(two: Two, world: World) -> None:
    assert (await two.offer(how="bot", said_at="")).headers["location"].endswith("?told=transfer_asked")
    await world.sends()
    assert world.provider.sent[-1][2].startswith(
        "Hello. May Rose house write to you here too? They would get a short note"
    )
    assert SUMMARY not in plain((await two.theirs.get("/transfers")).text)
    said = len(world.provider.sent)
    await world.says(ADDRESS, "yes")
    assert len(world.provider.sent) == said
    assert await two.state() == "offered"
    assert SUMMARY in plain((await two.theirs.get("/transfers")).text)
    authors = {
        r.author
        for r in await world.rows("SELECT author FROM messages WHERE direction = 'out' AND user_id IS NOT NULL")
    }
    assert authors == {"human"}


@pytest.mark.parametrize(
    ("ticked", "told"),
    [
        ("part_facts", "could read what you wrote to us. You"),
        ("part_media", "see or hear the pictures, voice and papers that you sent"),
        ("", "nothing else"),
    ],
)
async def test_she_is_told_nothing_else_only_when_it_is_so(two: Two, world: World, ticked: str, told: str) -> None:
    await two.offer(how="bot", said_at="", **({ticked: "yes"} if ticked else {}))
    await world.sends()
    assert told in world.provider.sent[-1][2]


async def test_who_cannot_be_written_to_is_told_by_a_human(town: Desk, world: World) -> None:
    mine, theirs = await town.person("caseworker"), await town.person("caseworker", organisation="Shelter")
    await mine.post("/new", **form(take="yes"))
    number = str(await world.one("SELECT reference FROM cases"))
    walked = Two(town, world, mine, theirs, number)
    assert "Let go of it" in (await mine.get(walked.case)).text
    for path, button in (
        ("/transfer", "Ask here, in the conversation"),
        ("/refer", "the bot, when the person may be written to"),
        ("/consents", "Ask the person"),
        ("", "Send the digits to this phone"),
    ):
        page = (await mine.get(f"{walked.case}{path}")).text
        assert button not in page
        assert ("has no phone that we can write to" if path else "There is no phone here") in page
    assert (await walked.offer(how="bot", said_at="")).status_code == 400, "nor by a form that was made before"
    assert await world.one("SELECT count(*) FROM case_transfers") == 0
    await walked.offer()
    assert (await walked.accept()).headers["location"].endswith("?told=transfer_tell_her")
    assert await world.one("SELECT count(*) FROM outbox") == 0
    await theirs.post(f"{walked.case}/release")
    page = plain((await theirs.get(walked.case)).text)
    assert "Nobody has it now" in page
    assert "The bot answers here" not in page


async def test_asked_in_the_conversation_her_no_ends_it(two: Two, world: World) -> None:
    await two.offer(how="bot", said_at="")
    await world.says(ADDRESS, "no")
    assert await two.state() == "refused"
    assert SUMMARY not in plain((await two.theirs.get("/transfers")).text)
    assert "does not want" in plain((await two.mine.get(two.case)).text)


async def test_a_yes_to_another_question_of_a_human_is_no_yes_to_that(two: Two, world: World) -> None:
    await two.offer(how="bot", said_at="")
    await two.mine.post(f"{two.case}/reply", text="Are you safe?", seen=await _seen(two.mine, two.case))
    await world.says(ADDRESS, "yes")
    assert await two.state() == "asked"


async def test_danger_in_place_of_an_answer_is_danger(two: Two, world: World) -> None:
    await two.offer(how="bot", said_at="")
    await world.says(ADDRESS, "he has a knife")
    assert await two.state() == "asked"
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") >= 1


async def test_who_may_not_be_written_to_is_not_asked(two: Two, world: World) -> None:
    for change, back in (
        ("opted_out_at = now()", "opted_out_at = NULL"),
        ("seized_at = now()", "seized_at = NULL"),
        ("consent_contact_at = NULL", ""),
    ):
        await world.run(f"UPDATE contacts SET {change}")
        answer = await two.offer(how="bot", said_at="")
        assert answer.status_code == 400, change
        assert SUMMARY in answer.text  # nothing is lost
        await world.run(f"UPDATE contacts SET {back}" if back else "SELECT 1")
    assert await world.one("SELECT count(*) FROM case_transfers") == 0


async def test_declined_it_comes_back_with_the_reason(two: Two, world: World) -> None:
    await two.offer()
    which = await two.which()
    assert (await two.theirs.post(f"/transfers/{which}/decline", words="x")).status_code == 400
    await two.theirs.post(f"/transfers/{which}/decline", reason_code="no_place", words="Full until Sunday")
    page = plain((await two.mine.get(two.case)).text)
    assert "no place free" in page
    assert "Full until Sunday" in page
    assert "Full until Sunday" in plain((await two.mine.get("/transfers")).text)
    assert await world.one("SELECT owner_user_id FROM conversations") == two.mine.user_id
    assert (await two.accept()).status_code == 404
    assert (await two.offer()).headers["location"].endswith("?told=transfer_offered")  # another try


async def test_too_late_is_too_late_and_nobody_needs_to_come_by(two: Two, world: World) -> None:
    await two.offer()
    world.clock.move(days=7, minutes=1)
    two.mine, two.theirs = await two.town.enter(two.mine.user_id), await two.town.enter(two.theirs.user_id)
    assert (await two.accept()).status_code == 404
    assert "did not answer in time" in plain((await two.mine.get(two.case)).text)
    assert (await two.offer()).headers["location"].endswith("?told=transfer_offered")
    states = [r.state for r in await world.rows("SELECT state FROM case_transfers ORDER BY made_at")]
    assert states == ["expired", "offered"]


async def test_one_offer_at_a_time_and_taken_back_it_is_over(two: Two, world: World) -> None:
    await two.offer()
    assert (await two.offer()).status_code == 400
    await two.mine.post(f"{two.case}/transfer/withdraw", transfer=str(await two.which()))
    assert await two.state() == "withdrawn"
    assert SUMMARY not in plain((await two.theirs.get("/transfers")).text)


async def test_she_takes_it_back_and_the_others_are_out(two: Two, world: World) -> None:
    await two.offer(part_conversation="yes")
    await two.accept()
    assert (await two.mine.post(f"{two.case}/transfer/recall", transfer=str(await two.which()))).status_code == 303
    assert await two.state() == "recalled"
    assert (await two.theirs.get(two.case)).status_code == 404
    assert (await two.mine.get(two.case)).status_code == 200
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    assert await world.one("SELECT count(*) FROM case_shares WHERE ended_at IS NULL") == 0
    assert (await two.mine.post(f"{two.case}/take")).headers["location"].endswith("?told=taken")


async def test_the_receiver_hears_it_too(two: Two, world: World) -> None:
    await two.offer()
    await two.accept()
    answer = await two.theirs.post(f"{two.case}/transfer/recall", transfer=str(await two.which()))
    assert answer.headers["location"] == "/desk/transfers"
    assert await two.state() == "recalled"


async def test_consent_that_she_takes_back_ends_all_sharing(two: Two, world: World) -> None:
    await two.offer()
    await two.accept()
    where = await world.where(ADDRESS)

    async def back(ctx: Any) -> None:
        from handlers import privacy

        await privacy.withdraw_consent(ctx, proved="yes")

    await world.app.staff.prepare(where, back)
    assert (await two.mine.get(two.case)).status_code == 404


async def test_another_open_case_of_the_conversation_is_settled_first(two: Two, world: World) -> None:
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, kind, severity, stage, opened_at) SELECT"
        " gen_random_uuid(), subject_id, '9999999', conversation_id, 'report_missing', 'high', 'new', now() FROM cases"
    )
    answer = await two.offer()
    assert answer.status_code == 400
    assert "another open case" in answer.text


async def test_a_conversation_that_came_opens_no_other_case_of_hers(two: Two, world: World) -> None:
    await two.offer()
    await two.accept()
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, kind, severity, stage, opened_at) SELECT"
        " gen_random_uuid(), subject_id, '9999999', conversation_id, 'report_missing', 'high', 'new', now() FROM cases"
    )
    assert (await two.theirs.get("/case/9999999")).status_code == 404
    assert "999 999 9" not in plain((await two.theirs.get(two.case)).text)
    assert (await two.mine.get("/case/9999999")).status_code == 200


async def test_a_case_that_nobody_there_may_have_is_not_offered(two: Two, world: World) -> None:
    await world.run("UPDATE users SET role = 'partner' WHERE id = :u", u=two.theirs.user_id)
    await world.run("UPDATE cases SET care = 'self_harm'")
    answer = await two.offer()
    assert answer.status_code == 400
    assert "Nobody there may have such a case" in answer.text


@pytest.mark.parametrize("name", ["Shelter", "Police liaison", "Women's Safe House", "पुलिस सेल"])
async def test_a_name_that_tells_too_much_is_never_put_on_her_phone(two: Two, world: World, name: str) -> None:
    """It stands in the first words that she reads, and whoever holds the phone reads it too."""
    before = len(world.provider.sent)
    await world.run("UPDATE contacts SET language = 'ne'")
    async with world.app.database.begin() as connection:
        await users.show_as(connection, THEIRS, name)
    for how in ({"how": "bot", "said_at": ""}, {}):
        answer = await two.offer(**how)
        assert answer.status_code == 400
        assert "would tell whoever holds the phone" in answer.text
    assert await world.one("SELECT count(*) FROM case_transfers") == 0
    assert len(world.provider.sent) == before


async def test_nor_one_that_was_changed_meanwhile(two: Two, world: World) -> None:
    await two.offer()
    before = await world.one("SELECT count(*) FROM outbox")
    await world.run("UPDATE organisations SET settings = '{}' WHERE name = 'Shelter'")
    assert (await two.accept()).headers["location"].endswith("?told=transfer_tell_her")
    assert await world.one("SELECT count(*) FROM outbox") == before


async def test_it_is_shown_to_no_third_organisation(two: Two, world: World) -> None:
    await two.offer()
    third = await two.town.person("supervisor", organisation="Somebody else")
    assert SUMMARY not in plain((await third.get("/transfers")).text)
    which = await two.which()
    assert (await third.post(f"/transfers/{which}/accept")).status_code == 404
    assert (await third.post(f"/transfers/{which}/decline", reason_code="no_place")).status_code == 404
    assert await two.state() == "offered"


async def test_of_two_who_accept_at_once_one_has_it(two: Two, world: World) -> None:
    other = await two.town.person("caseworker", organisation="Shelter")
    await two.offer()
    which = await two.which()
    first = await two.accept()
    second = await other.post(f"/transfers/{which}/accept")
    assert "told=transfer_accepted" in first.headers["location"]
    assert second.status_code == 404
    assert await world.one("SELECT assigned_to FROM cases") == two.theirs.user_id


# --- the table of what may happen

STATES = ("asked", "offered", "accepted", "declined", "refused", "withdrawn", "expired", "recalled")
WAY = {
    ("agreed", "asked"): "offered",
    ("refused", "asked"): "refused",
    ("refused", "offered"): "refused",
    ("withdrawn", "asked"): "withdrawn",
    ("withdrawn", "offered"): "withdrawn",
    ("lapsed", "asked"): "expired",
    ("lapsed", "offered"): "expired",
    ("accepted", "offered"): "accepted",
    ("declined", "offered"): "declined",
    ("recalled", "accepted"): "recalled",
}
AT = datetime(2026, 1, 1, tzinfo=UTC)


def _row(state: str) -> Transfer:
    return Transfer(
        case_id=uuid7(),
        from_organisation_id=uuid7(),
        to_organisation_id=uuid7(),
        summary="",
        made_by=uuid7(),
        expires_at=AT + timedelta(days=7),
        how="spoken",
        state=state,
    )


@pytest.mark.parametrize(("what", "state"), list(itertools.product(transfer_moves.MOVES, STATES)))
def test_only_what_stands_in_the_table_can_happen(what: str, state: str) -> None:
    row = _row(state)
    wanted = WAY.get((what, state))
    assert transfer_moves.move(row, what, AT) is (wanted is not None)
    assert row.state == (wanted or state)


@pytest.mark.parametrize("state", ["asked", "offered"])
@pytest.mark.parametrize("what", ["agreed", "accepted", "declined"])
def test_what_comes_too_late_finds_it_over(what: str, state: str) -> None:
    row = _row(state)
    assert not transfer_moves.move(row, what, row.expires_at)
    assert row.state == "expired"
