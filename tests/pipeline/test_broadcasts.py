"""Broadcasts on a real database: who hears one and who is left out, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.store import broadcasts
from tests.pipeline.telling import GITA, MAYA, RITA, TOPIC, WORDS, Telling, mark, open_case, quiet
from tests.pipeline.world import World


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
    await open_case(world, MAYA, **values)
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
    await open_case(world, MAYA, severity="critical")
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
