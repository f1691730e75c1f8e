"""The conductor: one turn in all its tables, order and locks under several workers, joined parts."""

from __future__ import annotations

import asyncio

import pytest

from bot.engine.inbound import MediaRef
from bot.engine.messages import Reply
from bot.store import retention
from bot.store.keys import seal
from bot.store.tables import addresses, conversations
from tests.pipeline.world import ACCOUNT, World

MAYA, RITA = "501", "502"


async def test_one_turn_leaves_its_rows_in_every_table(world: World) -> None:
    await world.writes(MAYA, "knife, he beats me")
    assert await world.app.conductor.run_once() == 1
    where = await world.where(MAYA)
    (inbox,) = await world.rows("SELECT state, attempts, done_at FROM inbox")
    assert (inbox.state, inbox.attempts, inbox.done_at) == ("done", 0, world.now)
    (case,) = await world.rows("SELECT id, kind, severity, stage, subject_id, conversation_id FROM cases")
    assert (case.kind, case.severity, case.stage) == ("report_violence", "critical", "new")
    assert (case.subject_id, case.conversation_id) == (where.subject_id, where.conversation_id)
    (person,) = await world.rows("SELECT case_id, contact_id, role FROM case_people")
    assert (person.case_id, person.contact_id) == (case.id, where.subject_id)
    (notice,) = await world.rows("SELECT audience, kind, severity, case_id FROM notices")
    assert tuple(notice) == ("page", "report_violence", "critical", case.id)
    assert [r.kind for r in await world.rows("SELECT kind FROM case_events")] == ["opened"]
    (reply,) = await world.rows("SELECT id, state, origin, urgent, seq FROM outbox")
    assert (reply.state, reply.origin, reply.urgent) == ("queued", "bot", True)
    lines = await world.lines(MAYA)
    assert [line.direction for line in lines] == ["in", "out"]
    assert lines[0].body["text"] == "knife, he beats me"
    assert Reply.from_json(lines[1].body).text_id == "danger.can_write"
    assert await world.one("SELECT session_enc IS NOT NULL AND last_inbound_at = :at FROM conversations", at=world.now)
    assert await world.one("SELECT count(*) FROM messages WHERE case_id = :id", id=case.id) == 2


async def test_twenty_messages_of_one_person_keep_their_order_under_four_workers(world: World) -> None:
    texts = [f"part number {i}" for i in range(20)]
    workers = [world.new_conductor() for _ in range(4)]
    others = [f"9{i:03}" for i in range(30)]

    async def work(number: int) -> None:
        while await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") or not written.is_set():
            await workers[number].run_once()

    async def write() -> None:
        for index, text in enumerate(texts):
            world.clock.move(seconds=2)  # too far apart to be one burst
            await world.writes(MAYA, text)
            await world.writes(others[index], "hello there")
        written.set()

    written = asyncio.Event()
    async with asyncio.timeout(120):
        await asyncio.gather(write(), *(work(i) for i in range(4)))
    rows = await world.rows(
        "SELECT m.inbox_id FROM messages m JOIN conversations c ON c.id = m.conversation_id "
        "WHERE m.direction = 'in' AND m.subject_id = :id ORDER BY m.id",
        id=(await world.where(MAYA)).subject_id,
    )
    assert [r.inbox_id for r in rows] == sorted(r.inbox_id for r in rows)
    assert await world.heard(MAYA) == texts
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done' OR attempts > 0") == 0


async def test_a_message_taken_by_another_worker_does_not_let_later_ones_pass(world: World) -> None:
    """Peeked together as one burst, the first part handled elsewhere meanwhile: the second part still comes first."""
    await world.writes(MAYA, "the first part", "the second part")
    world.clock.move(seconds=5)
    await world.writes(MAYA, "menu")
    database, first = world.app.database, await world.one("SELECT min(id) FROM inbox")
    real = database.begin
    begun = 0

    def begin() -> object:
        nonlocal begun
        begun += 1
        return real() if begun != 1 else _after(world, first, real())

    world.app.conductor._database.begin = begin  # type: ignore[method-assign, assignment]  # between peek and lock
    assert await world.app.conductor.run_once() == 0  # what follows keeps its place
    assert await world.app.conductor.run_once() == 2
    assert await world.heard(MAYA) == ["the second part", "menu"]


class _after:
    """Another worker finishes a row just before this transaction begins."""

    def __init__(self, world: World, row: int, inner: object) -> None:
        self._world, self._row, self._inner = world, row, inner

    async def __aenter__(self) -> object:
        other = self._world.database()
        async with other.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE inbox SET state = 'done' WHERE id = {self._row}")
        return await self._inner.__aenter__()  # type: ignore[attr-defined]

    async def __aexit__(self, *error: object) -> object:
        return await self._inner.__aexit__(*error)  # type: ignore[attr-defined]


async def _second_conversation(world: World, address: str, other: str, channel: str) -> None:
    """The same person on another channel: another address and conversation of her subject."""
    from uuid_utils.compat import uuid7

    home = await world.where(address)
    address_id = uuid7()
    async with world.app.database.begin() as connection:
        await connection.execute(
            addresses.insert().values(
                id=address_id,
                subject_id=home.subject_id,
                channel=channel,
                account=ACCOUNT,
                lookup=world.app.secrets.address(channel, other),
                address_enc=seal(home.key, other.encode(), where=f"addresses.address_enc.{address_id}"),
            )
        )
        await connection.execute(
            conversations.insert().values(id=uuid7(), subject_id=home.subject_id, address_id=address_id)
        )


async def test_people_who_share_cases_and_channels_do_not_block_four_workers(world: World) -> None:
    people = [f"6{i:03}" for i in range(48)]
    for person in people:
        await world.writes(person, "knife")
    await world.turns()
    await world.run(
        "INSERT INTO case_people (case_id, contact_id, subject_id, role) "
        "SELECT c.id, p.id, p.id, 'family' FROM cases c CROSS JOIN contacts p WHERE p.id <> c.subject_id"
    )
    for person in people[::2]:
        await _second_conversation(world, person, f"+977980{person}", "sms")
    for turn in range(3):
        for person in people if turn % 2 else people[::-1]:
            await world.writes(person, "status")
        for person in people[::2]:
            await world.writes(f"+977980{person}", "status", channel="sms")
        world.clock.move(seconds=30)
    waiting = await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'")
    assert waiting == 3 * 72
    workers, senders = [world.new_conductor() for _ in range(4)], [world.new_sender(world.database()) for _ in range(2)]
    async with asyncio.timeout(120):
        handled = await asyncio.gather(*(_drain(w, world) for w in workers), *(s.run_once() for s in senders))
    assert sum(handled[:4]) == waiting
    assert await world.one("SELECT count(*) FROM inbox WHERE state <> 'done' OR attempts > 0") == 0
    assert await world.one("SELECT count(*) FROM messages WHERE direction = 'in'") == waiting + 48
    assert await world.one("SELECT count(*) FROM cases") == 48
    assert await world.one("SELECT count(DISTINCT inbox_id) FROM messages WHERE direction = 'in'") == waiting + 48


async def _drain(worker: object, world: World) -> int:
    total = 0
    while await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'"):
        total += await worker.run_once()  # type: ignore[attr-defined]
    return total


async def test_two_conversations_of_one_person_share_the_lock(world: World) -> None:
    await world.says(MAYA, "hello there")
    await _second_conversation(world, MAYA, "+9779800000001", "sms")
    subject = (await world.where(MAYA)).subject_id
    await world.writes("+9779800000001", "hello there", channel="sms")
    await world.writes(RITA, "hello there")
    async with world.database().begin() as connection:
        await connection.exec_driver_sql(f"SELECT id FROM contacts WHERE id = '{subject}' FOR UPDATE")
        assert await world.app.conductor.run_once() == 1  # Rita only
        assert await world.heard("+9779800000001", "sms") == []
    assert await world.app.conductor.run_once() == 1
    assert await world.heard("+9779800000001", "sms") == ["hello there"]


async def test_parts_of_one_burst_are_one_turn_and_others_are_not(world: World) -> None:
    await world.writes(MAYA, "my employer has not")
    world.clock.move(seconds=1.4)
    await world.writes(MAYA, "paid me any wages")
    world.clock.move(seconds=1.6)
    await world.writes(MAYA, "for three months")
    assert await world.turns() == 3
    assert await world.heard(MAYA) == ["my employer has not\npaid me any wages", "for three months"]
    await world.writes(RITA, "yes", "1")  # short answers are answers of their own
    await world.turns()
    assert await world.heard(RITA) == ["yes", "1"]


async def test_danger_in_any_part_of_a_burst_is_heard_at_once(world: World) -> None:
    await world.writes(MAYA, "please listen to me", "he has a knife", "I am in the kitchen")
    await world.turns()
    assert await world.one("SELECT count(*) FROM notices WHERE audience = 'page'") == 1
    assert await world.one("SELECT count(*) FROM cases") == 1


async def test_an_album_waits_for_its_parts_and_is_one_turn(world: World) -> None:
    pictures = [
        world.inbound(MAYA, kind="media", media=(MediaRef("image", f"pic{i}"),), group="album1") for i in range(3)
    ]
    await world.app.receive(pictures[:2])
    assert await world.turns() == 0
    world.clock.move(seconds=2)
    await world.app.receive(pictures[2:])
    world.clock.move(seconds=3)
    assert await world.turns() == 3
    (line,) = [x for x in await world.lines(MAYA) if x.direction == "in"]
    assert [m[1] for m in line.body["media"]] == ["pic0", "pic1", "pic2"]


async def test_unknown_receipts_do_not_stand_in_front_of_people(world: World) -> None:
    from bot.engine.inbound import Receipt

    await world.app.receive([Receipt("sms", ACCOUNT, f"r{i}", f"SM{i}", "delivered") for i in range(300)])
    await world.writes(MAYA, "knife")
    await world.turns()
    assert await world.one("SELECT count(*) FROM notices") == 1


@pytest.mark.parametrize("how", ["no key", "spoilt", "another shape"])
async def test_a_row_that_cannot_be_read_holds_up_nobody(world: World, how: str) -> None:
    await world.writes(MAYA, "hello there")
    home = await world.where(MAYA)
    if how == "no key":
        await world.run("DELETE FROM keys WHERE subject_id = :id", id=home.subject_id)
    elif how == "spoilt":
        await world.run("UPDATE inbox SET payload_enc = substr(payload_enc, 2)")
    else:
        await world.run("UPDATE inbox SET kind = 'input'")
        await world.given(home, "timed_out", {})
        await world.run("UPDATE inbox SET state = 'done' WHERE id = (SELECT min(id) FROM inbox)")
    await world.writes(RITA, "knife")
    await world.turns()
    assert await world.said(RITA) == ["danger.can_write"]
    assert await world.one("SELECT count(*) FROM inbox WHERE error = 'unreadable' AND state = 'quarantined'") == 1
    assert await world.turns() == 0


async def test_a_yes_keeps_what_was_written_before_it(world: World) -> None:
    """Texts from before consent are kept for a day or three; the report that she allows to keep is not lost then."""
    await world.says(MAYA, "wages", "1", "Kuwait", "1", "1", "3 months 180 KD")
    assert {row.retention for row in await world.rows("SELECT retention FROM messages")} == {"browse"}
    await world.says(MAYA, "1")
    assert await world.one("SELECT count(*) FROM cases") == 1
    assert {row.retention for row in await world.rows("SELECT retention FROM messages")} == {"person"}


async def test_what_is_written_to_a_human_is_there_when_a_human_reads(world: World) -> None:
    """A medium case may be read 41 hours later; "all of it is read" is true then."""
    await world.says(MAYA, "0")
    await world.says(MAYA, "my boss sends me to other houses, what shall I do")
    assert {row.retention for row in await world.rows("SELECT retention FROM messages")} == {"case"}
    world.clock.move(hours=41)
    await retention.purge(world.app.database, world.app.secrets, world.now)
    texts = [line.body.get("text") for line in await world.lines(MAYA) if line.direction == "in"]
    assert texts == ["0", "my boss sends me to other houses, what shall I do"]
