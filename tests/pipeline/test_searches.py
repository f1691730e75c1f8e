"""Searches in the database: a second reporter learns nothing, a photo goes nowhere, a tip needs no name."""

from __future__ import annotations

import json
import re

from bot.engine.inbound import MediaRef
from bot.store import volunteers
from tests.pipeline.world import World

PHOTO = "photo-of-sita"
REPORT = ("missing", "my sister Sita Rai, passport 09876543", "qatar", "in May by phone", "Al Noor company", "1", "1")


async def told(world: World, address: str) -> str:
    """All that a person was told, as it lies in the history; the digits of her number, drawn at random, aside."""
    lines = [line.body for line in await world.lines(address) if line.direction == "out"]
    return re.sub(r"\d{3}\s\d{3}\s\d\b", "#", json.dumps(lines, sort_keys=True))


async def test_a_second_reporter_is_told_nothing_of_the_first(world: World) -> None:
    """Byte for byte the same conversation, also the status, before and after somebody else reported the same person."""
    world.clock.move(hours=1)
    started = world.now
    await world.says("alone", *REPORT, "status")
    world.clock.at = started
    await world.says("first", *REPORT, "status")
    world.clock.at = started
    await world.says("second", *REPORT, "status")
    assert await told(world, "alone") == await told(world, "first") == await told(world, "second")
    cases = await world.rows("SELECT linked_case_id, kind, severity, country FROM cases")
    assert [tuple(row) for row in cases] == [(None, "report_missing", "high", "QA")] * 3


async def test_a_photo_of_the_missing_person_is_sent_to_nobody(world: World) -> None:
    await world.says("volunteer", "hello", "tip", "x", "a man sleeps at the mosque")
    await world.says("reporter", *REPORT)
    media = (MediaRef("image", PHOTO, "image/jpeg"),)
    await world.app.receive([world.inbound("reporter", kind="media", media=media)])
    await world.turns()
    await world.sends()
    await world.says("volunteer", "status", "hello")
    for address in ("volunteer", "reporter"):
        out = [line.body for line in await world.lines(address) if line.direction == "out"]
        assert out
        assert PHOTO not in json.dumps(out)
        assert not any(body.get("media") for body in out)
    assert any(PHOTO in json.dumps(line.body) for line in await world.lines("reporter") if line.direction == "in")


async def test_a_tip_with_a_code_of_a_coordinator(world: World) -> None:
    async with world.app.database.begin() as connection:
        await volunteers.add(connection, world.app.secrets, "123456782", "Salmiya", world.now)
    await world.says("with", "tip", "123 456 782", "a girl cries every night")
    await world.says("without", "tip", "000 000 000", "a girl cries every night")
    assert await told(world, "with") == await told(world, "without")
    assert (await world.said("with"))[-1] == "tip.thanks"
    sealed = await world.rows("SELECT label_enc, lookup FROM volunteer_codes")
    assert b"Salmiya" not in bytes(sealed[0].label_enc)
    assert b"123456782" not in bytes(sealed[0].lookup)
    assert not await world.rows("SELECT 1 FROM contacts WHERE consent_store_at IS NOT NULL")


async def test_danger_in_a_tip_wakes_somebody(world: World) -> None:
    await world.says("neighbour", "tip", "x", "she is locked in")
    assert [row.kind for row in await world.rows("SELECT kind FROM notices WHERE audience = 'page'")] == [
        "report_confinement"
    ]


async def test_a_search_is_told_to_nobody_but_who_asked(world: World) -> None:
    """She whom he looks for has a case of danger here: neither hears of the other, and nothing is joined or linked."""
    await world.says("sita", "hello", "knife")
    before = await told(world, "sita")
    await world.says("brother", *REPORT, "status")
    assert await told(world, "sita") == before
    cases = await world.rows("SELECT linked_case_id, kind, subject_id FROM cases ORDER BY opened_at")
    assert [(row.linked_case_id, row.kind) for row in cases] == [
        (None, "report_violence"),
        (None, "report_missing"),
    ]
    assert len({row.subject_id for row in cases}) == 2
    hers = await world.where("sita")
    out = await world.rows("SELECT conversation_id FROM outbox WHERE subject_id = :s", s=hers.subject_id)
    assert {row.conversation_id for row in out} == {hers.conversation_id}
