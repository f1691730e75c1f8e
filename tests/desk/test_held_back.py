"""What she did not agree to hand over stays behind on every page: paper, talks, other cases, words, referrals."""

from __future__ import annotations

import pytest

from bot.store import interpreting, search
from tests.desk.office import Desk, plain
from tests.desk.test_evidence import PICTURE, _sends
from tests.desk.test_print import text_of
from tests.desk.test_transfers import ADDRESS, Two, town, two
from tests.pipeline.world import World

__all__ = ["town", "two"]  # fixtures
OLD, NEW = "an old line of hers", "a new line for them"


async def _handed(two: Two, world: World, **parts: str) -> None:
    await world.says(ADDRESS, OLD)
    await two.offer(**parts)
    await two.accept()
    await world.says(ADDRESS, NEW)


async def _print(two: Two) -> str:
    answer = await two.theirs.post(f"{two.case}/print", talk="yes", notes="yes")
    assert answer.status_code == 200, answer.text
    return " ".join(text_of(answer.content))


async def test_paper_names_no_file_that_stayed_behind(two: Two, world: World) -> None:
    await _sends(world, PICTURE, "image")
    await _handed(two, world)
    assert "image/jpeg" not in await _print(two)


async def test_paper_names_the_files_that_went_along(two: Two, world: World) -> None:
    await _sends(world, PICTURE, "image")
    await _handed(two, world, part_media="yes")
    paper = await _print(two)
    assert "image/jpeg" in paper
    assert NEW in paper
    assert OLD not in paper


async def test_paper_has_the_whole_conversation(two: Two, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.views.talk.LINES", 3)
    for n in range(5):
        await world.says(ADDRESS, f"line number {n}")
    answer = await two.mine.post(f"{two.case}/print", talk="yes")
    paper = " ".join(text_of(answer.content))
    assert all(f"line number {n}" in paper for n in range(5))
    assert "human please" in paper


async def test_once_closed_the_conversation_shows_no_more_than_the_case_did(two: Two, world: World) -> None:
    await _handed(two, world)
    await world.run("UPDATE cases SET closed_at = now(), assigned_to = NULL")
    await world.run("UPDATE conversations SET owner = 'human', owner_user_id = :u", u=two.theirs.user_id)
    talk = (await world.where(ADDRESS)).conversation_id
    page = plain((await two.theirs.get(f"/talk/{talk}")).text)
    assert NEW in page
    assert OLD not in page
    assert OLD in plain(await _ours(two.town, world, talk))


async def _ours(town: Desk, world: World, talk: object) -> str:
    """The same talk, read by who had it before it was handed over."""
    person = await town.person("supervisor")
    await world.run("UPDATE conversations SET owner_user_id = :u", u=person.user_id)
    return (await person.get(f"/talk/{talk}")).text


async def test_a_later_case_of_the_same_conversation_opens_nothing_of_before(two: Two, world: World) -> None:
    await _handed(two, world)
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, organisation_id, kind, severity, stage,"
        " opened_at) SELECT gen_random_uuid(), subject_id, '9999999', conversation_id, organisation_id,"
        " 'report_missing', 'high', 'new', now() FROM cases"
    )
    page = plain((await two.theirs.get("/case/9999999")).text)
    assert NEW in page
    assert OLD not in page


async def test_what_a_partner_has_closed_is_no_open_book_for_the_main_one(two: Two, world: World) -> None:
    """A conversation of nobody's is the main organisation's, from when the others were done with it."""
    await world.says("9002", "wages", "human please", "a secret of theirs")
    talk = (await world.where("9002")).conversation_id
    await world.run(
        "UPDATE cases SET closed_at = :now, organisation_id = (SELECT id FROM organisations WHERE name = 'Shelter')"
        " WHERE conversation_id = :w",
        w=talk,
        now=world.now,
    )
    world.clock.move(minutes=1)
    await world.says("9002", "here I am again")
    page = await two.mine.get(f"/talk/{talk}")
    assert "here I am again" in plain(page.text)
    assert "a secret of theirs" not in plain(page.text)


@pytest.mark.parametrize(("part", "found"), [("facts", False), ("media", True)])
async def test_words_beside_a_file_are_found_only_with_the_file(two: Two, world: World, part: str, found: bool) -> None:
    which = await _sends(world, PICTURE, "image")
    await two.mine.post(f"{two.case}/evidence/{which}", label="blue passport", about="")
    await _handed(two, world, **{f"part_{part}": "yes"})
    assert await world.one(f"SELECT count(*) FROM search_tokens WHERE field = '{search.EVIDENCE}'")
    answer = plain((await two.theirs.post("/search", q="passport")).text)
    assert (f"/desk/case/{two.number}" in answer) is found


async def test_what_was_said_to_others_before_is_theirs_who_said_it(two: Two, world: World) -> None:
    boss = await two.town.person("supervisor")
    form = {"reason_code": "life", "whom": "Sister Rose", "words": "she needs a way out"}
    await two.mine.post(f"{two.case}/contact/propose", **form)
    which = await world.one("SELECT id FROM disclosures")
    await boss.post(f"{two.case}/contact/refuse", which=str(which))
    await _handed(two, world)
    for page in (two.case, f"{two.case}/contact"):
        assert "Sister Rose" in plain((await two.mine.get(f"{two.case}/contact")).text)
        assert "Sister Rose" not in plain((await two.theirs.get(page)).text), page
        assert "way out" not in plain((await two.theirs.get(page)).text), page


async def test_who_helped_elsewhere_by_an_earlier_referral_is_not_told(two: Two, world: World) -> None:
    await world.run(
        "INSERT INTO referrals (id, subject_id, case_id, service, state, receiver, made_at) SELECT gen_random_uuid(),"
        " subject_id, id, 'health', state, '', opened_at FROM cases, unnest(ARRAY['declined', 'sent']) AS state"
    )
    await _handed(two, world)
    mine, theirs = await two.mine.get(two.case), await two.theirs.get(two.case)
    assert "the person said no" in mine.text
    assert "the person said no" not in theirs.text
    going = await world.one("SELECT id FROM referrals WHERE state = 'sent'")
    assert str(going) in theirs.text  # who has the case now can end what goes on


async def test_who_interpreted_for_the_sender_does_not_go_along(two: Two, world: World) -> None:
    helper = await two.town.person("interpreter")
    async with world.app.database.begin() as connection:
        await interpreting.grant(
            connection,
            await world.where(ADDRESS),
            helper.user_id,
            "ne",
            world.now,
            declared_to=two.mine.user_id,
            days=14,
        )
    await two.mine.post(f"{two.case}/note", text="Her brother may be behind it")
    await two.mine.post(f"{two.case}/task", text="Ask the lawyer", day="2026-12-01", to="")
    page = await helper.get(two.case)
    assert page.status_code == 200
    assert "wages" in page.text, "the conversation, which she interprets"
    for kept in ("Her brother may be behind it", "Ask the lawyer", "Notes and what happened", "Help without consent"):
        assert kept not in page.text
    assert [(await helper.get(f"{two.case}/{one}")).status_code for one in ("contact", "consents")] == [403, 403]
    await _handed(two, world, part_conversation="yes")
    assert (await helper.get(two.case)).status_code == 404
    await world.run("UPDATE interpreters SET ended_at = now()")
    stranger = await two.town.person("interpreter")  # of the sender, who may read on: not all who interpret there
    assert (await stranger.get(two.case)).status_code == 404
    assert (await stranger.post(f"{two.case}/reply", text="x")).status_code == 404
