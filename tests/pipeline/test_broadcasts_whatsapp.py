"""A broadcast where WhatsApp's window is shut: a template first, the words when she writes."""

from __future__ import annotations

from typing import Any

from bot.transports import errors
from tests.pipeline.telling import WORDS, Telling, open_case
from tests.pipeline.world import World


async def test_on_whatsapp_a_template_goes_first_and_the_words_when_she_writes(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1
    await world.sends()
    assert [part.kind for part in world.provider.parts[-1:]] == ["template"]
    assert telling.heard(number) == []
    await telling.minute()
    assert await telling.counts(which) == {"sent:template": 1}
    world.clock.move(hours=25)  # her day is over, and texts of who only reads are gone: this one waits for her
    await world.says(number, "1", channel="whatsapp")
    assert telling.heard(number) == []  # her answer first, then an hour of silence
    world.clock.move(minutes=61)
    await world.sends()
    assert len(telling.heard(number)) == 1


async def _asked_to_write(world: World, telling: Telling) -> tuple[str, Any]:
    """Somebody on WhatsApp whose window is shut: the template has left, the words wait."""
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    await telling.minute()
    await world.sends()
    await telling.minute()
    return number, which


async def test_who_writes_of_danger_gets_help_and_no_news(world: World, telling: Telling) -> None:
    number, _ = await _asked_to_write(world, telling)
    await world.says(number, "he beats me", channel="whatsapp")
    before = [text for to, _, text in world.provider.sent if to == number]
    assert not [text for text in before if WORDS["en"] in text]
    await open_case(world, number, severity="critical", channel="whatsapp")
    world.clock.move(minutes=61)
    await world.sends()
    assert telling.heard(number) == []


async def test_the_words_of_one_that_was_stopped_do_not_leave_when_she_writes(world: World, telling: Telling) -> None:
    number, which = await _asked_to_write(world, telling)
    assert (await telling.known(which)).state == "done"
    assert await telling.stop(which)
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    await telling.minute()
    await world.sends()
    assert telling.heard(number) == []
    assert await telling.start(which)
    await telling.minute()
    await world.sends()
    assert len(telling.heard(number)) == 1
    await telling.minute()
    assert await telling.counts(which) == {"sent:template": 1}


async def test_words_that_wait_are_withdrawn_when_their_time_is_over(world: World, telling: Telling) -> None:
    number, which = await _asked_to_write(world, telling)
    world.clock.move(days=3)
    assert not await telling.stop(which)
    await telling.minute()
    assert await world.one("SELECT reason FROM outbox WHERE broadcast_id IS NOT NULL AND state = 'withdrawn'") == "late"
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    await world.sends()
    assert telling.heard(number) == []


async def test_of_two_broadcasts_one_template_leaves_until_she_writes(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    first = await telling.begun()
    both = [first, await telling.begun(words={"en": "Hello. Another form too."})]
    await telling.minute()  # both are in the lane before one has left
    await world.sends()
    third = await telling.begun(words={"en": "Hello. A third one."})
    for _ in range(2):
        await telling.minute()
        world.clock.move(seconds=5)
        await world.sends()
    assert [part.kind for part in world.provider.parts].count("template") == 1
    assert await telling.counts(both[0]) == {"sent:template": 1}
    assert await telling.counts(both[1]) == await telling.counts(third) == {"queued:asked": 1}
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    for _ in range(3):
        await world.sends()
        world.clock.move(seconds=5)
    assert len(telling.heard(number)) == 3
    await telling.minute()
    assert await telling.counts(both[1]) == await telling.counts(third) == {"sent": 1}
    world.clock.move(hours=25)
    fourth = await telling.begun(words={"en": "Hello. After she wrote."})
    await telling.minute()
    await world.sends()
    await telling.minute()
    assert await telling.counts(fourth) == {"sent:template": 1}, "she has written: she may be asked again"


async def test_a_template_that_is_tried_again_is_the_same_one(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    await telling.minute()
    world.provider.script[number].append(errors.Unreachable("down"))
    await world.sends()
    world.clock.move(seconds=10)
    await world.sends()
    await telling.minute()
    assert [part.kind for part in world.provider.parts].count("template") == 1
    assert await telling.counts(which) == {"sent:template": 1}


async def test_a_template_that_is_answered_with_no_news_is_followed_by_none(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    await telling.begun()
    await telling.minute()
    await world.sends()
    await world.says(number, "news off", channel="whatsapp")
    assert [text for to, _, text in world.provider.sent if to == number and WORDS["en"] in text] == []
