"""T10: the process is killed at every named step, while people write; afterwards nothing is lost or done twice.

Law: the list of points is the product's own, so a new point is tested by being named, and one that is never reached
fails. What counts as right is a run of the same messages that nothing disturbed.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.observe.crash import POINTS
from bot.store.embedded import Server
from tests.crash.people import GREETING, LOCKED_IN, PEOPLE, all_write, shown
from tests.fakes.post import deliver, status, text
from tests.fakes.world import World, steady, world

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Undisturbed:
    """How things are when nobody kills anything."""

    shown: dict[str | int, list[str]]
    effects: dict[str, int]


@pytest.fixture(scope="module")
async def undisturbed(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    async with world(server, tmp_path_factory.mktemp("undisturbed")) as here, here.service() as service:
        await service.ready()
        await all_write(here)
        await here.quiet()
        return Undisturbed(shown(here), here.effects())


@pytest.fixture
async def here(server: Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world(server, tmp_path) as made:
        yield made


async def test_the_undisturbed_run_has_something_to_lose(undisturbed: Undisturbed) -> None:
    assert all(undisturbed.shown[person] for person in PEOPLE)
    assert all(len(set(texts)) == len(texts) for texts in undisturbed.shown.values())
    assert undisturbed.effects["notices.page"] == 2
    assert undisturbed.effects["cases.report_confinement"] == 2
    assert undisturbed.effects["seen"] == undisturbed.effects["inbox.done"] == 8
    assert "outbox.queued" not in undisturbed.effects


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_loses_nothing_and_repeats_nothing(point: str, here: World, undisturbed: Undisturbed) -> None:
    async with asyncio.TaskGroup() as group:
        async with here.service(crash=point) as first:
            await first.ready()
            writing = group.create_task(all_write(here))
            assert await first.ended() == -signal.SIGKILL, "the point was never reached"
        here.let_leases_run_out()
        async with here.service() as second:
            await second.ready()
            await writing
            await here.quiet()
    assert here.effects() == undisturbed.effects
    repeated = 0
    for person, texts in shown(here).items():
        assert list(dict.fromkeys(texts)) == undisturbed.shown[person]
        repeated += sum(count - 1 for count in Counter(texts).values())
    print(f"{point}: lost 0, repeated effects 0, texts repeated {repeated}")
    # What was in the air between the provider's yes and our commit leaves again, once: the kill takes all that is in
    # the air at that moment, one message of each person at most, whatever the point.
    assert repeated <= len(PEOPLE)
    assert max(Counter((p, t) for p, texts in shown(here).items() for t in texts).values()) <= 2


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("sender.")])
async def test_a_message_alone_is_repeated_only_when_its_fate_is_unknown(point: str, here: World) -> None:
    async with here.service(crash=point) as first:
        await first.ready()
        await deliver(here.base, text(GREETING, "hello", "1"))
        assert await first.ended() == -signal.SIGKILL
    here.let_leases_run_out()
    async with here.service() as second:
        await second.ready()
        await here.answered(GREETING, 1)
        await here.quiet()
    unknown = point in {"sender.after_request", "sender.before_result_commit"}
    assert len(here.to(GREETING)) == (2 if unknown else 1)
    assert len({steady(t) for t in here.to(GREETING)}) == 1


async def test_a_callback_tells_what_a_killed_sender_could_not_write(here: World) -> None:
    """T11: Twilio took the message, we died before noting it; its callback carries our id, so nothing is repeated."""
    async with here.service(crash="sender.after_request") as first:
        await first.ready()
        await deliver(here.base, text(GREETING, "hello", "1"))
        assert await first.ended() == -signal.SIGKILL
    assert here.effects()["outbox.sending"] == 1
    ((sid, _),) = here.twilio.messages.items()
    asked = next(a.form for a in here.twilio.asked if a.method == "POST")
    async with here.service() as second:
        await second.ready()
        await deliver(here.base, status(asked, sid))
        await here.until(lambda: here.effects().get("outbox.delivered") == 1, here.effects)
    here.let_leases_run_out()
    async with here.service() as third:
        await third.ready()
        await deliver(here.base, text(LOCKED_IN, "hello", "1"))  # somebody else is answered: the sender is at work
        await here.answered(LOCKED_IN, 1)
    assert len(here.to(GREETING)) == 1
