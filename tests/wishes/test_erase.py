"""Deletion: the same answer for everybody, carried out after 48 hours, stopped by a word or by what must not go."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from bot.app import App
from bot.cli import erase as cli
from bot.jobs.wishes import Failures, erase_due
from bot.store import erase, retention
from bot.store.records import Certificate, CertificateLink, FamilyCode, LinkCode, Referral, Reminder
from bot.store.tables import audit, cases, conversations, inbox, keys, metadata, outbox, referrals
from tests.conftest import Clock
from tests.wishes.people import Person, jobs, kinds

pytestmark = pytest.mark.slow
MARK = "Zanzibarquay"  # stands in what she writes, and nowhere afterwards

NOTED = "Noted. It can take up to 48 hours; a person may ask you first. 0 = a person"


@pytest.fixture
def maya(app: App, clock: Clock) -> Person:
    return Person(app, clock, "+96550000001")


async def rows_of(app: App, subject: object) -> dict[str, int]:
    """How many rows each table has of a subject."""
    found = {}
    async with app.database.begin() as connection:
        for table in metadata.sorted_tables:
            if "subject_id" in table.c:
                query = select(func.count()).select_from(table).where(table.c.subject_id == subject)
                if count := (await connection.execute(query)).scalar_one():
                    found[table.name] = count
    return found


async def everything(app: App) -> str:
    """All cells of all tables."""
    cells: list[Any] = []
    async with app.database.begin() as connection:
        for table in metadata.sorted_tables:
            for row in await connection.execute(select(table)):
                cells += [bytes(c).hex() if isinstance(c, bytes | memoryview) else str(c) for c in row]
    return "\n".join(cells)


async def asks(person: Person, secret: str = "4071") -> list[str]:
    """All that she reads while she asks for deletion."""
    read = await person.says("delete")
    read += await person.says("1")
    return read + await person.says(secret)


async def report(person: Person) -> None:
    """A report in her own words, with a case."""
    for text in ("my passport was taken by them", "yes", f"it was at {MARK} in spring", "boss", "no date", "yes"):
        await person.says(text)


async def test_nothing_of_her_remains(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await report(maya)
    subject, sealed = await maya.subject(), await maya.row()
    assert {"contacts", "keys", "messages", "cases", "outbox", "conversations"} <= set(await rows_of(app, subject))
    await asks(maya)
    assert (await jobs(app, clock))[0] == 0
    clock.move(hours=47)
    assert (await jobs(app, clock))[0] == 0
    clock.move(hours=1)
    assert (await jobs(app, clock))[0] == 1
    assert await rows_of(app, subject) == {}
    left = await everything(app)
    assert left.count(str(subject)) == 1  # the line of the audit trail that says so
    assert bytes(sealed.profile_enc).hex() not in left
    rows = await maya.app_rows(select(audit.c.action, audit.c.object_id))
    assert [tuple(row) for row in rows] == [("erased", str(subject))]
    assert await maya.app_rows(select(keys.c.id).where(keys.c.kind == "subject")) == []


async def test_who_writes_from_that_phone_afterwards_is_new(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    before = await maya.subject()
    await asks(maya)
    clock.move(hours=48)
    await jobs(app, clock)
    maya.shown = 0
    assert await maya.says("menu")
    assert await maya.subject() != before
    assert (await maya.row()).consent_store_at is None


async def test_keep_stops_it(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await asks(maya)
    clock.move(hours=40)
    assert await maya.says("KEEP") == ["Okay, nothing is deleted."]
    clock.move(hours=40)
    assert (await jobs(app, clock))[0] == 0
    assert "erasure_cancelled" in await kinds(app)


async def test_a_word_that_waits_to_be_handled_comes_first(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await asks(maya)
    clock.move(hours=48)
    await maya.deliver("keep")
    assert (await jobs(app, clock))[0] == 0
    while await app.conductor.run_once():
        pass
    assert (await maya.news())[-1] == "Okay, nothing is deleted."
    assert (await jobs(app, clock))[0] == 0


async def test_a_word_that_is_just_being_received_is_not_torn_away(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await asks(maya)
    clock.move(hours=48)
    hers = select(conversations.c.id).where(conversations.c.subject_id == await maya.subject())
    names = ("subject_id", "conversation_id", "kind", "payload_enc", "received_at", "ready_at")
    async with app.database.begin() as connection:  # a webhook, before its commit
        await connection.execute(hers.with_for_update(read=True, key_share=True))
        erasing = asyncio.create_task(erase_due(app.database, clock()))
        assert not (await asyncio.wait({erasing}, timeout=0.5))[0]
        one = select(*(inbox.c[n] for n in names)).where(inbox.c.subject_id.is_not(None)).limit(1)
        await connection.execute(insert(inbox).from_select(names, one))
    assert await erasing == 0
    assert (await maya.row()).erase_at is not None
    waiting = await maya.app_rows(select(inbox.c.id).where(inbox.c.state == "waiting"))
    assert len(waiting) == 1


async def test_the_answers_are_the_same_letter_by_letter(app: App, clock: Clock) -> None:
    """With her word, a wrong one, her second one, none set; with an open critical case and without."""
    read = []
    for number, (secret, written, danger) in enumerate(
        [
            ("4071", "4071", False),
            ("4071", "9183", False),
            ("", "4071", False),
            ("4071", "4071", True),
            ("4071", "5", False),
        ]
    ):
        person = Person(app, clock, f"+9655000010{number}")
        await person.begins(secret=secret)
        if danger:
            await person.says("he locked me in the house and beats me")
            await person.says("menu")
            await person.news()
        read.append(await asks(person, written if written != "5" else "none"))
    assert all(lines == read[0] for lines in read)
    assert read[0][-1] == "Noted. It takes up to 48 hours. To stop it, write KEEP."
    queued = await kinds(app)
    assert queued.count("unproved_erasure") == 3
    assert queued.count("erasure_requested") == 2


async def test_a_critical_case_is_not_erased_by_a_clock(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await maya.says("he locked me in the house and beats me")
    await maya.says("menu")
    await asks(maya)
    clock.move(hours=49)
    subject = await maya.subject()
    assert (await jobs(app, clock))[0] == 0
    assert {"cases", "messages", "keys"} <= set(await rows_of(app, subject))
    assert (await maya.row()).erase_at is None
    assert "erasure_stopped" in await kinds(app)
    assert (await jobs(app, clock))[0] == 0
    assert (await kinds(app)).count("erasure_stopped") == 1


async def test_a_legal_hold_outlives_the_end_of_a_case(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await report(maya)
    async with app.database.begin() as connection:
        await connection.execute(update(cases).values(legal_hold=True, closed_at=clock()))
    await asks(maya)
    clock.move(hours=49)
    assert (await jobs(app, clock))[0] == 0
    assert "erasure_stopped" in await kinds(app)


async def test_nobody_else_is_touched(app: App, clock: Clock, maya: Person) -> None:
    other = Person(app, clock, "+96550000002")
    await other.begins(secret="8264")
    await report(other)
    await maya.begins(secret="4071")
    before = await rows_of(app, await other.subject())
    await asks(maya)
    clock.move(hours=48)
    assert (await jobs(app, clock))[0] == 1
    assert await rows_of(app, await other.subject()) == before
    assert any(MARK in str(line.body) for line in await other.thread())


async def test_the_word_is_not_in_the_history(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await asks(maya)
    bodies = [line.body["text"] for line in await maya.thread() if line.direction == "in"]
    assert "4071" not in " ".join(bodies)
    assert bodies[-1] == "****"
    assert not re.search(r"\b4071\b", str(await maya.profile()))  # a hash may hold any four digits


async def test_who_cannot_be_erased_stops_nobody_else(
    app: App, clock: Clock, maya: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Person(app, clock, "+96550000002")
    for person in (maya, other):
        await person.begins(secret="4071")
        await asks(person)
        clock.move(minutes=1)
    first, second = await maya.subject(), await other.subject()
    clock.move(hours=48)
    real = erase.erase

    async def refused(connection: Any, subject_id: UUID, now: datetime, *, reason: str) -> None:
        await real(connection, subject_id, now, reason=reason)
        if subject_id == first:  # something that nobody thought of
            raise RuntimeError

    monkeypatch.setattr(erase, "erase", refused)
    failures: Failures = Counter()
    assert await erase_due(app.database, clock(), failures) == 1
    assert await rows_of(app, second) == {}
    assert "erasure_failed" not in await kinds(app)
    for _ in range(6):
        assert await erase_due(app.database, clock(), failures) == 0
    assert (await kinds(app)).count("erasure_failed") == 1
    assert "contacts" in await rows_of(app, first)


@pytest.mark.parametrize(("held", "code"), [(False, 0), (True, 3)])
async def test_a_human_carries_out_what_was_held_back(
    app: App, clock: Clock, maya: Person, capsys: pytest.CaptureFixture[str], held: bool, code: int
) -> None:
    await maya.begins(secret="4071")
    await maya.says("he locked me in the house and beats me")
    await maya.says("menu")
    subject = await maya.subject()
    async with app.database.begin() as connection:
        await connection.execute(update(cases).values(legal_hold=held))
    reference = (await maya.app_rows(select(cases.c.reference)))[0].reference
    assert await cli.erase_case(app, "0000000", "agreed", sure=True) == 1
    assert await cli.erase_case(app, reference, "agreed", sure=False) == 2  # nothing without --yes
    assert "--yes" in capsys.readouterr().err
    assert "contacts" in await rows_of(app, subject)
    assert await cli.erase_case(app, reference, "agreed", sure=True) == code
    assert ("contacts" in await rows_of(app, subject)) == held
    written = [tuple(row) for row in await maya.app_rows(select(audit.c.actor, audit.c.action, audit.c.reason))]
    assert written == ([] if held else [("staff", "erased", "agreed")])


@pytest.mark.parametrize("danger", [False, True])
async def test_consent_taken_back_takes_the_rest_too(app: App, clock: Clock, maya: Person, danger: bool) -> None:
    """What was shared of her, codes, links, reminders and her profile; with a critical case a human looks first."""
    await maya.begins(secret="4071")
    await report(maya)

    async def put(ctx: Any) -> None:
        ctx.shelf.add(FamilyCode(digits="4829173500001111"))
        ctx.shelf.add(LinkCode(digits="48291735", expires_at=clock() + timedelta(days=9)))
        ctx.shelf.add(Reminder(flow="status", due_at=clock() + timedelta(days=30), slots={"a": MARK}))
        ctx.shelf.add(Referral(service="legal", facts={"said": MARK}))
        paper = ctx.shelf.add(Certificate(track="all", code="ABCDEFGHJK", score=90))
        ctx.shelf.add(
            CertificateLink(
                certificate_id=paper.id, token="t0k3n", name=MARK, language="en", expires_at=clock() + timedelta(days=7)
            )
        )
        ctx.person.profile.update(course={"day": 3}, topic="training", role="worker")

    await app.staff.prepare(await maya.home(), put)
    if danger:
        await maya.says("he locked me in the house and beats me")
        await maya.says("menu")
    clock.move(minutes=1)
    for text in ("menu", "more", "what is kept", "keep nothing more", "yes", "4071"):
        await maya.says(text)
    clock.move(minutes=10)
    while any((await retention.purge(app.database, app.secrets, clock())).values()):
        pass
    goes = {"family_codes", "link_codes", "certificate_links", "reminders"}
    left = goes & set(await rows_of(app, await maya.subject()))
    facts = (await maya.app_rows(select(referrals.c.facts_enc)))[0].facts_enc
    profile = await maya.profile()
    assert "word" in profile
    if danger:
        assert left == goes
        assert facts is not None
        assert profile["topic"] == "training"
    else:
        assert left == set()
        assert facts is None
        assert not {"course", "topic", "role"} & set(profile)


async def test_consent_taken_back_takes_what_was_kept(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    await report(maya)
    for text in ("menu", "more", "what is kept", "keep nothing more", "yes", "4071"):
        last = await maya.says(text)
    assert last == [NOTED]
    clock.move(minutes=10)
    while any((await retention.purge(app.database, app.secrets, clock())).values()):
        pass
    assert not any(MARK in str(line.body) for line in await maya.thread())
    assert (await maya.app_rows(select(cases.c.facts_enc)))[0].facts_enc is None
    assert (await maya.row()).consent_store_at is None
    assert await maya.app_rows(
        select(outbox.c.id).where(outbox.c.state == "queued")
    )  # what is not sent yet is not torn out
