"""Leases: a living worker keeps what it holds however slow the provider is, a dead one's is taken over, a late result
is not written; whoever was cut off from the database takes over nobody's.

Law: leases end by the database's clock, and here by the hand of the test: nothing waits for one to run out.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError
from uuid_utils.compat import uuid7

from bot.attachments import Attachments
from bot.digests import Digests
from bot.media.scan import Scanner
from bot.pager import Pager
from bot.sender import Sender
from bot.store import attachments, calling, claims, digests, leases
from bot.store.database import Database
from bot.transports import errors
from bot.transports.bell import Ring
from tests.pipeline.test_attachments import VOICE, sends_file, worker
from tests.pipeline.test_digests import staff, team, teller
from tests.pipeline.test_pages import Bell, _team, called, pager
from tests.pipeline.test_sender import MAYA, queued, row
from tests.pipeline.world import World

BEAT = leases.BEAT  # as it is
LEFT = "SELECT lease_until > now() FROM outbox"


@pytest.fixture(autouse=True)
def _no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is renewed but by the hand of the test."""
    monkeypatch.setattr(leases, "BEAT", 3600.0)


async def _beats(worker: Sender | Pager | Digests | Attachments) -> None:
    """Time goes by, and its next renewal comes."""
    held = worker._leases._held
    held.update({row: (number, -math.inf) for row, (number, _) in held.items()})
    await worker._leases._renew()


async def test_a_slow_request_keeps_its_lease(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    other = world.new_sender(world.database())

    async def slow() -> None:
        for _ in range(3):
            await world.leases_run_out()
            await _beats(world.sender)
            assert await other.run_once() == 0

    world.provider.script[MAYA].append(slow)
    assert await world.sender.run_once() == 1
    left = await row(world, row_id)
    assert (left.state, left.fence, left.attempts, left.lease_until) == ("sent", 1, 1, None)
    assert len(world.provider.sent) == 1


async def test_a_lease_is_renewed_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT", 0.02)
    await queued(world, MAYA, "\n\n".join(f"Paragraph {i}. " + "word " * 150 for i in range(12)))
    seen = []

    async def slow() -> None:
        await world.leases_run_out()
        async with asyncio.timeout(60):
            while not await world.one(LEFT):  # noqa: ASYNC110 (the database is asked)
                await asyncio.sleep(0.02)
        seen.append(True)

    world.provider.script[MAYA] += [slow, slow]  # each of two parts
    await world.sender.run_once()
    assert seen == [True, True]
    assert world.sender._leases._timer is None, "nothing is held: nothing beats"


async def test_what_is_quick_is_never_renewed(world: World) -> None:
    await queued(world, MAYA, "one")

    async def quick() -> None:
        await world.leases_run_out()
        await world.sender._leases._renew()
        assert not await world.one(LEFT)

    world.provider.script[MAYA].append(quick)
    await world.sender.run_once()


async def test_the_late_result_of_a_lost_lease_is_not_written(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    other = world.new_sender(world.database())

    async def deaf() -> None:  # the loop stood still for longer than a lease: another sender takes the row
        await world.leases_run_out()
        world.clock.move(seconds=1)
        assert await other.run_once() == 1
        await _beats(world.sender)
        raise errors.BadContent("late")

    world.provider.script[MAYA].append(deaf)
    assert await world.sender.run_once() == 1
    left = await row(world, row_id)
    assert (left.state, left.fence, left.attempts, left.provider_id, left.lease_until) == ("sent", 2, 2, "p0", None)


async def test_who_was_cut_off_takes_over_nobodys_claim(world: World) -> None:
    """While the database was away the living could renew nothing: they have a lease's time, then it is taken over."""
    (row_id,) = await queued(world, MAYA, "one")
    async with world.app.database.begin() as connection:
        assert len(await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 5})) == 1
    await world.leases_run_out()
    world.clock.move(seconds=1)
    await queued(world, "502", "other")
    database = world.database()
    other = world.new_sender(database)
    database.failed_at = time.monotonic()
    assert await other.run_once() == 1, "what is not anybody's leaves"
    assert (await row(world, row_id)).fence == 1
    database.failed_at -= leases.LEASE.total_seconds()
    world.clock.move(seconds=1)
    assert await other.run_once() == 1
    assert ((await row(world, row_id)).state, (await row(world, row_id)).fence) == ("sent", 2)


async def test_who_was_cut_off_calls_tells_and_fetches_nothing_of_others(world: World, tmp_path: Path) -> None:
    """Calls, letters to colleagues and files as replies: what looks like a dead worker's may be a living one's."""
    await _team(world)
    await sends_file(world, VOICE)
    await world.says(MAYA, "he has a knife")
    voice, mail = Bell(), Bell()
    await pager(world, {}).plan()
    user = await world.one("SELECT id FROM users LIMIT 1")
    await world.run(
        "INSERT INTO digests (id, user_id, kind, key, codes, queued_at, state)"
        " VALUES (:id, :user, 'given', 'k', '{}', :now, 'queued')",
        id=uuid7(), user=user, now=world.now,
    )  # fmt: skip
    async with world.app.database.begin() as connection:
        for held in (
            await calling.claim(connection, world.now),
            await digests.claim(connection, world.now),
            await attachments.claim(connection, world.app.secrets, world.now),
        ):
            assert held
    calls, tells = pager(world, {"voice": voice}, own=True), teller(world, {"email": mail}, own=True)
    fetches = worker(world, tmp_path)
    for table in ("pages", "digests", "media"):
        await world.leases_run_out(table)
    for one in (calls, tells, fetches):
        one._database.failed_at = math.inf  # cut off, however long the three looks take
    assert (await calls.call(), await tells.send(), await fetches.run_once()) == (0, 0, 0)
    assert await world.one("SELECT state FROM digests") == "sending", "not given up either"
    for one in (calls, tells, fetches):
        one._database.failed_at = -math.inf
    assert await calls.call() > 0
    assert await fetches.run_once() == 1
    await tells.send()
    assert await world.one("SELECT state FROM digests") == "unknown"


async def test_a_database_that_does_not_answer_is_noted(world: World) -> None:
    away = Database("postgresql://nobody@127.0.0.1:9/none")
    assert (away.failed_at, leases.steady(away)) == (-math.inf, True)
    with pytest.raises(OperationalError):
        async with away.begin():
            pass
    assert not leases.steady(away)
    assert leases.steady(world.app.database)
    await away.close()


async def test_a_row_whose_result_is_being_written_holds_up_no_renewal(world: World) -> None:
    locked, free = await queued(world, MAYA, "one"), await queued(world, "502", "other")
    async with world.app.database.begin() as connection:
        held = await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 5})
    await world.leases_run_out()
    keeper = claims.held(world.database())
    async with world.app.database.begin() as busy:
        await busy.exec_driver_sql("SELECT FROM outbox WHERE id = %(id)s FOR UPDATE", {"id": locked[0]})
        async with asyncio.timeout(60), keeper._database.begin() as connection:
            await keeper.renew(connection, [(claim.id, claim.fence) for claim in held])
    renewed = await world.rows("SELECT id FROM outbox WHERE lease_until > now()")
    assert [one.id for one in renewed] == free


async def test_only_what_is_held_under_its_number_is_renewed(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    keeper = claims.held(world.app.database)

    async def renewed(number: int) -> bool:
        await world.leases_run_out()
        async with world.app.database.begin() as connection:
            await keeper.renew(connection, [(row_id, number)])
        return bool(await world.one(LEFT))

    await world.run("UPDATE outbox SET state = 'sending', fence = 3, lease_until = now()")
    assert await renewed(3)
    assert not await renewed(2), "another holds it"
    await world.run("UPDATE outbox SET state = 'queued'")
    assert not await renewed(3), "its result was written"


class SlowBell(Bell):
    """Rings for longer than a lease; `meanwhile` another worker looks."""

    meanwhile: Callable[[], Awaitable[None]]

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Take one, after a while."""
        await self.meanwhile()
        return await super().ring(to, ring, ref=ref)


async def test_a_slow_call_is_made_by_one_worker(world: World) -> None:
    await _team(world)
    voice = SlowBell()
    await world.says(MAYA, "he has a knife")
    calls, other = pager(world, {"voice": voice}), pager(world, {"voice": voice}, own=True)

    async def meanwhile() -> None:
        await world.leases_run_out("pages")
        await _beats(calls)
        assert await other.call() == 0

    voice.meanwhile = meanwhile
    await calls.run_once()
    assert called(voice) == ["0"]


async def test_a_slow_letter_to_a_colleague_is_not_given_up(world: World) -> None:
    asha, chief = await team(world)
    mail = SlowBell()
    tells, other = teller(world, {"email": mail}), teller(world, {"email": mail}, own=True)
    await world.says(MAYA, "human")
    await world.app.staff.give(await world.where(MAYA), staff(chief, "supervisor"), asha)
    await tells.plan()

    async def meanwhile() -> None:
        await world.leases_run_out("digests")
        await _beats(tells)
        assert await other.send() == 0

    mail.meanwhile = meanwhile
    assert await tells.send() == 1
    assert await world.one("SELECT state FROM digests") == "sent"


class SlowScanner(Scanner):
    """Looks for longer than a lease."""

    meanwhile: Callable[[], Awaitable[None]]

    async def scan(self, data: bytes) -> str:
        """Clean, after a while."""
        await type(self).meanwhile()
        return "clean"


async def test_a_slow_file_is_fetched_by_one_worker(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await sends_file(world, VOICE)
    fetches, other = worker(world, tmp_path, scanner=SlowScanner()), worker(world, tmp_path)

    async def meanwhile() -> None:
        await world.leases_run_out("media")
        await _beats(fetches)
        assert await other.run_once() == 0

    monkeypatch.setattr(SlowScanner, "meanwhile", staticmethod(meanwhile), raising=False)
    assert await fetches.run_once() == 1
    assert await world.one("SELECT state FROM media") == "stored"


async def test_a_dead_workers_file_is_fetched_by_another(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    async with world.app.database.begin() as connection:
        (held,) = await attachments.claim(connection, world.app.secrets, world.now)
    other = worker(world, tmp_path)
    assert await other.run_once() == 0, "somebody has it"
    await world.leases_run_out("media")
    assert await other.run_once() == 1
    async with world.app.database.begin() as connection:
        assert not await attachments.write(connection, held, state="gone"), "who came back late writes nothing"


def test_a_lease_outlives_some_beats_and_ends_in_time() -> None:
    assert timedelta(seconds=3 * BEAT) < leases.LEASE < timedelta(seconds=10)


async def test_a_hold_that_ends_late_leaves_a_newer_hold_of_the_same_row(world: World) -> None:
    room, row = claims.held(world.app.database), uuid7()
    old = room.holding({row: 1})
    await old.__aenter__()
    async with room.holding({row: 2}):
        await old.__aexit__(None, None, None)
        assert room._held[row][0] == 2
    assert not room._held
