"""`saathi users on-screen`: how people read an organisation's name; one that tells too much is refused."""

from __future__ import annotations

import argparse
import asyncio

import pytest
from sqlalchemy import text

from bot import settings as configuration
from bot.cli import users as command
from bot.content import Content
from bot.settings import Settings
from bot.store.database import Database


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(["on-screen", *words]))


async def _asked(settings: Settings, statement: str) -> list[tuple[object, ...]]:
    database = Database(settings.database_url.get_secret_value() if settings.database_url else "")
    async with database.begin() as connection:
        found = await connection.execute(text(statement))
        rows = [tuple(row) for row in found] if found.returns_rows else []
    await database.close()
    return rows


def test_a_name_for_the_screen(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: Content
) -> None:
    monkeypatch.setattr(configuration, "load", lambda **_: settings)
    made = "INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Shelter')"
    asyncio.run(_asked(settings, made))
    for telling in ("Shelter", "Rumah Aman", "Pulis desk", "شرطة النساء", "پولیس مدد"):
        assert _run("Shelter", telling) == 1, telling
    assert _run("Elsewhere", "Rose house") == 1
    assert _run("Shelter", "Rose  house") == 0
    capsys.readouterr()
    assert asyncio.run(_asked(settings, "SELECT settings ->> 'on_screen' FROM organisations")) == [("Rose house",)]
    assert asyncio.run(_asked(settings, "SELECT count(*) FROM audit WHERE action = 'users.on_screen'")) == [(1,)]


@pytest.mark.parametrize(
    ("login", "name", "told"),
    [
        ("", "Asha", "a login needs letters: the person types it to sign in"),
        (" ", "Asha", "a login needs letters"),
        ("asha", "  ", "--name: as colleagues call this person"),
    ],
)
def test_nobody_without_a_name(
    login: str,
    name: str,
    told: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(configuration, "load", lambda **_: settings)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args(["add", login, "--name", name, "--role", "caseworker"])) == 2
    assert told in capsys.readouterr().err
    assert asyncio.run(_asked(settings, "SELECT count(*) FROM users")) == [(0,)]
