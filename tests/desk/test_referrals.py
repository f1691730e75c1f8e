"""A service is offered from the page of a case: her yes, what is sent, what a partner sees, what it answers."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.jobs.started import start_reminders
from tests.desk.office import Desk, Person, opened, plain
from tests.desk.test_directory import kept
from tests.pipeline.later import known
from tests.pipeline.world import World

SITA = "9001"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def case_of(world: World) -> str:
    """She may be written to, and has a case; the bot talks with her."""
    await known(world, SITA)
    await world.says(SITA, "human please")
    await world.run("UPDATE conversations SET owner = 'bot', session_enc = NULL")
    return f"/case/{await world.one('SELECT reference FROM cases')}"


async def asked(world: World, *answers: str) -> list[str]:
    """The bot asks her in her hours, and she answers."""
    world.clock.move(hours=2)
    await start_reminders(world.app.database, world.app.secrets, world.policy, world.now)
    await world.turns()
    await world.sends()
    await world.says(SITA, *answers)
    return await world.said(SITA)


async def states(world: World) -> list[str]:
    return [row.state for row in await world.rows("SELECT state FROM referrals ORDER BY made_at, id")]


async def act(person: Person, case: str, how: str) -> str:
    """A button of the newest referral on the page of the case; what came of it."""
    which = re.search(r'name="referral" value="([^"]+)"', (await person.get(case)).text)
    assert which, f"nothing to do for {how}"
    answer = await person.post(f"{case}/referral", referral=which[1], reason_code=how)
    return answer.headers["location"].partition("told=")[2]


async def test_without_her_yes_nothing_is_sent(town: Desk, world: World) -> None:
    case, boss = await case_of(world), await town.person("supervisor")
    page = (await boss.get(f"{case}/refer?country=NP&kind=shelter")).text
    assert "Pourakhi" in page
    answer = await boss.post(f"{case}/refer", service="services.np_shelter_women", name="Sita", way="bot")
    assert answer.headers["location"].endswith("told=referral_offered")
    assert await act(boss, case, "sent") == "none"  # out of order: she has not been asked
    said = await asked(world, "1")
    assert said[-2:] == ["referral_offer.now", "referral_offer.agreed"]
    text = world.provider.sent[-1][2]
    assert "Pourakhi" in text
    assert "Sita, English, A place to stay" in text
    assert "Pourakhi" not in world.provider.sent[-2][2]
    await world.says(SITA, "1")
    assert (await world.said(SITA))[-1] == "referral_offer.thanks"
    assert await states(world) == ["asked"]
    boss = await town.enter(boss.user_id)
    page = (await boss.get(case)).text
    assert "the person agreed, not sent yet" in page
    assert "Sita, English, Shelter" in page
    assert await act(boss, case, "sent") == "referral_moved"
    assert await states(world) == ["sent"]
    assert await world.one("SELECT count(*) FROM tasks") == 1  # to ask, if they are silent
    assert await act(boss, case, "accepted") == "referral_moved"
    assert await act(boss, case, "completed") == "referral_moved"
    assert await states(world) == ["completed"]
    kinds = [row.kind for row in await world.rows("SELECT kind FROM case_events ORDER BY happened_at, id")]
    wanted = ["offered", "agreed", "sent", "accepted", "completed"]
    assert [kind for kind in kinds if kind.startswith("referral")] == [f"referral_{one}" for one in wanted]


async def test_her_no_ends_it_and_what_is_taken_back_is_not_asked(town: Desk, world: World) -> None:
    case, boss = await case_of(world), await town.person("supervisor")
    await boss.post(f"{case}/refer", service="services.np_legal", name="", way="bot")
    await boss.post(f"{case}/refer", service="services.np_health", name="", way="bot")
    rows = await world.rows("SELECT id FROM referrals WHERE service = 'health'")
    await boss.post(f"{case}/referral", referral=str(rows[0].id), reason_code="withdrawn")
    said = await asked(world, "1", "2")
    assert said[-1] == "referral_offer.not_told"
    assert sorted(await states(world)) == ["declined", "withdrawn"]
    await asked(world)
    assert (await world.said(SITA)).count("referral_offer.now") == 1


async def test_a_caseworker_asks_and_writes_down_the_answer(town: Desk, world: World) -> None:
    case, person = await case_of(world), await town.person("caseworker")
    assert (await person.get(f"{case}/refer")).status_code == 403  # not hers yet
    await person.post(f"{case}/take")
    await person.post(f"{case}/refer", service="services.np_shelter", name="", way="me")
    assert not await world.rows("SELECT 1 FROM reminders")
    assert await act(person, case, "agreed") == "referral_moved"
    assert await act(person, case, "sent") == "referral_moved"
    assert await act(person, case, "rejected") == "referral_moved"
    assert await states(world) == ["rejected"]
    lines = await world.rows("SELECT action, reason FROM audit WHERE action = 'referral.move' ORDER BY received_at")
    assert [line.reason for line in lines] == ["agreed", "sent", "rejected"]


async def test_while_a_human_has_it_the_question_is_the_humans(town: Desk, world: World) -> None:
    """The bot is silent then: its words are given to whoever has the conversation, and nobody is told that it asked."""
    case, boss = await case_of(world), await town.person("supervisor")
    await boss.post(f"{case}/refer", service="services.np_shelter_women", name="Sita", way="bot")
    assert "Ask now." not in (await boss.get(case)).text, "the bot will"
    await boss.post(f"{case}/take")
    page = plain((await boss.get(case)).text)
    assert "Ask now." in page
    which = page.partition("?canned=referral.")[2].partition("#")[0]
    filled = plain((await boss.get(f"{case}?canned=referral.{which}")).text)
    words = filled.partition('id="reply"')[2].partition("</textarea>")[0]
    assert "We would tell them only this: Sita, " in words
    assert "Pourakhi" in words
    assert "<textarea" in (await boss.get(f"{case}?canned=referral.nothing")).text
    await act(boss, case, "agreed")
    assert "Ask now." not in (await boss.get(case)).text


async def test_a_partner_sees_the_case_once_it_accepts_and_while_it_goes_on(town: Desk, world: World) -> None:
    case, boss = await case_of(world), await town.person("supervisor")
    partner = await town.person("partner", organisation="Shelter")
    other = await town.person("partner", organisation="Elsewhere")
    theirs = await world.one("SELECT id FROM organisations WHERE name = 'Shelter'")
    await world.run("UPDATE cases SET organisation_id = (SELECT organisation_id FROM users WHERE role = 'supervisor')")
    address = await kept(boss, name="The house", organisation=str(theirs), country="KW")
    await boss.post(f"{case}/refer", service=address.rpartition("/")[2], name="Sita", way="me")
    await act(boss, case, "agreed")
    assert "Sita" not in (await partner.get("/referrals")).text
    assert not await world.rows("SELECT 1 FROM case_shares")
    await act(boss, case, "sent")
    page = (await partner.get("/referrals")).text
    assert "Sita" in page
    assert case not in page
    assert "Sita" not in (await other.get("/referrals")).text
    assert (await partner.get(case)).status_code == 404
    which = await world.one("SELECT id FROM referrals")
    assert (await other.post(f"/referrals/{which}/answer", reason_code="accepted")).status_code == 404
    await partner.post(f"/referrals/{which}/answer", reason_code="accepted")
    assert (await partner.get(case)).status_code == 200
    assert (await other.get(case)).status_code == 404
    share = (await world.rows("SELECT consented_at, accepted_at FROM case_shares"))[0]
    assert share.consented_at == await world.one("SELECT agreed_at FROM referrals")
    await partner.post(f"/referrals/{which}/answer", reason_code="completed")
    assert (await partner.get(case)).status_code == 404


async def test_what_nobody_is_sure_of_and_long_names_are_refused(town: Desk, world: World) -> None:
    case, boss = await case_of(world), await town.person("supervisor")
    for service, name in (("services.np_legal_district", ""), ("services.none", ""), ("services.np_legal", "x" * 61)):
        answer = await boss.post(f"{case}/refer", service=service, name=name, way="bot")
        assert answer.status_code == 400, service
    assert not await world.rows("SELECT 1 FROM referrals")


async def test_what_hangs_on_an_answer_is_written_with_it_or_not_at_all(
    town: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A referral that is over with a share that goes on would leave the case open to the partner."""
    case, boss = await case_of(world), await town.person("supervisor")
    await town.person("partner", organisation="Shelter")
    theirs = await world.one("SELECT id FROM organisations WHERE name = 'Shelter'")
    address = await kept(boss, name="The house", organisation=str(theirs), country="KW")
    await boss.post(f"{case}/refer", service=address.rpartition("/")[2], name="Sita", way="me")
    for how in ("agreed", "sent", "accepted"):
        await act(boss, case, how)

    async def stopped(*_: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("bot.store.shares.end", stopped)
    rows = await world.rows("SELECT id FROM referrals")
    answer = await boss.post(f"{case}/referral", referral=str(rows[0].id), reason_code="completed")
    assert answer.status_code == 500
    assert await states(world) == ["accepted"]
