"""T29: whatever of another organisation is asked for, the answer is that of something that does not exist."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx
import pytest

from desk import mount
from tests.desk.office import THEIRS, Desk, Person
from tests.fakes.statements import heard

NOBODY = "7318446205"
PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
ANY = {"str": "x", "int": "1", "uuid": str(uuid4())}


def _of_a_case(desk: Desk) -> list[tuple[str, str]]:
    """(method, path) of every route about one case."""
    found = []
    for handler in mount.handlers(desk.office):
        found += [(m, path) for m in handler.http_methods for path in handler.paths if "{reference:str}" in path]
    return sorted(found)


def _filled(path: str, reference: str) -> str:
    return PARAMETER.sub(lambda m: reference if m[1] == "reference" else ANY[m[2]], path)


async def _asked(person: Person, method: str, path: str) -> httpx.Response:
    return await (person.get(path) if method in ("GET", "HEAD") else person.post(path))


def _steady(answer: httpx.Response, reference: str) -> tuple[int, str, str]:
    where = answer.headers.get("location", "").replace(reference, "#")
    return answer.status_code, where, answer.text.replace(reference, "#")


@pytest.mark.parametrize(("role", "state"), [("caseworker", "open"), ("supervisor", "draft")])
async def test_t29_a_case_of_others_is_none_on_every_route(desk: Desk, role: str, state: str) -> None:
    """A caseworker might open the first in an emergency; until she does, with her reason, it is none to her either."""
    person = await desk.person(role, organisation=THEIRS)
    theirs = await desk.case("other", state, person.user_id)
    routes = _of_a_case(desk)
    assert len(routes) > 40
    for method, path in routes:
        seen = []
        for reference in (theirs, NOBODY):
            with heard(desk.app.database) as asked:
                answer = await _asked(person, method, _filled(path, reference))
            seen.append((_steady(answer, reference), [one.statement for one in asked]))
        assert seen[0][0] == seen[1][0], (method, path)
        if not path.endswith("/glass"):  # who tries to open one has a line in the trail
            assert seen[0][1] == seen[1][1], f"another way through the database tells it too: {method} {path}"
        assert seen[0][0][0] != 200 or path.endswith("/glass"), (method, path)
