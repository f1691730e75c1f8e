"""Telegram through the pipeline: a chat that must wait while others do not, cleaning a chat, links (T23, T42)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.transports import errors
from tests.pipeline.test_sender import queued
from tests.pipeline.world import World

MAYA = "501"


async def test_t23_a_chat_that_must_wait_holds_up_nobody_else(world: World) -> None:
    await queued(world, MAYA, "one", "two")
    others = [f"7{n:03}" for n in range(100)]
    for person in others:
        await queued(world, person, "hello")
    world.provider.script[MAYA].append(errors.Throttled("429", retry_after=30))
    began, last_other, hers = world.now, None, []
    for _ in range(60):
        await world.sender.run_once()
        seen = {address for address, _, _ in world.provider.sent}
        if last_other is None and set(others) <= seen:
            last_other = world.now
        hers = [text for address, _, text in world.provider.sent if address == MAYA]
        if world.now - began < timedelta(seconds=30):
            assert hers == []
        world.clock.move(seconds=1)
    assert hers == ["one", "two"]
    assert last_other is not None
    assert last_other - began <= timedelta(
        seconds=101 / 25 + 2
    )  # 25 a second; the chat that waits costs the others nothing


async def test_t23_no_more_than_the_budget_leaves_in_a_second_whatever_the_number_of_senders(world: World) -> None:
    for n in range(90):
        await queued(world, f"7{n:03}", "hello")
    senders = [world.sender, world.new_sender(world.database()), world.new_sender(world.database())]
    for _ in range(6):
        before = len(world.provider.sent)
        for sender in senders:
            await sender.run_once()
        assert len(world.provider.sent) - before <= 25
        world.clock.move(seconds=1)
    assert len(world.provider.sent) == 90


async def test_t42_clear_takes_both_sides_off_the_phone(world: World) -> None:
    for number, text in enumerate(("hello", "wages", "clear"), 1):
        await world.says(MAYA, text, extra={"message_id": 40 + number})
    assert len(world.provider.wiped) == 1
    address, ids = world.provider.wiped[0]
    assert address == MAYA
    assert {"41", "42", "43"} <= set(ids)
    before_clear = {f"p{n}" for n in range(len(world.provider.sent) - 1)}
    assert before_clear <= set(ids)


async def test_t42_only_of_the_last_48_hours_and_only_on_telegram(world: World) -> None:
    await world.says(MAYA, "hello", extra={"message_id": 1})
    world.clock.move(hours=49)
    await world.says(MAYA, "hello", extra={"message_id": 2})
    await world.says(MAYA, "clear", extra={"message_id": 3})
    assert "1" not in world.provider.wiped[0][1]
    assert {"2", "3"} <= set(world.provider.wiped[0][1])
    await world.says("+9779812345678", "clear", channel="whatsapp", account="simulator")
    assert len(world.provider.wiped) == 1


async def test_t42_it_works_while_a_human_has_it_and_after_stop(world: World) -> None:
    await world.says(MAYA, "hello", extra={"message_id": 1})
    await world.says(MAYA, "stop", extra={"message_id": 2})
    await world.says(MAYA, "clear", extra={"message_id": 3})
    assert len(world.provider.wiped) == 1


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("learn", "orientation.track"),
        ("learn_before", "orientation.part"),
        ("learn_there", "orientation.part"),
        ("learn_return", "orientation.part"),
    ],
)
async def test_a_link_leads_to_its_track(world: World, link: str, said: str) -> None:
    await world.says(MAYA, link, kind="command_start")
    assert (await world.said(MAYA))[-1] == said


async def test_every_link_starts_something(world: World) -> None:
    for number, link in enumerate(world.app.content.knowledge.get("links")["links"]):
        await world.says(f"8{number:03}", link, kind="command_start")
        assert await world.said(f"8{number:03}"), link


async def test_a_link_with_a_code_is_the_code_and_unknown_words_are_words(world: World) -> None:
    await world.says(MAYA, "8888888888888888", kind="command_start")
    assert any(text.startswith("family_status") for text in await world.said(MAYA))
    await world.says("502", "wages", kind="command_start")
    assert any(text.startswith("wages") for text in await world.said("502"))
    await world.says("503", "", kind="command_start")
    assert await world.said("503")


async def test_a_link_says_nothing_into_the_words_of_a_human(world: World) -> None:
    await world.says(MAYA, "hello")
    where = await world.where(MAYA)
    await world.set_conversation(where.conversation_id, owner="human", owner_epoch=3)
    before = len(world.provider.sent)
    await world.says(MAYA, "learn", kind="command_start")
    assert len(world.provider.sent) == before
