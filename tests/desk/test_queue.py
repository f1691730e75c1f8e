"""The queue on real conversations: who waits, who is first, what is shown of them; and that the page looks again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from desk import live
from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

LISTENS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN saathi_desk'"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    """The desk on a service whose people can write."""
    async with opened(world.app) as made:
        yield made


def _order(page: str, *references: str) -> list[str]:
    return sorted(references, key=lambda one: page.index(f"/desk/case/{one}"))


async def _case_of(world: World, address: str) -> str:
    return str(
        await world.one(
            "SELECT reference FROM cases WHERE conversation_id = :where",
            where=(await world.where(address)).conversation_id,
        )
    )


async def test_the_gravest_first_and_no_words_of_a_person(town: Desk, world: World) -> None:
    await world.says("9001", "human please")
    world.clock.move(minutes=5)
    await world.says("9002", "he has a knife")
    person = await town.person("caseworker")
    page = (await person.get("/")).text
    human, knife = await _case_of(world, "9001"), await _case_of(world, "9002")
    assert _order(page, human, knife) == [knife, human]
    assert "knife" not in page
    assert "9001" not in page.replace(human, "")
    assert "Violence or threats" in page


async def test_taking_makes_it_mine_and_nobody_elses(town: Desk, world: World) -> None:
    await world.says("9001", "he has a knife")
    asha, bina = await town.person("caseworker"), await town.person("caseworker")
    reference = await _case_of(world, "9001")
    assert (await asha.post(f"/case/{reference}/take")).headers["location"] == f"/desk/case/{reference}?told=taken"
    where = (await world.where("9001")).conversation_id
    assert await world.one("SELECT owner FROM conversations WHERE id = :i", i=where) == "human"
    assert await world.one("SELECT count(*) FROM notices WHERE taken_at IS NULL") == 0
    mine = (await asha.get("/")).text.partition('id="s-mine"')[2]
    assert reference in mine.partition('id="s-others"')[0]
    assert f'action="/desk/case/{reference}/take"' not in (await bina.get("/")).text


async def test_who_wrote_and_has_no_answer_stands_first_in_mine(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    for address in ("9001", "9002"):
        await world.says(address, "human please")
        await person.post(f"/case/{await _case_of(world, address)}/take")
        world.clock.move(minutes=1)
    first, second = await _case_of(world, "9001"), await _case_of(world, "9002")
    for one in (first, second):
        seen = (await person.get(f"/case/{one}")).text.partition('name="seen" value="')[2].partition('"')[0]
        await person.post(f"/case/{one}/reply", text="We read it.", seen=seen)
    assert 'class="wrote"' not in (await person.get("/")).text
    world.clock.move(minutes=5)
    await world.says("9002", "are you there")
    page = (await person.get("/")).text
    assert _order(page, first, second) == [second, first]
    assert page.count('class="wrote"') == 1


async def test_filters_choose_and_stay_in_the_address(town: Desk, world: World) -> None:
    await world.says("9001", "human please")
    await world.says("9002", "he has a knife")
    person = await town.person("caseworker")
    human, knife = await _case_of(world, "9001"), await _case_of(world, "9002")
    page = (await person.get("/?severity=critical")).text
    assert (human in page, knife in page) == (False, True)
    assert '<option value="critical" selected>' in page
    page = (await person.get("/?kind=talk_to_human")).text
    assert (human in page, knife in page) == (True, False)
    for odd in ("?page=x", "?page=-1", "?page=99999999999", "?severity=%27%3B--", "?country=%00"):
        assert (await person.get(f"/{odd}")).status_code in (200, 400), odd


async def test_a_letter_about_ourselves_is_never_in_the_queue(town: Desk, world: World) -> None:
    await world.says("9001", "human please")
    where = await world.where("9001")
    await world.run("UPDATE notices SET taken_at = now()")
    await world.run(
        "INSERT INTO notices (id, subject_id, conversation_id, audience, kind, severity, raised_at)"
        " VALUES (gen_random_uuid(), :s, :c, 'safeguarding', 'complaint', 'high', now())",
        s=where.subject_id,
        c=where.conversation_id,
    )
    person = await town.person("supervisor")
    await world.run("UPDATE conversations SET owner = 'bot'")
    waiting = (await person.get("/")).text.partition('id="s-waiting"')[2].partition('id="s-mine"')[0]
    assert "Nobody is waiting" in waiting


# --- live


async def _event(answer: httpx.Response, wanted: str) -> str:
    """The id of the next event of this name."""
    found = ""
    async for line in answer.aiter_lines():
        if line.startswith("id:"):
            found = line[3:].strip()
        if line.startswith("event:") and line[6:].strip() == wanted:
            return found
    raise AssertionError("the stream ended")


async def _version(person: Person) -> str:
    return (await person.get("/")).text.partition('data-version="')[2].partition('"')[0]


async def test_the_page_is_told_to_look_again_at_once(
    town: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the database says, and not by looking each second: nobody looks within this hour."""
    monkeypatch.setattr(live, "POLL", 3600.0)
    person = await town.person("caseworker")
    listening = asyncio.create_task(town.office.live.run())
    version = await _version(person)
    try:
        async with asyncio.timeout(60), person.client.stream("GET", f"/desk/live?since={version}") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            while not await world.one(LISTENS):  # noqa: ASYNC110 (the database has no event for it)
                await asyncio.sleep(0.01)
            await world.says("9001", "he has a knife")
            await _event(answer, "changed")
    finally:
        listening.cancel()
    assert await _version(person) != version


async def test_whoever_comes_back_hears_what_was_missed_and_nothing_else(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    version = await _version(person)
    await world.says("9001", "he has a knife")
    headers = {"Last-Event-ID": version}
    async with asyncio.timeout(60), person.client.stream("GET", "/desk/live", headers=headers) as answer:
        assert await _event(answer, "changed") == await _version(person)


async def test_a_revoked_session_hears_no_more(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    version = await _version(person)
    async with asyncio.timeout(60), person.client.stream("GET", f"/desk/live?since={version}") as answer:
        await world.run("UPDATE desk_sessions SET revoked_at = now()")
        await _event(answer, "gone")


async def test_what_somebody_may_not_find_wakes_nobody(town: Desk, world: World) -> None:
    stranger = await town.person("partner", organisation="Shelter")
    before = await _version(stranger)
    await world.says("9001", "he has a knife")
    assert await _version(stranger) == before


async def test_what_she_says_again_puts_no_promise_off(town: Desk, world: World) -> None:
    await world.says("9001", "human please")
    person = await town.person("caseworker")
    await person.post(f"/case/{await _case_of(world, '9001')}/take")
    await world.says("9001", "are you there")
    await world.run("UPDATE notices SET due_at = due_at + interval '2 days' WHERE kind = 'wrote_again'")
    promised = await world.one("SELECT answer_due_at FROM cases")
    assert f'datetime="{promised.isoformat()}"' in (await person.get("/")).text
