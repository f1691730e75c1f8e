"""Broadcasts on a real database: who hears one and who is left out, when, how it stops, and nobody hears it twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update
from uuid_utils.compat import uuid7

from bot import sender
from bot.store import accounts, backup, broadcasts, lanes, outbox, settling, tables
from bot.store.homes import Home
from bot.store.keys import seal
from bot.transports import errors
from tests.pipeline.telling import TOPIC, WORDS, Telling, mark
from tests.pipeline.world import ACCOUNT, World

MAYA, RITA, GITA = "501", "502", "503"
LATER = timedelta(hours=2)  # after the last word of everybody: silence


@pytest.fixture
async def telling(world: World) -> Telling:
    return await Telling.made(world)


async def quiet(telling: Telling) -> None:
    """Two hours in which nobody writes."""
    telling.world.clock.move(hours=2)


async def test_who_subscribed_hears_it_once_and_nobody_else_does(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await world.says(RITA, "hello")  # nothing is on by itself
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await world.sends()
    await telling.minute()
    await world.sends()
    assert telling.heard(MAYA) == [f"{WORDS['en']}\n\nTo end these messages, write NEWS OFF."]
    assert telling.heard(RITA) == []
    assert await telling.counts(which) == {"sent": 1}
    done = await telling.known(which)
    assert (done.state, done.over, done.all) == ("done", 1, 1)


async def _open_case(world: World, address: str, channel: str = "telegram", **values: Any) -> None:
    where = await world.where(address, channel)
    case = {"kind": "report_unpaid_wages", "severity": "medium", "care": None, "closed_at": None, **values}
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, conversation_id, kind, severity, care, stage, opened_at,"
        " closed_at)"
        " VALUES (:id, :subject, :reference, :conversation, :kind, :severity, :care, 'new', :now, :closed_at)",
        id=uuid7(), subject=where.subject_id, reference=str(uuid7().int)[-7:], conversation=where.conversation_id,
        now=world.now, **case,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "heard"),
    [
        ({"severity": "critical"}, False),
        ({"kind": "report_violence", "severity": "high"}, False),  # lowered by a human: still abuse
        ({"kind": "report_forced_labour", "severity": "low"}, False),
        ({"care": "child"}, False),
        ({"care": "self_harm"}, False),
        ({"kind": "report_violence", "severity": "critical", "closed_at": "now"}, True),
        ({}, True),  # wages: news may help her
    ],
)
async def test_an_open_case_that_is_critical_or_about_abuse_is_left_in_peace(
    world: World, telling: Telling, case: dict[str, Any], heard: bool
) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    values = {**case, "closed_at": world.now} if case.get("closed_at") else case
    await _open_case(world, MAYA, **values)
    which = await telling.begun()
    await telling.minute()
    await world.sends()
    assert bool(telling.heard(MAYA)) is heard
    if not heard:
        assert await telling.counts(which) == {"skipped:open_case": 1}


async def test_a_case_that_is_opened_while_it_waits_in_the_lane_stops_it(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await _open_case(world, MAYA, severity="critical")
    assert await world.sends() == 0
    await telling.minute()
    assert await telling.counts(which) == {"skipped:open_case": 1}
    assert telling.heard(MAYA) == []


@pytest.mark.parametrize(
    ("person", "conversation", "reason"),
    [
        ({"opted_out_at": "now"}, {}, "opted_out"),
        ({"consent_contact_at": None}, {}, "no_consent"),
        ({"seized_at": "now"}, {}, "seized"),
        ({"erase_at": "now"}, {}, "erased"),
        ({"language": "hi"}, {}, "no_text"),
        ({}, {"blocked_at": "now"}, "blocked"),
    ],
)
async def test_who_is_left_out_is_counted_with_the_reason(
    world: World, telling: Telling, person: dict[str, Any], conversation: dict[str, Any], reason: str
) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)

    def filled(values: dict[str, Any]) -> dict[str, Any]:
        return {name: world.now if value == "now" else value for name, value in values.items()}

    if person:
        await world.set_person(subject, **filled(person))
    if conversation:
        await world.set_conversation((await world.where(MAYA)).conversation_id, **filled(conversation))
    which = await telling.draft()
    async with world.app.database.begin() as connection:
        measured = await telling.room.measure(connection, await telling.known(which))
    assert (measured.reached, dict(measured.skipped)) == (0, {reason: 1})
    assert await telling.start(which)
    await telling.minute()
    await world.sends()
    assert telling.heard(MAYA) == []
    assert await telling.counts(which) == {f"skipped:{reason}": 1}


async def test_a_number_that_was_silent_for_months_may_be_somebody_elses(world: World, telling: Telling) -> None:
    await telling.subscriber("+9779811111111", channel="sms")
    await telling.subscriber(MAYA)  # a chat is given to nobody else
    world.clock.move(days=91)
    which = await telling.begun()
    await telling.minute()
    await world.sends()
    assert await telling.counts(which) == {"skipped:recycled": 1, "sent": 1}
    assert len(telling.heard(MAYA)) == 1


async def test_somebody_else_who_writes_on_her_phone_is_told_nothing(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await world.says(MAYA, "i am another person", "2")
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    assert await telling.counts(which) == {"skipped:guest": 1}


async def test_only_the_languages_and_countries_that_are_meant(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA, language="ne", country="QA")
    await telling.subscriber(RITA, language="ne", country="KW")
    await telling.subscriber(GITA, language="en", country="QA")
    await quiet(telling)
    which = await telling.begun(languages=["ne"], countries=["QA"])
    await telling.minute()
    await world.sends()
    assert [to for to, _, text in world.provider.sent if WORDS["ne"] in text] == [MAYA]
    assert telling.heard(GITA) == []
    assert await telling.counts(which) == {"sent": 1}


async def test_each_hears_it_in_the_hours_of_her_own_clock(world: World, telling: Telling) -> None:
    """Kathmandu and Doha at once: it is 06:00 there and 03:15 here, and each has 6 to 8 in the morning."""
    hours = {"safe_from": 6 * 60, "safe_until": 8 * 60}
    await telling.subscriber(MAYA, country="NP", **hours)
    await telling.subscriber(RITA, country="QA", **hours)
    await telling.subscriber(GITA, country="QA")  # the usual hours: 8 to 20
    world.clock.at = world.now.replace(hour=0, minute=14) + timedelta(days=1)  # 05:59 in Kathmandu, 03:14 in Doha
    which = await telling.begun()

    async def heard_at(minutes: int) -> list[bool]:
        world.clock.at = start + timedelta(minutes=minutes)
        await telling.minute()
        await world.sends()
        return [bool(telling.heard(who)) for who in (MAYA, RITA, GITA)]

    start = world.now
    assert await heard_at(0) == [False, False, False]
    assert await telling.counts(which) == {"waiting:safe_hours": 3}
    assert await heard_at(1) == [True, False, False]
    assert await heard_at(165) == [True, False, False]  # 05:59 in Doha
    assert await heard_at(166) == [True, True, False]
    assert await heard_at(285) == [True, True, False]
    assert await heard_at(286) == [True, True, True]  # 08:00
    await telling.minute()
    assert await telling.counts(which) == {"sent": 3}


async def test_what_was_in_the_lane_when_her_hours_ended_waits_for_the_next_ones(
    world: World, telling: Telling
) -> None:
    await telling.subscriber(MAYA)
    world.clock.at = world.now.replace(hour=14, minute=14)  # 19:59 in Kathmandu
    await telling.begun()
    assert await telling.minute() == 1
    world.clock.move(minutes=2)
    assert await world.sends() == 1  # claimed, and not let out
    assert telling.heard(MAYA) == []
    world.clock.at = world.now.replace(hour=2, minute=16) + timedelta(days=1)
    await world.sends()
    assert len(telling.heard(MAYA)) == 1


async def test_it_never_comes_into_a_conversation_nor_beside_a_human(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    await world.says(MAYA, "hello")
    await world.set_conversation((await world.where(RITA)).conversation_id, owner="human", owner_epoch=1)
    which = await telling.begun()
    assert await telling.minute() == 0
    assert await telling.counts(which) == {"waiting:silence": 1, "waiting:human": 1}
    world.clock.move(minutes=61)
    await telling.minute()
    await world.sends()
    assert len(telling.heard(MAYA)) == 1
    assert await telling.counts(which) == {"sent": 1, "waiting:human": 1}
    await world.set_conversation((await world.where(RITA)).conversation_id, owner="closed", owner_epoch=2)
    world.clock.move(minutes=61)
    await telling.minute()
    await world.sends()
    assert len(telling.heard(RITA)) == 1


async def test_stopping_stops_at_once_and_starting_again_leaves_nobody_out(world: World, telling: Telling) -> None:
    people = [str(600 + n) for n in range(40)]
    for who in people:
        await telling.subscriber(who)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 40
    await world.sender.run_once()
    before = len([who for who in people if telling.heard(who)])
    assert 0 < before < 40
    assert await telling.stop(which)
    for _ in range(5):
        world.clock.move(seconds=30)
        await telling.minute()
        assert await world.sends() == 0
    assert len([who for who in people if telling.heard(who)]) == before
    assert (await telling.known(which)).state == "stopped"
    assert await telling.start(which)
    for _ in range(5):
        world.clock.move(seconds=30)
        await telling.minute()
        await world.sends()
    assert Counter(len(telling.heard(who)) for who in people) == {1: 40}
    assert await telling.counts(which) == {"sent": 40}


async def test_one_that_ran_when_a_backup_was_made_tells_nobody_a_second_time(world: World, telling: Telling) -> None:
    """After the restore Maya's words stand in the lane, and Rita is still to be put there: both may have been told."""
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.subscriber(RITA)
    which = await telling.begun()
    assert await telling.minute() == 1
    assert await telling.counts(which) == {"queued": 1, "waiting:silence": 1}
    assert await backup.hold(world.app.database, world.now) == (1, 1)
    await quiet(telling)
    assert await telling.minute() == 0
    assert await world.sends() == 0
    assert (await telling.known(which)).state == "stopped"
    assert await telling.counts(which) == {"failed:restored": 1, "waiting:silence": 1}
    assert await telling.start(which)  # a human decided it: who stood in the lane hears nothing again even so
    await telling.minute()
    await world.sends()
    assert (telling.heard(MAYA), len(telling.heard(RITA))) == ([], 1)


async def test_a_stop_in_the_middle_of_a_claim_waits_for_that_claim_alone(world: World, telling: Telling) -> None:
    """Whoever was told that it has stopped sees nothing claimed afterwards."""
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    async with world.app.database.begin() as connection:
        claimed = await telling.lane(connection)
        assert len(claimed) == 1
        stopping = asyncio.create_task(telling.stop(which))
        await asyncio.sleep(0.2)
        assert not stopping.done()
    assert await stopping
    async with world.app.database.begin() as connection:
        assert await telling.lane(connection) == []


async def test_direct_replies_are_claimed_first_however_long_a_broadcast_waits(world: World, telling: Telling) -> None:
    for n in range(6):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 6
    world.clock.move(minutes=1)
    await world.writes(RITA, "hello")
    await world.turns()
    before = len(world.provider.sent)
    await world.sender.run_once()
    assert {to for to, _, _ in world.provider.sent[before:]} == {RITA}  # the younger row alone
    world.clock.move(seconds=1)
    await world.sender.run_once()
    assert all("NEWS OFF" in text for to, _, text in world.provider.sent[before + 1 :] if to != RITA)
    assert len(world.provider.sent) > before + 1


async def test_a_broadcast_to_her_never_holds_up_an_answer_to_her(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    await telling.stop(which)
    await world.says(MAYA, "hello")
    assert telling.heard(MAYA) == []
    assert [to for to, _, _ in world.provider.sent].count(MAYA) >= 2


async def test_its_pace_is_a_share_of_the_accounts_rate_and_leaves_the_replies_theirs(
    world: World, telling: Telling
) -> None:
    for n in range(30):
        await telling.subscriber(str(800 + n))
    await quiet(telling)
    await world.run("UPDATE channel_accounts SET per_second = 8 WHERE account = :account", account=ACCOUNT)
    await telling.begun()
    assert await telling.minute() == 30
    sent: list[int] = []
    for _ in range(12):  # three seconds, a quarter at a time, as the sender looks
        before = len(world.provider.sent)
        await world.sender.run_once()
        sent.append(len(world.provider.sent) - before)
        world.clock.move(seconds=lanes.LOOK)
    assert sum(sent) == 12  # 8 * LANE_SHARE in a second
    assert max(sum(sent[n : n + 4]) for n in range(9)) <= 8 * accounts.LANE_SHARE
    free = await world.one("SELECT next_send_at FROM channel_accounts WHERE account = :account", account=ACCOUNT)
    assert free <= world.now  # a reply would leave at once


async def test_while_replies_use_up_the_rate_the_lane_is_shut(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    await telling.begun()
    await telling.minute()
    await world.run("UPDATE channel_accounts SET next_send_at = :at", at=world.now + timedelta(seconds=5))
    assert await world.sender.run_once() == 0
    world.clock.move(seconds=5)
    assert await world.sender.run_once() == 1


async def test_a_slow_account_does_not_stand_in_the_way_of_a_fast_one(world: World, telling: Telling) -> None:
    for n in range(4):
        await telling.subscriber(f"+97798123456{n:02}", channel="sms")
    await telling.subscriber(MAYA)
    await quiet(telling)
    await world.run("UPDATE channel_accounts SET per_second = 0.02 WHERE channel = 'sms'")
    which = await telling.begun()
    assert await telling.minute() == 2  # one SMS for the coming minute, and the chat
    await world.sends()
    assert len(telling.heard(MAYA)) == 1
    assert (await telling.counts(which))["waiting"] == 3


async def test_the_days_limit_of_what_the_bot_says_by_itself_holds_for_it(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    await telling.begun()
    await telling.minute()
    await world.run(
        "UPDATE channel_accounts SET most_a_day = 5, spent = 4, spent_on = :day WHERE account = :account",
        day=world.now.date(), account=ACCOUNT,
    )  # fmt: skip
    await world.run("UPDATE channel_accounts SET per_second = 1")
    for _ in range(20):
        await world.sends()
        world.clock.move(seconds=1)
    assert len(telling.heard(MAYA)) + len(telling.heard(RITA)) == 1
    world.clock.move(days=1)
    await world.sends()
    assert len(telling.heard(MAYA)) + len(telling.heard(RITA)) == 2


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
    await _open_case(world, number, severity="critical", channel="whatsapp")
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


def test_what_is_told_to_many_waits_in_the_lane_alone() -> None:
    assert [outbox.waits(state, told=True) for state in ("queued", "held", "failed")] == ["lane", "lane", "failed"]
    assert [outbox.waits(state, told=False) for state in ("queued", "held")] == ["queued", "held"]


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


async def _writes_elsewhere(
    world: World, subject: UUID, *, old: Home | None = None, channel: str = "telegram", account: str = "7002"
) -> UUID:
    """She has another conversation, by another account of ours, and wrote there just now."""
    old = old or await world.where(MAYA)
    row = (
        await world.rows(
            "SELECT a.* FROM addresses a JOIN conversations v ON v.address_id = a.id WHERE v.id = :id",
            id=old.conversation_id,
        )
    )[0]
    address, conversation = uuid7(), uuid7()
    sealed = seal(old.key, MAYA.encode(), where=f"addresses.address_enc.{address}")
    async with world.app.database.begin() as connection:
        await connection.execute(
            insert(tables.addresses).values(
                {**row._mapping, "id": address, "account": account, "channel": channel, "address_enc": sealed}
            )
        )
        await connection.execute(
            insert(tables.conversations).values(
                id=conversation, subject_id=subject, address_id=address, active_contact_id=subject,
                last_inbound_at=world.now,
            )
        )  # fmt: skip
    return conversation


async def test_who_moved_to_another_account_before_her_turn_is_told_there(world: World, telling: Telling) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner="human", owner_epoch=1)
    which = await telling.begun()
    await telling.minute()
    assert await telling.counts(which) == {"waiting:human": 1}
    there = await _writes_elsewhere(world, subject)
    for minutes in (61, 1, 60):  # the human's hour is over; then silence there
        world.clock.move(minutes=minutes)
        await telling.minute()
        await world.sends()
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}
    assert await world.one("SELECT conversation_id FROM outbox WHERE broadcast_id IS NOT NULL") == there
    assert await world.one("SELECT account FROM broadcast_recipients") == "7002"


async def test_who_moved_while_she_stood_in_the_lane_is_told_there_once_it_is_silent(
    world: World, telling: Telling
) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    there = await _writes_elsewhere(world, subject)
    assert await world.sends() == 0  # not into the old one while she writes in the new one
    await telling.minute()
    assert telling.heard(MAYA) == []
    world.clock.move(minutes=62)
    for _ in range(3):
        await telling.minute()
        await world.sends()
        world.clock.move(minutes=1)
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}
    assert len(telling.heard(MAYA)) == 1
    assert (
        await world.one("SELECT conversation_id FROM outbox WHERE state = 'sent' AND broadcast_id IS NOT NULL") == there
    )


async def test_who_moved_away_from_a_template_hears_it_once(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    subject = await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1  # the template in the lane, the words until she writes
    await _writes_elsewhere(world, subject, old=await world.where(number, "whatsapp"))
    assert await world.sends() == 0
    for minutes in (0, 61, 1, 1):
        world.clock.move(minutes=minutes)
        await telling.minute()
        await world.sends()
    assert len(telling.heard(MAYA)) == 1
    await world.says(number, "hello", channel="whatsapp")
    world.clock.move(minutes=61)
    await telling.minute()
    await world.sends()
    assert (len(telling.heard(MAYA)), telling.heard(number)) == (1, [])
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}


async def _back_and_forth(world: World, telling: Telling) -> tuple[UUID, str, UUID]:
    """The template stands in the lane of WhatsApp; she writes in another chat, and then on WhatsApp again: (the
    broadcast, her number, the other chat)."""
    number = "+9779812345678"
    subject = await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    which = await telling.begun()
    assert await telling.minute() == 1
    there = await _writes_elsewhere(world, subject, old=await world.where(number, "whatsapp"))
    for _ in range(2):  # by whichever account she writes now, and there it is not silent
        await telling.minute()
    assert await telling.counts(which) == {"waiting:silence": 1}
    world.clock.move(minutes=5)
    return which, number, there


async def test_who_comes_back_to_the_first_account_hears_it_once(world: World, telling: Telling) -> None:
    which, number, _ = await _back_and_forth(world, telling)
    await world.says(number, "hello", channel="whatsapp")
    for _ in range(70):
        world.clock.move(minutes=1)
        await world.sends()
        await telling.minute()
        await world.sends()
    assert (len(telling.heard(number)), telling.heard(MAYA)) == (1, [])
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1}


async def _waits_again(world: World, subject: UUID) -> None:
    """As whose template was withdrawn since she had moved."""
    await world.run(
        "UPDATE broadcast_recipients SET state = 'waiting', reason = 'moved', not_before = :now"
        " WHERE subject_id = :subject",
        subject=subject, now=world.now,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["sending", "unknown", "sent", "read"])
async def test_whose_words_of_before_have_left_is_told_no_second_time(
    world: World, telling: Telling, state: str
) -> None:
    """A sender was quicker than the job: it took the words of then before they were withdrawn."""
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await world.run("UPDATE outbox SET state = :state WHERE broadcast_id IS NOT NULL", state=state)
    await _waits_again(world, subject)
    assert await telling.minute() == 0
    assert await world.one("SELECT count(*) FROM outbox WHERE broadcast_id IS NOT NULL") == 1
    await telling.minute()
    became = {"sending": "queued", "unknown": "failed"}.get(state, "sent")
    assert await telling.counts(which) == {became: 1}


async def test_while_a_sender_looks_at_the_words_of_before_she_waits(world: World, telling: Telling) -> None:
    subject = await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 1
    await _waits_again(world, subject)
    async with world.database().begin() as other:
        assert len(await telling.lane(other)) == 1
        assert await telling.room.pour(await telling.known(which)) == 0
        assert await telling.counts(which) == {"waiting:moved": 1}
    assert await telling.minute() == 0
    assert await telling.counts(which) == {"queued": 1}
    assert await world.one("SELECT count(*) FROM outbox WHERE broadcast_id IS NOT NULL") == 1


async def test_while_replies_go_on_leaving_a_broadcast_advances_by_a_few(world: World, telling: Telling) -> None:
    for n in range(12):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    await telling.begun()
    assert await telling.minute() == 12
    told: list[int] = []
    for n in range(sender.BUSY_LOOKS * 3):  # a reply in each look, for three seconds
        await world.writes(str(900 + n), "hello")
        await world.turns()
        await asyncio.gather(*(await world.sender._start())[1])
        world.clock.move(seconds=0.25)  # the reply's share of the account's second is over
        tasks = await world.sender.look_beside()
        await asyncio.gather(*tasks)
        told.append(len(tasks))
        world.clock.move(seconds=1)
    assert sum(told) == 3 * sender.BUSY_ROOM
    assert max(told) == sender.BUSY_ROOM
    await world.sender._start()  # nothing direct any more
    assert len(await world.sender.look_beside()) > sender.BUSY_ROOM


async def _until(done: asyncio.Task[Any], world: World) -> None:
    """Until somebody waits for a lock in the database, or all is done."""
    while not done.done():
        if await world.one(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):  # of others on this server nothing is learned
            return
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("late", [False, True], ids=["settle", "finish"])
async def test_whoever_holds_a_persons_rows_and_the_job_do_not_wait_in_a_circle(
    world: World, telling: Telling, late: bool
) -> None:
    """As two channels become one: her rows of the list first, then those of the outbox."""
    subject = await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 2
    if not late:
        await world.run("UPDATE subscriptions SET ended_at = now()")
    one = await telling.known(which)
    now = world.now + timedelta(days=4 if late else 0)

    async def look() -> None:
        async with world.app.database.begin() as connection:
            if late:
                await settling.finish(connection, one, now)
            else:
                await settling.settle(connection, which, telling.room.sparing, now)

    async with world.database().begin() as other:
        theirs = update(tables.broadcast_recipients).where(tables.broadcast_recipients.c.subject_id == subject)
        await other.execute(theirs.values(subject_id=subject))
        looks = asyncio.create_task(look())
        await _until(looks, world)
        hers = update(tables.outbox).where(tables.outbox.c.subject_id == subject)
        await other.execute(hers.values(subject_id=subject))
    await looks
    world.clock.move(days=4 if late else 0)
    await telling.minute()
    assert await telling.counts(which) == {f"skipped:{'late' if late else 'unsubscribed'}": 2}


async def test_two_workers_settle_at_once(world: World, telling: Telling) -> None:
    for n in range(20):
        await telling.subscriber(str(700 + n))
    await quiet(telling)
    which = await telling.begun()
    assert await telling.minute() == 20
    await world.run("UPDATE subscriptions SET ended_at = now()")
    bases = [world.database() for _ in range(3)]

    async def settles(base: Any) -> None:
        async with base.begin() as connection:
            await settling.settle(connection, which, telling.room.sparing, world.now)

    await asyncio.gather(*(settles(base) for base in bases))
    assert await telling.counts(which) == {"skipped:unsubscribed": 20}


async def test_a_template_that_is_answered_with_no_news_is_followed_by_none(world: World, telling: Telling) -> None:
    number = "+9779812345678"
    await telling.subscriber(number, channel="whatsapp")
    world.clock.move(hours=25)
    await telling.begun()
    await telling.minute()
    await world.sends()
    await world.says(number, "news off", channel="whatsapp")
    assert [text for to, _, text in world.provider.sent if to == number and WORDS["en"] in text] == []


async def test_what_could_not_be_told_in_its_days_is_left_out(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner="human", owner_epoch=1)
    which = await telling.begun(days=1)
    await telling.minute()
    world.clock.move(days=1, minutes=1)
    await telling.minute()
    assert await telling.counts(which) == {"skipped:late": 1}
    assert (await telling.known(which)).state == "done"
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner="closed", owner_epoch=2)
    await world.sends()
    assert telling.heard(MAYA) == []


async def test_what_the_provider_refuses_is_tried_again_in_the_lane_and_counted_at_the_end(
    world: World, telling: Telling
) -> None:
    await telling.subscriber(MAYA)
    await telling.subscriber(RITA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    world.provider.script[MAYA].append(errors.Unreachable("down"))
    world.provider.script[RITA].append(errors.PersonBlocked("403"))
    await world.sender.run_once()
    assert await world.one("SELECT state FROM outbox WHERE broadcast_id IS NOT NULL AND state <> 'failed'") == "lane"
    world.clock.move(seconds=10)
    await world.sends()
    await telling.minute()
    assert await telling.counts(which) == {"sent": 1, "failed:PersonBlocked": 1}
    assert len(telling.heard(MAYA)) == 1


async def test_two_workers_at_once_reach_everybody_once(world: World, telling: Telling) -> None:
    people = [str(900 + n) for n in range(30)]
    for who in people:
        await telling.subscriber(who)
    await quiet(telling)
    which = await telling.begun()
    other = type(telling.room)(world.database(), world.app.secrets, world.app.content, world.policy, world.clock)
    queued = await asyncio.gather(telling.minute(), other.run_once())
    assert sum(queued) == 30
    senders = [world.sender, world.new_sender(world.database())]
    for _ in range(60):
        await asyncio.gather(*(sender.run_once() for sender in senders))
        world.clock.move(seconds=1)
    assert Counter(len(telling.heard(who)) for who in people) == {1: 30}
    await telling.minute()
    assert await telling.counts(which) == {"sent": 30}


async def test_a_sender_that_dies_sends_again_once_and_then_no_more(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    for tries in (1, 2):
        async with world.app.database.begin() as connection:
            assert len(await telling.lane(connection)) == 1, tries
        world.clock.move(minutes=1)
        await world.leases_run_out()
        await telling.minute()
        world.clock.move(seconds=2)
    assert await telling.counts(which) == {"failed:lease": 1}
    assert await world.sends() == 0


async def test_words_of_one_colleague_alone_never_start(world: World, telling: Telling) -> None:
    which = await telling.draft(agreed=False)
    other = "Hello. Other words."

    async def agrees(language: str, words: str, by: UUID | None = None) -> str:
        async with world.app.database.begin() as connection:
            return await broadcasts.approve(
                connection, which, language, mark(words), by=by or telling.reader, now=world.now
            )

    async def writes(words: str) -> bool:
        async with world.app.database.begin() as connection:
            return await broadcasts.write(connection, which, "en", words, by=telling.writer, now=world.now)

    assert not await telling.start(which)
    assert await agrees("en", WORDS["en"], telling.writer) == "not_agreed"  # her own
    assert await agrees("hi", WORDS["en"]) == "not_agreed"  # there is none
    assert await agrees("en", WORDS["en"]) == "agreed"
    assert not await telling.start(which)  # the other language
    assert await agrees("ne", WORDS["ne"]) == "agreed"
    assert await writes(other)
    assert not await telling.start(which)  # what is changed is agreed to anew
    assert await agrees("en", WORDS["en"]) == "changed"  # she has read what stands there no more
    assert not await telling.start(which)
    assert await agrees("en", other) == "agreed"
    assert await telling.start(which)
    assert not await writes("Hello. Late words.")
    assert await agrees("en", other) == "not_agreed"  # no draft any more


async def test_in_the_chat_she_begins_and_ends_it_and_her_case_stays_as_it_was(world: World, telling: Telling) -> None:
    await world.says(MAYA, "hello", "1", "human")
    assert await world.one("SELECT count(*) FROM subscriptions") == 0  # off
    await world.says(MAYA, "send me news", "1", "1")
    rows = await world.rows("SELECT topic, ended_at FROM subscriptions")
    assert [tuple(row) for row in rows] == [(TOPIC, None)]
    where = await world.where(MAYA)
    query = "SELECT c.state, c.owner, c.opted_out, c.consent FROM (SELECT k.stage AS state, v.owner AS owner,"
    query += " p.opted_out_at AS opted_out, p.consent_contact_at IS NOT NULL AS consent FROM cases k"
    query += " JOIN conversations v ON v.id = k.conversation_id JOIN contacts p ON p.id = k.subject_id) c"
    before = await world.rows(query)
    await world.says(MAYA, "news off")
    assert (await world.said(MAYA))[-1] == "no_news.ended"
    assert await world.one("SELECT count(*) FROM subscriptions WHERE ended_at IS NULL") == 0
    assert await world.rows(query) == before  # the case, its owner, her consent: nothing has changed
    await world.set_conversation(where.conversation_id, owner="human", owner_epoch=5)
    await world.says(MAYA, "news off")  # also while a human has it
    assert (await world.said(MAYA))[-1] == "no_news.ended"


async def test_stop_ends_it_and_start_does_not_begin_it_again(world: World, telling: Telling) -> None:
    await telling.subscriber(MAYA)
    await world.says(MAYA, "stop", "start")
    await quiet(telling)
    which = await telling.begun()
    await telling.minute()
    assert await telling.counts(which) == {}
    assert (await telling.known(which)).state == "done"
