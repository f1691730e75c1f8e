"""T46: nothing of a person and no secret of ours gets into what the process prints, whatever goes wrong.

Law: every canary is looked for as it is, URL-encoded, in base64 and as hex; logs are at their most talkative.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import httpx
import pytest

from bot.store import embedded
from bot.store.embedded import Server
from bot.store.migrate import migrate
from tests.fakes.loopback import CUT, Answer
from tests.fakes.post import Letter, deliver, message, post, text, update
from tests.fakes.service import command
from tests.fakes.telegram import refusal as telegram_refusal
from tests.fakes.twilio import refusal
from tests.fakes.world import World, world

pytestmark = pytest.mark.slow
PHONE, CHAT, NAME = "+60125512987", 55512987, "Kanchhi Canary-Tamang"
WORDS = "my boss has not paid my salary, ask Ramesh Zzyzx"
ODD = "Body\x00 %s {0} Qwfpgj Ramesh Zzyzx"


@pytest.fixture
def own_server() -> Iterator[tuple[Server, Path]]:
    """A server that the test may stop, and its data directory."""
    directory = Path(tempfile.mkdtemp(prefix="saathi-canaries-"))
    directory.chmod(0o711)
    try:
        server = embedded.ensure(directory, durable=False)
        migrate(server.url_owner)
        yield server, directory
    finally:
        embedded.remove(directory)
        shutil.rmtree(directory)


@pytest.fixture
async def apart(own_server: tuple[Server, Path]) -> AsyncIterator[tuple[World, Path]]:
    """A world on it."""
    server, directory = own_server
    async with world(server, directory / "world") as made:
        yield made, directory


def _spellings(canary: str) -> set[str]:
    raw = canary.encode()
    coded = {base64.b64encode(raw[n:]).decode().rstrip("=")[:-2] for n in range(3)}
    forms = {canary, quote(canary), quote_plus(canary), raw.hex(), canary.replace("+", "%2B")} | coded
    return {form for form in forms if len(form) >= 6}


def _hits(output: str, canaries: dict[str, str]) -> list[str]:
    return [name for name, canary in canaries.items() for form in _spellings(canary) if form in output]


def _secrets(here: World, letter: Letter) -> dict[str, str]:
    return {
        "phone": PHONE,
        "phone without plus": PHONE[1:],
        "chat": str(CHAT),
        "name": NAME,
        "words": WORDS,
        "a name in the words": "Zzyzx",
        "odd words": "Qwfpgj",
        "twilio token": here.settings["SAATHI_TWILIO_AUTH_TOKEN"],
        "telegram token": here.settings["SAATHI_TELEGRAM_TOKEN"].partition(":")[2],
        "telegram secret": here.settings["SAATHI_TELEGRAM_WEBHOOK_SECRET"],
        "signature": letter.headers["X-Twilio-Signature"],
        "database password": urlsplit(here.url).password or "",
    }


def test_the_search_finds_what_it_should() -> None:
    for spelled in (PHONE, quote(PHONE), base64.b64encode(f"x{PHONE}y".encode()).decode(), PHONE.encode().hex()):
        assert _hits(f"... {spelled} ...", {"phone": PHONE}), spelled


async def test_nothing_of_a_person_is_printed(apart: tuple[World, Path]) -> None:
    here, directory = apart
    first = text(PHONE, WORDS, "1", ProfileName=NAME)
    async with here.service(log_level="DEBUG") as service:
        await service.ready()
        await _errors_of_providers(here, first)
        await _strangers(here, first)
        await asyncio.to_thread(embedded.stop, directory)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            assert await post(client, here.base, text(PHONE, WORDS, "3")) == 503
            assert await post(client, here.base, update(message(CHAT, WORDS, 30, NAME))) == 503
        # The workers look once a second: the outage lasts until one of them has met it.
        await here.until(lambda: '"event": "database_unavailable"' in service.output, lambda: service.output[-2000:])
        await asyncio.to_thread(embedded.ensure, directory, durable=False)
        assert await deliver(here.base, text(PHONE, ODD, "4")) >= 1
        await here.quiet()
        service.terminate()
        assert await service.ended() == 0
        output = service.output
    levels = {json.loads(line)["level"] for line in output.splitlines() if line.startswith("{")}
    assert levels >= {"warning", "error"}  # there was something to talk about
    assert '"event": "webhook: not stored' in output
    assert _hits(output, _secrets(here, first)) == []


async def _errors_of_providers(here: World, first: Letter) -> None:
    """Refused, broken, cut: then it works."""
    here.twilio.next(Answer(500, text=f"oops {PHONE} {WORDS}"))
    await deliver(here.base, first)
    await here.answered(PHONE, 1)
    here.twilio.next(CUT)
    await deliver(here.base, text(PHONE, "1", "2"))
    await here.answered(PHONE, 2)
    here.twilio.next(refusal(21211))  # the address is dead, says Twilio, and quotes it
    await deliver(here.base, text(PHONE, "1", "5"))
    await here.until(lambda: here.effects().get("outbox.failed") == 1, here.effects)
    here.telegram.next(telegram_refusal(500, f"oops {NAME} {CHAT}"))
    await deliver(here.base, update(message(CHAT, WORDS, 1, NAME)))
    await here.answered(CHAT, 1)
    await here.quiet()


async def _strangers(here: World, first: Letter) -> None:
    """Requests that are refused, unreadable or torn, with the same canaries in them."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for letter in (
            Letter(first.path, first.body + b"&x=1", first.headers),
            Letter(first.path + f"?who={quote(PHONE)}", first.body, first.headers),
            Letter("/webhooks/nowhere" + f"?who={quote(PHONE)}", first.body, first.headers),
            update({"update_id": "no number", "message": {"text": WORDS, "chat": {"id": CHAT}}}),
            update(message(CHAT, WORDS, 2, NAME)).with_header("X-Telegram-Bot-Api-Secret-Token", "wrong"),
        ):
            await post(client, here.base, letter)
    host, port = here.base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST {first.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nFrom={PHONE}".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"NONSENSE {PHONE} {WORDS}\r\n\r\n".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def test_nothing_is_printed_when_it_cannot_start(here: World) -> None:
    password = "Zq9-canary-password"
    wrong = f"postgresql://saathi_app:{password}@127.0.0.1:1/saathi"
    code, out, err = await command(
        here.settings | {"SAATHI_DATABASE_URL": wrong, "SAATHI_DATABASE_OWNER_URL": wrong, "SAATHI_LOG_LEVEL": "DEBUG"},
        "serve",
        "--port",
        "0",
    )
    assert code == 2, err
    assert "SAATHI_DATABASE" in err
    assert _hits(out + err, {"password": password}) == []
