"""`saathi staff`: profiles, links, interpreters; numbers of colleagues are never printed."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot import app as composition
from bot import settings as configuration
from bot.cli import staff as command
from bot.settings import Settings
from bot.store.database import Database
from tests.conftest import NOON

Staff = Callable[..., tuple[int, str, str]]


@pytest.fixture
async def _people(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value() if settings.database_url else "")
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Saathi')"))
        for login, role in (("asha", "caseworker"), ("nimal", "interpreter")):
            await connection.execute(
                text(
                    "INSERT INTO users (id, organisation_id, login, name, role) SELECT gen_random_uuid(), id, :login,"
                    " initcap(:login), :role FROM organisations"
                ),
                {"login": login, "role": role},
            )
    await database.close()


@pytest.fixture
def staff(
    settings: Settings, _people: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Staff:
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


def test_a_profile_is_written_and_shown_without_numbers(staff: Staff) -> None:
    told = staff("profile", "asha", "--languages", "ne, hi", "--skills", "legal", "--phone", "+9779800000001")
    assert told == (0, "noted\n", "")
    code, out, _ = staff("list")
    (line,) = [row for row in out.splitlines() if row.startswith("Asha")]
    assert (code, "reads ne, hi" in line, "voice" in line, "977" in out) == (0, True, True, False)
    assert staff("profile", "asha", "--phone", "")[0] == 0
    assert "not called" in staff("list")[1]


def test_what_cannot_be_is_said(staff: Staff) -> None:
    assert staff("profile", "nobody", "--gender", "woman")[2] == "saathi staff: nobody signs in as nobody\n"
    assert staff("profile", "asha", "--skills", "magic")[0] == 2
    assert staff("interpret", "nimal", "4829173", "--language", "si", "--heard-by", "asha")[0] == 2
    told = staff("interpret", "nimal", "4829173", "--language", "si", "--heard-by", "asha", "--declared")
    assert told[2] == "saathi staff: there is no case 4829173\n"
    assert staff("interpret", "nimal", "--end")[1] == "there was nothing to end\n"


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--languages", "zz,ne", "there is no language zz: en, ar, "),
        ("--countries", "Kuwait", "there is no country KUWAIT: codes of two letters, such as KW, QA, NP"),
        ("--countries", "ZZ", "there is no country ZZ"),
        ("--skills", "flying", "no such skill: flying (legal, "),
        ("--timezone", "Mars/Base", "there is no time zone Mars/Base: a name such as Asia/Kathmandu"),
        ("--phone", "98000", "--phone: with + and the country, such as +9779800000001"),
        ("--email", "asha", "--email: an address such as asha@example.org"),
    ],
)
def test_a_value_by_which_nobody_is_reached_is_refused(staff: Staff, option: str, value: str, told: str) -> None:
    """It was noted, and whoever was to be woken by it was not."""
    code, out, err = staff("profile", "asha", option, value)
    assert (code, out) == (2, "")
    assert told in err
    (line,) = [row for row in staff("list")[1].splitlines() if row.startswith("Asha")]
    assert line.endswith("reads ?  not called")


def test_a_number_may_be_written_as_on_paper(staff: Staff) -> None:
    assert staff("profile", "asha", "--phone", "+977 98-0000 0001", "--countries", "kw")[0] == 0
    assert "voice" in staff("list")[1]


def test_an_interpreter_s_language_is_one_of_ours(staff: Staff) -> None:
    told = staff("interpret", "nimal", "4829173", "--language", "zz", "--heard-by", "asha", "--declared")
    assert told[0] == 2
    assert "there is no language zz: en, ar, " in told[2]


def test_a_code_for_a_chat_is_eight_digits(staff: Staff) -> None:
    code, out, _ = staff("link-telegram", "asha")
    digits = out.split("/staff ")[1].split()[0]
    assert (code, len(digits), digits.isdecimal()) == (0, 8, True)
    assert "Groups are off" in out
