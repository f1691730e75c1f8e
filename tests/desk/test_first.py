"""The first people of a new desk, and whom the hint names for who forgot how to sign in."""

from __future__ import annotations

import pytest

from bot.cli import serve
from bot.store import users
from desk import first
from tests.pipeline.conftest import world
from tests.pipeline.world import World

__all__ = ["world"]


async def _added(world: World, login: str, role: str) -> None:
    async with world.app.database.begin() as connection:
        await users.add(connection, login=login, name=login, role=role, password_hash="none")


@pytest.mark.parametrize(
    ("people", "named"),
    [
        ((("asha", "caseworker"),), "asha"),  # `saathi users add` before the first start
        ((("asha", "caseworker"), ("bimala", "supervisor")), "bimala"),
        ((("asha", "caseworker"), ("zara", "administrator")), "zara"),
    ],
)
async def test_the_hint_names_somebody_who_is_there(
    world: World, capsys: pytest.CaptureFixture[str], people: tuple[tuple[str, str], ...], named: str
) -> None:
    for login, role in people:
        await _added(world, login, role)
    newcomers, known = await serve._first(world.app)
    serve._say_hello(world.app, "127.0.0.1", newcomers, known, 8000)
    told = capsys.readouterr().out
    assert f"`saathi users password {named}`, `saathi users reset-totp {named}`" in told
    assert "shown once" not in told


async def test_who_may_sign_in_no_more_is_not_named(world: World) -> None:
    await _added(world, "asha", "caseworker")
    assert await first.somebody(world.app.database) == "asha"
    await world.run("UPDATE users SET active = false")
    assert await first.somebody(world.app.database) is None


async def test_a_new_desk_has_two_people_told_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    newcomers, known = await serve._first(world.app)
    assert ([one.login for one in newcomers], known) == ([*first.ROLES], None)
    serve._say_hello(world.app, "127.0.0.1", newcomers, known, 8000)
    told = capsys.readouterr().out
    assert "sign in as supervisor (supervisor), password" in told
    assert "forgot" not in told
    assert await serve._first(world.app) == ([], "supervisor")
