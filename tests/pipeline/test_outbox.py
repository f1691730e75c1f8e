"""What must hold up nobody: spoilt rows, erased people, waiting rows before danger, held rows, a hanging provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import delivery
from bot import sender as sender_room
from bot.sender import ROOM
from bot.store import claims
from bot.store.database import OUTBOX_CHANNEL, Database
from bot.store.keys import seal_json
from bot.store.ready import READY
from bot.store.wake import Wake
from bot.transports import errors
from tests.pipeline.test_sender import MAYA, queued, row
from tests.pipeline.world import World

SPOILT = {
    "reply": "UPDATE outbox SET reply_enc = 'x' WHERE id = :id",
    "address": "UPDATE addresses SET address_enc = 'x' WHERE subject_id = (SELECT subject_id FROM outbox"
    " WHERE id = :id)",
    "key": "UPDATE keys SET wrapped = 'x' WHERE subject_id = (SELECT subject_id FROM outbox WHERE id = :id)",
    "zone": "WITH hers AS (UPDATE contacts SET timezone = 'Asia/Nowhere', consent_contact_at = now()"
    " WHERE id = (SELECT subject_id FROM outbox WHERE id = :id) RETURNING id)"
    " UPDATE conversations SET last_inbound_at = NULL WHERE subject_id IN (SELECT id FROM hers)",
}
PAGES = "SELECT audience, kind, severity FROM notices"


@pytest.mark.parametrize("what", sorted(SPOILT))
async def test_a_spoilt_row_ends_alone_and_pages(world: World, what: str) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    await queued(world, "502", "other")
    await world.run(SPOILT[what], id=row_id)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["other"]
    left = await row(world, row_id)
    assert (left.state, left.reason, left.lease_until) == ("failed", "unreadable", None)
    assert [tuple(p) for p in await world.rows(PAGES)] == [("page", "unreadable_reply", "critical")]


async def test_a_reply_that_has_no_layout_ends_alone(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one", urgent=True)
    await queued(world, "502", "other")
    where = await world.where(MAYA)
    sealed = seal_json(where.key, {"text": 7}, where=f"outbox.reply_enc.{row_id}")
    await world.run("UPDATE outbox SET reply_enc = :sealed WHERE id = :id", sealed=sealed, id=row_id)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["other"]
    assert ((await row(world, row_id)).state, (await row(world, row_id)).reason) == ("failed", "layout")
    assert [tuple(p) for p in await world.rows(PAGES)] == [("page", "not_delivered", "critical")]


async def test_what_belongs_to_an_erased_person_is_withdrawn_once(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    await world.run("DELETE FROM keys WHERE kind = 'subject'")
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.reason, left.attempts) == ("withdrawn", "erased", 1)
    world.clock.move(minutes=5)
    assert await world.sender.run_once() == 0
    assert (await row(world, row_id)).attempts == 1


@pytest.mark.parametrize("state", ["queued", "held"])
async def test_what_waits_for_later_never_holds_up_danger(world: World, state: str) -> None:
    await queued(world, MAYA, "waits for two hours", state=state, not_before=world.now + timedelta(hours=2))
    await queued(world, MAYA, "the number of the police", urgent=True)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["the number of the police"]


async def test_danger_keeps_its_place_behind_what_leaves_now(world: World) -> None:
    await queued(world, MAYA, "one")
    await queued(world, MAYA, "two", urgent=True)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["one", "two"]


# --- leases and results


async def test_a_lease_that_runs_out_twice_ends_unknown_and_pages(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one", urgent=True)
    for _ in range(2):  # a sender that dies between claim and result
        async with world.app.database.begin() as connection:
            assert len(await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 5})) == 1
        await world.leases_run_out()
        world.clock.move(seconds=1)
    await world.sends()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("unknown", "lease")
    assert world.provider.sent == []
    assert [tuple(p) for p in await world.rows(PAGES)] == [("page", "not_delivered", "critical")]


async def test_a_doubt_outlives_what_passes(world: World) -> None:
    """Cut, then throttled, then cut again: it may have arrived twice already."""
    (row_id,) = await queued(world, MAYA, "one", origin="human")
    cut = errors.OutcomeUnknown("cut")
    world.provider.script[MAYA] += [cut, errors.Throttled("429"), cut]
    for _ in range(3):
        await world.sender.run_once()
        world.clock.move(seconds=6)
    assert (await row(world, row_id)).state == "unknown"
    assert len(await world.rows(PAGES)) == 1


class Away(Database):
    """A database that is away for the next `times` transactions."""

    times = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """As always, or not at all."""
        if self.times:
            self.times -= 1
            raise OperationalError("away", None, Exception())
        async with super().begin() as connection:
            yield connection


async def test_a_short_absence_of_the_database_forgets_no_result(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "WRITE_WAITS", (0.0, 0.0, 0.0))
    (row_id,) = await queued(world, MAYA, "one")
    database = Away(world.app.database.url, pool_size=2)
    sender = world.new_sender(database)

    async def goes() -> None:
        database.times = 3

    world.provider.script[MAYA].append(goes)
    try:
        assert await sender.run_once() == 1
    finally:
        await database.close()
    left = await row(world, row_id)
    assert (left.state, left.provider_id) == ("sent", "p0")


# --- many rows


async def test_claiming_looks_at_no_row_that_is_held_for_ever(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    await world.run(
        "INSERT INTO outbox (id, subject_id, conversation_id, kind, origin, owner_epoch, reply_enc, state, reason,"
        " queued_at, not_before) SELECT gen_random_uuid(), subject_id, conversation_id, kind, origin, 0, 'x',"
        " CASE WHEN n % 2 = 0 THEN 'held' ELSE 'sent' END, 'window', queued_at, '9999-01-01'"
        " FROM outbox, generate_series(1, 50000) n WHERE id = :id",
        id=row_id,
    )
    async with world.app.database.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        text, values = READY(now=world.now, channels=["telegram"], most=32)
        plan = "\n".join(r[0] for r in await connection.exec_driver_sql(f"EXPLAIN {text.decode()}", values))
    assert "Seq Scan on outbox" not in plan, plan
    assert "ix_outbox_due" in plan, plan
    assert "ix_outbox_leases" in plan, plan


# --- a provider that hangs


async def test_a_hanging_provider_stalls_no_other_channel(world: World) -> None:
    hung, passed = asyncio.Event(), asyncio.Event()

    async def passes() -> None:
        passed.set()

    people = [f"7{i:03}" for i in range(ROOM + 4)]
    for person in people:
        world.provider.script[person].append(hung.wait)
        await queued(world, person, "slow")
    await world.run("INSERT INTO channel_accounts VALUES ('telegram', '7001', NULL, 1000)")
    wake = Wake(world.app.database)
    running = asyncio.create_task(world.sender.run(wake))
    try:
        async with asyncio.timeout(120):
            while await world.one("SELECT count(*) FROM outbox WHERE state = 'sending'") < ROOM:
                world.clock.move(milliseconds=40)
                await asyncio.sleep(0.01)
            world.provider.script["+9779800000000"].append(passes)
            await queued(world, "+9779800000000", "quick", channel="sms")
            await passed.wait()
            assert [text for _, _, text in world.provider.sent] == ["quick"]
            # What became of the quick one is written a moment after it was taken; the others hang as before.
            while await world.one("SELECT count(*) FROM outbox WHERE state = 'sending'") != ROOM:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        hung.set()
        wake.stop()
        await running
    assert len(world.provider.sent) >= ROOM + 1  # what was in flight is finished before it ends


async def test_what_waits_behind_a_full_channel_leaves_when_there_is_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when all that was in flight has landed while the one row was claimed for which there was room."""
    monkeypatch.setattr(sender_room, "LOOK_SECONDS", 3600.0)  # nobody looks by the clock
    land, claim = asyncio.Event(), claims.claim
    people = [f"8{number:03}" for number in range(ROOM * 3)]
    for person in people:
        await queued(world, person, "one")
    for person in people[1:ROOM]:
        world.provider.script[person].append(land.wait)
    await world.run("INSERT INTO channel_accounts VALUES ('telegram', '7001', NULL, 1e9)")

    async def slow(*args: Any, **more: Any) -> list[claims.Claim]:
        found = await claim(*args, **more)
        if len(found) <= 1 and not land.is_set():
            land.set()
            while world.sender._flying:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found

    monkeypatch.setattr(claims, "claim", slow)
    wake = Wake(world.app.database)
    running = asyncio.create_task(world.sender.run(wake))
    try:
        async with asyncio.timeout(60):
            while await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'") < len(people):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        wake.stop()
        while world.app.database.engine.sync_engine.pool.checkedout():  # noqa: ASYNC110 (a connection cut off is left)
            await asyncio.sleep(0.01)
        running.cancel()  # it sleeps for an hour
        await asyncio.gather(running, return_exceptions=True)
    assert land.is_set()  # there was such a look


async def test_what_waits_for_its_account_leaves_when_its_moment_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_room, "LOOK_SECONDS", 3600.0)  # nobody looks by the clock
    looked = asyncio.Event()
    claim = claims.claim

    async def look(*args: Any, **more: Any) -> list[claims.Claim]:
        found = await claim(*args, **more)
        if not found and world.provider.sent:
            looked.set()
        return found

    monkeypatch.setattr(claims, "claim", look)
    await queued(world, MAYA, "first")
    wake = Wake(world.app.database)
    running = asyncio.create_task(world.sender.run(wake))
    try:
        async with asyncio.timeout(60):
            while await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'") < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await queued(world, "801", "second")
            wake.set(OUTBOX_CHANNEL)
            await looked.wait()  # the account's moment has not come
            world.clock.move(seconds=1)
            while await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        wake.stop()
        while world.app.database.engine.sync_engine.pool.checkedout():  # noqa: ASYNC110 (a connection cut off is left)
            await asyncio.sleep(0.01)
        running.cancel()  # it sleeps for an hour
        await asyncio.gather(running, return_exceptions=True)
    assert [text for _, _, text in world.provider.sent] == ["first", "second"]


async def test_accounts_have_a_budget_without_being_announced(world: World) -> None:
    await queued(world, MAYA, "one")
    await world.sends()
    assert [tuple(r) for r in await world.rows("SELECT channel, account, per_second FROM channel_accounts")] == [
        ("telegram", "7001", 25)
    ]


async def test_a_claim_takes_no_more_than_the_account_may_send(world: World) -> None:
    for i in range(14):
        await queued(world, f"+97798{i:08}", "one", channel="sms")
    assert await world.sender.run_once() == 10
    assert await world.sender.run_once() == 0
    world.clock.move(seconds=1)
    assert await world.sender.run_once() == 4
