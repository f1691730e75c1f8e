"""Statements that go together: the same rows and errors as one by one, all of them or none."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Text, Uuid, func, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import batches, tables, turns
from bot.store.bulk import insert_rows
from bot.store.database import Database
from bot.store.together import Statement, _same_errors, ask, many, tell, unwaited
from tests.conftest import NOON
from tests.store.shelves import Stored, case

ONE_AND_TWO = Statement(select(func.unnest(many("given", Text)).label("given")))
BY_ID = Statement(select(tables.contacts.c.id).where(tables.contacts.c.id == func.any(many("ids", Uuid))))
WRONG = Statement(select(text("nothing FROM nowhere")))


async def counted(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(func.count()).select_from(tables.organisations))).scalar_one())


def organisation(row_id: UUID, name: str) -> dict[str, Any]:
    return {"id": row_id, "name": name, "settings": {"languages": ["ne", "ur"]}}


async def test_what_is_read_is_what_sqlalchemy_reads(stored: Stored) -> None:
    """Ids, moments, sealed bytes, JSON, numbers, nothing: the driver knows them all by itself."""
    async with stored.turn("maya") as turn:
        turn.cases.append(case(uuid7()))
        turn.person.profile["word"] = "sewing"
    await stored.home("sunita")
    every = [tables.contacts, tables.conversations, tables.keys, tables.cases, tables.organisations]
    async with stored.database.begin() as connection:
        await connection.execute(insert(tables.organisations), organisation(uuid7(), "Ours"))
        asked: list[Any] = [select(table).order_by(table.c.id) for table in every]
        one_by_one = [(await connection.execute(query)).all() for query in asked]
        together = await ask(connection, *[Statement(query)() for query in asked])
    assert all(one_by_one)
    for theirs, ours in zip(one_by_one, together, strict=True):
        assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
        assert [row.id for row in ours] == [row.id for row in theirs]


async def test_answers_come_in_the_order_of_the_questions(stored: Stored) -> None:
    maya, sunita = [(await stored.home(name)).subject_id for name in ("maya", "sunita")]
    async with stored.database.looking() as connection:
        given, hers, nobody, nothing = await ask(
            connection, ONE_AND_TWO(given=["b", "a"]), BY_ID(ids=[sunita]), BY_ID(ids=[uuid7()]), ONE_AND_TWO(given=[])
        )
        (alone,) = await ask(connection, BY_ID(ids=[maya]))
    assert [row.given for row in given] == ["b", "a"]
    assert [row.id for row in hers] == [sunita]
    assert [row.id for row in alone] == [maya]
    assert nobody == nothing == []


async def test_what_is_not_waited_for_is_there_at_the_end_whoever_sent_it(stored: Stored) -> None:
    async with stored.database.begin() as connection:
        async with unwaited(connection):
            await insert_rows(connection, tables.organisations, [organisation(uuid7(), "Ours")])
            await connection.execute(insert(tables.organisations), organisation(uuid7(), "Theirs"))
            await insert_rows(connection, tables.organisations, [organisation(uuid7(), "Others")])
        assert await counted(connection) == 3
    async with stored.database.looking() as connection:
        assert await counted(connection) == 3


@pytest.mark.parametrize("last", [True, False])
async def test_one_that_fails_takes_all_with_it_and_the_connection_goes_on(stored: Stored, *, last: bool) -> None:
    """An error comes when somebody looks: with a later statement, or at the end."""
    twice = organisation(uuid7(), "Ours")

    async def said() -> None:
        async with stored.database.begin() as connection, unwaited(connection):
            await insert_rows(connection, tables.organisations, [organisation(uuid7(), "Others")])
            await insert_rows(connection, tables.organisations, [twice])
            await insert_rows(connection, tables.organisations, [twice])
            for _ in range(0 if last else 20):
                await tell(connection, BY_ID(ids=[]))

    with pytest.raises(IntegrityError):
        await said()
    async with stored.database.begin() as connection:
        assert await counted(connection) == 0


async def test_the_one_that_failed_is_told_and_not_those_behind_it() -> None:
    """As psycopg's pipeline ends: its last look raises for the statements that were never tried."""

    def ends() -> None:
        with _same_errors():
            try:
                raise psycopg.errors.UniqueViolation("twice")
            finally:
                raise psycopg.errors.PipelineAborted("behind it")

    with pytest.raises(IntegrityError):
        ends()


async def test_who_is_told_to_stop_stops_whatever_the_pipeline_says() -> None:
    async def works() -> None:
        with _same_errors():
            try:
                await asyncio.sleep(60)
            finally:
                raise psycopg.OperationalError("uncollected")

    task = asyncio.create_task(works())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_connection_that_looked_keeps_transactions_again(stored: Stored) -> None:
    database = Database(stored.database.url, pool_size=1)
    try:
        async with database.looking() as connection:
            assert await counted(connection) == 0

        async def changes_its_mind() -> None:
            async with database.begin() as connection:
                await insert_rows(connection, tables.organisations, [organisation(uuid7(), "Ours")])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await changes_its_mind()
        async with database.looking() as connection:
            assert await counted(connection) == 0
    finally:
        await database.close()


async def test_a_question_that_fails_is_an_error_of_sqlalchemy_and_says_no_values(stored: Stored) -> None:
    async with stored.database.begin() as connection:
        with pytest.raises(ProgrammingError) as failed:
            await ask(connection, ONE_AND_TWO(given=["sewing"]), WRONG())
    assert "sewing" not in str(failed.value)
    async with stored.database.looking() as connection:
        assert await ask(connection, BY_ID(ids=[])) == [[]]


async def test_a_batch_reads_its_people_with_what_holds_for_all(stored: Stored) -> None:
    async with stored.turn("maya") as turn:
        turn.cases.append(case(uuid7()))
    homes = [await stored.home(name) for name in ("maya", "sunita")]
    async with stored.database.begin() as connection:
        locked = await turns.lock(connection, [home.subject_id for home in homes])
        opened = await batches.opened(connection, stored.secrets, locked, [1, 2], NOON + timedelta(days=1))
        alone = await turns.load(connection, stored.secrets, locked)
    assert opened.subjects.keys() == alone.keys() == {home.subject_id for home in homes}
    for subject_id, subject in opened.subjects.items():
        assert subject.person == alone[subject_id].person
        assert subject.conversations == alone[subject_id].conversations
        assert subject.cases == alone[subject_id].cases
        assert not subject.changed_person()
    assert opened.waiting == set()
    assert opened.rotas.main is None
    assert list(opened.marks) == []
