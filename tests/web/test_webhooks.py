"""The webhooks over real HTTP, with the server of production: what is taken, kept, refused for its size."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from bot.channels.contract import Inbound, Receipt
from bot.web.webhooks import MOST_BYTES, STATUS, TELEGRAM, TWILIO, polled
from tests.fakes.line import FORM, NAMES, PUBLIC, SECRET, Line, sample, settings
from tests.fakes.twilio import ACCOUNT, TOKEN, sign
from tests.fixtures.nasty import BODIES, TEXTS, TOO_LARGE


def twilio_path(fields: dict[str, Any]) -> str:
    return STATUS if "MessageStatus" in fields else TWILIO


# --- genuine ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_every_sample_arrives(name: str, line: Line) -> None:
    payload = sample(name)
    if name.startswith("telegram"):
        assert await line.telegram(payload) == 200
    else:
        assert await line.twilio(payload, twilio_path(payload)) == 200
    assert line.store.raw == []
    silent = {"group", "from_bot", "channel_post", "pinned", "unknown_update"}
    assert len(line.store.values) == (0 if name.rpartition("/")[2] in silent else 1)


async def test_twilio_gets_empty_twiml(line: Line) -> None:
    fields = sample("sms/text")
    headers = {"X-Twilio-Signature": sign(PUBLIC + TWILIO, fields.items())}
    answer = await line.client.post(TWILIO, data=fields, headers=headers)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/xml")
    assert answer.text.endswith("<Response/>")


async def test_the_reference_in_the_callback_address_comes_along(line: Line) -> None:
    fields, path = sample("sms/status_undelivered"), f"{STATUS}?ref=0190a1b2-7c3d"
    assert await line.twilio(fields, path) == 200
    (told,) = line.store.values
    assert isinstance(told, Receipt)
    assert (told.ref, told.status, told.error_code) == ("0190a1b2-7c3d", "failed", "30003")
    assert await line.twilio({**fields, "?ref": "forged"}, STATUS) == 200
    assert getattr(line.store.values[1], "ref", None) == ""


# --- authentic, but --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", BODIES)
async def test_authentic_telegram_garbage_is_kept(body: str, line: Line) -> None:
    raw = BODIES[body]
    assert await line.telegram(raw) == 200
    assert line.store.values == []
    stored = [(p, a, r) for p, a, _, r in line.store.raw]
    # an update of no kind that we know concerns nobody
    assert stored == ([] if body == "json twice" else [("telegram", "7000", raw)])


@pytest.mark.parametrize(
    "changes", [{"MessageSid": "SM1"}, {"From": "BANK"}, {"NumMedia": "x"}, {"From": ""}, {"AccountSid": None}]
)
async def test_authentic_twilio_garbage_is_kept_once_per_content(changes: dict[str, Any], line: Line) -> None:
    fields = {k: v for k, v in {**sample("sms/text"), **changes}.items() if v is not None}
    assert [await line.twilio(fields) for _ in range(2)] == [200, 200]
    (provider, account, event_id, raw), again = line.store.raw
    assert (provider, account) == ("twilio", ACCOUNT)
    assert dict(parse_qsl(raw.decode(), keep_blank_values=True)) == fields
    assert event_id == again[2]


async def test_a_store_that_fails_is_503_and_says_nothing(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    line.store.broken = True
    assert await line.twilio(sample("sms/text")) == 503
    assert await line.twilio({**sample("sms/text"), "From": "BANK"}) == 503
    assert await line.telegram(sample("telegram/text")) == 503
    assert await line.telegram(b"garbage") == 503
    line.store.broken = False
    assert await line.twilio(sample("sms/text")) == 200
    assert "ConnectionError" in caplog.text
    assert [secret for secret in ("+977", "तलब", SECRET, TOKEN) if secret in caplog.text] == []


async def test_our_own_numbers_are_a_loop(line: Line) -> None:
    assert await line.twilio({**sample("sms/text"), "From": "+447700900777"}) == 200
    assert await line.twilio({**sample("whatsapp/text"), "From": "whatsapp:+447700900123"}) == 200
    assert line.empty


# --- size and protocol -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [TELEGRAM, TWILIO, STATUS])
async def test_the_cap_holds_before_anything_is_parsed(path: str, line: Line) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": FORM, "X-Twilio-Signature": "x"}

    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 16_384

    assert (await line.client.post(path, content=TOO_LARGE, headers=headers)).status_code == 413
    assert (await line.client.post(path, content=chunked(), headers=headers)).status_code == 413
    assert line.empty


async def test_just_under_the_cap_is_read(line: Line) -> None:
    fields = sample("sms/text")
    room = MOST_BYTES - len(urlencode({**fields, "Body": ""}))
    assert await line.twilio({**fields, "Body": "x" * room}) == 200
    assert await line.twilio({**fields, "Body": "x" * (room + 1)}) == 413


async def wire(line: Line, request: bytes) -> int:
    """The status code of a request written by hand; 0 when the server hung up without a word."""
    port = httpx.URL(str(line.client.base_url)).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    try:
        answer = await asyncio.wait_for(reader.readline(), 10)
    except ConnectionError:
        answer = b""
    finally:
        writer.transport.abort()
    return int(answer.split()[1]) if answer else 0


@pytest.mark.parametrize(
    "head",
    [
        b"Host: a\r\nHost: b\r\nContent-Length: 0",
        b"Host: a\r\nContent-Length: 1\r\nContent-Length: 2",
        b"Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
        b"Host: a\r\nContent-Length: -1",
        b"Host: a\r\nContent-Length: x",
        b"Host: a\r\nX-Huge: " + b"x" * 100_000 + b"\r\nContent-Length: 0",
        b"HOST: a\r\nCONTENT-LENGTH: 0\r\nX-TWILIO-SIGNATURE: x",
    ],
)
async def test_odd_protocol_is_refused_without_a_crash(head: bytes, line: Line) -> None:
    for path in (TELEGRAM, TWILIO):
        body = b"0\r\n\r\n" if b"chunked" in head else b""
        status = await wire(line, b"POST " + path.encode() + b" HTTP/1.1\r\n" + head + b"\r\n\r\n" + body)
        assert status == 0 or 400 <= status < 500
    assert line.empty
    assert await line.twilio(sample("sms/text")) == 200


async def test_a_sender_that_hangs_up_half_way(line: Line) -> None:
    port = httpx.URL(str(line.client.base_url)).port
    for path in (TWILIO, TELEGRAM):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nX-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert await line.twilio(sample("sms/text")) == 200
    assert (len(line.store.values), line.store.raw) == (1, [])


@pytest.mark.parametrize("path", [TELEGRAM, TWILIO, STATUS])
async def test_only_post(path: str, line: Line) -> None:
    codes = [(await line.client.request(m, path)).status_code for m in ("GET", "PUT", "DELETE", "HEAD")]
    assert codes == [405] * 4


# --- what people write --------------------------------------------------------------------------------------------


def kept(text: str) -> str:
    """The stated rule: NUL and lone surrogates become U+FFFD, everything else stays."""
    return "".join("\ufffd" if c == "\0" or 0xD800 <= ord(c) <= 0xDFFF else c for c in text)


@pytest.mark.parametrize("name", TEXTS)
async def test_every_nasty_text_arrives_on_every_channel(name: str, line: Line) -> None:
    text = TEXTS[name]
    if name != "lone surrogate":  # a form cannot carry one in UTF-8
        for form in ("sms/text", "whatsapp/text"):
            fields = {**sample(form), "Body": text}
            if len(urlencode(fields)) > MOST_BYTES:
                continue
            assert await line.twilio(fields) == 200
    update = sample("telegram/text")
    update["message"]["text"] = text
    assert await line.telegram(update) == 200
    assert line.store.raw == []
    commands = {"commands": "/stop /help@other_bot"}  # after /start comes a deep link's word
    for heard in line.store.values:
        assert isinstance(heard, Inbound)
        told = commands.get(name, text) if heard.channel == "telegram" else text
        assert heard.text == kept(told)
        heard.text.encode()  # can be stored


async def test_polled_updates_go_the_same_way(line: Line) -> None:
    take = polled(settings(), line.store.receive, line.store.quarantine)
    await take([sample("telegram/text"), {"update_id": "x", "message": 1}, sample("telegram/press")])
    assert [v.event_id for v in line.store.values] == ["880001:5550001:101:0", "880005:5550001:press-23837123"]
    assert len(line.store.raw) == 1
    line.store.broken = True
    with pytest.raises(ConnectionError):
        await take([sample("telegram/voice")])


async def test_polled_updates_are_stored_together_in_their_order(line: Line) -> None:
    came: list[str] = []
    all_there = asyncio.Event()

    async def receive(values: Sequence[Inbound | Receipt]) -> None:
        came.extend(value.event_id for value in values)
        if len(came) == 2:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), 60)  # never comes when the second waits for the first

    await polled(settings(), receive, line.store.quarantine)([sample("telegram/text"), sample("telegram/press")])
    assert came == ["880001:5550001:101:0", "880005:5550001:press-23837123"]
