"""T33: files come from an allow-list alone, the login goes to the first host alone, no more bytes than allowed."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest

from bot.media import fetch as room
from bot.media.fetch import Allowed, Failed, Place, Refused, fetch, is_public
from bot.transports.twilio import CDN
from tests.fakes.loopback import CUT, HANG, Answer, Asked, Loopback

FIRST = Place("api.twilio.com", "/2010-04-01/Accounts/AC1/Messages/")
REAL = Allowed((FIRST,), CDN)
GOOD = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
LOGIN = ("AC1", "a-secret-of-tests")
FILE = b"\xff\xd8\xff" + b"x" * 1000


class Provider(Loopback):
    """Serves a file behind a redirect, as Twilio does."""

    async def usual(self, asked: Asked) -> Answer:
        if asked.path.startswith("/2010-04-01/"):
            return Answer(307, headers={"Location": "/cdn/ME1?signature=x"})
        return Answer(200, text=FILE.decode("latin-1"))


@pytest.fixture
async def here() -> AsyncIterator[Provider]:
    async with Provider() as running:
        yield running


def local(here: Loopback) -> tuple[str, Allowed]:
    port = int(here.url.rpartition(":")[2])
    first = Place("127.0.0.1", "/2010-04-01/", port, plain=True)
    return f"{here.url}/2010-04-01/Media/ME1", Allowed((first,), (Place("127.0.0.1", "/cdn/", port, plain=True),))


async def test_t33_the_genuine_redirect_works_and_the_login_stays_behind(here: Provider) -> None:
    url, allowed = local(here)
    assert await fetch(url, allowed, LOGIN) == FILE.decode("latin-1").encode()
    first, second = here.asked
    assert first.headers["authorization"].startswith("Basic ")
    assert "authorization" not in second.headers
    assert second.query == {"signature": "x"}


ELSEWHERE = [
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "https://10.0.0.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://api.twilio.com.evil.example/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
    "https://evil-api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "https://user@api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "https://api.twilio.com:pass@evil.example/2010-04-01/Accounts/AC1/Messages/x",
    "https://api.twilio.com@evil.example/2010-04-01/Accounts/AC1/Messages/x",
    "https://evil.example\\@api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "https://api.twilio.com:8443/2010-04-01/Accounts/AC1/Messages/x",
    "http://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "https://api.twilio.com/2010-04-01/Accounts/AC2/Messages/x",
    "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/../../AC2/Messages/x",
    "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/%2e%2e/x",
    "https://api.twilio.com/other",
    "https://api.twilio.com#.evil.example",
    "https://аpi.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    " https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x\r\nHost: evil",
    "file:///etc/passwd",
    "ftp://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x",
    "gopher://127.0.0.1/",
    "//api.twilio.com/x",
    "data:text/plain,x",
    "",
    "https://",
    "https://api.twilio.com:99999999/",
]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_t33_no_other_address_is_connected_to(url: str) -> None:
    asked: list[str] = []

    async def noted(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(Refused):
        await fetch(url, REAL, LOGIN, resolving=noted)
    assert asked == []  # not even its name was looked up


@pytest.mark.parametrize("target", [u for u in ELSEWHERE if u and not u.startswith(" ")])
async def test_t33_nor_is_it_by_a_redirect(here: Provider, target: str) -> None:
    url, allowed = local(here)
    target = target.replace("\r\n", "%0d%0a")
    here.next(Answer(302, headers={"Location": target.encode("utf-8").decode("latin-1")}))
    with pytest.raises(Refused):
        await fetch(url, allowed, LOGIN)
    assert len(here.asked) == 1


async def test_t33_a_chain_of_redirects_ends(here: Provider) -> None:
    url, allowed = local(here)
    again = Answer(302, headers={"Location": "/cdn/again"})
    here.next(again, again)
    with pytest.raises(Refused, match="redirects"):
        await fetch(url, allowed, LOGIN)
    assert len(here.asked) == 2


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.1.2.3"],
        ["192.168.1.1"],
        ["172.16.0.1"],
        ["169.254.169.254"],
        ["fd00::1"],
        ["fe80::1"],
        ["::ffff:10.0.0.1"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["3.5.140.1", "127.0.0.1"],
        ["nonsense"],
        [],
    ],
)
async def test_t33_a_name_that_stands_for_a_private_address_is_refused(addresses: list[str]) -> None:
    async def lies(host: str, port: int) -> Sequence[str]:
        return addresses

    with pytest.raises(Refused, match="private_address"):
        await fetch(GOOD, REAL, LOGIN, resolving=lies)


async def test_t33_it_is_the_looked_up_address_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for something else at the second look-up (rebinding) is not looked up a second time."""
    looked = []

    async def once(host: str, port: int) -> Sequence[str]:
        looked.append(host)
        return ["192.0.2.1"]  # documentation: nobody answers there

    monkeypatch.setattr(room, "is_public", lambda address: True)
    monkeypatch.setattr(room, "_LIMIT", 0.3)
    monkeypatch.setattr(room, "_CONNECT", 0.3)
    with pytest.raises(Failed):
        await fetch(GOOD, REAL, LOGIN, resolving=once)
    assert looked == ["api.twilio.com"]


def test_t33_the_storage_of_twilio_is_on_the_list() -> None:
    for url in (
        "https://media.twiliocdn.com/AC1/abc?Expires=1",
        "https://mms.twiliocdn.com/AC1/abc",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/abc",
    ):
        assert any(place.holds(url) for place in CDN)
    for url in ("https://eviltwiliocdn.com/x", "https://s3-external-1.amazonaws.com/evil/x", "https://amazonaws.com/"):
        assert not any(place.holds(url) for place in CDN)
    assert is_public("3.5.140.1")


async def test_t33_no_more_bytes_than_allowed(here: Provider) -> None:
    url, allowed = local(here)
    for length in ("200000000", "5"):  # told, and lied about
        here.next(
            Answer(307, headers={"Location": "/cdn/x"}),
            Answer(200, text="x" * 3000) if length == "5" else Answer(200, text="y" * 3000),
        )
        with pytest.raises(Refused, match="too_large"):
            await fetch(url, allowed, LOGIN, most=1000)


@asynccontextmanager
async def serving(answer: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[tuple[str, Allowed]]:
    """A server that says this to who connects, and closes the connection whatever becomes of it."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        except ConnectionError:
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/f", Allowed((Place("127.0.0.1", "/", port, plain=True),))
    finally:
        server.close()
        await asyncio.wait_for(ended.wait(), 30)


async def test_t33_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)

    async def says(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)
        await writer.drain()

    async with serving(says) as (url, allowed):
        with pytest.raises(Refused, match="packed"):
            await fetch(url, allowed)


async def test_an_endless_file_without_a_length_is_cut() -> None:
    async def says(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(says) as (url, allowed):
        with pytest.raises(Refused, match="too_large"):
            await fetch(url, allowed, most=200_000)


@pytest.mark.parametrize(
    ("answer", "gone"), [(Answer(404), True), (Answer(410), True), (Answer(500), False), (CUT, False)]
)
async def test_what_did_not_come_may_come_later(here: Provider, answer: Answer, gone: bool) -> None:
    url, allowed = local(here)
    here.next(answer)
    with pytest.raises(Failed) as caught:
        await fetch(url, allowed, LOGIN)
    assert caught.value.gone is gone
    assert "secret" not in str(caught.value)


async def test_a_provider_that_hangs_is_left(here: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SECONDS", 0.2)
    url, allowed = local(here)
    here.next(HANG)
    with pytest.raises(Failed):
        await fetch(url, allowed, LOGIN)


# --- the transports that fetch


async def test_t33_twilio_fetches_with_its_login_from_its_own_api_alone(here: Provider) -> None:
    from bot.transports.twilio import Twilio
    from tests.fakes.twilio import ACCOUNT, TOKEN
    from tests.transports.test_transport_twilio import settings

    transport = Twilio(settings(here.url))
    url = f"{here.url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
    assert await transport.fetch(url, 10_000) == FILE.decode("latin-1").encode()
    first, second = here.asked
    assert base64.b64decode(first.headers["authorization"].removeprefix("Basic ")).decode() == f"{ACCOUNT}:{TOKEN}"
    assert "authorization" not in second.headers
    for elsewhere in (
        "https://api.twilio.com/x",
        f"{here.url}/2010-04-01/Accounts/AC9/Messages/x",
        "http://127.0.0.1:1/",
    ):
        with pytest.raises(Refused):
            await transport.fetch(elsewhere, 10_000)
    assert len(here.asked) == 2
    await transport.close()


async def test_t33_telegram_fetches_under_its_own_address_alone() -> None:
    from bot.settings import Settings
    from bot.transports import errors
    from bot.transports.telegram import Telegram
    from tests.fakes.telegram import TOKEN, taken

    class Files(Loopback):
        paths: ClassVar[list[str]] = []

        async def usual(self, asked: Asked) -> Answer:
            if asked.path.endswith("/getFile"):
                return taken({"file_id": "f", "file_unique_id": "u", "file_size": 9, "file_path": self.paths.pop(0)})
            return Answer(200, text="her voice") if asked.path.startswith(f"/file/bot{TOKEN}/voice/") else Answer(404)

    async with Files() as running:
        transport = Telegram(Settings(env="development", live="", telegram_token=TOKEN, telegram_api_url=running.url))
        running.paths[:] = ["voice/file_1.oga"]
        assert await transport.fetch("f", 1000) == b"her voice"
        asked = len(running.asked)
        running.paths[:] = ["../../bot/secret", "https://evil.example/x", "//evil.example/x", "a?b", "voice/x\r\ny"]
        for _ in range(5):
            with pytest.raises((Refused, errors.BadContent, Failed)):
                await transport.fetch("f", 1000)
        assert all(a.path.endswith("/getFile") for a in running.asked[asked:])
        running.paths[:] = ["voice/file_1.oga"]
        with pytest.raises(errors.BadContent):
            await transport.fetch("f", 5)
        await transport.close()
