"""A broadcast and people who move between our accounts while it runs: each hears it once, where she is."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from bot.store import tables
from bot.store.homes import Home
from bot.store.keys import seal
from tests.pipeline.telling import MAYA, Telling, quiet
from tests.pipeline.world import World


async def _writes_elsewhere(
    world: World, subject: UUID, *, old: Home | None = None, channel: str = "telegram", account: str = "7002"
) -> UUID:
    """She has another conversation, by another account of ours, and wrote there just now."""
    old = old or await world.where(MAYA)
    row = (
        await world.rows(
            "SELECT a.* FROM addresses a JOIN conversations v ON v.address_id = a.id WHERE v.id = :id",
            id=old.conversation_id,
        )
    )[0]
    address, conversation = uuid7(), uuid7()
    sealed = seal(old.key, MAYA.encode(), where=f"addresses.address_enc.{address}")
    async with world.app.database.begin() as connection:
        await connection.execute(
            insert(tables.addresses).values(
                {**row._mapping, "id": address, "account": account, "channel": channel, "address_enc": sealed}
            )
        )
        await connection.execute(
            insert(tables.conversations).values(
                id=conversation, subject_id=subject, address_id=address, active_contact_id=subject,
                last_inbound_at=world.now,
            )
        )  # fmt: skip
    return conversation


async def test_who_moved_to_another_account_before_her_turn_is_told_there(world: World, telling: Telling) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner="human", owner_epoch=1)
    which = await telling.begun()
    await telling.minute()
    assert await telling.counts(which) == {"waiting:human": 1}
    there = await _writes_elsewhere(world, subject)
    for minutes in (61, 1, 60):  # the human's hour is over; then silence there
        world.clock.move(minutes=minutes)
        await telling.minute()
        await world.sends()
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}
    assert await world.one("SELECT conversation_id FROM outbox WHERE broadcast_id IS NOT NULL") == there
    assert await world.one("SELECT account FROM broadcast_recipients") == "7002"


async def test_who_moved_while_she_stood_in_the_lane_is_told_there_once_it_is_silent(
    world: World, telling: Telling
) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    there = await _writes_elsewhere(world, subject)
    assert await world.sends() == 0  # not into the old one while she writes in the new one
    await telling.minute()
    assert telling.heard(MAYA) == []
    world.clock.move(minutes=62)
    for _ in range(3):
        await telling.minute()
        await world.sends()
        world.clock.move(minutes=1)
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}
    assert len(telling.heard(MAYA)) == 1
    assert (
        await world.one("SELECT conversation_id FROM outbox WHERE state = 'sent' AND broadcast_id IS NOT NULL") == there
    )


async def test_who_moved_away_from_a_template_hears_it_once(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    subject = await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1  # the template in the lane, the words until she writes
    await _writes_elsewhere(world, subject, old=await world.where(number, "whatsapp"))
    assert await world.sends() == 0
    for minutes in (0, 61, 1, 1):
        world.clock.move(minutes=minutes)
        await telling.minute()
        await world.sends()
    assert len(telling.heard(MAYA)) == 1
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    await telling.minute()
    await world.sends()
    assert (len(telling.heard(MAYA)), telling.heard(number)) == (1, [])
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}


async def _back_and_forth(world: World, telling: Telling) -> tuple[UUID, str, UUID]:
    """The template stands in the lane of WhatsApp; she writes in another chat, and then on WhatsApp again: (the
    broadcast, her number, the other chat)."""
    number = "+9779812345678"
    subject = await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1
    there = await _writes_elsewhere(world, subject, old=await world.where(number, "whatsapp"))
    for _ in range(2):  # by whichever account she writes now, and there it is not silent
        await telling.minute()
    assert await telling.counts(which) == {"waiting:silence": 1}
    world.clock.move(minutes=5)
    return which, number, there


async def test_who_comes_back_to_the_first_account_hears_it_once(world: World, telling: Telling) -> None:
    which, number, _ = await _back_and_forth(world, telling)
    await world.says(number, "hello", channel="whatsapp")
    for _ in range(70):
        world.clock.move(minutes=1)
        await world.sends()
        await telling.minute()
        await world.sends()
    assert (len(telling.heard(number)), telling.heard(MAYA)) == (1, [])
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}


async def _waits_again(world: World, subject: UUID) -> None:
    """As whose template was withdrawn since she had moved."""
    await world.run(
        "UPDATE broadcast_recipients SET state = 'waiting', reason = 'moved', not_before = :now"
        " WHERE subject_id = :subject",
        subject=subject, now=world.now,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["sending", "unknown", "sent", "read"])
async def test_whose_words_of_before_have_left_is_told_no_second_time(
    world: World, telling: Telling, state: str
) -> None:
    """A sender was quicker than the job: it took the words of then before they were withdrawn."""
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await world.run("UPDATE outbox SET state = :state WHERE broadcast_id IS NOT NULL", state=state)
    await _waits_again(world, subject)
    assert await telling.minute() == 0
    assert await world.one("SELECT count(*) FROM outbox WHERE broadcast_id IS NOT NULL") == 1
    await telling.minute()
    became = {"sending": "queued", "unknown": "failed"}.get(state, "sent")
    assert await telling.counts(which) == {became: 1}


async def test_while_a_sender_looks_at_the_words_of_before_she_waits(world: World, telling: Telling) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await _waits_again(world, subject)
    async with world.database().begin() as other:
        assert len(await telling.lane(other)) == 1
        assert await telling.room.pour(await telling.known(which)) == 0
        assert await telling.counts(which) == {"waiting:moved": 1}
    assert await telling.minute() == 0
    assert await telling.counts(which) == {"queued": 1}
    assert await world.one("SELECT count(*) FROM outbox WHERE broadcast_id IS NOT NULL") == 1
