"""Production refuses to start with anything missing, says which, and asks no provider first.

Law: exit code 2, the variable's name on standard error, none of the values.
"""

from __future__ import annotations

import base64

import psycopg
import pytest

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


async def test_production_starts_when_nothing_is_missing_and_asks_no_provider(here: World) -> None:
    here.settings = _complete(here)
    async with here.service() as service:
        await service.ready()
        assert "/try" not in service.output  # the simulator is not there
    assert not here.twilio.asked
    assert not here.telegram.asked
    assert not (here.directory / "secret.key").exists()
