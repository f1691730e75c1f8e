"""T56: Schemathesis over every route of the desk, against the running process: nothing that it makes up is a 5xx, and
nothing forged is let in.

Law: the desk has no OpenAPI of its own, so its description is made here from its router: paths and their parameters as
the router has them, the fields of forms as the templates name them. What goes on without end (the live pages) is asked
once, by hand. A new user for each route: some routes end the session that they were asked with.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import given
from litestar.handlers import HTTPRouteHandler
from uuid_utils.compat import uuid7

from bot import outgoing
from bot.settings import ROOT, Settings
from bot.store import sign_ins, users
from bot.store.database import Database
from bot.store.keys import Keys
from bot.vault.keyring import Keyring, development_secret
from desk import mount
from desk import permissions as rules
from desk.door import SESSION
from desk.office import csrf_of
from desk.route import CODE, OPEN, Rule
from tests.fakes import database, once
from tests.fakes.made_up import as_made_up
from tests.fakes.post import deliver, text
from tests.fakes.world import World

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("SAATHI_T56_EXAMPLES", "2"))  # of each route: more by hand
FORM = "application/x-www-form-urlencoded"
PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
READ = re.compile(r'"([a-z_]{2,20})"')
# What the desk may answer; anything else is a surprise, and a 5xx is a fault.
ANSWERS = {200, 206, 302, 303, 400, 403, 404, 409, 413, 416, 422}


@dataclass(frozen=True)
class Route:
    """One method and address of the desk."""

    method: str
    path: str
    rule: Rule
    fields: tuple[str, ...]  # words that its handler names: the fields of its form are among them


@dataclass(frozen=True)
class Place:
    """Where the desk is, and what its database has."""

    base: str
    url: str
    keys: Keys
    known: dict[str, list[str]]  # by the name of a parameter


def routes_of_the_desk() -> list[Route]:
    """Every method and address, as the router has them."""
    content = once.written()
    policy = outgoing.Policy.read(content.knowledge.get("contact_policy"), content.knowledge.get("duty"))
    nothing: Any = None
    office = mount.make_office(
        Settings(_env_file=None), nothing, nothing, content, nothing, policy, lambda: datetime.now(UTC), uuid7
    )
    return [route for handler in mount.handlers(office) for route in _of(handler)]


def _of(handler: HTTPRouteHandler) -> Iterator[Route]:
    named = sorted(set(READ.findall(inspect.getsource(handler.fn))) - {"csrf"})
    for path in sorted(handler.paths):
        yield Route(min(handler.http_methods), path, handler.opt["rule"], tuple(named))


def _described(routes: list[Route], known: dict[str, list[str]]) -> dict[str, Any]:
    """The routes as an OpenAPI document."""
    paths: dict[str, Any] = {}
    for route in routes:
        told: dict[str, Any] = {
            "responses": {str(code): {"description": "said"} for code in sorted(ANSWERS)},
            "parameters": [_parameter(name, kind, known) for name, kind in PARAMETER.findall(route.path)],
        }
        if route.method == "POST":
            fields = {name: {"type": "string", "maxLength": 40} for name in route.fields}
            form = {"type": "object", "properties": fields, "additionalProperties": {"type": "string"}}
            told["requestBody"] = {"required": True, "content": {FORM: {"schema": form}}}
        else:
            asked = {"name": "q", "in": "query", "schema": {"type": "string"}}
            told["parameters"].append(asked)
        paths.setdefault(_plain(route.path), {})[route.method.lower()] = told
    return {"openapi": "3.1.0", "info": {"title": "the desk", "version": "1"}, "paths": paths}


def _plain(path: str) -> str:
    """An address as OpenAPI writes it."""
    return PARAMETER.sub(r"{\1}", path)


def _role(permissions: rules.Permissions, permission: str) -> str:
    """Who may ask it: mostly a supervisor."""
    theirs = permission in permissions.on_pages and not permissions.may_page("supervisor", permission, main=True)
    return "administrator" if theirs else "supervisor"


def _parameter(name: str, kind: str, known: dict[str, list[str]]) -> dict[str, Any]:
    """A parameter of an address: sometimes of something that exists."""
    made = {"type": "string", "minLength": 1} if kind == "str" else {"type": "string", "format": "uuid"}
    there = [*known.get(name, ()), str(uuid4()) if kind == "uuid" else "1234567890"]
    return {"name": name, "in": "path", "required": True, "schema": {"anyOf": [{"enum": there}, made]}}


async def _session(place: Place, role: str) -> str:
    """Somebody new with this role, signed in: without the half second that a password takes."""
    opened = Database(place.url, pool_size=1)
    try:
        async with opened.begin() as connection:
            login = f"{role}-{uuid7()}"
            who = await users.add(connection, login=login, name=role, role=role, password_hash="none")
            return await sign_ins.begin(connection, place.keys, who, "full", datetime.now(UTC))
    finally:
        await opened.close()


async def _place(world: World) -> Place:
    """A desk that has something to show."""
    for number, words in (("+96550007001", "my employer locked me in the house"), ("+96550007002", "unpaid salary")):
        await deliver(world.base, text(number, words, "1"))
    await world.quiet()
    secret = await asyncio.to_thread(development_secret, world.directory)
    opened = Database(world.url, pool_size=1)
    keys = await Keys.load(opened, Keyring([secret]))
    await opened.close()
    known = {
        "reference": [str(r) for (r,) in database.asked(world.url, "SELECT reference FROM cases")],
        "talk": [str(t) for (t,) in database.asked(world.url, "SELECT id FROM conversations")],
        "which": [str(u) for (u,) in database.asked(world.url, "SELECT id FROM users")],
        "language": ["ne", "en"],
        "name": ["desk.css"],
    }
    return Place(world.base, world.url, keys, known)


def _driven(operation: Any, place: Place, token: str, examples: int, faults: list[str]) -> int:
    """Ask one route with what Schemathesis makes up; returns how often. What is wrong is noted, not raised, so that
    nothing is shrunk."""
    count = 0

    @as_made_up(examples)
    @given(case=operation.as_strategy())
    def drive(case: Any) -> None:
        nonlocal count
        count += 1
        asked = requests.Session()
        asked.trust_env = False
        if token:
            asked.cookies.set(SESSION, token, path="/desk")
        if isinstance(case.body, dict) and token:
            case.body["csrf"] = csrf_of(token)
        try:
            answer = case.call(f"{place.base}/desk", session=asked, timeout=60, allow_redirects=False)
        finally:
            asked.close()
        label = f"{operation.label} {answer.status_code}"
        if answer.status_code not in ANSWERS:
            faults.append(f"{label} {case.path_parameters} {case.query} {case.body}")
        elif "frame-ancestors 'none'" not in str(answer.headers.get("content-security-policy")):
            faults.append(f"{label}: without the headers")

    drive()
    return count


async def test_T56_nothing_made_up_breaks_the_desk(running: World) -> None:
    place, routes = await _place(running), [r for r in routes_of_the_desk() if not r.rule.live]
    permissions = rules.load(ROOT)
    asking = {f"{r.method} {_plain(r.path)}": r.rule.permission for r in routes}
    schema = schemathesis.openapi.from_dict(_described(routes, place.known))
    faults: list[str] = []
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        token = await _session(place, _role(permissions, asking[operation.label]))
        asked += await asyncio.to_thread(_driven, operation, place, token, EXAMPLES, faults)
    assert faults == []
    assert asked >= EXAMPLES * len(routes)
    assert (await asyncio.to_thread(requests.get, f"{place.base}/health/ready", timeout=30)).status_code == 200
    print(f"{len(routes)} routes, {asked} requests, no 5xx")


def _refused(place: Place, route: Route, token: str, form: dict[str, str], **headers: str) -> str:
    """What is wrong with the answer to a request that nobody may make; nothing when it is refused."""
    path = PARAMETER.sub(lambda m: place.known.get(m[1], [str(uuid4())])[0], route.path)
    cookies = {SESSION: token} if token else {}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(
            route.method,
            f"{place.base}/desk{path}",
            data=form if route.method == "POST" else None,
            cookies=cookies,
            headers=headers,
            timeout=60,
            allow_redirects=False,
        )
    away = answer.status_code == 303 and "/desk/sign-in" in answer.headers.get("location", "")
    return "" if away or answer.status_code in (403, 404) else f"{route.method} {path}: {answer.status_code}"


async def test_T56_nothing_forged_is_let_in(running: World) -> None:
    """Without a session, with an invented one; with a session and no word of its forms, another's, or from another
    site: on every route, and nothing is changed by any of them."""
    place, routes = await _place(running), routes_of_the_desk()
    mine, hers = await _session(place, "supervisor"), await _session(place, "supervisor")
    guarded = [route for route in routes if route.rule.permission not in (OPEN, CODE)]
    acts = [route for route in guarded if route.method == "POST"]
    before = database.counts(running.url)
    wrong: list[str] = []
    for token in ("", "invented", mine[:-1] + ("A" if mine[-1] != "A" else "B")):
        form = {"csrf": csrf_of(token or "x")}
        wrong += await asyncio.to_thread(lambda t=token, f=form: [_refused(place, r, t, f) for r in guarded])
    for word, headers in (
        ({}, {}),
        ({"csrf": csrf_of(hers)}, {}),
        ({"csrf": csrf_of(mine)}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        wrong += await asyncio.to_thread(lambda w=word, h=headers: [_refused(place, r, mine, w, **h) for r in acts])
    assert [one for one in wrong if one] == []
    assert len(wrong) > 300
    assert database.counts(running.url) == before
    live = [route for route in routes if route.rule.live]  # and whoever is signed in, and asks herself, is let in
    begun = [await asyncio.to_thread(_begun, place, route, mine) for route in live]
    assert begun.count(200) >= 3, begun
    assert set(begun) <= {200, 404}


def _begun(place: Place, route: Route, token: str) -> int:
    """How an answer that goes on for ever begins."""
    path = PARAMETER.sub(lambda m: place.known[m[1]][0], route.path)
    with requests.Session() as session:
        session.trust_env = False
        with session.get(f"{place.base}/desk{path}", cookies={SESSION: token}, stream=True, timeout=60) as answer:
            return answer.status_code
