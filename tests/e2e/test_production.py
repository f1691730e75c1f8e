"""Production refuses to start with anything missing, says which, and asks no provider first.

Law: exit code 2, the variable's name on standard error, none of the values.
"""

from __future__ import annotations

import base64
import socket

import psycopg
import pytest

from tests.fakes import database
from tests.fakes.service import command, free_port
from tests.fakes.world import World

pytestmark = pytest.mark.slow
KEY = base64.b64encode(bytes(range(32))).decode()
PASSWORD = "a-password-nobody-should-see"

# what is changed of a complete environment (None = taken away), and what must be said
WRONG: dict[str, tuple[dict[str, str | None], str]] = {
    "no secret key": ({"SAATHI_SECRET_KEY": None}, "SAATHI_SECRET_KEY"),
    "a short secret key": ({"SAATHI_SECRET_KEY": "c2hvcnQ="}, "SAATHI_SECRET_KEY"),
    "no database": ({"SAATHI_DATABASE_URL": None}, "SAATHI_DATABASE_URL"),
    "no public address": ({"SAATHI_PUBLIC_URL": None}, "SAATHI_PUBLIC_URL"),
    "a public address without TLS": ({"SAATHI_PUBLIC_URL": "http://help.example"}, "SAATHI_PUBLIC_URL"),
    "telegram without its secret": ({"SAATHI_TELEGRAM_WEBHOOK_SECRET": None}, "SAATHI_TELEGRAM_WEBHOOK_SECRET"),
    "senders without a token": ({"SAATHI_TWILIO_AUTH_TOKEN": None}, "SAATHI_TWILIO_AUTH_TOKEN"),
    "senders without an account": ({"SAATHI_TWILIO_ACCOUNT_SID": None}, "SAATHI_TWILIO_ACCOUNT_SID"),
    "an unknown mode": ({"SAATHI_TELEGRAM_MODE": "pigeon"}, "SAATHI_TELEGRAM_MODE"),
    "a database that is not there": (
        {"SAATHI_DATABASE_URL": f"postgresql://saathi_app:{PASSWORD}@127.0.0.1:{{closed}}/saathi"},
        "SAATHI_DATABASE_URL",
    ),
}


def _complete(here: World) -> dict[str, str]:
    return here.settings | {"SAATHI_ENV": "production", "SAATHI_SECRET_KEY": KEY}


@pytest.mark.parametrize("name", WRONG)
async def test_production_refuses_and_says_why(here: World, name: str) -> None:
    changes, wanted = WRONG[name]
    settings = _complete(here)
    for variable, value in changes.items():
        settings.pop(variable, None)
        if value is not None:
            settings[variable] = value.format(closed=free_port())
    code, out, err = await command(settings, "serve", "--port", str(free_port()))
    assert code == 2, err
    assert wanted in err
    assert "Traceback" not in out + err
    for secret in (KEY, PASSWORD, *(v for n, v in settings.items() if n.endswith(("TOKEN", "SECRET")))):
        assert secret not in out + err
    assert not here.twilio.asked
    assert not here.telegram.asked


async def test_production_refuses_a_schema_that_is_too_old(here: World) -> None:
    with psycopg.connect(here.url_owner, autocommit=True) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '0000_before'")
    code, _, err = await command(_complete(here), "serve", "--port", str(free_port()))
    assert code == 2
    assert "saathi migrate" in err


async def test_another_secret_key_is_said_and_changes_nothing(here: World) -> None:
    settings = _complete(here)
    async with here.service(env="production", secret_key=KEY) as service:
        await service.ready()
    keys = database.asked(here.url, "SELECT id, kind, wrapped FROM keys ORDER BY id")
    other = base64.b64encode(bytes(range(1, 33))).decode()
    for command_line in (("serve", "--port", str(free_port())), ("reply", "000 000 0", "hello")):
        code, out, err = await command(settings | {"SAATHI_SECRET_KEY": other}, *command_line)
        assert code == 2, err
        assert "made with another SAATHI_SECRET_KEY" in err
        assert "Unopenable" not in out + err
        assert other not in out + err
    assert database.asked(here.url, "SELECT id, kind, wrapped FROM keys ORDER BY id") == keys


async def test_a_taken_port_is_said_and_nothing_else_is_claimed(here: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, out, err = await command(here.settings, "serve", "--role", "web", "--port", port)
    assert code == 1, err
    assert "listens" not in out
    assert f"127.0.0.1:{port}" in err
    assert "--port" in err


async def test_a_web_process_has_no_model_and_says_what_does_nothing(here: World) -> None:
    (here.directory / "nlu").unlink()
    async with here.service("--role", "web", media_url="http://help.example") as service:
        await service.ready()
        output = service.output
    assert f"listens on {here.base}" in output
    assert "saathi queue" in output
    assert "SAATHI_MEDIA_URL is set, and does nothing" in output
    assert '"code": "SAATHI_MEDIA_URL"' in output
    assert "help.example" not in output
    assert not (here.directory / "nlu").exists()


async def test_production_starts_when_nothing_is_missing_and_asks_no_provider(here: World) -> None:
    here.settings = _complete(here)
    async with here.service() as service:
        await service.ready()
        assert "/try" not in service.output  # the simulator is not there
    assert not here.twilio.asked
    assert not here.telegram.asked
    assert not (here.directory / "secret.key").exists()
