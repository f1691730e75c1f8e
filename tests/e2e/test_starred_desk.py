"""Starred ones of the desk against the running process: T28 (the matrix), T29 (two organisations).

Law: whoever is signed in has a session in the database of the service; cases are put there as they stand to her. What
the rules say is read from permissions.yml, the routes from the router.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from bot.settings import ROOT
from bot.store.database import Database
from bot.store.keys import Keys
from bot.vault.keyring import Keyring, development_secret
from desk.permissions import RELATIONS, ROLES, STATES, load
from tests.desk.office import THEIRS, Desk
from tests.e2e.test_desk_api import PARAMETER, Route, routes_of_the_desk
from tests.fakes.world import World

pytestmark = pytest.mark.slow
PERMISSIONS = load(ROOT)
NOBODY = "7318446205"
SOME_ID = "01930000-0000-7000-8000-000000000000"


@asynccontextmanager
async def _desk(running: World) -> AsyncIterator[Desk]:
    """People and cases in the database of the process, and browsers that talk to it."""
    secret = await asyncio.to_thread(development_secret, running.directory)
    database = Database(running.url, pool_size=2)
    try:
        keys = await Keys.load(database, Keyring([secret]))
        there = SimpleNamespace(database=database, secrets=keys, clock=lambda: datetime.now(UTC))
        desk = Desk(cast(Any, there), cast(Any, None), running.base)
        yield desk
        for client in desk.clients:
            await client.aclose()
    finally:
        await database.close()


async def test_T28_every_cell_of_the_matrix_over_sockets(running: World) -> None:
    wrong, asked = [], 0
    async with _desk(running) as desk:
        for role in ROLES:
            person = await desk.person(role)
            for relation in RELATIONS:
                for state in STATES:
                    reference = await desk.case(relation, state, person.user_id)
                    cell = PERMISSIONS.cells[role, relation, state]
                    wanted = 404 if "find" not in cell else 200 if "view" in cell else 403
                    told = (await person.get(f"/case/{reference}")).status_code
                    wrong += [] if told == wanted else [(role, relation, state, told, wanted)]
                    asked += 1
    assert wrong == []
    assert asked == len(ROLES) * len(RELATIONS) * len(STATES)
    print(f"{asked} cells asked over sockets, 0 deviations")


def _of_a_case() -> Iterator[Route]:
    yield from (r for r in routes_of_the_desk() if "{reference:str}" in r.path and not r.rule.live)


def _filled(path: str, reference: str) -> str:
    values = {"reference": reference, "which": SOME_ID}
    return PARAMETER.sub(lambda m: values.get(m[1], "x"), path)


def _steady(answer: httpx.Response, reference: str) -> tuple[int, str, str]:
    where = answer.headers.get("location", "").replace(reference, "#")
    return answer.status_code, where, answer.text.replace(reference, "#")


async def test_T29_a_case_of_others_is_none_on_every_route(running: World) -> None:
    """The answers to a case of another organisation and to a number that is nobody's are the same, byte for byte."""
    wrong, asked = [], 0
    async with _desk(running) as desk:
        person = await desk.person("caseworker", organisation=THEIRS)
        theirs = await desk.case("other", "open", person.user_id)
        for route in _of_a_case():
            if route.path.endswith("/glass"):
                continue  # in an emergency she may open it, with her reason, and a line in the trail
            answers = []
            for reference in (theirs, NOBODY):
                path = _filled(route.path, reference)
                answer = await (person.get(path) if route.method == "GET" else person.post(path))
                answers.append(_steady(answer, reference))
            asked += 1
            if answers[0] != answers[1] or answers[0][0] == 200:
                wrong.append((route.method, route.path, answers[0][0], answers[1][0]))
        assert theirs not in (await person.get("/")).text
        assert theirs not in (await person.get(f"/?q={theirs}")).text
    assert wrong == []
    assert asked > 40
    print(f"{asked} routes: a case of others and no case are answered alike")
