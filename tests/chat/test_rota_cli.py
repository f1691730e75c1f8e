"""`saathi rota`: what the terminal shows, and what it refuses."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from bot import app as composition
from bot import settings as configuration
from bot.__main__ import main
from bot.cli import rota as command
from bot.settings import Settings
from bot.store.database import Database
from tests.conftest import NOON

Rota = Callable[..., tuple[int, str, str]]


@pytest.fixture
def rota(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rota:
    """Runs the command with its arguments; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr(configuration, "load", lambda **_: settings)
    monkeypatch.setattr(composition, "utc_now", lambda: NOON)

    def run(*words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        code = command.run(parser.parse_args(words))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
async def _people(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value() if settings.database_url else "")
    async with database.begin() as connection:
        from sqlalchemy import text

        await connection.execute(
            text(
                "INSERT INTO organisations (id, name, settings)"
                " VALUES (gen_random_uuid(), 'Saathi', '{\"main\": true}'::jsonb)"
            )
        )
        for login in ("asha", "bimala"):
            await connection.execute(
                text(
                    "INSERT INTO users (id, organisation_id, login, name, role) SELECT gen_random_uuid(), id, :login,"
                    " initcap(:login), 'caseworker' FROM organisations"
                ),
                {"login": login},
            )
    await database.close()


@pytest.mark.usefixtures("_people")
def test_a_week_is_planned_and_shown(rota: Rota) -> None:
    assert rota("show")[1] == "no shifts are planned: the opening hours of knowledge/duty.yml count\n"
    code, out, _ = rota("add", "asha", "2026-11-24T07:00", "2026-11-24T21:00")
    assert (code, out[:7]) == (0, "added: ")
    shift = out.split()[-1]
    assert rota("add", "bimala", "2026-11-25T07:00", "2026-11-25T14:00")[0] == 0
    shown = rota("show")[1].splitlines()
    assert shown[0] == f"Tue 2026-11-24 07:00 - 21:00  {shift}  Asha  duty"
    assert "EMPTY" in shown[2]
    assert shown[2].startswith("Wed 2026-11-25 14:00 - 21:00")
    assert rota("break", shift, "2026-11-24T13:00", "2026-11-24T13:30")[0] == 0
    code, out, _ = rota("sick", "asha", "2026-11-24T12:00", "2026-11-25T00:00")
    assert (code, shift in out) == (0, True)
    assert "AWAY  offered (sick)" in rota("show")[1]
    assert rota("take", shift, "bimala") == (0, "bimala works then\n", "")
    assert "Bimala" in rota("show")[1].splitlines()[0]


@pytest.mark.usefixtures("_people")
def test_what_cannot_be_is_said(rota: Rota) -> None:
    assert (
        rota("add", "nobody", "2026-11-24T07:00", "2026-11-24T21:00")[2] == "saathi rota: nobody signs in as nobody\n"
    )
    assert rota("add", "asha", "2026-11-24T07:00", "2026-11-24T06:00")[2] == "saathi rota: UNTIL is not after FROM\n"
    assert rota("swap", "ffffffff")[2] == "saathi rota: there is no shift ffffffff, or more than one\n"
    night = ("add", "asha", "2026-11-24T21:00", "2026-11-25T07:00", "--role", "on_call")
    assert rota(*night)[0] == 0
    assert "another shift" in rota(*night)[2]
    code, _, told = rota("add", "asha", "2026-11-25T21:00", "2026-11-26T07:00", "--role", "on_call")
    assert (code, "one night on call too many" in told) == (1, True)


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["rota", "--help"])
    assert "saathi rota add asha" in capsys.readouterr().out


@pytest.mark.usefixtures("_people")
def test_what_may_stand_there_is_named(rota: Rota, capsys: pytest.CaptureFixture[str]) -> None:
    night = ("2026-11-25T07:00", "2026-11-25T14:00")
    told = rota("add", "asha", *night, "--because", "tired")
    assert told == (1, "", "saathi rota: no such reason: nobody_else, knows_her, asked_by_her, handover\n")
    for words, wanted in (
        (("add", "asha", "tomorrow", night[1]), "argument FROM: a time such as 2026-11-25T07:00"),
        (("sick", "asha", night[0], "25.11."), "argument UNTIL: a time such as 2026-11-25T07:00"),
        (("show", "--days", "-3"), "argument --days: a number of days, 1 or more"),
    ):
        with pytest.raises(SystemExit):
            rota(*words)
        assert wanted in capsys.readouterr().err
