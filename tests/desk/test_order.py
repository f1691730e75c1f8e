"""Pages of the queue: one after the other they hold every row once, in the order that the page explains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text as sql
from uuid_utils.compat import uuid7

from bot.store import users
from desk.views import order
from desk.views.order import Part, Wish
from desk.views.rows import NEVER
from tests.desk.office import Desk

SEVERITIES = ("critical", "high", "medium", "low")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "PAGE", 3)
    monkeypatch.setattr(order, "COUNTED", 12)


async def _town(desk: Desk, viewer: UUID) -> list[str]:
    """Cases that are ours, nobody's and shared, of every gravity, due and not: references in their order."""
    now, rows = desk.app.clock(), []
    for number in range(16):
        reference = await desk.case(("team", "shared", "team", "team")[number % 4], "open", viewer)
        severity = SEVERITIES[(number * 7) % 4]
        opened = now - timedelta(hours=(number * 5) % 7)
        due = None if number % 3 == 0 else opened + timedelta(hours=number % 2)
        answered = opened if number % 5 == 0 else None
        rows.append((severity, due if answered is None else None, opened, reference))
        await _change(
            desk,
            "UPDATE cases SET severity = :s, answer_due_at = :d, answered_at = :a, opened_at = :o WHERE reference = :r",
            s=severity, d=due, a=answered, o=opened, r=reference,
        )  # fmt: skip
        if number % 4 == 2:
            await _change(desk, "UPDATE cases SET organisation_id = NULL WHERE reference = :r", r=reference)
    ids = {row.reference: row.id for row in await desk.rows("SELECT id, reference FROM cases")}
    rows.sort(key=lambda row: (SEVERITIES.index(row[0]), row[1] or NEVER, row[2], ids[row[3]]))
    return [row[3] for row in rows]


async def _change(desk: Desk, statement: str, **values: Any) -> None:
    async with desk.app.database.begin() as connection:
        await connection.execute(sql(statement), values)


async def _parts(desk: Desk, user_id: UUID, wish: Wish) -> list[Part]:
    async with desk.app.database.begin() as connection:
        user = await users.by_id(connection, user_id)
        assert user is not None
        return await order.page(connection, desk.office.scope(user), wish)


async def _walked(desk: Desk, user_id: UUID, name: str, filters: dict[str, str]) -> list[list[UUID | None]]:
    """The pages of a part, by its own places; each is reached again from the one after it."""
    part = next(one for one in await _parts(desk, user_id, Wish(filters)) if one.name == name)
    pages = [[row.case_id for row in part.rows]]
    while part.later:
        (part,) = await _parts(desk, user_id, Wish(filters, name, after=part.rows[-1].place))
        (back,) = await _parts(desk, user_id, Wish(filters, name, before=part.rows[0].place))
        assert [row.case_id for row in back.rows] == pages[-1]
        assert (back.earlier, back.later) == (len(pages) > 1, True)
        pages.append([row.case_id for row in part.rows])
    return pages


async def test_the_pages_hold_every_case_once_in_order(desk: Desk) -> None:
    viewer = await desk.user("caseworker")
    wanted = await _town(desk, viewer)
    ids = {row.reference: row.id for row in await desk.rows("SELECT id, reference FROM cases")}
    pages = await _walked(desk, viewer, "others", {})
    assert [one for page in pages for one in page] == [ids[reference] for reference in wanted]
    assert {len(page) for page in pages[:-1]} == {3}
    only = await _walked(desk, viewer, "others", {"severity": "high", "language": "ne"})
    high = {row.id for row in await desk.rows("SELECT id FROM cases WHERE severity = 'high'")}
    assert [one for page in only for one in page] == [ids[one] for one in wanted if ids[one] in high]


async def test_what_waits_is_paged_by_conversation_and_leaves_the_others(desk: Desk) -> None:
    viewer = await desk.user("caseworker")
    await _town(desk, viewer)
    rows = await desk.rows("SELECT id, subject_id, conversation_id FROM cases ORDER BY reference LIMIT 7")
    now = desk.app.clock()
    for number, row in enumerate(rows):
        await _change(
            desk,
            "INSERT INTO notices (id, subject_id, conversation_id, case_id, audience, kind, severity, raised_at)"
            " VALUES (:i, :s, :c, :k, :a, 'talk_to_human', 'low', :t)",
            i=uuid7(), s=row.subject_id, c=row.conversation_id, k=row.id, a="page" if number == 6 else "queue",
            t=now - timedelta(minutes=number),
        )  # fmt: skip
    waiting = [one for page in await _walked(desk, viewer, "waiting", {}) for one in page]
    assert waiting[0] == rows[6].id  # it rings
    assert set(waiting) == {row.id for row in rows}
    others = [one for page in await _walked(desk, viewer, "others", {}) for one in page]
    assert len(others) == 9
    assert not set(others) & set(waiting)


async def test_a_part_is_counted_so_far_and_no_further(desk: Desk) -> None:
    viewer = await desk.user("caseworker")
    await _town(desk, viewer)
    *_, others = await _parts(desk, viewer, Wish({}))
    assert others.total is not None
    assert others.total > order.COUNTED
    person = await desk.enter(viewer)
    assert '<span class="count">12+</span>' in (await person.get("/")).text
    later = (await person.get(f"/?part=others&after={others.rows[-1].place}")).text
    assert 'class="count"' not in later
    assert 'rel="prev"' in later


@pytest.mark.parametrize("odd", ["", "x", "1.1.1.9", f"1.1.1.1.{'9' * 18}.{'9' * 18}.{'0' * 32}", "1.1.1.1.0.0.zz"])
async def test_a_place_that_is_none_is_the_beginning(desk: Desk, odd: str) -> None:
    person = await desk.person("caseworker")
    page = (await person.get("/", params={"part": "others", "after": odd})).text
    assert page.count("<section") == 3


async def test_the_version_changes_with_what_is_shown_and_with_nothing_else(desk: Desk) -> None:
    viewer, other = await desk.user("caseworker"), await desk.user("partner", organisation="Shelter")
    await _town(desk, viewer)

    async def versions() -> list[str]:
        return [order.version(await _parts(desk, one, Wish({}))) for one in (viewer, other)]

    before = await versions()
    assert await versions() == before
    await _change(desk, "UPDATE conversations SET last_inbound_at = now(), owner_epoch = owner_epoch + 1")
    after = await versions()
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
