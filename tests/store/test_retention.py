"""What is deleted when, by class and age; nothing of a held case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from bot.engine.inbound import Inbound
from bot.store import message_tables, retention, tables, withdrawn
from bot.store.database import Database
from bot.store.homes import Home
from bot.store.inbox import Inbox
from bot.store.keys import Keys, open_json, seal_json
from bot.vault.keyring import Keyring
from tests.conftest import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Shelf:
    """A person, and messages of hers of any class and age."""

    def __init__(self, database: Database, keys: Keys, where: Home) -> None:
        self.database, self.keys, self.where = database, keys, where

    async def put(self, kind: str, at: datetime, *, case_id: object = None, outbox_state: str = "") -> Any:
        row_id = uuid7()
        ids = {"subject_id": self.where.subject_id, "conversation_id": self.where.conversation_id, "case_id": case_id}
        async with self.database.begin() as connection:
            if outbox_state:
                values = {"kind": "reply", "origin": "bot", "owner_epoch": 0, "reply_enc": b"x", "state": outbox_state}
                await connection.execute(
                    tables.outbox.insert().values(id=row_id, queued_at=at, not_before=at, **values, **ids)
                )
            await connection.execute(
                tables.messages.insert().values(
                    id=row_id,
                    received_at=at,
                    direction="out" if outbox_state else "in",
                    author="person",
                    outbox_id=row_id if outbox_state else None,
                    body_enc=b"x",
                    retention=kind,
                    **ids,
                )
            )
        return row_id

    async def case(self, *, held: bool) -> Any:
        case_id = uuid7()
        async with self.database.begin() as connection:
            await connection.execute(
                tables.cases.insert().values(
                    id=case_id,
                    subject_id=self.where.subject_id,
                    reference=str(case_id)[-7:],
                    kind="report_violence",
                    severity="critical",
                    stage="new",
                    opened_at=NOON,
                    legal_hold=held,
                )
            )
        return case_id

    async def person(self, **values: object) -> None:
        query = update(tables.contacts).where(tables.contacts.c.id == self.where.subject_id)
        async with self.database.begin() as connection:
            await connection.execute(query.values(**values))

    async def left(self, table: Any = tables.messages) -> set[Any]:
        async with self.database.begin() as connection:
            return {row.id for row in await connection.execute(select(table.c.id))}


@pytest.fixture
async def shelf(database_url: str) -> Any:
    database = Database(database_url)
    keys = await Keys.load(database, Keyring(("0123456789abcdef0123456789abcdef",)))
    where = await Inbox(database, keys).open(Inbound("sms", "7001", "+977", "e", "text"), {})
    yield Shelf(database, keys, where)
    await database.close()


@pytest.mark.parametrize(
    ("kind", "age", "stays"),
    [
        ("browse", 24 * HOUR - timedelta(seconds=1), True),
        ("browse", 24 * HOUR + timedelta(seconds=1), False),
        ("danger_before_consent", 72 * HOUR - timedelta(seconds=1), True),
        ("danger_before_consent", 72 * HOUR + timedelta(seconds=1), False),
        ("person", 9000 * HOUR, True),
        ("case", 24 * HOUR - timedelta(seconds=1), True),
        ("case", 24 * HOUR + timedelta(seconds=1), False),  # of no case, and no human is waited for
    ],
)
async def test_texts_go_by_class_and_age(shelf: Shelf, kind: str, age: timedelta, stays: bool) -> None:
    row_id = await shelf.put(kind, NOON - age)
    counts = await retention.purge(shelf.database, shelf.keys, NOON)
    assert counts["messages"] == (0 if stays else 1)
    assert await shelf.left() == ({row_id} if stays else set())
    assert (await retention.purge(shelf.database, shelf.keys, NOON))["messages"] == 0


@pytest.mark.parametrize(
    ("closed", "stays"),
    [(None, True), (30 * DAY - HOUR, True), (30 * DAY + HOUR, False)],
    ids=["open", "lately", "over"],
)
@pytest.mark.parametrize("named", [True, False])
async def test_what_a_human_is_to_read_stays_until_its_case_is_long_closed(
    shelf: Shelf, closed: timedelta | None, stays: bool, named: bool
) -> None:
    case_id = await shelf.case(held=False)
    row_id = await shelf.put("case", NOON - 60 * DAY, case_id=case_id if named else None)
    async with shelf.database.begin() as connection:
        await connection.execute(update(tables.cases).values(closed_at=NOON - closed if closed else None))
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == ({row_id} if stays else set())


@pytest.mark.parametrize(("owner", "stays"), [("waiting", True), ("human", True), ("bot", False), ("closed", False)])
async def test_what_waits_for_a_human_stays(shelf: Shelf, owner: str, stays: bool) -> None:
    row_id = await shelf.put("case", NOON - 60 * DAY)
    async with shelf.database.begin() as connection:
        await connection.execute(update(tables.conversations).values(owner=owner))
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == ({row_id} if stays else set())


async def test_a_later_no_deletes_a_danger_text_and_an_earlier_no_does_not(shelf: Shelf) -> None:
    row_id = await shelf.put("danger_before_consent", NOON - HOUR)
    await shelf.person(consent_refused_at=NOON - 2 * HOUR)
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == {row_id}  # she refused earlier, and danger came after that
    await shelf.person(consent_refused_at=NOON - HOUR / 2)
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == set()


async def test_a_no_that_became_a_yes_deletes_nothing(shelf: Shelf) -> None:
    row_id = await shelf.put("danger_before_consent", NOON - HOUR)
    await shelf.person(consent_refused_at=NOON, consent_store_at=NOON)
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == {row_id}


async def test_held_cases_are_not_touched(shelf: Shelf) -> None:
    held, other = await shelf.case(held=True), await shelf.case(held=False)
    kept = {
        await shelf.put("browse", NOON - 999 * HOUR, case_id=held),
        await shelf.put("danger_before_consent", NOON - 999 * HOUR, case_id=held, outbox_state="sent"),
    }
    await shelf.put("browse", NOON - 999 * HOUR, case_id=other)
    await shelf.person(consent_refused_at=NOON)
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == kept
    assert len(await shelf.left(tables.outbox)) == 1


@pytest.mark.parametrize(
    ("kind", "closed", "kept"),
    [
        ("report_violence", False, {"also": ["express_self_harm"], "child": "yes", "linked_to": "x"}),
        ("tip", True, {"also": ["express_self_harm"], "child": "yes", "linked_to": "x"}),
        ("tip", False, None),
    ],
)
@pytest.mark.parametrize("hours", [71, 73])
async def test_facts_lose_their_words_and_keep_their_codes(
    shelf: Shelf, kind: str, closed: bool, kept: dict[str, Any] | None, hours: int
) -> None:
    """That she is a child and thinks of ending her life still holds when nobody asked for consent (DESIGN, law 2)."""
    case_id = await shelf.case(held=False)
    where = f"cases.facts_enc.{case_id}"
    told = {"said": ["he beats me"], "also": ["express_self_harm"], "child": "yes", "linked_to": "x", "place": "a shop"}
    async with shelf.database.begin() as connection:
        wrapped = (
            await connection.execute(select(tables.keys.c.wrapped).where(tables.keys.c.kind == "subject"))
        ).scalar_one()
        key = shelf.keys.keyring.unwrap(wrapped)
        sealed = seal_json(key, told, where=where)
        values = {"kind": kind, "opened_at": NOON - hours * HOUR, "closed_at": NOON - HOUR if closed else None}
        await connection.execute(update(tables.cases).values(facts_enc=sealed, **values))
    cleared = hours == 73 and kept is not None
    assert (await retention.purge(shelf.database, shelf.keys, NOON))["facts"] == cleared
    assert (await retention.purge(shelf.database, shelf.keys, NOON))["facts"] == 0
    async with shelf.database.begin() as connection:
        left = (await connection.execute(select(tables.cases.c.facts_enc))).scalar_one()
    assert open_json(key, left, where=where) == (kept if cleared else told)


async def test_the_outbox_goes_with_the_history_but_not_what_is_on_its_way(shelf: Shelf) -> None:
    states = {s: await shelf.put("browse", NOON - 25 * HOUR, outbox_state=s) for s in message_tables.OUTBOX_STATES}
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == set()
    assert await shelf.left(tables.outbox) == {states["queued"], states["sending"], states["lane"]}


async def test_handled_payloads_go_and_waiting_or_quarantined_ones_stay(shelf: Shelf) -> None:
    at = {"received_at": NOON, "ready_at": NOON, "payload_enc": b"x", "kind": "inbound"}
    async with shelf.database.begin() as connection:
        for state, age in (("done", 25), ("done", 23), ("waiting", 999), ("quarantined", 999)):
            await connection.execute(tables.inbox.insert().values(state=state, done_at=NOON - age * HOUR, **at))
    counts = await retention.purge(shelf.database, shelf.keys, NOON)
    assert counts["inbox"] == 1
    async with shelf.database.begin() as connection:
        rows = (await connection.execute(select(tables.inbox.c.state, tables.inbox.c.done_at))).all()
    assert sorted(r.state for r in rows) == ["done", "quarantined", "waiting"]
    assert NOON - 25 * HOUR not in {r.done_at for r in rows}


@pytest.mark.parametrize(
    ("hours", "text", "consent", "stays"),
    [
        (23, "browse", False, True),
        (25, "browse", False, False),
        (25, "danger_before_consent", False, True),
        (71, "danger_before_consent", False, True),
        (73, "danger_before_consent", False, False),
        (73, "person", True, True),
    ],
)
async def test_a_session_goes_when_the_texts_go(
    shelf: Shelf, hours: int, text: str, consent: bool, stays: bool
) -> None:
    await shelf.put(text, NOON - hours * HOUR)
    query = update(tables.conversations).values(session_enc=b"x", last_inbound_at=NOON - hours * HOUR)
    async with shelf.database.begin() as connection:
        await connection.execute(query)
    await shelf.person(consent_store_at=NOON if consent else None)
    assert (await retention.purge(shelf.database, shelf.keys, NOON))["sessions"] == (0 if stays else 1)
    async with shelf.database.begin() as connection:
        left = (await connection.execute(select(tables.conversations.c.session_enc))).scalar_one()
    assert (left is not None) == stays


async def test_a_chunk_at_a_time_until_nothing_is_due(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 3)
    for _ in range(7):
        await shelf.put("browse", NOON - 25 * HOUR)
    counted = []
    while (counts := await retention.purge(shelf.database, shelf.keys, NOON))["messages"]:
        counted.append(counts["messages"])
    assert counted == [3, 3, 1]


async def test_the_shelf_is_cleared_of_what_has_served(shelf: Shelf) -> None:
    mine: dict[str, Any] = {"subject_id": shelf.where.subject_id}
    place = {**mine, "conversation_id": shelf.where.conversation_id, "flow": "menu", "made_at": NOON - 20 * DAY}
    tries = {"fresh": NOON - 2 * DAY, "old": NOON - 2 * DAY - HOUR}
    links = {"valid": NOON, "expired": NOON - timedelta(seconds=1)}
    reminders = {
        "said": {"state": "done", "due_at": NOON - 30 * DAY},
        "said long ago": {"state": "done", "due_at": NOON - 30 * DAY - HOUR},
        "called off": {"state": "cancelled", "due_at": NOON + 300 * DAY},
        "called off long ago": {"state": "cancelled", "due_at": NOON + 300 * DAY, "made_at": NOON - 31 * DAY},
        "to come": {"state": "waiting", "due_at": NOON + 300 * DAY, "made_at": NOON - 300 * DAY},
        "late": {"state": "waiting", "due_at": NOON - 14 * DAY},
        "too late": {"state": "waiting", "due_at": NOON - 14 * DAY - HOUR},
    }
    names: dict[Any, str] = {}

    def named(name: str) -> Any:
        row_id = uuid7()
        names[row_id] = name
        return row_id

    async with shelf.database.begin() as connection:
        for name, at in tries.items():
            await connection.execute(tables.code_tries.insert().values(id=named(name), tried_at=at, **mine))
        for name, at in links.items():
            values = {"lookup": name.encode(), "digits_enc": b"x", "made_at": NOON - DAY, "expires_at": at}
            await connection.execute(tables.link_codes.insert().values(id=named(name), **values, **mine))
        for name, changed in reminders.items():
            await connection.execute(tables.reminders.insert().values({"id": named(name), **place, **changed}))
    counts = await retention.purge(shelf.database, shelf.keys, NOON)
    assert [counts[c] for c in ("code_tries", "link_codes", "reminders", "overdue")] == [1, 1, 2, 1]
    assert not any((await retention.purge(shelf.database, shelf.keys, NOON)).values())
    async with shelf.database.begin() as connection:
        query = select(tables.reminders.c.id, tables.reminders.c.state)
        states = {names[row.id]: row.state for row in await connection.execute(query)}
    assert states == {
        "said": "done",
        "called off": "cancelled",
        "to come": "waiting",
        "late": "waiting",
        "too late": "cancelled",
    }
    assert {names[i] for i in await shelf.left(tables.code_tries)} == {"fresh"}
    assert {names[i] for i in await shelf.left(tables.link_codes)} == {"valid"}


async def test_codes_and_letters_go_a_year_after_their_end(shelf: Shelf) -> None:
    mine: dict[str, Any] = {"subject_id": shelf.where.subject_id}
    year = 365 * DAY
    codes = {
        "open": {"expires_at": NOON + DAY},
        "no end": {},
        "ended": {"expires_at": NOON - year},
        "ended long ago": {"expires_at": NOON - year - HOUR},
        "taken back long ago": {"revoked_at": NOON - year - HOUR, "expires_at": NOON + DAY},
    }
    letters = {"new": NOON - year - HOUR, "read": NOON - year - HOUR, "answered": NOON - year}
    names: dict[Any, str] = {}
    async with shelf.database.begin() as connection:
        for name, ends in codes.items():
            names[row_id := uuid7()] = name
            values = {"kind": "real", "lookup": name.encode(), "digits_enc": b"x", "made_at": NOON - 2 * year, **ends}
            await connection.execute(tables.family_codes.insert().values(id=row_id, **values, **mine))
            used = {"code_id": row_id, "used_at": NOON - 2 * year}
            await connection.execute(tables.code_uses.insert().values(id=uuid7(), **used, **mine))
        for state, at in (*letters.items(), ("answered", NOON - year - HOUR)):
            await connection.execute(
                tables.box_letters.insert().values(id=uuid7(), body_enc=b"x", received_at=at, state=state)
            )
    counts = await retention.purge(shelf.database, shelf.keys, NOON)
    assert (counts["family_codes"], counts["box_letters"]) == (2, 1)
    assert {names[i] for i in await shelf.left(tables.family_codes)} == {"open", "no end", "ended"}
    assert len(await shelf.left(tables.code_uses)) == 3
    assert len(await shelf.left(tables.box_letters)) == 3


async def test_a_no_is_carried_out_once_and_again_after_the_next(shelf: Shelf) -> None:
    """So that everybody who ever said no is not looked at for ever."""

    async def looked_at() -> bool:
        await retention.purge(shelf.database, shelf.keys, NOON)
        async with shelf.database.begin() as connection:
            return bool(await withdrawn.refusing(connection, 10))

    await shelf.person(consent_refused_at=NOON - HOUR / 2)
    assert await looked_at()  # a turn may still write what came before it
    await shelf.person(consent_refused_at=NOON - 2 * HOUR)
    assert not await looked_at()
    row_id = await shelf.put("person", NOON - 1.5 * HOUR)
    assert not await looked_at()
    assert await shelf.left() == {row_id}  # it came after the no
    await shelf.person(consent_refused_at=NOON - 1.2 * HOUR)
    await looked_at()
    assert await shelf.left() == set()
    assert not await looked_at()


@pytest.mark.parametrize("held", [True, False])
async def test_who_has_a_case_in_the_way_is_looked_at_until_it_is_not(shelf: Shelf, held: bool) -> None:
    case_id = await shelf.case(held=held)  # critical, and open
    row_id = await shelf.put("person", NOON - 3 * HOUR, case_id=case_id if held else None)
    await shelf.person(consent_refused_at=NOON - 2 * HOUR)
    for _ in range(2):
        await retention.purge(shelf.database, shelf.keys, NOON)
        assert await shelf.left() == {row_id}
    async with shelf.database.begin() as connection:
        await connection.execute(update(tables.cases).values(legal_hold=False, severity="low"))
    await retention.purge(shelf.database, shelf.keys, NOON)
    assert await shelf.left() == set()
