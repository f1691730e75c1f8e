"""What only the database can show: what lies sealed, what a batch costs, people at the same time, the erased."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from bot.store import saving, tables
from bot.store.filing import KINDS
from bot.store.keys import open_json
from bot.store.records import BoxLetter, CodeTry, CodeUse, FamilyCode, Licence, Referral, Reminder
from bot.store.shelf import shelves
from bot.vault.fields import Unopenable
from tests.conftest import NOON
from tests.fakes.statements import heard
from tests.store.shelves import Stored, case

HOUR = timedelta(hours=1)
DIGITS = "4829173056128347"


async def rows(stored: Stored, query: Any) -> list[Any]:
    async with stored.database.begin() as connection:
        return list((await connection.execute(query)).mappings())


# --- what lies there


async def test_what_is_hers_is_sealed_under_her_key_at_its_place(stored: Stored) -> None:
    async with stored.turn("maya") as turn:
        code = turn.shelf.add(FamilyCode(digits=DIGITS))
        turn.shelf.add(Reminder(flow="menu", due_at=NOON, slots={"word": "sewing"}))
        turn.shelf.add(Referral(service="shelter", facts={"name": "sewing"}))
        turn.person.profile["word"] = "sewing"
    where = await stored.home("maya")
    for name in ("family_codes", "reminders", "referrals", "contacts"):
        (row,) = await rows(stored, select(tables.metadata.tables[name]))
        raw = b"".join(bytes(v) for v in row.values() if isinstance(v, bytes))
        assert b"sewing" not in raw
        assert DIGITS.encode() not in raw
        assert row["subject_id"] == where.subject_id
    (row,) = await rows(stored, select(tables.family_codes))
    assert open_json(where.key, row["digits_enc"], where=f"family_codes.digits_enc.{code.id}") == DIGITS
    with pytest.raises(Unopenable):
        open_json(where.key, row["digits_enc"], where=f"family_codes.digits_enc.{uuid7()}")


async def test_the_same_digits_of_two_kinds_have_nothing_in_common(stored: Stored) -> None:
    kinds = ("family_codes", "link_codes", "volunteer_codes")
    assert len({stored.secrets.code(kind, DIGITS) for kind in kinds}) == len(kinds)


async def test_a_letter_leads_back_to_nobody(stored: Stored) -> None:
    async with stored.turn("maya", NOON) as turn:
        turn.shelf.add(BoxLetter(body="He asked for money.", reply_code="778899"))
    (row,) = await rows(stored, select(tables.box_letters))
    where = await stored.home("maya")
    flat = json.dumps({k: str(v) for k, v in row.items()})
    assert str(where.subject_id) not in flat
    assert str(where.conversation_id) not in flat
    assert (row["received_at"].hour, row["received_at"].minute, row["received_at"].second) == (0, 0, 0)
    place = f"box_letters.body_enc.{row['id']}"
    with pytest.raises(Unopenable):
        open_json(where.key, row["body_enc"], where=place)
    assert open_json(stored.secrets.system_key, row["body_enc"], where=place) == "He asked for money."


async def test_codes_of_an_erased_person_are_nobody_s(stored: Stored) -> None:
    async with stored.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
    async with stored.turn("mother") as turn:
        assert await turn.shelf.by_code(FamilyCode, DIGITS) is not None
    async with stored.database.begin() as connection:
        where = await stored.home("maya")
        await connection.execute(delete(tables.keys).where(tables.keys.c.subject_id == where.subject_id))
    async with stored.turn("mother") as turn:
        assert await turn.shelf.by_code(FamilyCode, DIGITS) is None


# --- the profile and the case


async def test_a_profile_is_sealed_anew_only_when_it_changed(stored: Stored) -> None:
    column = select(tables.contacts.c.profile_enc)
    async with stored.turn("maya"):
        pass
    assert [r["profile_enc"] for r in await rows(stored, column)] == [None]
    async with stored.turn("maya") as turn:
        turn.person.profile = {"word": "0421", "course": {"lesson": 1}}
    (first,) = await rows(stored, column)
    async with stored.turn("maya", NOON + HOUR) as turn:
        assert turn.person.profile == {"word": "0421", "course": {"lesson": 1}}
        turn.person.country = "KW"
    assert await rows(stored, column) == [first]
    async with stored.turn("maya") as turn:
        turn.person.profile["course"]["lesson"] = 2
    async with stored.turn("maya") as turn:
        assert turn.person.profile["course"] == {"lesson": 2}
        turn.person.profile.clear()
    assert [r["profile_enc"] for r in await rows(stored, column)] == [None]


async def test_a_draft_points_to_the_case_that_was_open(stored: Stored) -> None:
    first, draft = uuid7(), uuid7()
    async with stored.turn("maya") as turn:
        turn.cases[:0] = [case(first)]
    async with stored.turn("maya") as turn:
        turn.cases[:0] = [case(draft, draft=True, linked_case_id=first, opened_at=NOON + HOUR)]
    async with stored.turn("maya") as turn:
        assert [(c.id, c.draft, c.linked_case_id) for c in turn.cases] == [(draft, True, first), (first, False, None)]
        turn.cases[0].draft = False
    async with stored.turn("maya") as turn:
        assert [c.draft for c in turn.cases] == [False, False]


async def test_a_code_goes_with_its_case(stored: Stored) -> None:
    case_id = uuid7()
    async with stored.turn("maya") as turn:
        turn.cases.append(case(case_id))
        code = turn.shelf.add(FamilyCode(digits=DIGITS, case_id=case_id))
        turn.shelf.add(CodeUse(code_id=code.id, owner=code.owner))
    async with stored.database.begin() as connection:
        await connection.execute(delete(tables.cases).where(tables.cases.c.id == case_id))
    assert await rows(stored, select(tables.family_codes)) == []
    assert await rows(stored, select(tables.code_uses)) == []


# --- what it costs


async def test_a_turn_that_uses_no_shelf_costs_no_statement(stored: Stored) -> None:
    async with stored.turn("maya"):
        pass
    with heard(stored.database) as said:
        async with stored.turn("maya") as turn:
            turn.person.country = "KW"
    assert any("UPDATE contacts" in s for s, *_ in said)
    names = [kind.table.name for kind in KINDS.values()]
    assert [s for s, *_ in said if any(re.search(rf"\b{name}\b", s) for name in names)] == []


async def test_a_batch_is_written_table_by_table_however_many_people(stored: Stored) -> None:
    homes = [await stored.home(name) for name in "abcdefgh"]
    for home in homes:
        async with stored.database.begin() as connection:
            turn = await stored.open(connection, home)
            turn.shelf.add(Reminder(flow="menu", due_at=NOON))
            await saving.save(connection, stored.secrets, [turn.subject], NOON)
    async with stored.database.begin() as connection:
        opened = [await stored.open(connection, home) for home in sorted(homes, key=lambda h: h.subject_id)]
        for number, turn in enumerate(opened):
            (await turn.shelf.mine(Reminder))[0].state = "cancelled"
            turn.shelf.add(Reminder(flow="menu", due_at=NOON, slots={"n": number}))
            turn.shelf.add(CodeTry())
        with heard(stored.database) as said:
            await saving.save(connection, stored.secrets, [t.subject for t in opened], NOON)
    assert sum("INSERT INTO reminders" in s for s, *_ in said) == 1
    assert sum("UPDATE reminders" in s for s, *_ in said) == 1
    assert sum("INSERT INTO code_tries" in s for s, *_ in said) == 1
    states = await rows(stored, select(tables.reminders.c.state))
    assert sorted(r["state"] for r in states) == ["cancelled"] * 8 + ["waiting"] * 8


async def test_what_did_not_change_is_not_written(stored: Stored) -> None:
    async with stored.turn("maya") as turn:
        turn.shelf.add(Reminder(flow="menu", due_at=NOON, slots={"a": 1}))
    with heard(stored.database) as said:
        async with stored.turn("maya") as turn:
            assert len(await turn.shelf.mine(Reminder)) == 1
            assert len(await turn.shelf.mine(Reminder)) == 1
    assert sum("FROM reminders" in s for s, *_ in said) == 1
    assert not [s for s, *_ in said if "UPDATE reminders" in s]


# --- at the same time


async def test_two_turns_of_a_batch_share_the_shelf(stored: Stored) -> None:
    async with stored.database.begin() as connection:
        first = await stored.open(connection, await stored.home("maya"))
        added = first.shelf.add(Reminder(flow="menu", due_at=NOON))
        conversation = next(iter(first.subject.conversations.values()))
        second = shelves(connection, stored.secrets, NOON, uuid7)(first.subject, conversation)
        assert await second.mine(Reminder) == [added]
        (await second.mine(Reminder))[0].state = "cancelled"
        await saving.save(connection, stored.secrets, [first.subject], NOON)
    async with stored.turn("maya") as turn:
        assert [r.state for r in await turn.shelf.mine(Reminder)] == ["cancelled"]


async def test_many_may_use_a_code_while_its_owner_is_busy_with_it(stored: Stored) -> None:
    """Nobody waits for the owner's lock, nobody deadlocks, every use is there."""
    async with stored.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
    for n in range(4):
        await stored.home(f"friend {n}")

    async def ask(name: str) -> None:
        async with stored.turn(name) as turn:
            found = await turn.shelf.by_code(FamilyCode, DIGITS)
            assert found is not None
            turn.shelf.add(CodeTry())
            turn.shelf.add(CodeUse(code_id=found.id, owner=found.owner))

    async with asyncio.timeout(60), stored.database.begin() as connection:
        owner = await stored.open(connection, await stored.home("maya"))
        (code,) = await owner.shelf.mine(FamilyCode)
        code.revoked_at = NOON
        await saving.save(connection, stored.secrets, [owner.subject], NOON)
        await asyncio.gather(*(ask(f"friend {n}") for n in range(4)))  # while that is not committed
    async with stored.turn("maya") as turn:
        assert len(await turn.shelf.mine(CodeUse)) == 4
        assert [c.revoked_at for c in await turn.shelf.mine(FamilyCode)] == [NOON]
        assert await turn.shelf.recent(CodeTry, NOON - HOUR) == (0, 4)


async def test_a_code_drawn_twice_is_refused_by_the_database(stored: Stored) -> None:
    async with stored.turn("maya") as turn:
        turn.shelf.add(FamilyCode(digits=DIGITS))
    with pytest.raises(IntegrityError):
        async with stored.turn("rita") as turn:
            turn.shelf.add(FamilyCode(digits="4829 1730 5612 8347"))


# --- licences


async def test_a_new_list_is_laid_over_the_old_one(stored: Stored) -> None:
    def row(number: str, **values: Any) -> Licence:
        return Licence(**({"country": "NP", "name": "Himal", "status": "licensed"} | values), number=number)

    await stored.import_licences([row("1"), row("2")])
    await stored.import_licences([row("2 "), row("2", status="suspended", name="Himal Two"), row("3")])
    found = await rows(stored, select(tables.licences).order_by(tables.licences.c.number_key))
    assert [(r["number"], r["status"], r["name_key"]) for r in found] == [
        ("1", "licensed", "himal"),
        ("2", "suspended", "himal two"),
        ("3", "licensed", "himal"),
    ]
    with pytest.raises(ValueError, match="number"):
        await stored.import_licences([row(" - ")])


async def test_a_search_by_name_uses_the_index(stored: Stored) -> None:
    async with stored.database.begin() as connection:
        await connection.execute(
            insert(tables.licences),
            [
                {
                    "id": uuid7(),
                    "country": "NP",
                    "number": f"{n}",
                    "number_key": f"{n}",
                    "name": f"n{n}",
                    "name_key": f"n{n}",
                    "status": "licensed",
                    "source": "",
                    "imported_at": NOON,
                }
                for n in range(3000)
            ],
        )
        await connection.execute(text("ANALYZE licences"))
        plan = await connection.execute(
            text("EXPLAIN SELECT * FROM licences WHERE country = 'NP' AND name_key LIKE 'n29%'")
        )
        assert "ix_licences_country_name_key" in "\n".join(r[0] for r in plan)
