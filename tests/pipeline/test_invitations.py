"""The neutral template of a broadcast beyond WhatsApp's window: what did not leave has asked nobody, and what leaves is
in letters that she can read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from bot import outgoing
from bot.engine.messages import Reply
from bot.store import saving, settling, turns
from bot.store.keys import seal_json
from bot.transports import errors
from handlers.languages import UNSCRIPTED
from tests.pipeline.telling import MAYA, WORDS, Telling, quiet
from tests.pipeline.world import World


async def _human_says(world: World, number: str) -> None:
    """A caseworker writes to somebody whose window is shut."""
    where = await world.where(number, "whatsapp")
    async with world.app.database.begin() as connection:
        subject = (await turns.load(connection, world.app.secrets, [where.subject_id]))[where.subject_id]
        reply = Reply("desk.reply", "en", "Please call us.")
        conversation = subject.conversations[where.conversation_id]
        outgoing.queue(world.policy, subject, conversation, reply, origin="human", row_id=uuid7(), now=world.now)
        await saving.save(connection, world.app.secrets, [subject], world.now)


async def _in_the_lane(world: World, telling: Telling) -> tuple[str, UUID]:
    """Somebody on WhatsApp whose window is shut, and the template waits to leave."""
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1
    return number, which


def _templates(world: World) -> int:
    return [part.kind for part in world.provider.parts].count("template")


@pytest.mark.parametrize("error", [errors.Throttled("429", retry_after=60.0), errors.BadContent("63041")])
async def test_a_template_that_did_not_leave_does_not_use_up_the_one_of_a_human(
    world: World, telling: Telling, error: errors.SendError
) -> None:
    number, _ = await _in_the_lane(world, telling)
    world.provider.script[number].append(error)
    assert await world.sender.run_once() == 1
    assert await world.one("SELECT count(nudged_at) FROM conversations") == 0
    await _human_says(world, number)
    world.clock.move(minutes=2)
    await world.sends()
    assert await world.one("SELECT state FROM outbox WHERE kind = 'template' AND origin = 'human'") == "sent"
    for _ in range(3):
        world.clock.move(minutes=5)
        await world.sends()
    assert _templates(world) == 1, "and hers is then the only one"


async def test_what_a_human_wrote_while_a_template_was_in_the_air_asks_for_itself(
    world: World, telling: Telling
) -> None:
    number, _ = await _in_the_lane(world, telling)

    async def fails() -> None:
        await _human_says(world, number)
        raise errors.BadContent("63041")

    world.provider.script[number].append(fails)
    await world.sender.run_once()
    world.clock.move(seconds=5)
    await world.sends()
    assert await world.one("SELECT state FROM outbox WHERE kind = 'template' AND origin = 'human'") == "sent"
    assert _templates(world) == 1


async def test_a_template_that_may_have_arrived_has_asked(world: World, telling: Telling) -> None:
    number, which = await _in_the_lane(world, telling)
    world.provider.script[number] += [errors.OutcomeUnknown("timeout"), errors.Throttled("429")]
    await world.sender.run_once()
    await _human_says(world, number)
    assert await world.one("SELECT count(*) FROM outbox WHERE kind = 'template' AND origin = 'human'") == 0
    for _ in range(2):
        world.clock.move(minutes=6)
        await world.sends()
    await telling.minute()
    assert await telling.counts(which) == {"sent:template": 1}


async def test_a_template_of_a_human_that_was_refused_lets_the_next_words_ask(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    world.provider.script[number].append(errors.BadContent("63041"))
    for _ in range(2):
        await _human_says(world, number)
        world.clock.move(seconds=5)
        await world.sends()
    assert _templates(world) == 1


async def test_no_template_leaves_once_she_has_written(world: World, telling: Telling) -> None:
    number, which = await _in_the_lane(world, telling)
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    for _ in range(3):
        await world.sends()
        world.clock.move(seconds=5)
    assert (_templates(world), len(telling.heard(number))) == (0, 1)
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}


@pytest.mark.parametrize("words", ["held", "lane", "sending", "sent"])
async def test_whose_template_stayed_is_never_left_out_while_her_words_go_on(
    world: World, telling: Telling, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Somebody may hold her row in the one statement of the job, and let go of it before the next."""
    _, which = await _in_the_lane(world, telling)
    await world.run("UPDATE outbox SET state = 'withdrawn', reason = 'asked' WHERE kind = 'template'")
    await world.run("UPDATE outbox SET state = :state WHERE kind = 'reply' AND broadcast_id IS NOT NULL", state=words)

    async def settles() -> None:
        async with world.app.database.begin() as connection:
            await settling.settle(connection, which, telling.room.sparing, world.now)

    async def held(connection: Any, left: Any) -> None:
        """Nobody's row is free."""

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_to_the_words", held)
        await settles()
    assert await telling.counts(which) == {"queued:template": 1}
    await settles()
    assert await telling.counts(which) == ({"sent": 1} if words == "sent" else {"queued:asked": 1})


async def _by_ear(world: World, address: str, channel: str = "telegram") -> None:
    """She wrote Hindi or Urdu in Latin letters, and nobody knows which of the two she reads."""
    where = await world.where(address, channel)
    await world.set_person(where.subject_id, language=None, language_guess="hi")
    sealed = seal_json(where.key, {UNSCRIPTED: True}, where=f"contacts.profile_enc.{where.subject_id}")
    await world.set_person(where.subject_id, profile_enc=sealed)


@pytest.mark.parametrize("written", [["hi", "en"], ["hi"]])
async def test_in_letters_that_she_may_not_read_nothing_is_told(
    world: World, telling: Telling, written: list[str]
) -> None:
    await telling.subscriber(MAYA)
    await _by_ear(world, MAYA)
    await quiet(telling)
    which = await telling.begun(words={code: WORDS["en"] if code == "en" else "नमस्ते। नया नियम।" for code in written})
    await telling.minute()
    await world.sends()
    assert [WORDS["en"] in text for text in telling.heard(MAYA)] == [True] * ("en" in written)
    await telling.minute()
    assert await telling.counts(which) == ({"sent": 1} if "en" in written else {"skipped:no_text": 1})


async def test_a_template_is_in_letters_that_she_can_read(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    await _by_ear(world, number, "whatsapp")
    world.clock.move(hours=25)
    await telling.begun(words={"hi": "नमस्ते। नया नियम।", "en": WORDS["en"]})
    await telling.minute()
    await world.sends()
    assert [part.language for part in world.provider.parts if part.kind == "template"] == ["en"]
