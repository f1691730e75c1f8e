"""The trail: one line for each view and act, in rows that cannot be changed unseen."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.store import audit
from bot.store.embedded import Server
from desk import mount
from desk.door import AGAIN
from desk.office import csrf_of
from desk.route import CODE, OPEN, SELF
from tests.conftest import Clock
from tests.desk.office import Desk


async def test_each_view_and_act_leaves_exactly_one_line(desk: Desk) -> None:
    person = await desk.person("supervisor")
    reference = await desk.case("team", "open", person.user_id)
    (case_id,) = (await desk.rows("SELECT id FROM cases"))[0]
    for wanted, path, form in (
        ("queue.view", "/", None),
        ("case.view", f"/case/{reference}", None),
        ("case.take", f"/case/{reference}/take", {}),
        ("case.reply", f"/case/{reference}/reply", {"text": "hello"}),
        ("case.release", f"/case/{reference}/release", {}),
        ("settings.change", "/settings", {"language": "en", "zone": "Asia/Kathmandu"}),
    ):
        before = len(await desk.trail())
        answer = await (person.get(path) if form is None else person.post(path, **form))
        assert answer.status_code in (200, 303), path
        added = (await desk.trail())[before:]
        assert [line[0] for line in added] == [wanted]
        if "case" in wanted:
            assert added[0][1:] == ("case", str(case_id))


async def test_an_open_page_that_asks_for_itself_anew_is_no_second_view(desk: Desk) -> None:
    person, other = await desk.person("supervisor"), await desk.person("supervisor")
    one, two = [f"/case/{await desk.case('team', 'open', person.user_id)}" for _ in range(2)]
    words = {path: _again((await person.get(path)).text) for path in ("/", one)}
    words["/?severity=high"] = words["/"]
    before, seen = await desk.trail(), await desk.rows("SELECT seen_at FROM desk_sessions ORDER BY id")
    desk.app.clock.move(minutes=20)  # type: ignore[attr-defined]
    for path, word in words.items():
        assert (await person.get(path, headers={AGAIN: word})).status_code == 200
    assert await desk.trail() == before
    assert await desk.rows("SELECT seen_at FROM desk_sessions ORDER BY id") == seen  # and no work of hers
    for who, path, word in (
        (person, two, words[one]),  # of another case
        (person, one, words["/"]),
        (other, one, words[one]),  # of another session
        (person, one, "live"),
        (person, one, "\u00e9"),
    ):
        before = await desk.trail()
        assert (await who.get(path, headers={AGAIN: word.encode()})).status_code == 200
        assert [line[0] for line in (await desk.trail())[len(before) :]] == ["case.view"], (path, word)
    taken = len(await desk.trail())
    await person.client.post(f"/desk{one}/take", data={"csrf": csrf_of(person.token)}, headers={AGAIN: words[one]})
    assert len(await desk.trail()) == taken + 1


def _again(page: str) -> str:
    return page.partition('data-again="')[2].partition('"')[0]


async def test_the_empty_form_of_a_search_is_no_view(desk: Desk) -> None:
    person = await desk.person("supervisor")
    before = await desk.trail()
    assert (await person.get("/search")).status_code == 200
    assert await desk.trail() == before
    await person.post("/search", q="Sita")
    assert [line[0] for line in (await desk.trail())[len(before) :]] == ["search.run"]


async def test_what_was_refused_leaves_no_line_of_a_view(desk: Desk) -> None:
    person = await desk.person("partner")
    reference = await desk.case("other", "open", person.user_id)
    before = await desk.trail()
    assert (await person.get(f"/case/{reference}")).status_code == 404
    assert (await person.get("/people")).status_code == 403
    assert await desk.trail() == before


async def test_every_route_about_people_names_its_line(desk: Desk) -> None:
    for handler in mount.handlers(desk.office):
        rule = handler.opt["rule"]
        if rule.permission not in (OPEN, CODE, SELF) and not rule.live and not rule.quiet:
            assert rule.trail or handler.paths == {"/search"}, handler.paths  # a form in which nothing stands


async def _lines(desk: Desk, clock: Clock, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        async with desk.app.database.begin() as connection:
            await audit.write(
                connection, user_id=None, action="x", object_kind="case", object_id=str(number), now=clock.at
            )
        clock.move(seconds=1)


async def _seal(desk: Desk, at: datetime) -> int:
    async with desk.app.database.begin() as connection:
        return await audit.seal(connection, desk.app.secrets, at)


async def _broken(desk: Desk) -> list[int]:
    async with desk.app.database.begin() as connection:
        broken, _, _ = await audit.verify(connection, desk.app.secrets)
    return [one.seal for one in broken]


async def test_batches_are_sealed_once_settled_and_verified(desk: Desk, clock: Clock) -> None:
    await _lines(desk, clock, 5)
    assert await _seal(desk, clock.at) == 0  # not settled yet
    clock.move(minutes=5)
    assert await _seal(desk, clock.at) == 5
    assert await _seal(desk, clock.at) == 0
    await _lines(desk, clock, 3)
    clock.move(minutes=5)
    assert await _seal(desk, clock.at) == 3
    assert await _broken(desk) == []


@pytest.mark.parametrize(
    ("harm", "where"),
    [
        ("UPDATE audit SET object_id = '9' WHERE object_id = '1'", [1]),
        ("UPDATE audit SET user_id = gen_random_uuid() WHERE object_id = '1'", [1]),
        ("DELETE FROM audit WHERE object_id = '4'", [1]),
        (
            "INSERT INTO audit (id, received_at, actor, action, object_kind, object_id)"
            " SELECT gen_random_uuid(), received_at, 'staff', 'x', 'case', 'new' FROM audit WHERE object_id = '2'",
            [1],
        ),
        ("DELETE FROM audit_seals WHERE id = 1", [2]),
        ("UPDATE audit_seals SET mac = decode(repeat('00', 32), 'hex') WHERE id = 1", [1, 2]),
    ],
)
async def test_whatever_is_changed_is_found(
    desk: Desk, clock: Clock, server: Server, database_url: str, harm: str, where: list[int]
) -> None:
    """By the owner of the database: the application's role cannot (tests/store/test_migrate.py)."""
    for batch in range(2):
        await _lines(desk, clock, 5, 10 * batch)
        clock.move(minutes=5)
        await _seal(desk, clock.at)
    assert await _broken(desk) == []
    with psycopg.connect(server.on(urlsplit(database_url).path[1:]).url_owner) as owner:
        owner.execute(harm)  # type: ignore[arg-type]
    assert await _broken(desk) == where


async def test_what_is_no_code_does_not_come_into_the_trail(desk: Desk) -> None:
    """A row there can never be taken back: words of a forged form stay out of it."""
    person = await desk.person("caseworker")
    number = await desk.case("own", "open", person.user_id)
    for reason in ("her name is Sita Rai", "x" * 200, "call"):
        await person.post(f"/case/{number}/unmask", reason_code=reason)
    rows = await desk.rows("SELECT reason FROM audit WHERE action = 'case.unmask' ORDER BY received_at, id")
    assert [row.reason for row in rows] == [None, None, "call"]
