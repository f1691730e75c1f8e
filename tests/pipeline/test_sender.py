"""The sender: order, leases and fences, budgets, and what becomes of each way of failing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import sender as sender_room
from bot.engine.messages import Reply
from bot.store import accounts, claims, tables
from bot.store.keys import seal_json
from bot.transports import errors, verdict
from bot.transports.verdict import backoff
from tests.pipeline.world import World

MAYA = "501"


async def queued(world: World, address: str, *texts: str, channel: str = "telegram", **values: Any) -> list[Any]:
    """Replies that wait in the outbox for somebody who has just written."""
    from uuid_utils.compat import uuid7

    where = await world.app.inbox.open(world.inbound(address, channel=channel), {})
    await world.set_conversation(where.conversation_id, last_inbound_at=world.now)
    made = []
    async with world.app.database.begin() as connection:
        for text in texts:
            row_id = uuid7()
            reply = Reply("human.reply", "en", text)
            defaults = {
                "subject_id": where.subject_id,
                "conversation_id": where.conversation_id,
                "kind": "reply",
                "origin": "bot",
                "owner_epoch": 0,
                "reply_enc": seal_json(where.key, reply.to_json(), where=f"outbox.reply_enc.{row_id}"),
                "state": "queued",
                "queued_at": world.now,
                "not_before": world.now,
            }
            await connection.execute(tables.outbox.insert().values(id=row_id, **(defaults | values)))
            made.append(row_id)
    return made


async def row(world: World, row_id: object) -> Any:
    async with world.app.database.begin() as connection:
        return (await connection.execute(select(tables.outbox).where(tables.outbox.c.id == row_id))).one()


async def test_only_the_oldest_of_a_conversation_leaves(world: World) -> None:
    await queued(world, MAYA, "one", "two", "three")
    await queued(world, "502", "other")
    assert await world.sender.run_once() == 2
    assert sorted(text for _, _, text in world.provider.sent) == ["one", "other"]
    assert await world.sender.run_once() == 0  # a second between two messages of a conversation
    await world.app.database.close()
    for _ in range(2):
        world.clock.move(seconds=1)
        assert await world.sender.run_once() == 1
    assert [text for address, _, text in world.provider.sent if address == MAYA] == ["one", "two", "three"]


async def test_held_rows_of_one_conversation_leave_one_after_the_other(world: World) -> None:
    later = world.now + timedelta(hours=1)
    await queued(world, MAYA, "one", "two", state="held", reason="safe_hours", not_before=later)
    world.clock.move(hours=1)
    where = await world.where(MAYA)
    await world.set_conversation(where.conversation_id, last_inbound_at=world.now)
    assert await world.sender.run_once() == 1
    await world.sends()
    world.clock.move(seconds=2)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["one", "two"]


async def test_an_acknowledgement_holds_up_no_reply_and_needs_no_leave(world: World) -> None:
    world.provider.script["q1"].append(errors.Unreachable("503"))
    await world.writes(MAYA, "thanks", ack="q1")
    await world.turns()
    await world.set_person((await world.where(MAYA)).subject_id, opted_out_at=None)
    assert await world.sender.run_once() == 2
    assert len(world.provider.sent) == 1
    world.clock.move(seconds=5)
    await world.sends()
    assert world.provider.acked == ["q1"]


async def test_many_senders_send_each_row_once(world: World) -> None:
    people = [f"7{i:03}" for i in range(40)]
    for person in people:
        await queued(world, person, "one", "two")
    senders = [world.new_sender(world.database()) for _ in range(4)]
    async with asyncio.timeout(120):
        # How much one round takes is chance: a sender passes over what another holds. That all of it leaves is not.
        for _ in range(50):
            await asyncio.gather(*(s.run_once() for s in senders))
            world.clock.move(seconds=2)
            if len(world.provider.sent) >= 80:
                break
        await asyncio.gather(*(s.run_once() for s in senders))  # nothing is left that could be sent twice
    assert len(world.provider.sent) == 80
    assert len({ref for _, ref, _ in world.provider.sent}) == 80
    for person in people:
        assert [text for address, _, text in world.provider.sent if address == person] == ["one", "two"]
    assert await world.one("SELECT count(*) FROM outbox WHERE state = 'sent' AND attempts = 1 AND fence = 1") == 80


PASSING = [errors.Throttled, errors.Unreachable, errors.Undeliverable]


async def fails_until_given_up(world: World, row_id: object, kind: type[errors.SendError]) -> Any:
    """The row after it was tried, at the moments it was due, until it was tried no more."""
    for _ in range(verdict.MOST):
        world.provider.script[MAYA].append(kind("30001"))
        assert await world.sender.run_once() == 1
        left = await row(world, row_id)
        if left.state != "queued":
            return left
        assert left.not_before - world.now <= timedelta(hours=2 if kind is errors.Undeliverable else 1 / 12)
        world.clock.at = max(left.not_before, world.now + timedelta(seconds=2))
        await world.run("UPDATE conversations SET last_inbound_at = :now", now=world.now)
    raise RuntimeError("tried for ever")


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize(
    ("values", "hours"), [({}, 6), ({"urgent": True}, 24), ({"origin": "human"}, 24)], ids=["bot", "urgent", "human"]
)
async def test_what_passes_by_itself_is_tried_again_for_hours_and_not_for_ever(
    world: World, kind: type[errors.SendError], values: dict[str, Any], hours: int
) -> None:
    (row_id,) = await queued(world, MAYA, "one", **values)
    start = world.now
    left = await fails_until_given_up(world, row_id, kind)
    assert (left.state, left.reason) == ("failed", "30001")
    assert timedelta(hours=hours) <= world.now - start < timedelta(hours=hours + 3)
    pages = await world.rows("SELECT kind, severity, audience FROM notices")
    assert [tuple(p) for p in pages] == ([("not_delivered", "critical", "page")] if values else [])
    world.clock.move(days=1)
    assert await world.sender.run_once() == 0


async def test_what_was_held_for_a_day_is_still_tried_more_than_once(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one", queued_at=world.now - timedelta(days=2))
    for _ in range(verdict.FEWEST - 1):
        world.provider.script[MAYA].append(errors.Unreachable("503"))
        assert await world.sender.run_once() == 1
        left = await row(world, row_id)
        world.clock.at = max(left.not_before, world.now + timedelta(seconds=2))
        await world.run("UPDATE conversations SET last_inbound_at = :now", now=world.now)
    await world.sends()
    assert len(world.provider.sent) == 1


async def test_the_provider_s_own_waiting_time_is_kept(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.provider.script[MAYA].append(errors.Throttled("429", retry_after=17))
    await world.sender.run_once()
    assert (await row(world, row_id)).not_before == world.now + timedelta(seconds=17)


async def test_an_unknown_outcome_is_tried_once_more_only(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.provider.script[MAYA] += [errors.OutcomeUnknown("cut"), errors.OutcomeUnknown("cut")]
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.reason, left.not_before) == ("queued", "unknown", world.now + timedelta(seconds=5))
    world.clock.move(seconds=5)
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("unknown", "cut")
    world.clock.move(hours=1)
    assert await world.sender.run_once() == 0


async def test_T11_what_may_have_arrived_is_not_held_and_sent_again_later(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.provider.script[MAYA].append(errors.OutcomeUnknown("cut"))
    await world.sender.run_once()
    world.clock.move(minutes=11)  # too late for a direct reply: it would wait for her hours
    await world.sender.run_once()
    assert (await row(world, row_id)).state == "unknown"
    assert world.provider.sent == []


async def test_a_fault_of_a_transport_counts_as_an_unknown_outcome(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    await queued(world, "502", "other")
    world.provider.script[MAYA].append(RuntimeError("a fault of ours"))
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("queued", "unknown")
    assert [text for _, _, text in world.provider.sent] == ["other"]


@pytest.mark.parametrize("kind", [errors.PersonBlocked, errors.BadAddress])
async def test_who_cannot_be_reached_is_left_alone_until_they_write(world: World, kind: type[errors.SendError]) -> None:
    first, second = await queued(world, MAYA, "one", "two")
    (third,) = await queued(world, MAYA, "three", state="held", not_before=world.now + timedelta(hours=9))
    world.provider.script[MAYA].append(kind("403"))
    await world.sender.run_once()
    left = [await row(world, i) for i in (first, second, third)]
    assert (left[0].state, left[0].reason) == ("failed", kind.__name__)
    assert [(x.state, x.reason) for x in left[1:]] == [("withdrawn", "blocked")] * 2
    assert await world.one("SELECT blocked_at FROM conversations") == world.now
    world.clock.move(seconds=10)
    await world.says(MAYA, "thanks")
    assert await world.one("SELECT blocked_at IS NULL FROM conversations")
    assert len(world.provider.sent) >= 1


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (errors.WindowClosed("63016"), "held", "window"),
        (errors.Filtered("30007"), "failed", "30007"),
        (errors.BadContent("21617"), "failed", "21617"),
        (errors.BadContent(), "failed", "BadContent"),
    ],
)
async def test_what_is_not_tried_again(world: World, error: errors.SendError, state: str, reason: str) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.provider.script[MAYA].append(error)
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.reason) == (state, reason)
    world.clock.move(minutes=55)
    assert await world.sender.run_once() == 0
    if state == "held":  # she writes: the window is open
        await world.says(MAYA, "thanks")
        assert world.provider.sent[0][2] == "one"


async def test_wrong_credentials_wait_for_who_mends_them(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    for _ in range(12):  # twelve minutes at least: far more than eight tries of one
        world.provider.script[MAYA].append(errors.Misconfigured("20003"))
        assert await world.sender.run_once() == 1
        left = await row(world, row_id)
        assert (left.state, left.reason) == ("queued", "misconfigured")
        assert timedelta(seconds=40) <= left.not_before - world.now <= timedelta(minutes=5)
        world.clock.at = left.not_before
        await world.run("UPDATE conversations SET last_inbound_at = :now", now=world.now)
    await world.sends()
    assert (await row(world, row_id)).state == "sent"


async def test_a_chat_that_moved_is_written_to_at_its_new_name_and_found_by_it(world: World) -> None:
    await queued(world, MAYA, "one")
    world.provider.script[MAYA].append(errors.AddressMoved("-100777"))
    await world.sender.run_once()
    world.clock.move(seconds=1)
    await world.sends()
    assert [(address, text) for address, _, text in world.provider.sent] == [("-100777", "one")]
    await world.writes("-100777", "hello there")
    assert await world.one("SELECT count(*) FROM contacts") == 1


async def test_a_chat_that_moved_to_one_we_know_fails_and_stops_nobody(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    await queued(world, "502", "other")
    world.provider.script[MAYA].append(errors.AddressMoved("502"))
    assert await world.sender.run_once() == 2
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("failed", "moved")
    assert [address for address, _, _ in world.provider.sent] == ["502"]


async def test_every_way_of_failing_has_a_test_here() -> None:
    tested = {*PASSING, errors.OutcomeUnknown, errors.PersonBlocked, errors.BadAddress, errors.AddressMoved}
    tested |= {errors.WindowClosed, errors.Filtered, errors.BadContent, errors.Misconfigured}
    assert set(errors.ALL) == tested


async def test_a_long_reply_goes_on_where_it_stopped(world: World) -> None:
    paragraphs = [f"Paragraph {i}. " + "word " * 150 for i in range(12)]
    (row_id,) = await queued(world, MAYA, "\n\n".join(paragraphs))
    world.provider.script[MAYA] += [None, errors.Unreachable("503")]
    await world.sender.run_once()
    left = await row(world, row_id)
    assert (left.state, left.parts_done) == ("queued", 1)
    assert len(world.provider.sent) == 1
    world.clock.move(seconds=5)
    await world.sends()
    texts = [text for _, _, text in world.provider.sent]
    assert len(texts) >= 2
    assert len(set(texts)) == len(texts)
    assert [w for t in texts for w in t.split()] == "\n\n".join(paragraphs).split()


async def test_urgent_rows_leave_before_those_of_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_room, "BATCH", 2)
    for i in range(4):
        await queued(world, f"7{i:03}", "ordinary")
    await queued(world, "801", "urgent", urgent=True)
    await world.sender.run_once()
    assert sorted(text for _, _, text in world.provider.sent) == ["ordinary", "urgent"]


async def test_an_account_s_budget_is_shared_by_all_senders(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_room, "BATCH", 5)
    for i in range(30):
        await queued(world, f"+97798{i:08}", "one", channel="sms")
    senders = [world.new_sender(world.database()) for _ in range(3)]
    start = world.now
    for _ in range(60):
        for sender in senders:
            await sender.run_once()
        if len(world.provider.sent) == 30:
            break
        world.clock.move(milliseconds=100)
    seconds = (world.now - start).total_seconds()
    assert len(world.provider.sent) == 30
    assert seconds >= (30 - 5) / accounts.PER_SECOND["sms"]


async def test_the_second_look_withdraws_what_was_queued_before_a_human_took_over(world: World) -> None:
    (bot,) = await queued(world, MAYA, "from the bot")
    (human,) = await queued(world, MAYA, "from a human", origin="human")
    where = await world.where(MAYA)
    await world.set_conversation(where.conversation_id, owner="human", owner_epoch=1)
    await world.sends()
    left = await row(world, bot)
    assert (left.state, left.reason, left.attempts) == ("withdrawn", "owner_changed", 0)
    assert (await row(world, human)).state == "sent"


async def test_the_second_look_holds_what_came_too_late_and_counts_no_attempt(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    world.clock.move(minutes=11)
    assert await world.sender.run_once() == 1
    left = await row(world, row_id)
    assert (left.state, left.reason, left.attempts) == ("held", "no_consent", 0)
    assert world.provider.sent == []
    await world.set_person((await world.where(MAYA)).subject_id, consent_contact_at=world.now)
    await world.says(MAYA, "thanks")
    assert world.provider.sent[0][2] == "one"


async def test_a_sender_never_waits_for_a_turn_that_holds_the_conversation(world: World) -> None:
    await queued(world, MAYA, "one")
    await queued(world, "502", "other")
    where = await world.where(MAYA)
    async with world.database().begin() as connection:
        await connection.exec_driver_sql(
            f"UPDATE conversations SET owner_epoch = 0 WHERE id = '{where.conversation_id}'"
        )
        async with asyncio.timeout(60):
            assert await world.sender.run_once() == 1
    world.clock.move(seconds=1)
    assert await world.sender.run_once() == 1


async def test_a_claim_marks_leases_and_reads(world: World) -> None:
    (row_id,) = await queued(world, MAYA, "one")
    async with world.app.database.begin() as connection:
        (claim,) = await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 5})
        assert await claims.claim(connection, world.app.secrets, world.now, 10, {"telegram": 5}) == []
    left = await row(world, row_id)
    assert (left.state, left.fence) == ("sending", 1)
    assert await world.one("SELECT lease_until > now() FROM outbox")
    assert (claim.address, claim.body["text"], claim.fence) == (MAYA, "one", 1)


@pytest.mark.parametrize("pace", [verdict.FAST, verdict.SLOW, verdict.SETTING])
def test_waiting_times_double_with_bounded_jitter_up_to_the_longest(pace: tuple[float, float]) -> None:
    for attempt in [*range(1, 15), verdict.MOST]:
        top = min(pace[0] * 2.0 ** (attempt - 1), pace[1]) if attempt < 30 else pace[1]
        seen = [backoff(attempt, pace) for _ in range(200)]
        assert all(0.7 * top <= s <= top for s in seen)
        assert max(seen) - min(seen) > 0.1 * top
