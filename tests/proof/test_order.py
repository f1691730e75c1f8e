"""T14: updates of Telegram's that overtake each other are handled in the order in which they were written, each once.

Law: what is right is what the same messages do when they come in order.
"""

from __future__ import annotations

from bot.channels.contract import Inbound
from tests.pipeline.world import World

SITA, OTHER = "5550001", "5550002"


def _update(world: World, number: int, words: str, who: str = SITA) -> Inbound:
    return world.inbound(who, words, event_id=f"{880_000 + number}:{who}:{number}:-")


async def _comes(world: World, *updates: Inbound) -> None:
    """One delivery after the other, and a look at the inbox after each."""
    for update in updates:
        await world.app.receive([update])
        await world.turns()


async def test_T14_an_update_that_overtook_another_waits_for_it(world: World) -> None:
    lines = ["wages", "1", "2", "status"]
    for number, line in enumerate(lines):  # in order, somebody else
        await _comes(world, _update(world, number, line, OTHER))
    first, second, third, fourth = (_update(world, 100 + n, line) for n, line in enumerate(lines))
    await _comes(world, first, third)
    assert await world.heard(SITA) == lines[:1]  # the third waits
    await _comes(world, second, fourth)
    assert await world.heard(SITA) == lines
    assert await world.said(SITA) == await world.said(OTHER)
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done'") == 0


async def test_T14_nobody_waits_long_for_what_never_comes(world: World) -> None:
    await _comes(world, _update(world, 1, "wages"), _update(world, 3, "menu"))
    assert await world.heard(SITA) == ["wages"]
    await _comes(world, _update(world, 20, "wages", OTHER))  # others are not kept
    assert await world.heard(OTHER) == ["wages"]
    world.clock.move(seconds=2)
    await world.turns()
    assert await world.heard(SITA) == ["wages", "menu"]
    await _comes(world, _update(world, 2, "late"))  # and then it is a message like any other
    assert await world.heard(SITA) == ["wages", "menu", "late"]


async def test_T14_what_lies_there_together_is_put_in_order(world: World) -> None:
    numbers = [3, 1, 2, 5, 4]
    await world.app.receive([_update(world, n, f"number {n} of these") for n in numbers])
    await world.turns()
    (heard,) = await world.heard(SITA)
    assert heard.splitlines() == [f"number {n} of these" for n in sorted(numbers)]


async def test_T14_a_lower_number_after_a_quiet_week_is_later(world: World) -> None:
    await world.app.receive([_update(world, 500_000, "before the week")])
    world.clock.move(days=8)
    await world.app.receive([_update(world, 3, "after the week")])
    await world.turns()
    assert await world.heard(SITA) == ["before the week", "after the week"]


async def test_T14_on_twilio_each_is_handled_once_in_the_order_in_which_it_came(world: World) -> None:
    """It numbers nothing and dates nothing: nobody can know better, and nobody waits for what may never come."""
    number, other = "+9779800000001", "+9779800000002"
    lines = ["wages", "status", "rules", "1"]
    for person, order in ((other, (0, 2, 1, 3)), (number, (0, 2, 1, 3))):
        one_by_one = person == other
        letters = [world.inbound(person, lines[n], channel="sms", event_id=f"SM{person}{n}") for n in order]
        for letter in letters:
            await world.app.receive([letter, letter])
            if one_by_one:
                await world.turns()
            world.clock.move(seconds=3)
        for letter in reversed(letters):  # and once more, as after an answer that was lost
            await world.app.receive([letter])
        await world.turns()
    assert await world.heard(number, "sms") == [lines[n] for n in (0, 2, 1, 3)]
    assert await world.said(number, "sms") == await world.said(other, "sms")
    assert await world.one("SELECT count(*) FROM inbox") == 2 * len(lines)
