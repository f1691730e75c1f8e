"""Two channels become one by a code: both answer afterwards, nothing of the other key is left, nothing is lost."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.app import App
from bot.jobs.wishes import link_due
from bot.store import merge, tables
from bot.store.keys import open_
from bot.store.rows import Person as Row
from bot.store.tables import code_uses, contacts, family_codes, keys, link_codes, metadata
from tests.conftest import Clock
from tests.wishes.people import Person, jobs, kinds
from tests.wishes.test_erase import MARK, report, rows_of

pytestmark = pytest.mark.slow
NOTED = "Noted. If they are right, both phones belong together in a few minutes."
LATER = "Noted. It can take up to 48 hours; a person may ask you first. 0 = a person"


@pytest.fixture
def maya(app: App, clock: Clock) -> Person:
    return Person(app, clock, "+96550000001")


@pytest.fixture
def new_phone(app: App, clock: Clock) -> Person:
    return Person(app, clock, "777001", "telegram")


async def code_of(person: Person, secret: str = "4071") -> str:
    """The digits that she is given for her other phone."""
    last: list[str] = []
    for text in ("menu", "more", "my settings", "another phone", "give me one", secret):
        last = await person.says(text)
    return re.sub(r"\D", "", last[-1])[:8]


async def delete_with_word(person: Person, secret: str) -> None:
    """She asks for deletion and proves who she is."""
    for text in ("delete", "yes", secret):
        await person.says(text)


async def sealed_under(app: App, subject: UUID) -> int:
    """How many sealed cells of a subject its own key opens; one that it does not open fails."""
    async with app.database.begin() as connection:
        wrapped = (await connection.execute(select(keys.c.wrapped).where(keys.c.subject_id == subject))).scalar_one()
        key, opened = app.secrets.keyring.unwrap(wrapped), 0
        for table in metadata.sorted_tables:
            columns = [c.name for c in table.c if c.name.endswith("_enc")]
            if "subject_id" not in table.c or not columns:
                continue
            for row in await connection.execute(select(table).where(table.c.subject_id == subject)):
                place = row.conversation_id if table is tables.inbox else row.id
                for column in (c for c in columns if row._mapping[c] is not None):
                    open_(key, row._mapping[column], where=f"{table.name}.{column}.{place}")
                    opened += 1
    return opened


async def test_both_channels_are_one_person(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await report(maya)
    await new_phone.says("hello")
    await new_phone.says("1")
    older, younger = await maya.subject(), await new_phone.subject()
    code = await code_of(maya)
    before = await sealed_under(app, older) + await sealed_under(app, younger)
    new_phone.shown = len([line for line in await new_phone.thread() if line.direction == "out"])
    assert await new_phone.says(f"link {code}") != []
    assert await jobs(app, clock) == (0, 1)
    assert await rows_of(app, younger) == {}
    assert await maya.subject() == await new_phone.subject() == older
    assert await sealed_under(app, older) > before - 2
    await maya.news()
    await new_phone.news()
    there, here = await new_phone.says("8"), await maya.says("8")
    assert there[0] == here[0]
    assert "a person writes by" in here[0]
    assert any(MARK in str(line.body) for line in await maya.thread())
    assert "channel_linked" in [r.kind for r in await maya.app_rows(select(tables.case_events.c.kind))]
    assert (await maya.row()).language == "en"


async def test_the_older_key_stays_whoever_gave_the_code(
    app: App, clock: Clock, maya: Person, new_phone: Person
) -> None:
    await new_phone.says("hello")
    await maya.begins(secret="4071")
    await report(maya)
    older, younger = await new_phone.subject(), await maya.subject()
    assert older < younger
    await new_phone.says(f"link {await code_of(maya)}")
    assert await jobs(app, clock) == (0, 1)
    assert await maya.subject() == older
    assert await rows_of(app, younger) == {}
    assert "word" in await maya.profile()
    assert (await maya.row()).consent_store_at is not None
    await sealed_under(app, older)
    await delete_with_word(maya, "4071")
    assert (await maya.row()).erase_at is not None  # her word is still hers under the other key
    await maya.says("keep")
    await maya.news()
    clock.move(minutes=1)  # no phone sends more than fifteen SMS in one
    assert "a person writes by" in (await maya.says("8"))[0]


async def test_wrong_old_and_used_codes_have_one_answer(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    code = await code_of(maya)
    phones = [Person(app, clock, f"+9655000020{n}") for n in range(4)]
    for phone in phones:
        await phone.begins(consent=False)
    answers = [await phones[0].says(f"link {code}"), await phones[1].says("link 00000000")]
    assert await jobs(app, clock) == (0, 1)
    answers.append(await phones[2].says(f"link {code}"))  # used
    fresh = await code_of(maya)
    clock.move(minutes=31)
    answers.append(await phones[3].says(f"link {fresh}"))  # too late
    assert answers == [[NOTED]] * 4
    assert await jobs(app, clock) == (0, 0)
    subjects = [await phone.subject() for phone in phones]
    assert subjects[0] == await maya.subject()
    assert len(set(subjects)) == 4


async def test_of_two_who_write_one_code_only_the_first_is_joined(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    code = await code_of(maya)
    one, two = Person(app, clock, "+96550000301"), Person(app, clock, "+96550000302")
    await one.begins(consent=False)
    await two.begins(consent=False)
    await one.says(f"link {code}")
    await two.says(f"link {code}")
    assert (await jobs(app, clock))[1] == 1
    assert await two.subject() != await maya.subject()
    assert await maya.app_rows(select(contacts.c.id).where(contacts.c.link_code_id.is_not(None))) == []
    assert [r.used_at is None for r in await maya.app_rows(select(link_codes.c.used_at))] == [False]


async def test_the_digits_alone_are_enough_for_somebody_new(
    app: App, clock: Clock, maya: Person, new_phone: Person
) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    await new_phone.says("8")
    code = await code_of(maya)
    assert await new_phone.says(f"{code[:4]} {code[4:]}") == [NOTED]
    assert await jobs(app, clock) == (0, 1)
    assert await new_phone.subject() == await maya.subject()


async def test_bare_digits_cannot_be_tried_for_ever(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    code = await code_of(maya)
    for n in range(5):
        await new_phone.says(f"0000000{n}")
    assert await new_phone.says(code) != [NOTED]
    assert await jobs(app, clock) == (0, 0)


async def test_tries_are_limited_and_the_answer_stays(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    code = await code_of(maya)
    for n in range(5):
        assert len(await new_phone.says(f"link 0000000{n}")) == 1
    late = await new_phone.says(f"link {code}")
    assert late == [NOTED]
    assert await jobs(app, clock) == (0, 0)
    assert "code_tries" in await kinds(app)


async def test_no_code_without_her_word(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    for text in ("menu", "more", "my settings", "another phone", "give me one", "9183"):
        last = await maya.says(text)
    assert last == [LATER]
    assert await maya.app_rows(select(link_codes.c.id)) == []
    assert "unproved_link" in await kinds(app)


async def test_what_arrives_while_they_are_joined_is_not_lost(
    app: App, clock: Clock, maya: Person, new_phone: Person
) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    older, younger = await maya.subject(), await new_phone.subject()
    async with app.database.begin() as connection:
        await merge.turns.lock(connection, [older, younger], wait=True)
        await merge.merge(connection, app.secrets, writer=younger, giver=older, now=clock())
        arriving = asyncio.create_task(new_phone.deliver("8"))
        done, _ = await asyncio.wait({arriving}, timeout=0.5)
        assert not done  # it waits until the conversation has its new subject
    await arriving
    assert await app.conductor.run_once() == 1
    assert await new_phone.subject() == older
    assert [line[:21] for line in await new_phone.news()] == ["From this phone nothi"]


async def test_what_waits_in_the_inbox_is_taken_along(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    code = await code_of(maya)
    await new_phone.says(f"link {code}")
    for n in range(3):
        await new_phone.deliver(f"{MARK} {n}")
    received = asyncio.gather(*(new_phone.deliver(f"{MARK} more {n}") for n in range(10)))
    linked = await link_due(app.database, app.secrets, clock())
    await received
    assert linked == 1
    while await app.conductor.run_once():
        pass
    told = " ".join(str(line.body) for line in await new_phone.thread() if line.direction == "in")
    assert told.count(MARK) == 13
    quarantined = select(tables.inbox.c.id).where(tables.inbox.c.state != "done")
    assert await maya.app_rows(quarantined) == []


async def test_records_of_the_shelf_go_along(app: App, clock: Clock, maya: Person, new_phone: Person) -> None:
    from bot.store.records import CodeUse, FamilyCode, Reminder

    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    older, younger = await maya.subject(), await new_phone.subject()

    async def put(ctx: Any) -> None:
        code = ctx.shelf.add(FamilyCode(digits="4829173500001111"))
        ctx.shelf.add(CodeUse(code_id=code.id, owner=younger))
        ctx.shelf.add(Reminder(flow="status", due_at=clock() + timedelta(days=30), slots={"a": MARK}))

    async with app.database.begin() as connection:
        from bot.store import history

        where = await history.home(connection, app.secrets, "telegram", "7001", new_phone.address)
    assert where is not None
    await app.staff.prepare(where, put)
    async with app.database.begin() as connection:
        await merge.turns.lock(connection, [older, younger], wait=True)
        await merge.merge(connection, app.secrets, writer=younger, giver=older, now=clock())
    assert await rows_of(app, younger) == {}
    assert [r.subject_id for r in await maya.app_rows(select(code_uses.c.subject_id))] == [older]
    assert [r.subject_id for r in await maya.app_rows(select(family_codes.c.subject_id))] == [older]
    await sealed_under(app, older)


async def test_a_use_that_comes_while_they_are_joined_is_hers(
    app: App, clock: Clock, maya: Person, new_phone: Person
) -> None:
    """Written in the asker's turn under the id that the code had then."""
    from bot.store.records import CodeUse, FamilyCode

    await maya.begins(secret="4071")
    await new_phone.begins(consent=False)
    older, younger = await maya.subject(), await new_phone.subject()
    made: list[UUID] = []
    seen: list[UUID] = []

    async def make(ctx: Any) -> None:
        made.append(ctx.shelf.add(FamilyCode(digits="4829173500001111")).id)

    async def use(ctx: Any) -> None:
        ctx.shelf.add(CodeUse(code_id=made[0], owner=younger))

    async def look(ctx: Any) -> None:
        seen.extend(use.code_id for use in await ctx.shelf.mine(CodeUse))

    await app.staff.prepare(await new_phone.home(), make)
    async with app.database.begin() as connection:
        await merge.turns.lock(connection, [older, younger], wait=True)
        await merge.merge(connection, app.secrets, writer=younger, giver=older, now=clock())
    other = Person(app, clock, "+96550000009")
    await other.begins()
    await app.staff.prepare(await other.home(), use)
    await app.staff.prepare(await maya.home(), look)
    assert seen == made


def test_what_she_set_where_she_proved_it_goes_before() -> None:
    giver = Row(UUID(int=1), language="ne", safe_from=60, safe_until=120, profile={"word": {"a": 1}})
    writer = Row(
        UUID(int=2), language="hi", country="QA", safe_from=1, safe_until=2, profile={"exit": "x", "topic": "t"}
    )
    one = merge.joined(giver, writer)
    assert (one.language, one.country, one.safe_from, one.safe_until) == ("ne", "QA", 60, 120)
    assert one.profile == {"word": {"a": 1}, "exit": "x", "topic": "t"}


@pytest.mark.parametrize("name", ["erase_at", "opted_out_at"])
def test_a_wish_of_either_side_stands(name: str) -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    for his, hers in ((early, None), (None, early), (early, late), (late, early)):
        giver, writer = Row(UUID(int=1)), Row(UUID(int=2))
        setattr(giver, name, his)
        setattr(writer, name, hers)
        assert getattr(merge.joined(giver, writer), name) == early
    assert getattr(merge.joined(Row(UUID(int=1)), Row(UUID(int=2))), name) is None


def test_a_word_from_the_other_side_never_takes_the_place_of_hers() -> None:
    his = {"word": {"a": 1}, "duress": {"a": 2}, "exit": "bye", "topic": "his"}
    hers = {"word": {"b": 1}, "duress": {"b": 2}, "exit": "ciao", "topic": "hers"}
    one = merge.joined(Row(UUID(int=1), profile=his), Row(UUID(int=2), profile=hers))
    assert one.profile == {**hers, "topic": "his"}


@pytest.mark.parametrize("kept", ["word", "case", "consent"])
async def test_who_holds_her_phone_cannot_join_it_with_his(
    app: App, clock: Clock, maya: Person, new_phone: Person, kept: str
) -> None:
    await new_phone.begins(secret="8264")  # he made a code on his phone, with his word
    code = await code_of(new_phone, "8264")
    await maya.begins(secret="4071" if kept == "word" else "", consent=kept == "consent")
    if kept == "case":
        await maya.says("he locked me in the house and beats me")
        await maya.says("menu")
    asked = await maya.says(f"link {code}")
    assert asked[-1].startswith("Your 4-digit PIN?")
    assert (await maya.says("8264"))[0] == LATER
    assert await jobs(app, clock) == (0, 0)
    assert await maya.subject() != await new_phone.subject()
    assert "unproved_link" in await kinds(app)


async def test_with_her_word_on_both_sides_they_are_joined(
    app: App, clock: Clock, maya: Person, new_phone: Person
) -> None:
    await maya.begins(secret="4071")
    await new_phone.begins(secret="8264")
    code = await code_of(maya)
    await new_phone.says(f"link {code}")
    assert await new_phone.says("8264") == [LATER]
    assert await jobs(app, clock) == (0, 1)
    assert await maya.subject() == await new_phone.subject()
    assert "unproved_link" not in await kinds(app)
