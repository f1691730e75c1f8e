"""Shifts: what a person is promised follows them, nobody works twice or too many nights, who is sick is covered."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from bot.rostering import Refused, Roster
from bot.store import rota, staffed
from tests.conftest import NOON
from tests.pipeline.at_the_desk import hire, works
from tests.pipeline.world import World

H = timedelta(hours=1)
MAYA = "501"


async def _says(world: World) -> str:
    await world.says(MAYA, "human")
    return (await world.said(MAYA))[-1]


async def test_from_the_first_shift_on_promises_follow_the_shifts(world: World) -> None:
    """Noon is within the opening hours; the only shift begins at five."""
    asha = await hire(world, "asha")
    await works(world, asha, NOON + 5 * H, 4)
    assert await _says(world) == "human.night"
    text = world.provider.sent[-1][2]
    assert "17:00" in text or "5:00" in text


async def test_a_break_and_somebody_sick_leave_an_hour_empty_until_it_is_covered(world: World) -> None:
    asha, bimala = await hire(world, "asha"), await hire(world, "bimala")
    shift = await works(world, asha, NOON - H, 9)
    roster = Roster(world.app.content)
    async with world.app.database.begin() as connection:
        planned = await staffed.planned(connection, NOON)
        assert planned is not None
        assert planned.duty == ((NOON - H, NOON + 8 * H),)
        await rota.pause(connection, shift, (NOON + H, NOON + 2 * H))
        planned = await staffed.planned(connection, NOON)
        assert planned is not None
        assert planned.duty == ((NOON - H, NOON + H), (NOON + 2 * H, NOON + 8 * H))
        assert await roster.away(connection, asha, "sick", (NOON, NOON + 24 * H), NOON) == [shift]
    assert await _says(world) == "human.night"
    assert await world.one("SELECT kind FROM staff_notices") == "cover_wanted"
    async with world.app.database.begin() as connection:
        with pytest.raises(Refused, match="not_offered"):
            await roster.accept(connection, shift, asha, NOON)
        await roster.accept(connection, shift, bimala, NOON)
    await world.run("UPDATE conversations SET owner = 'bot'")
    assert await _says(world) == "human.here"


async def test_a_shift_is_given_away_once(world: World) -> None:
    asha, bimala, chandra = [await hire(world, n) for n in ("asha", "bimala", "chandra")]
    shift = await works(world, asha, NOON + 24 * H, 5)
    roster = Roster(world.app.content)
    async with world.app.database.begin() as connection:
        assert await rota.offer(connection, shift, NOON, to=bimala)
        assert not await rota.offer(connection, shift, NOON), "one offer at a time"
        with pytest.raises(Refused, match="not_offered"):
            await roster.accept(connection, shift, chandra, NOON)
        await roster.accept(connection, shift, bimala, NOON)
        with pytest.raises(Refused, match="not_offered"):
            await roster.accept(connection, shift, bimala, NOON)
        (found,) = await rota.shown(connection, NOON, NOON + 48 * H)
    assert (found.login, found.offered) == ("bimala", None)


async def test_nobody_works_twice_at_once_or_is_called_two_nights_in_three(world: World) -> None:
    asha = await hire(world, "asha")
    roster = Roster(world.app.content)
    night = NOON + 9 * H  # 21:00 in Kathmandu
    async with world.app.database.begin() as connection:
        await roster.add(connection, asha, "on_call", (night, night + 10 * H), NOON)
        with pytest.raises(Refused, match="overlaps"):
            await roster.add(connection, asha, "duty", (night + H, night + 2 * H), NOON)
        for days in (1, 2):
            later = night + days * 24 * H
            with pytest.raises(Refused, match="nights"):
                await roster.add(connection, asha, "on_call", (later, later + 10 * H), NOON)
        await roster.add(connection, asha, "on_call", (night + 72 * H, night + 82 * H), NOON)
        with pytest.raises(Refused, match="nights"):  # between the two
            await roster.add(connection, asha, "on_call", (night + 24 * H, night + 34 * H), NOON)
        await roster.add(connection, asha, "duty", (night + 36 * H, night + 40 * H), NOON)
        with pytest.raises(Refused, match="unknown_reason"):
            await roster.add(connection, asha, "on_call", (night + 24 * H, night + 34 * H), NOON, override="because")
        await roster.add(connection, asha, "on_call", (night + 24 * H, night + 34 * H), NOON, override="nobody_else")
    assert await world.one("SELECT count(*) FROM shifts WHERE override = 'nobody_else'") == 1


async def test_an_empty_shift_is_told_to_the_supervisors_once(world: World) -> None:
    roster = Roster(world.app.content)
    async with world.app.database.begin() as connection:
        assert await roster.warn(connection, NOON) == 0, "no rota, nothing is missing"
    await works(world, await hire(world, "asha"), NOON - 5 * H, 14)
    for now, told in ((NOON, 2), (NOON, 0), (NOON + timedelta(minutes=10), 0)):
        async with world.app.database.begin() as connection:
            assert await roster.warn(connection, now) == told
    (first, _) = await world.rows("SELECT kind, audience, codes FROM staff_notices ORDER BY codes->>'from'")
    assert (first.kind, first.audience) == ("empty_shift", "supervisor")
    assert first.codes["from"].startswith("2026-11-25T07:00")


async def test_who_reads_nothing_of_hers_is_said_and_another_language_offered(world: World) -> None:
    await hire(world, "asha", languages=["ne", "hi"])
    await world.writes(MAYA, "hello")
    await world.turns()
    await world.set_person((await world.where(MAYA)).subject_id, language="ar", consent_store_at=NOON)
    await world.says(MAYA, "human")
    assert (await world.said(MAYA))[-2:] == ["human.here", "cover.none"]
    await world.says(MAYA, "1")
    assert (await world.said(MAYA))[-1] == "cover.noted"
    await world.run("UPDATE conversations SET owner = 'bot'")
    await world.set_person((await world.where(MAYA)).subject_id, language="ne")
    await world.says(MAYA, "human")
    assert (await world.said(MAYA))[-1] == "human.here"


async def test_a_conversation_of_a_partner_is_promised_the_partners_hours(world: World) -> None:
    """What one organisation plans says nothing of when another one reads, either way round."""
    ours, theirs = await hire(world, "asha"), await hire(world, "bimala", organisation="Shelter")
    await works(world, ours, NOON - H, 9)
    await works(world, theirs, NOON + 5 * H, 4)
    async with world.app.database.begin() as connection:
        rotas = await staffed.rotas(connection, NOON)
    shelter = await world.one("SELECT organisation_id FROM users WHERE login = 'bimala'")
    assert rotas.of(None) == rotas.of(rotas.main_id) == rotas.main
    assert rotas.main is not None
    assert rotas.main.duty == ((NOON - H, NOON + 8 * H),)
    assert rotas.others[shelter].duty == ((NOON + 5 * H, NOON + 9 * H),)
    assert rotas.of(UUID(int=1)) is None, "nobody there has planned anything"
    assert await _says(world) == "human.here"
    await world.run(f"UPDATE cases SET organisation_id = '{shelter}'")
    await world.run("UPDATE conversations SET owner = 'bot'")
    assert await _says(world) == "human.night"
