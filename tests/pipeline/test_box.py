"""The box on the real database: the words lie in the letter and nowhere else, and nothing leads to who wrote them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.app import App
from bot.content import Content
from bot.engine.inputs import Danger, Meaning
from bot.store import box, history
from bot.store.database import Database
from bot.store.keys import open_json
from bot.store.tables import box_letters, inbox, messages
from tests.conftest import Clock
from tests.conversations.harness import UNCLEAR, recording
from tests.conversations.stored import StoredPhone

WORDS = "Ram of your team asked me for gifts on Tuesday"
DANGER = Meaning("report_violence", 0.95, danger=Danger("report_violence"))


@pytest.fixture
async def phone(app: App, clock: Clock, content: Content) -> StoredPhone:
    made = StoredPhone(recording(content), "telegram", "en", app=app, clock=clock)
    await made.begin()
    return made


async def _write(phone: StoredPhone, words: str = WORDS, *, answer: str = "1", meaning: Meaning = UNCLEAR) -> None:
    for line in ("complain", "1", answer):
        await phone.hear(line)
    await phone.hear(words, meaning)


async def _opened(phone: StoredPhone) -> str:
    """All that a caseworker's side holds of her, opened: history, inbox, session, profile, facts, notices."""
    async with phone.app.database.begin() as connection:
        where = await history.home(connection, phone.app.secrets, "telegram", "7001", "5551234")
        assert where is not None
        lines = await history.thread(connection, where)
        rows = await connection.execute(select(inbox.c.payload_enc, inbox.c.conversation_id))
        kept = [
            open_json(where.key, row.payload_enc, where=f"inbox.payload_enc.{row.conversation_id}")
            for row in rows
            if row.payload_enc and row.conversation_id
        ]
    facts = [case.facts for case in phone.subject.cases]
    held: list[Any] = [[line.body for line in lines], kept, phone.conversation.session, phone.subject.person.profile]
    return json.dumps([*held, facts, [dict(n) for n in phone.notices]], default=str)


async def _columns_with(database: Database, needle: str) -> list[str]:
    """Every column of every table in which the needle stands in plain."""
    found = []
    async with database.begin() as connection:
        query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        for table, column in (await connection.execute(text(query))).all():
            hit = text(f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE :needle LIMIT 1')
            if (await connection.execute(hit, {"needle": f"%{needle}%"})).first():
                found.append(f"{table}.{column}")
    return found


async def test_the_words_lie_in_the_letter_and_nowhere_else(phone: StoredPhone) -> None:
    await _write(phone)
    assert "gifts on Tuesday" not in await _opened(phone)
    async with phone.app.database.begin() as connection:
        (outside,) = await box.lying(connection)
        letter = await box.read(connection, phone.app.secrets, outside.id)
        row = (await connection.execute(select(box_letters))).one()
    assert letter is not None
    assert letter.body == WORDS
    assert (row.received_at.hour, row.received_at.minute) == (0, 0)
    assert await _columns_with(phone.app.database, "gifts on Tuesday") == []
    assert not phone.notices  # a notice would name her
    assert not phone.subject.cases


async def test_a_caseworker_sees_nothing_of_it_and_it_goes_after_a_day(phone: StoredPhone) -> None:
    await phone.hear("hello")
    await _write(phone)
    async with phone.app.database.begin() as connection:
        where = await history.home(connection, phone.app.secrets, "telegram", "7001", "5551234")
        assert where is not None
        seen = (await history.window(connection, where, most=100)).lines
        kinds = set((await connection.execute(select(messages.c.retention, messages.c.case_id))).all())
    assert {line.body["text_id"] for line in seen if line.direction == "out"} == {"menu.what"}  # before and after
    assert {line.body["text"] for line in seen if line.direction == "in"} == {"hello"}
    assert ("box", None) in kinds


async def test_the_number_brings_the_answer_from_any_phone(phone: StoredPhone, clock: Clock, content: Content) -> None:
    await _write(phone)
    number = phone.lines[-1].event.slots["number"]
    async with phone.app.database.begin() as connection:
        (outside,) = await box.lying(connection)
        assert await box.answer(connection, phone.app.secrets, outside.id, "He does not work here any more.")
    other = StoredPhone(
        recording(content), "telegram", "en", number="777", app=phone.app, clock=clock, world=phone.world
    )
    await other.begin()
    for line in ("complain", "2"):
        await other.hear(line)
    (reply,) = await other.hear(number)
    assert reply.id == "complain.reply"
    assert "He does not work here any more." in other.shown(reply)


async def test_without_a_number_nobody_can_answer(phone: StoredPhone) -> None:
    await _write(phone, answer="2")
    async with phone.app.database.begin() as connection:
        (outside,) = await box.lying(connection)
        assert not await box.answer(connection, phone.app.secrets, outside.id, "Thank you.")
        assert await box.unread(connection) == 1


async def test_danger_in_a_letter_pages_and_is_kept_as_a_letter(phone: StoredPhone) -> None:
    await _write(phone, meaning=DANGER)
    assert [n["audience"] for n in phone.notices] == ["page"]
    assert "gifts on Tuesday" not in await _opened(phone)
    async with phone.app.database.begin() as connection:
        (outside,) = await box.lying(connection)
        letter = await box.read(connection, phone.app.secrets, outside.id)
    assert letter is not None
    assert letter.body == WORDS


async def test_an_edit_of_the_letter_is_not_kept_either(phone: StoredPhone) -> None:
    await _write(phone)
    await phone.hear(f"{WORDS}, at noon", edited=True)
    assert "gifts on Tuesday" not in await _opened(phone)
    phone.later(hours=49)
    await phone.hear("I meant Monday", edited=True)
    assert "I meant Monday" in await _opened(phone)


async def test_five_numbers_a_day(phone: StoredPhone) -> None:
    said = []
    for _ in range(6):
        for line in ("complain", "2"):
            await phone.hear(line)
        said += [line.id for line in await phone.hear("11112222")]
    assert said == ["complain.unknown"] * 5 + ["complain.too_many"]
