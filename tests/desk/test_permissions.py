"""Who may do what: the cells, the single decisions and the SQL of lists say the same; nothing is open by accident."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from litestar import get
from litestar.exceptions import NotFoundException, PermissionDeniedException
from sqlalchemy import false, or_, select

from bot.content.source import ContentError
from bot.settings import ROOT
from bot.store import sign_ins, tables
from desk import mount
from desk.door import Door
from desk.office import Office
from desk.permissions import FILE, RELATIONS, ROLES, STATES, load
from desk.route import CODE, OPEN, Rule, act, show
from desk.views.scope import Scope
from tests.conftest import Clock
from tests.desk.office import Desk, Person

PERMISSIONS = load(ROOT)


def test_every_cell_is_said() -> None:
    assert set(PERMISSIONS.cells) == {(r, n, s) for r in ROLES for n in RELATIONS for s in STATES}
    assert set(PERMISSIONS.pages) == set(ROLES)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("child: none, self_harm: none", "self_harm: none", "volunteer.own.child is not said"),
        ("critical: none, open: help", "critical: all, open: help", "volunteer.own.critical is not said"),
        ("read: [find, view, record]", "read: [find, veiw, record]", "there is no permission veiw"),
        ("  interpreter:\n", "  translator:\n", "the role interpreter is not said"),
        ("    pages: [queue, directory]\n", "", "`pages:` is missing"),
    ],
)
def test_a_cell_that_is_not_said_stops_the_start(tmp_path: Any, old: str, new: str, told: str) -> None:
    text = (ROOT / FILE).read_text("utf-8")
    assert old in text
    (tmp_path / "desk").mkdir()
    (tmp_path / FILE).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ContentError, match=told):
        load(tmp_path)


def test_nobody_may_what_a_law_forbids() -> None:
    """Safeguarding is in the line of no case; an administrator reads none; what is not related is not seen."""
    for (role, relation, state), cell in PERMISSIONS.cells.items():
        if relation == "other":  # with a number in hand it may be opened in an emergency; nothing else
            assert cell <= {"glass"}
            assert not cell or role in ("caseworker", "specialist", "supervisor")
        if relation == "glass":
            assert cell <= {"find", "view", "record", "reply"}
        if role == "partner" and state in ("child", "self_harm"):
            assert "glass" not in cell
        if role == "safeguarding":
            assert cell == frozenset()
        if role in ("administrator", "volunteer", "interpreter"):
            assert not cell & {"export", "print", "unmask", "assign", "transfer", "close"}
            assert not cell & {"glass", "recall", "merge", "unmerge"}
            assert relation != "glass" or cell == frozenset()
        if role == "interpreter":  # interprets what is said, and reads nothing that colleagues wrote of it
            assert cell <= {"find", "view", "reply"}
        if role == "administrator":
            assert "view" not in cell
        if cell and cell != {"glass"}:
            assert "find" in cell  # what may be treated may be found
    assert [role for role in ROLES if PERMISSIONS.may_page(role, "box")] == ["safeguarding"]


@pytest.mark.parametrize("role", ROLES)
async def test_single_decisions_and_lists_agree_in_every_cell(
    desk: Desk, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await desk.person(role)
    _keep_scopes(monkeypatch)
    cases = {(r, s): await desk.case(r, s, person.user_id) for r in RELATIONS for s in STATES}
    for permission in sorted(PERMISSIONS.on_cases):
        wanted = {cell for cell in cases if permission in PERMISSIONS.cells[(role, *cell)]}
        assert await _decided(desk, person, cases, permission) == wanted, permission
        assert await _listed(desk, person, cases, permission) == wanted, permission


def _keep_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scope is a value, the same for the same person at the same moment; nobody but a test asks for hundreds of it,
    and to put its conditions together anew takes half of what a decision takes."""
    made, kept = Office.scope, dict[UUID, Scope]()
    monkeypatch.setattr(Office, "scope", lambda self, user: kept.setdefault(user.id, made(self, user)))


async def _decided(desk: Desk, person: Person, cases: dict[Any, str], permission: str) -> set[Any]:
    door, may = Door(desk.office), set()
    async with desk.app.database.begin() as connection:
        session = await sign_ins.find(connection, desk.app.secrets, person.token, desk.app.clock())
        assert session is not None
        for cell, reference in cases.items():
            try:
                place = await door.permitted(connection, session, Rule(permission, "x"), {"reference": reference})
            except (NotFoundException, PermissionDeniedException):
                continue
            assert place is not None
            assert (place.relations, place.state) == ((cell[0],), cell[1])
            may.add(cell)
    return may


async def _listed(desk: Desk, person: Person, cases: dict[Any, str], permission: str) -> set[Any]:
    async with desk.app.database.begin() as connection:
        session = await sign_ins.find(connection, desk.app.secrets, person.token, desk.app.clock())
        assert session is not None
        scope = desk.office.scope(session.user)
        joined = tables.cases.outerjoin(
            tables.conversations, tables.conversations.c.id == tables.cases.c.conversation_id
        )
        every = select(tables.cases.c.reference).select_from(joined).where(scope.where(permission))
        found = {row.reference for row in await connection.execute(every)}
        # However they are reached, they are the same.
        ways = or_(false(), *(way.where for way in scope.ways(permission)))
        assert {row.reference for row in await connection.execute(every.where(ways))} == found, permission
        few = scope.few(permission)
        if few is not None:
            among = every.where(tables.cases.c.id.in_(few))
            assert {row.reference for row in await connection.execute(among)} == found, permission
    return {cell for cell, reference in cases.items() if reference in found}


@pytest.mark.parametrize("role", ["caseworker", "partner", "interpreter", "safeguarding", "administrator"])
async def test_the_pages_answer_as_the_cells_say(desk: Desk, role: str) -> None:
    person = await desk.person(role)
    for relation in RELATIONS:
        for state in ("child", "closed", "open"):
            reference = await desk.case(relation, state, person.user_id)
            cell = PERMISSIONS.cells[role, relation, state]
            wanted = 404 if "find" not in cell else 200 if "view" in cell else 403
            answer = await person.get(f"/case/{reference}")
            assert answer.status_code == wanted, (relation, state)


async def test_the_queue_shows_exactly_what_may_be_found(desk: Desk) -> None:
    person = await desk.person("caseworker")
    for relation in RELATIONS:
        for state in STATES:
            reference = await desk.case(relation, state, person.user_id)
            page = (await person.get("/")).text
            may = "find" in PERMISSIONS.cells["caseworker", relation, state] and state != "closed"
            assert (f"/desk/case/{reference}" in page) == may, (relation, state)


async def test_an_opening_that_ended_shows_nothing(desk: Desk, clock: Clock) -> None:
    person = await desk.person("caseworker")
    reference = await desk.case("glass", "open", person.user_id)
    assert (await person.get(f"/case/{reference}")).status_code == 200
    clock.move(minutes=61)
    assert (await person.get(f"/case/{reference}")).status_code in (303, 404)
    again = await desk.enter(person.user_id)
    assert (await again.get(f"/case/{reference}")).status_code == 404


async def test_a_share_that_ended_or_was_never_accepted_shows_nothing(desk: Desk) -> None:
    person = await desk.person("caseworker")
    reference = await desk.case("shared", "open", person.user_id)
    assert (await person.get(f"/case/{reference}")).status_code == 200
    for change in (
        "accepted_at = NULL",
        "accepted_at = now(), ends_at = '2026-01-01'",
        "ends_at = NULL, ended_at = now()",
    ):
        async with desk.app.database.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE case_shares SET {change}")
        assert (await person.get(f"/case/{reference}")).status_code == 404


def test_a_route_that_says_nothing_is_refused(desk_office: Any) -> None:
    @get("/open")
    async def forgotten() -> str:
        return ""

    @show("/x", "fly", trail=None)
    async def unknown() -> str:
        return ""

    @show("/y", "view", trail=None)
    async def no_case() -> str:
        return ""

    @act("/z/{reference:str}", "queue", trail="z")
    async def case_without_case() -> str:
        return ""

    for handler in (forgotten, unknown, no_case, case_without_case):
        with pytest.raises(mount.Undeclared):
            mount._declared(desk_office, handler)


@pytest.fixture
def desk_office(desk: Desk) -> Any:
    return desk.office


async def test_every_route_is_closed_to_who_has_not_signed_in(desk: Desk) -> None:
    stranger = desk.browser()
    for handler in mount.handlers(desk.office):
        rule = handler.opt["rule"]
        for path in handler.paths:
            address = "/desk" + _filled(path)
            if rule.permission == OPEN:
                continue
            if handler.http_methods == {"GET"}:
                answer = await stranger.get(address)
            else:
                answer = await stranger.post(address, data={"csrf": "x"})
            assert (answer.status_code, answer.headers.get("location")) == (303, "/desk/sign-in"), address


async def test_every_page_is_closed_to_roles_that_do_not_have_it(desk: Desk) -> None:
    people = {role: await desk.person(role) for role in ROLES}
    for handler in mount.handlers(desk.office):
        rule = handler.opt["rule"]
        if rule.permission not in PERMISSIONS.on_pages or handler.http_methods != {"GET"} or rule.live:
            continue
        for role, person in people.items():
            for path in handler.paths:
                wanted = 200 if PERMISSIONS.may_page(role, rule.permission) else 403
                answer = await person.client.get("/desk" + _filled(path))
                assert answer.status_code in ({wanted, 404} if "{" in path and wanted == 200 else {wanted}), (
                    role,
                    path,
                )


async def test_every_act_refuses_a_forged_form(desk: Desk) -> None:
    """Without the form's own word, with that of another session, from another site, and not as a form."""
    person, other = await desk.person("supervisor"), await desk.person("supervisor")
    admin = await desk.person("administrator")
    reference = await desk.case("own", "open", person.user_id)
    before = await _everything(desk)
    tried = 0
    for handler in mount.handlers(desk.office):
        rule = handler.opt["rule"]
        if handler.http_methods == {"GET"} or rule.permission == CODE:
            continue
        for path in handler.paths:
            if "{talk" in path:
                continue
            who = admin if rule.permission in ("users",) else person
            address = _filled(path).replace("REFERENCE", reference)
            forged = [
                await who.post(address, csrf=""),
                await who.post(address, csrf="x" * 43),
                await who.post(address, csrf=_word(other)),
                await who.client.post(f"/desk{address}", json={"csrf": _word(who)}),
                await who.client.post(
                    f"/desk{address}", data={"csrf": _word(who)}, headers={"Sec-Fetch-Site": "cross-site"}
                ),
            ]
            assert {answer.status_code for answer in forged} == {403}, address
            tried += 1
    assert tried >= 10
    assert await _everything(desk) == before


def _word(person: Person) -> str:
    from desk.office import csrf_of

    return csrf_of(person.token)


async def _everything(desk: Desk) -> list[Any]:
    return [
        await desk.rows("SELECT id, login, active, settings::text, password_hash FROM users ORDER BY id"),
        await desk.rows("SELECT id, owner, owner_epoch FROM conversations ORDER BY id"),
        await desk.rows("SELECT id, revoked_at FROM desk_sessions ORDER BY id"),
        await desk.rows("SELECT id FROM outbox"),
        await desk.rows("SELECT id FROM audit"),
    ]


def _filled(path: str) -> str:
    """A path with values for what it asks."""
    for name, value in (
        ("{reference:str}", "REFERENCE"),
        ("{talk:uuid}", "00000000-0000-7000-8000-000000000000"),
        ("{which:uuid}", "00000000-0000-7000-8000-000000000000"),
        ("{letter:uuid}", "00000000-0000-7000-8000-000000000000"),
        ("{name:str}", "desk.css"),
    ):
        path = path.replace(name, value)
    return path


async def test_how_the_desk_is_run_is_the_main_ones(desk: Desk) -> None:
    """An administrator of a partner could else give herself anybody's password; a supervisor plan our rota."""
    assert {"users", "audit", "rota_edit", "directory_edit"} <= PERMISSIONS.of_main
    victim = await desk.user("supervisor")
    admin = await desk.person("administrator", organisation="Shelter")
    chief = await desk.person("supervisor", organisation="Shelter")
    before = await desk.rows("SELECT password_hash FROM users WHERE id = :u", u=victim)
    assert (await admin.get("/people")).status_code == 403
    assert (await admin.post(f"/people/{victim}/password")).status_code == 403
    assert (await admin.post("/people", login="x", name="X", role="supervisor")).status_code == 403
    assert await desk.rows("SELECT password_hash FROM users WHERE id = :u", u=victim) == before
    for path in ("/rota", "/content", "/directory/new"):
        assert (await chief.get(path)).status_code == 403, path
    assert (await chief.post("/rota/away", who=str(victim), kind="sick")).status_code == 403
    page = (await chief.get("/directory")).text
    assert "/desk/directory/new" not in page
    assert 'href="/desk/rota"' not in page
    assert 'href="/desk/rota"' in (await (await desk.person("supervisor")).get("/directory")).text
