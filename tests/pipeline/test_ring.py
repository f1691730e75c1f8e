"""A missed call, or an SMS without words: nothing is sent back before a human has decided; words after it are heard."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.routes import Routes
from bot.sender import Sender
from bot.simulated import Phones
from tests.pipeline.test_sender import queued
from tests.pipeline.world import ACCOUNT, World

HERS = "+96550001234"


async def rings(world: World, **more: Any) -> None:
    await world.app.receive([world.inbound(HERS, "", channel="sms", kind="rang", **more)])
    await world.turns()
    await world.sends()


async def owner(world: World) -> str:
    return str(await world.one("SELECT owner FROM conversations"))


async def test_a_ring_waits_for_a_human_and_nothing_leaves(world: World) -> None:
    await rings(world)
    assert await owner(world) == "waiting"
    assert [tuple(r) for r in await world.rows("SELECT audience, kind, severity FROM notices")] == [
        ("queue", "rang", "high")
    ]
    assert world.provider.sent == []
    assert await world.one("SELECT count(*) FROM outbox") == 0
    assert await world.one("SELECT last_inbound_at IS NULL FROM conversations")


async def test_ringing_again_and_again_is_one_entry(world: World) -> None:
    for _ in range(5):
        await rings(world)
    assert await world.one("SELECT count(*) FROM notices") == 1


async def test_the_human_may_answer_for_a_day_and_the_bot_never(world: World) -> None:
    await rings(world)
    where = await world.where(HERS, "sms")
    world.clock.move(hours=23)
    values = {"origin": "human", "owner_epoch": 1}
    await queued(world, HERS, "may we call?", channel="sms", **values)
    await world.set_conversation(where.conversation_id, last_inbound_at=None)
    await queued_by_bot(world, where.conversation_id)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["may we call?"]
    world.clock.move(hours=2)
    await queued(world, HERS, "are you there?", channel="sms", **values)
    await world.set_conversation(where.conversation_id, last_inbound_at=None)
    await world.sends()
    assert len(world.provider.sent) == 1


async def queued_by_bot(world: World, conversation_id: object) -> None:
    await queued(world, HERS, "by itself", channel="sms", origin="bot", owner_epoch=1)
    await world.run("UPDATE conversations SET last_inbound_at = NULL WHERE id = :id", id=conversation_id)


async def test_words_after_a_ring_are_answered(world: World) -> None:
    await rings(world)
    await world.says(HERS, "talab wages", channel="sms")
    assert await owner(world) == "bot"
    assert world.provider.sent
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'rang'") == 1  # somebody still looks at it


async def test_danger_after_a_ring_is_danger(world: World) -> None:
    await rings(world)
    await world.says(HERS, "he has a knife", channel="sms")
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") >= 1
    assert world.provider.sent


async def test_an_empty_message_in_the_middle_stops_nothing(world: World) -> None:
    await world.says(HERS, "hello", "wages", channel="sms")
    said = len(world.provider.sent)
    await rings(world)
    assert await owner(world) == "bot"
    assert len(world.provider.sent) == said
    await world.says(HERS, "1", channel="sms")
    assert len(world.provider.sent) > said


async def test_a_human_who_has_it_keeps_it(world: World) -> None:
    await world.says(HERS, "hello", channel="sms")
    where = await world.where(HERS, "sms")
    await world.set_conversation(where.conversation_id, owner="human")
    world.clock.move(hours=5)
    await rings(world)
    assert await owner(world) == "human"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'rang'") == 1


async def test_a_ring_lets_nothing_out_that_was_held(world: World) -> None:
    await world.says(HERS, "hello", channel="sms")
    await queued(world, HERS, "the news", channel="sms", origin="human", state="held", reason="no_consent")
    await world.run("UPDATE outbox SET not_before = 'infinity' WHERE state = 'held'")
    world.clock.move(hours=5)
    await world.run("UPDATE conversations SET last_inbound_at = :at", at=world.now.replace(hour=0))
    before = len(world.provider.sent)
    await rings(world)
    assert len(world.provider.sent) == before


# --- routes of one way


def with_sims(world: World, *sims: str) -> Sender:
    return Sender(
        world.app.database,
        world.app.secrets,
        world.app.layouts,
        world.policy,
        lambda channel, account: world.provider,
        clock=world.clock,
        sims=sims,
    )


async def from_country(world: World, country: str, text: str, account: str = ACCOUNT) -> list[str]:
    await world.app.inbox.receive(
        [world.inbound(HERS, text, channel="sms", account=account)], world.now, {HERS: country}
    )
    await world.turns()
    while await world.sender.run_once():
        world.clock.move(seconds=1)
    return [t for _, _, t in world.provider.sent]


@pytest.mark.parametrize("country", ["KW", "SA", "QA", "OM", "BH"])
async def test_where_no_answer_arrives_nothing_is_asked(world: World, country: str) -> None:
    world.sender = with_sims(world, "+96550009999")
    (told,) = await from_country(world, country, "wages")
    assert "?" not in told
    assert "+96550009999" in told


async def test_danger_names_the_number_for_danger_and_where_to_answer(world: World) -> None:
    world.sender = with_sims(world, "+96550009999")
    (told,) = await from_country(world, "KW", "he has a knife")
    assert told.endswith("112")
    assert "+96550009999" in told
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") == 1


@pytest.mark.parametrize(("country", "sims"), [("AE", ("+96550009999",)), ("KW", ())])
async def test_where_no_number_may_stand_it_says_where_she_wrote(
    world: World, country: str, sims: tuple[str, ...]
) -> None:
    world.sender = with_sims(world, *sims)
    (told,) = await from_country(world, country, "wages")
    assert "?" not in told
    assert "+9" not in told
    assert "the number that you wrote to" in told


@pytest.mark.parametrize(("country", "account"), [("KW", "+96550009999"), ("IN", ACCOUNT), ("ZZ", ACCOUNT)])
async def test_a_sim_and_two_way_countries_are_asked(world: World, country: str, account: str) -> None:
    world.sender = with_sims(world, "+96550009999")
    told = await from_country(world, country, "wages", account)
    assert "?" in told[0]


def test_the_nearest_sim_is_named(world: World) -> None:
    facts = world.app.content.knowledge.get("sms_routes")
    routes = Routes.read(facts, ["+9779800000000", "+96550009999"])
    assert routes.to("KW", ACCOUNT).answer_to == "+96550009999"
    assert routes.to("SA", ACCOUNT).answer_to == "+9779800000000"
    assert routes.to("NP", "+9779800000000").two_way


async def test_the_simulator_shows_a_question_as_its_route_would(world: World) -> None:
    """`/try`: the visitor chooses a country, and may see what a phone there is sent over our number at Twilio."""
    phones = Phones(world.app)
    kuwait, malaysia = "+96550001234", "+60123456789"
    for number in (kuwait, malaysia):
        await phones.send("sms", number, text="wages")
        await world.turns()
        await world.sends()
    plain = [await phones.thread("sms", number) for number in (kuwait, malaysia)]
    routed = [await phones.thread("sms", number, routes=True) for number in (kuwait, malaysia)]
    assert routed[1] == plain[1]  # an answer arrives from there
    assert [m["text_id"] for m in routed[0]] == [m["text_id"] for m in plain[0]]
    asked, told = plain[0][-1]["parts"], routed[0][-1]["parts"]
    assert asked != told
    words = world.app.content.channel("en")
    assert told[-1]["text"].startswith(words["one_way_same"][:20])
    assert await phones.thread("whatsapp", kuwait, routes=True) == []
