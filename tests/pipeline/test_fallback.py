"""SMS in place of another channel where she wished so; the number of a day; each row of the error table (T22)."""

from __future__ import annotations

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from bot.engine.messages import Option, Reply
from bot.jobs import started
from bot.sender import Sender
from bot.store import merge, tables, turns
from bot.store.keys import seal_json
from bot.transports import errors, twilio_errors
from tests.pipeline.test_sender import queued, row
from tests.pipeline.world import World

MAYA, NUMBER = "501", "+9779812345678"


async def linked(world: World, *, wish: str = "sms", **person: Any) -> Any:
    """Maya, who writes on Telegram and by SMS, and would rather be written to by SMS."""
    await world.says(MAYA, "hello")
    await world.says(NUMBER, "hello", channel="sms", account="simulator")
    here = await world.where(MAYA)
    there = await world.app.inbox.open(world.inbound(NUMBER, channel="sms", account="simulator"), {})
    async with world.app.database.begin() as connection:
        await turns.lock(connection, [here.subject_id, there.subject_id], wait=True)
        await merge.merge(connection, world.app.secrets, writer=there.subject_id, giver=here.subject_id, now=world.now)
    where = await world.where(MAYA)
    profile = seal_json(where.key, {"channel": wish}, where=f"contacts.profile_enc.{where.subject_id}")
    values = {"consent_contact_at": world.now, "profile_enc": profile} | person
    await world.set_person(where.subject_id, **values)
    world.provider.sent.clear()
    return where


async def fails(world: World, error: Exception, **values: Any) -> Any:
    world.provider.script[MAYA].append(error)
    (row_id,) = await queued(world, MAYA, "the news", **({"origin": "human"} | values))
    await world.sends()
    return row_id


async def by_sms(world: World) -> list[str]:
    await started.send_by_sms(world.app.database, world.app.secrets, world.now)
    await world.sends()
    return [text for address, _, text in world.provider.sent if address == NUMBER]


@pytest.mark.parametrize("values", [{"origin": "human"}, {"origin": "bot", "urgent": True}])
async def test_what_does_not_arrive_leaves_by_sms_once(world: World, values: dict[str, Any]) -> None:
    await linked(world)
    failed = await fails(world, errors.BadAddress("400"), **values)
    assert (await row(world, failed)).state == "failed"
    await world.run("UPDATE outbox SET reason = 'Filtered' WHERE id = :id", id=failed)
    assert await by_sms(world) == ["the news"]
    assert await by_sms(world) == ["the news"]
    assert await world.one("SELECT count(*) FROM outbox WHERE stands_for = :id", id=failed) == 1


async def test_t22_who_blocked_us_is_not_written_to_by_another_way(world: World) -> None:
    await linked(world)
    await fails(world, errors.PersonBlocked("403"))
    assert await by_sms(world) == []


@pytest.mark.parametrize("person", [{"opted_out_at": "now"}, {"consent_contact_at": None}, {"seized_at": "now"}])
async def test_not_without_her_leave(world: World, person: dict[str, Any]) -> None:
    where = await linked(world)
    await fails(world, errors.Filtered("30007"))
    await world.set_person(where.subject_id, **{k: world.now if v == "now" else v for k, v in person.items()})
    assert await by_sms(world) == []


@pytest.mark.parametrize("wish", ["whatsapp", ""])
async def test_not_if_she_wished_something_else(world: World, wish: str) -> None:
    await linked(world, wish=wish)
    await fails(world, errors.Filtered("30007"))
    assert await by_sms(world) == []


async def test_not_what_the_bot_said_in_passing_nor_what_is_old(world: World) -> None:
    await linked(world)
    await fails(world, errors.Filtered("30007"), origin="bot")
    assert await by_sms(world) == []
    await fails(world, errors.Filtered("30007"))
    world.clock.move(hours=25)
    assert await by_sms(world) == []


async def test_a_question_is_not_carried_over(world: World) -> None:
    where = await linked(world)
    row_id = uuid7()
    reply = Reply("danger.can_write", "en", "Can you?", options=(Option("yes", "Yes"),), step="danger.can_write")
    async with world.app.database.begin() as connection:
        await connection.execute(
            tables.outbox.insert().values(
                id=row_id,
                subject_id=where.subject_id,
                conversation_id=where.conversation_id,
                kind="reply",
                origin="bot",
                owner_epoch=0,
                urgent=True,
                reply_enc=seal_json(where.key, reply.to_json(), where=f"outbox.reply_enc.{row_id}"),
                state="failed",
                reason="Filtered",
                queued_at=world.now,
                not_before=world.now,
            )
        )
    assert await by_sms(world) == []


# --- the day's number


def sender(world: World, most: int) -> Sender:
    return Sender(
        world.app.database,
        world.app.secrets,
        world.app.layouts,
        world.policy,
        lambda channel, account: world.provider,
        clock=world.clock,
        most_a_day={"sms": most},
    )


async def test_the_spend_breaker_lets_danger_and_humans_pass(world: World) -> None:
    world.sender = sender(world, 3)
    for n in range(6):
        await queued(world, f"+97798000000{n}", f"ordinary {n}", channel="sms")
        await world.sends()
    await queued(world, "+9779800000010", "danger", channel="sms", urgent=True)
    await queued(world, "+9779800000011", "a human", channel="sms", origin="human")
    await queued(world, "+9779800000012", "stopped", channel="sms", origin="system")
    await world.sends()
    said = [text for _, _, text in world.provider.sent]
    assert said == ["ordinary 0", "ordinary 1", "ordinary 2", "danger", "a human", "stopped"]
    assert await world.one("SELECT count(*) FROM outbox WHERE state = 'held' AND reason = 'spend'") == 3


async def test_the_next_day_counts_anew(world: World) -> None:
    world.sender = sender(world, 1)
    await queued(world, NUMBER, "one", channel="sms")
    await world.sends()
    world.clock.move(days=1)
    await queued(world, NUMBER, "two", channel="sms")
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["one", "two"]


async def test_an_account_may_have_its_own_number_and_other_channels_have_none(world: World) -> None:
    world.sender = sender(world, 1)
    await queued(world, NUMBER, "one", channel="sms")
    await world.sends()
    await world.run("UPDATE channel_accounts SET most_a_day = 2 WHERE channel = 'sms'")
    for text in ("two", "three"):
        await queued(world, f"+97798111111{text[0]}".replace("t", "1"), text, channel="sms")
        await world.sends()
    for n in range(3):
        await queued(world, f"60{n}", f"telegram {n}")
    await world.sends()
    said = [text for _, _, text in world.provider.sent]
    assert "three" not in said
    assert [t for t in said if t.startswith("telegram")] == ["telegram 0", "telegram 1", "telegram 2"]


# --- the error table, end to end: what becomes of a row for each code, at once and later

ENDS = {
    errors.Throttled: "queued",
    errors.Undeliverable: "queued",
    errors.Misconfigured: "queued",
    errors.BadAddress: "failed",
    errors.PersonBlocked: "failed",
    errors.Filtered: "failed",
    errors.BadContent: "failed",
    errors.WindowClosed: "held",
}


@pytest.mark.parametrize(("code", "kind"), sorted(twilio_errors.BY_CODE.items()))
async def test_t22_each_code_does_what_its_class_says(world: World, code: int, kind: type[errors.SendError]) -> None:
    from bot.engine.inbound import Receipt

    world.provider.script[NUMBER].append(kind(str(code)))
    (at_once,) = await queued(world, NUMBER, "one", channel="sms")
    await world.sender.run_once()
    assert (await row(world, at_once)).state == ENDS[kind]
    blocked = await world.one("SELECT count(*) FROM conversations WHERE blocked_at IS NOT NULL")
    assert blocked == (1 if kind in {errors.PersonBlocked, errors.BadAddress} else 0)
    other = "+9779822222222"
    (later,) = await queued(world, other, "one", channel="sms", state="sent", provider_id="SMx", attempts=1)
    told = Receipt("sms", "7001", f"r{code}", "SMx", "failed", "", str(code))
    await world.app.receive([told])
    await world.turns()
    assert (await row(world, later)).state == ENDS[kind]
    if kind is errors.PersonBlocked:  # 21610: nothing more on any try until they write
        await queued(world, NUMBER, "two", channel="sms")
        await world.run("UPDATE conversations SET last_inbound_at = :at", at=world.now)
        world.clock.move(minutes=1)
        before = len(world.provider.sent)
        await world.sends()
        assert len(world.provider.sent) == before
