"""The course in the database: it goes on where she stopped, on whichever channel is hers."""

from __future__ import annotations

import json

from bot.jobs.wishes import link_due
from bot.store.keys import open_json
from bot.store.tables import contacts
from handlers import privacy
from handlers.context import Context
from tests.pipeline.later import act, known
from tests.pipeline.world import World

MAYA, PHONE = "601", "+96550000001"


async def begun(world: World) -> None:
    """Two lessons read, then enough for now."""
    await known(world, MAYA)
    await world.says(MAYA, "menu", "learn", "1", "1")
    assert (await world.said(MAYA))[-1] == "orientation.lesson"
    await world.says(MAYA, "2")
    assert (await world.said(MAYA))[-1] == "orientation.bye"


async def profile(world: World, address: str, channel: str = "telegram") -> dict[str, object]:
    """What is kept of her, opened."""
    where = await world.where(address, channel)
    (row,) = await world.rows("SELECT profile_enc FROM contacts WHERE id = :id", id=where.subject_id)
    wrapped = await world.one("SELECT wrapped FROM keys WHERE subject_id = :id", id=where.subject_id)
    key = world.app.secrets.keyring.unwrap(bytes(wrapped))
    found: dict[str, object] = open_json(
        key, bytes(row.profile_enc), where=f"{contacts.name}.profile_enc.{where.subject_id}"
    )
    return found


async def test_days_later_it_goes_on_where_she_stopped(world: World) -> None:
    await begun(world)
    kept = (await profile(world, MAYA))["course"]
    assert kept == {**kept, "lesson": 2} if isinstance(kept, dict) else False
    world.clock.move(days=9)
    await world.says(MAYA, "menu", "learn")
    assert (await world.said(MAYA))[-1] == "orientation.go_on"
    await world.says(MAYA, "1")
    assert (await world.said(MAYA))[-1] in ("orientation.lesson", "orientation.question")
    after = (await profile(world, MAYA))["course"]
    assert isinstance(after, dict)
    assert after["lesson"] > 2


async def test_it_goes_on_on_another_channel_of_hers(world: World) -> None:
    """By the code that joins both; the SMS phone, where nothing was learnt, asks whether to go on."""
    await begun(world)
    made: list[str] = []

    async def code(ctx: Context) -> object:
        outcome = await privacy.make_link_code(ctx)
        made.append(str(outcome.slots["code"]))
        return outcome

    await act(world, MAYA, code, kind="person")  # type: ignore[arg-type]
    await world.says(PHONE, "hello", f"link {made[0]}", channel="sms")
    assert await link_due(world.app.database, world.app.secrets, world.now) == 1
    there, here = await world.where(MAYA), await world.where(PHONE, "sms")
    assert there.subject_id == here.subject_id
    world.clock.move(minutes=5)
    await world.says(PHONE, "menu", "learn", channel="sms")
    assert (await world.said(PHONE, "sms"))[-1] == "orientation.go_on"
    await world.says(PHONE, "1", channel="sms")
    assert (await world.said(PHONE, "sms"))[-1] in ("orientation.lesson", "orientation.question")


async def test_somebody_else_s_phone_knows_nothing_of_it(world: World) -> None:
    await begun(world)
    await world.says(PHONE, "hello", "menu", "learn", channel="sms")
    assert (await world.said(PHONE, "sms"))[-1] == "orientation.track"


async def test_ids_and_counts_are_all_that_is_kept(world: World) -> None:
    await begun(world)
    kept = json.dumps((await profile(world, MAYA))["course"])
    assert '"part"' in kept
    assert " " not in kept.replace(": ", ":").replace(", ", ",")  # no sentence
    assert not await world.rows("SELECT 1 FROM cases")
