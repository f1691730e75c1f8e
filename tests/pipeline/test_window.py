"""WhatsApp's 24 hours: a human's words wait, a neutral template goes with consent only, a question before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.channels.contract import Part
from bot.jobs import started
from bot.transports import errors
from tests.pipeline.test_sender import queued
from tests.pipeline.world import World

HERS = "+96550001234"
HOUR = timedelta(hours=1)


@pytest.fixture
def parts(world: World) -> list[Part]:
    """The Parts that left."""
    return world.provider.parts


async def known(world: World, *, consent: bool = True, owner: str = "human", **person: Any) -> Any:
    """Somebody who wrote on WhatsApp at noon, with whom a human has to do."""
    await world.app.receive([world.inbound(HERS, "hello", channel="whatsapp")])
    await world.turns()
    await world.sends()
    where = await world.where(HERS, "whatsapp")
    values = {"consent_contact_at": world.now} if consent else {}
    await world.set_person(where.subject_id, language="ne", **values, **person)
    await world.set_conversation(where.conversation_id, owner=owner, last_inbound_at=world.now)
    return where


async def answers(world: World, where: Any, text: str = "Your ticket is here.") -> str:
    decision = await world.app.staff.reply(where, text, case_id=None)
    await world.sends()
    return decision.state


@pytest.mark.parametrize(("ago", "leaves"), [(timedelta(hours=23, minutes=59), True), (24 * HOUR + HOUR / 60, False)])
async def test_the_window_at_23_59_and_24_01(world: World, parts: list[Part], ago: timedelta, leaves: bool) -> None:
    where = await known(world)
    parts.clear()
    world.clock.move(seconds=ago.total_seconds())
    assert await answers(world, where) == ("queued" if leaves else "held")
    assert [(p.kind, p.text) for p in parts] == [("text", "Your ticket is here.") if leaves else ("template", "news")]


async def test_the_words_leave_when_she_writes(world: World, parts: list[Part]) -> None:
    where = await known(world)
    world.clock.move(hours=30)
    await answers(world, where)
    parts.clear()
    await world.says(HERS, "1", channel="whatsapp")
    assert [p.text for p in parts] == ["Your ticket is here."]


async def test_the_template_is_in_her_language_and_says_nothing(world: World, parts: list[Part]) -> None:
    where = await known(world)
    parts.clear()
    world.clock.move(hours=24)
    await answers(world, where, "the police report about your wages")
    assert parts == [Part("template", "news", language="ne")]


async def test_without_consent_nothing_leaves(world: World, parts: list[Part]) -> None:
    where = await known(world, consent=False)
    parts.clear()
    world.clock.move(hours=30)
    assert await answers(world, where) == "held"
    assert parts == []


@pytest.mark.parametrize("field", ["opted_out_at", "seized_at"])
async def test_no_template_after_stop_or_to_a_phone_in_other_hands(world: World, parts: list[Part], field: str) -> None:
    where = await known(world)
    parts.clear()
    world.clock.move(hours=24)
    await world.set_person(where.subject_id, **{field: world.now})
    await answers(world, where)
    assert parts == []


async def test_one_template_until_she_writes(world: World, parts: list[Part]) -> None:
    where = await known(world)
    parts.clear()
    world.clock.move(hours=24)
    for text in ("one", "two", "three"):
        await answers(world, where, text)
        world.clock.move(hours=1)
    assert len(parts) == 1
    await world.says(HERS, "1", channel="whatsapp")
    world.clock.move(hours=24)
    await answers(world, where, "four")
    assert [p.kind for p in parts] == ["template", "text", "text", "text", "template"]


async def test_the_template_waits_for_her_hours(world: World, parts: list[Part]) -> None:
    where = await known(world)
    parts.clear()
    world.clock.move(hours=37)  # 22:15 there
    await answers(world, where)
    assert parts == []
    assert await world.one("SELECT reason FROM outbox WHERE kind = 'template'") in ("safe_hours", None)
    world.clock.move(hours=11)
    await world.sends()
    assert [p.kind for p in parts] == ["template"]


async def test_words_that_waited_for_her_hours_until_the_window_was_shut(world: World, parts: list[Part]) -> None:
    where = await known(world, safe_from=20 * 60, safe_until=21 * 60)
    parts.clear()
    world.clock.move(hours=10)
    assert await answers(world, where) == "held"
    world.clock.move(hours=25)
    await world.sends()
    world.clock.move(hours=24)
    await world.sends()
    assert {p.kind for p in parts} == {"template"}
    assert len(parts) == 1


async def test_the_provider_says_that_it_is_shut(world: World, parts: list[Part]) -> None:
    """63016: its clock counts, not ours."""
    where = await known(world)
    parts.clear()
    world.clock.move(hours=23)
    world.provider.script[HERS].append(errors.WindowClosed("63016"))
    await answers(world, where)
    assert await world.one("SELECT state || ' ' || reason FROM outbox WHERE origin = 'human' AND kind = 'reply'") == (
        "held window"
    )


async def test_without_an_approved_text_it_is_tried_until_there_is_one(world: World, parts: list[Part]) -> None:
    where = await known(world)
    world.clock.move(hours=24)
    world.provider.script[HERS].append(errors.Misconfigured("no_template"))
    await answers(world, where)
    assert await world.one("SELECT state FROM outbox WHERE kind = 'template'") == "queued"
    world.clock.move(minutes=5)
    await world.sends()
    assert await world.one("SELECT state FROM outbox WHERE kind = 'template'") == "sent"


# --- before it shuts


async def looks(world: World) -> int:
    asked = await started.ask_before_it_shuts(world.app.database, world.app.secrets, world.policy, world.now)
    await world.turns()
    await world.sends()
    return asked


async def test_t36_where_a_human_has_it_the_human_is_told_and_the_bot_is_silent(
    world: World, parts: list[Part]
) -> None:
    await known(world)
    parts.clear()
    world.clock.move(hours=23)
    assert await looks(world) == 1
    assert await looks(world) == 0
    assert parts == []
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'window_closes'") == 1


async def test_who_is_waited_for_is_asked_once(world: World, parts: list[Part]) -> None:
    await known(world, owner="waiting")
    parts.clear()
    world.clock.move(hours=22)
    assert await looks(world) == 0
    world.clock.move(minutes=45)
    assert await looks(world) == 1
    assert await looks(world) == 0
    assert len(parts) == 1
    assert "1" in parts[0].text
    assert parts[0].kind == "text"


async def test_she_answers_and_the_window_is_open_again(world: World, parts: list[Part]) -> None:
    where = await known(world)
    world.clock.move(hours=23)
    await looks(world)
    await world.says(HERS, "1", channel="whatsapp")
    world.clock.move(hours=23, minutes=50)
    parts.clear()
    assert await answers(world, where) == "queued"
    assert await looks(world) == 1  # and again tomorrow


async def test_after_the_question_a_template_is_still_possible(world: World, parts: list[Part]) -> None:
    where = await known(world)
    world.clock.move(hours=23)
    await looks(world)
    parts.clear()
    world.clock.move(hours=2)
    await answers(world, where)
    assert [p.kind for p in parts] == ["template"]


@pytest.mark.parametrize(
    ("person", "conversation"),
    [
        ({"opted_out_at": "now"}, {}),
        ({"seized_at": "now"}, {}),
        ({"consent_contact_at": None}, {}),
        ({}, {"owner": "bot"}),
        ({}, {"owner": "closed"}),
        ({}, {"blocked_at": "now"}),
        ({"safe_from": 1200, "safe_until": 1260}, {"owner": "waiting"}),
    ],
)
async def test_who_is_not_asked(
    world: World, parts: list[Part], person: dict[str, Any], conversation: dict[str, Any]
) -> None:
    where = await known(world)
    world.clock.move(hours=23)
    parts.clear()
    fill = {name: world.now if value == "now" else value for name, value in person.items()}
    if fill:
        await world.set_person(where.subject_id, **fill)
    more = {name: world.now if value == "now" else value for name, value in conversation.items()}
    if more:
        await world.set_conversation(where.conversation_id, **more)
    assert await looks(world) == 0
    assert parts == []


async def test_never_while_she_thinks_of_ending_her_life(world: World, parts: list[Part]) -> None:
    await world.says(HERS, "rope", channel="whatsapp")
    where = await world.where(HERS, "whatsapp")
    await world.set_person(where.subject_id, consent_contact_at=world.now)
    await world.set_conversation(where.conversation_id, owner="human")
    world.clock.move(hours=23)
    assert await looks(world) == 0


async def test_other_channels_have_no_window(world: World) -> None:
    await queued(world, "501", "one", origin="human")
    where = await world.where("501")
    await world.set_person(where.subject_id, consent_contact_at=world.now)
    await world.set_conversation(where.conversation_id, owner="human")
    world.clock.move(hours=23)
    assert await looks(world) == 0


async def test_a_spoilt_key_holds_up_nobody_else(world: World, parts: list[Part]) -> None:
    spoilt = await known(world, owner="waiting")
    await world.run("UPDATE keys SET wrapped = 'x' WHERE subject_id = :id", id=spoilt.subject_id)
    other = "+96550009999"
    await world.app.receive([world.inbound(other, "hello", channel="whatsapp")])
    await world.turns()
    where = await world.where(other, "whatsapp")
    await world.set_person(where.subject_id, consent_contact_at=world.now)
    await world.set_conversation(where.conversation_id, owner="waiting", last_inbound_at=world.now)
    world.clock.move(hours=23)
    app = world.app
    assert await started.ask_before_it_shuts(app.database, app.secrets, app.policy, world.now) == 1
