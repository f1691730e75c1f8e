"""Whose a notice is that is told of a conversation alone: of whoever has that conversation's case, and no other's."""

from __future__ import annotations

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from bot.store import pages, tables, users
from bot.store.homes import Home
from tests.pipeline.world import World

HERS, ANOTHER = "501", "502"


async def _notice(world: World, where: Home) -> None:
    async with world.app.database.begin() as connection:
        await connection.execute(
            insert(tables.notices).values(
                id=uuid7(), subject_id=where.subject_id, conversation_id=where.conversation_id, audience="page",
                kind="erasure_stopped", severity="high", raised_at=world.now,
            )
        )  # fmt: skip


async def test_a_notice_without_a_case_is_of_its_own_conversation(world: World) -> None:
    await world.says(HERS, "/start")
    await world.says(ANOTHER, "/start")
    hers, another = await world.where(HERS), await world.where(ANOTHER)
    async with world.app.database.begin() as connection:
        shelter = await users.organisation(connection, "Shelter")
        await connection.execute(
            insert(tables.cases).values(
                id=uuid7(), subject_id=hers.subject_id, conversation_id=hers.conversation_id, reference="1234567",
                organisation_id=shelter, kind="report_missing", severity="high", stage="new", opened_at=world.now,
            )
        )  # fmt: skip
    await _notice(world, hers)
    await _notice(world, another)
    async with world.app.database.begin() as connection:
        found = await pages.open_notices(connection, world.app.secrets, world.now)
    assert {n.subject_id: n.organisation_id for n in found} == {hers.subject_id: shelter, another.subject_id: None}
