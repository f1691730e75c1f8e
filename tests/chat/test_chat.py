"""`saathi chat`, as a process with a pipe, and `saathi reply` into what was said there.

Law: standard output is what the phone shows, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import app as composition
from bot import settings as configuration
from bot.channels import segments
from bot.simulated import Phones
from bot.store.embedded import Server
from tests.fakes import database, once
from tests.fakes.service import command
from tests.fakes.world import data_directory

pytestmark = pytest.mark.slow
DANGER = b"malai thunera rakheko chha dhoka band\n1\nsalmiya lulu najik\n2\n1"  # the example of protection.md, part C
REFERENCE = re.compile(r"\d{3}\s\d{3}\s\d")


@pytest.fixture
def phone(server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a phone in the terminal, on a database of its own."""
    with database.copied(server) as copy:
        yield {
            "SAATHI_DATA_DIR": str(data_directory(tmp_path)),
            "SAATHI_DATABASE_URL": copy.url_app,
            "SAATHI_DATABASE_OWNER_URL": copy.url_owner,
        }


async def test_locked_in_is_four_messages_of_one_segment(phone: dict[str, str]) -> None:
    """The last line has no newline. By day it answers the fourth message and nothing follows; at night the fourth asks
    nothing, so it is one more word to whoever reads later, and gets the one line."""
    code, out, err = await command(phone, "chat", "--channel", "sms", "--lang", "ne", given=DANGER)
    assert code == 0, err
    shown = out.splitlines()
    assert len(shown) == (4 if {"हुँदैन", "hudaina"} & set(shown[3].split()) else 5)
    assert {segments.count(line).segments for line in shown} == {1}
    assert "112" in shown[0]
    before = database.effects(phone["SAATHI_DATABASE_URL"])
    assert before["notices.page"] >= 1
    assert before["conversations.waiting"] == 1
    # after the page, not after the last answer: the first message alone pages as well
    code, out, _ = await command(phone, "chat", "--lang", "ne", given=DANGER.splitlines()[0])
    assert (code, len(out.splitlines())) == (0, 1)
    after = database.effects(phone["SAATHI_DATABASE_URL"])
    assert after["notices.page"] == before["notices.page"] + 1


async def test_a_first_contact_without_a_language(phone: dict[str, str]) -> None:
    code, out, err = await command(phone, "chat", given="नमस्ते\n".encode())
    assert (code, err) == (0, "")
    assert out.strip()
    assert all(segments.count(line).segments <= 2 for line in out.splitlines())


async def test_an_unknown_language_is_said_clearly(phone: dict[str, str]) -> None:
    code, out, err = await command(phone, "chat", "--lang", "xx", given=b"hello\n")
    assert (code, out) == (2, "")
    assert "xx" in err
    for known in once.written().languages:
        assert known in err


async def test_buttons_are_shown(phone: dict[str, str]) -> None:
    given = b"my boss has not paid my salary\n"
    code, out, err = await command(phone, "chat", "--channel", "telegram", "--lang", "en", given=given)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if re.fullmatch(r"  \[.+\]", line)] == ["  [Yes]", "  [No]"]
    assert not out.startswith("  [")  # the question comes first


async def test_whatsapp_without_templates_is_numbered_text_as_on_the_phone(phone: dict[str, str]) -> None:
    given = b"my boss has not paid my salary\n"
    code, out, err = await command(phone, "chat", "--channel", "whatsapp", "--lang", "en", given=given)
    assert (code, err) == (0, "")
    assert out.splitlines()[-2:] == ["1. Yes", "2. No"]
    assert "[" not in out


async def test_strange_input_is_a_conversation_and_no_crash(phone: dict[str, str]) -> None:
    given = b"\n   \n\xff\xfe\n" + "\u202e\U0001f468\u200d\U0001f469".encode() + b"\n" + b"x" * 20000 + b"\na\x00b\r\n"
    code, out, err = await command(phone, "chat", "--lang", "en", given=given)
    assert code == 0, err
    assert "Traceback" not in err
    assert out.strip()


async def _report(phone: dict[str, str], address: str) -> str:
    """Report unpaid wages until the number; returns it."""
    given = b"my boss has not paid my salary for three months\n1\n1\n1\n3 months 180 KD\n1\n"
    code, out, err = await command(phone, "chat", "--lang", "en", "--from", address, given=given)
    assert code == 0, err
    (number,) = REFERENCE.findall(out)
    return str(number)


async def _thread(phone: dict[str, str], address: str) -> list[dict[str, Any]]:
    """What the phone shows, from the service's own rooms."""
    settings = configuration.load(_env_file=None, **{n.removeprefix("SAATHI_").lower(): v for n, v in phone.items()})
    app = await composition.build(settings)
    try:
        return await Phones(app).thread("sms", address)
    finally:
        await app.close()


async def test_a_human_answers_and_the_bot_is_silent(phone: dict[str, str]) -> None:
    address = "+96550009876"
    number = await _report(phone, address)
    code, out, err = await command(phone, "reply", number, "I read it. Which shop is it?")
    assert (code, err) == (0, ""), out
    assert "queued" in out
    assert "serve" in out  # it is not sent here: this shell may not know the providers
    (state,) = await _states(phone)
    assert state == "queued"
    seen = await command(phone, "chat", "--from", address, given=b"what now\n")
    assert seen[0] == 0, seen[2]
    assert seen[1] == ""  # the bot is silent
    last = (await _thread(phone, address))[-2:]
    assert [(m["direction"], m["author"], m["state"]) for m in last] == [
        ("out", "human", "sent"),
        ("in", "person", "received"),
    ]
    assert last[0]["parts"][0]["text"] == "I read it. Which shop is it?"
    code, _, err = await command(phone, "reply", *number.split(), "-", given="Good luck \u2013 ठीक.\n".encode())
    assert (code, err) == (0, "")
    assert (await _thread(phone, address))[-1]["text_id"] == "human.reply"
    code, out, err = await command(phone, "release", *number.split())
    assert (code, err) == (0, "")
    assert (await command(phone, "chat", "--from", address, given=b"menu\n"))[1]  # the bot speaks again


async def _states(phone: dict[str, str]) -> list[str]:
    """States of what a human wrote and has not left."""
    with psycopg.connect(phone["SAATHI_DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT state FROM outbox WHERE origin = 'human' AND state <> 'sent'").fetchall()
    return [state for (state,) in rows]


async def test_nothing_to_say_and_an_answer_that_waits(phone: dict[str, str]) -> None:
    number = await _report(phone, "+96550009877")
    code, out, err = await command(phone, "reply", number, "-", given=b" \n")
    assert (code, out) == (2, "")
    with psycopg.connect(phone["SAATHI_DATABASE_URL"]) as connection:
        connection.execute("UPDATE conversations SET last_inbound_at = now() - interval '1 day', agreed_until = NULL")
        connection.execute("UPDATE contacts SET consent_contact_at = NULL")
        connection.commit()
    code, out, _ = await command(phone, "reply", "--release", number, "I read it.")
    assert code == 3
    assert out.startswith("held: it waits until the person writes again")
    assert await _states(phone) == ["held"]
    with psycopg.connect(phone["SAATHI_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT owner FROM conversations").fetchone() == ("bot",)
    code, out, err = await command(phone, "release", "000", "0000")
    assert (code, out) == (1, "")
    assert "000 0000" in err


async def test_a_number_that_nobody_has(phone: dict[str, str]) -> None:
    code, out, err = await command(phone, "reply", "000 000 0", "hello")
    assert (code, out) == (1, "")
    assert "000 000 0" in err
    with psycopg.connect(phone["SAATHI_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
