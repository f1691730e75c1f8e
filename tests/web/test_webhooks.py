"""The webhooks over real HTTP, with the server of production and the real signatures."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx
import pytest

from bot.channels.contract import Inbound, Receipt
from bot.settings import Settings
from bot.web import signatures
from bot.web.webhooks import MOST_BYTES, STATUS, TELEGRAM, TWILIO, polled, webhooks
from tests.fakes.server import served
from tests.fakes.twilio import ACCOUNT, TOKEN, sign
from tests.fixtures.nasty import BODIES, TEXTS, TOO_LARGE

PUBLIC, SECRET, OLDER = "https://help.example", "a-secret_OF-tests", "an-older-token"
SAMPLES = Path(__file__).parent.parent / "channels"
FORM = "application/x-www-form-urlencoded"
NAMES = sorted(f"{p.parent.name}/{p.stem}" for p in SAMPLES.glob("*/*.json"))


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@dataclass
class Store:
    """Where messages go in these tests; `broken` = the database is down."""

    values: list[Inbound | Receipt] = field(default_factory=list)
    raw: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    broken: bool = False

    async def receive(self, values: Sequence[Inbound | Receipt]) -> None:
        if self.broken:
            raise ConnectionError("no database for +9779812345678")
        self.values.extend(values)

    async def quarantine(self, provider: str, account: str, event_id: str, raw: bytes) -> None:
        if self.broken:
            raise ConnectionError("no database")
        self.raw.append((provider, account, event_id, raw))


@dataclass
class Line:
    """A server, its store, and a client to it."""

    store: Store
    client: httpx.AsyncClient

    async def twilio(self, fields: dict[str, str] | list[tuple[str, str]], path: str = TWILIO, **more: Any) -> int:
        """POST a signed form; returns the status code."""
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        signature = more.pop("signature", None) or sign(PUBLIC + path, pairs, more.pop("token", TOKEN))
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature} | more.pop("headers", {})
        body = urlencode(pairs, errors="surrogatepass").encode()
        return (await self.client.post(path, content=body, headers=headers)).status_code

    async def telegram(self, body: Any, secret: str = SECRET) -> int:
        """POST an update (or raw bytes) with the secret; returns the status code."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        return (await self.client.post(TELEGRAM, content=content, headers=headers)).status_code

    @property
    def empty(self) -> bool:
        return not self.store.values and not self.store.raw


def settings(**more: Any) -> Settings:
    known: dict[str, Any] = {
        "public_url": PUBLIC,
        "telegram_token": "7000:abc",
        "telegram_webhook_secret": SECRET,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": f"{TOKEN},{OLDER}",
        "sms_sender": "+447700900123,+447700900777",
        "whatsapp_sender": "whatsapp:+447700900456",
    }
    return Settings(**(known | more))


@pytest.fixture(scope="module")
async def standing() -> AsyncIterator[Line]:
    store = Store()
    async with (
        served(webhooks(settings(), store.receive, store.quarantine)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield Line(store, client)


@pytest.fixture
def line(standing: Line) -> Line:
    """One server for all these tests, each with an empty store."""
    standing.store.values.clear()
    standing.store.raw.clear()
    standing.store.broken = False
    return standing


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


GENUINE: dict[str, list[tuple[str, str]]] = {
    "plain": list(sample("sms/text").items()),
    "blank body": list(sample("sms/empty").items()),
    "pooled": list(sample("sms/service_pool").items()),
    "unknown fields": list(sample("sms/unknown_fields").items()),
    "repeated name": [*sample("sms/text").items(), ("Extra", "b"), ("Extra", "a"), ("Extra", "b")],
    "blanks around": list({**sample("sms/text"), "Body": "  hello \t "}.items()),
    "reserved": list({**sample("sms/text"), "Body": "a+b c&d=e;f%20g#h?i"}.items()),
    "another order": list(reversed(sample("whatsapp/text").items())),
}


@pytest.mark.parametrize("name", GENUINE)
async def test_genuine_forms_are_accepted(name: str, line: Line) -> None:
    assert await line.twilio(GENUINE[name]) == 200
    (heard,) = line.store.values
    assert isinstance(heard, Inbound)
    assert heard.text == dict(GENUINE[name])["Body"]


@pytest.mark.parametrize("signed", [f"{PUBLIC}:443{TWILIO}", PUBLIC + TWILIO])
async def test_twilio_may_sign_with_or_without_the_port(signed: str, line: Line) -> None:
    fields = sample("sms/text")
    assert await line.twilio(fields, signature=sign(signed, fields.items())) == 200


async def test_both_tokens_hold_while_rotating(line: Line) -> None:
    fields = sample("sms/text")
    assert [await line.twilio(fields, token=t) for t in (TOKEN, OLDER, "withdrawn")] == [200, 200, 403]
    assert len(line.store.values) == 2


async def test_a_json_body_is_bound_to_its_hash(line: Line) -> None:
    body = json.dumps(sample("sms/text")).encode()
    path = f"{TWILIO}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"X-Twilio-Signature": sign(PUBLIC + path), "Content-Type": "application/json; charset=utf-8"}

    async def post(content: bytes, where: str = path, **more: str) -> int:
        return (await line.client.post(where, content=content, headers=headers | more)).status_code

    assert await post(body) == 200
    assert len(line.store.values) == 1
    for changed in (body[:-1] + b" }", body.replace(b"+977", b"+978"), b"", b"{}", b"null"):
        assert await post(changed) == 403
    bare = {"X-Twilio-Signature": sign(PUBLIC + TWILIO)}
    assert await post(body, TWILIO, **bare) == 403  # JSON without a hash
    twice = f"{path}&bodySHA256=00"
    assert await post(body, twice, **{"X-Twilio-Signature": sign(PUBLIC + twice)}) == 403
    # the same signed address must not let an empty form in
    assert await post(b"", **{"Content-Type": FORM}) == 403
    assert (len(line.store.values), line.store.raw) == (1, [])


# --- not genuine --------------------------------------------------------------------------------------------


def mutated(rng: random.Random, value: str) -> str:
    """One character changed, dropped or doubled."""
    at = rng.randrange(len(value))
    return rng.choice(
        [
            value[:at] + rng.choice("aA0+/=%&;. _-\x7f") + value[at + 1 :],
            value[:at] + value[at + 1 :],
            value[:at] + value[at] + value[at:],
            value[:at] + chr(ord(value[at]) ^ (1 << rng.randrange(7))) + value[at + 1 :],
        ]
    )


def printable(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()


async def test_a_thousand_mutations_are_all_refused(line: Line) -> None:
    rng = random.Random(20261124)
    fields, path = sample("whatsapp/button"), f"{TWILIO}?a=1&b=two"
    good = sign(PUBLIC + path, fields.items())
    body = urlencode(fields)
    told: list[tuple[int, str]] = []
    while len(told) < 1000:
        where, content, signature = path, body, good
        match rng.randrange(3):
            case 0:
                where = f"{TWILIO}?{mutated(rng, path.partition('?')[2])}"
            case 1:
                content = mutated(rng, body)
            case _:
                signature = mutated(rng, good)
        same = dict(parse_qsl(content, keep_blank_values=True)) == fields and where == path and signature == good
        if same or not printable(signature) or not printable(where):
            continue
        if "#" in where or quote_plus(where, safe="/?&=+%;._-~") != where:
            continue  # the client would not send it as it stands
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        answer = await line.client.post(where, content=content.encode(), headers=headers)
        told.append((answer.status_code, f"{where} {content} {signature}"))
    assert [t for t in told if t[0] != 403] == []
    assert line.empty
    assert await line.twilio(fields, path) == 200  # and the genuine one still passes


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Twilio-Signature", "")],
        [("X-Twilio-Signature", "x" * 10_000)],
        [("X-Twilio-Signature", "é".encode())],
        [("X-Twilio-Signature", b"\xff\xfe")],
        [("X-Twilio-Signature", "GOOD"), ("X-Twilio-Signature", "GOOD")],
        [("X-Twilio-Signature", "GOOD"), ("x-twilio-signature", "bad")],
        [("X-Twilio-Signature", "GOOD,GOOD")],
    ],
)
async def test_missing_garbled_and_double_signatures(headers: list[tuple[str, Any]], line: Line) -> None:
    fields = sample("sms/text")
    good = sign(PUBLIC + TWILIO, fields.items())
    sent = [(n, good if v == "GOOD" else v) for n, v in headers]
    sent = [(n, v.replace("GOOD", good) if isinstance(v, str) else v) for n, v in sent]
    content = urlencode(fields).encode()
    answer = await line.client.post(TWILIO, content=content, headers=[*sent, ("Content-Type", FORM)])
    assert answer.status_code == 403
    assert line.empty


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "kind", [FORM, "application/json", "multipart/form-data; boundary=x", "text/plain; charset=utf-16", ""]
)
async def test_odd_bodies_without_a_signature(body: str, kind: str, line: Line) -> None:
    for path in (TWILIO, STATUS):
        for headers in ({"Content-Type": kind}, {"Content-Type": kind, "X-Twilio-Signature": "x"}):
            answer = await line.client.post(path, content=BODIES[body], headers=headers)
            assert answer.status_code == 403
    assert line.empty


async def test_a_form_cut_anew_out_of_a_signed_one_does_nothing(line: Line) -> None:
    """A text that spells out other fields makes one signature fit two forms; see W7 of the research notes."""
    victim, forged, mine = "+9779800000000", "SM" + "f" * 32, {**sample("sms/text")}
    tail = f"MessageSid{forged}NumMedia0NumSegments1SmsMessageSid{forged}SmsSid{forged}SmsStatusreceived"
    mine["Body"] = f"delete my dataFrom{victim}{tail}To+447700900123Zz"
    cut = {
        "AccountSid": ACCOUNT,
        "ApiVersion": mine["ApiVersion"],
        "Body": "delete my data",
        "From": victim,
        "MessageSid": forged,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": forged,
        "SmsSid": forged,
        "SmsStatus": "received",
        "To": "+447700900123",
    }
    order = sorted(mine)
    cut["Zz"] = "".join(n + mine[n] for n in order[order.index("Body") + 1 :])
    signature = sign(PUBLIC + TWILIO, mine.items())
    assert sign(PUBLIC + TWILIO, cut.items()) == signature  # the attack is real
    assert await line.twilio(mine) == 200
    assert [v.address for v in line.store.values if isinstance(v, Inbound)] == ["+9779812345678"]
    halves = {**cut, "Zz": cut["Zz"].partition("MessageSid")[0] + "Mess"}
    halves["ageSid"] = cut["Zz"].partition("Message")[2].removeprefix("Sid")
    replied = {n: v for n, v in cut.items() if n != "Zz"}
    for form in (cut, halves, {**replied, "OriginalRepliedMessageSid": mine["MessageSid"] + "x"}):
        assert await line.twilio(form) == 200
    assert (len(line.store.values), len(line.store.raw)) == (1, 3)  # kept for a human, and without effect


async def test_headers_cannot_move_the_signed_address(line: Line) -> None:
    fields = sample("sms/text")
    spoofed = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
        "Forwarded": "host=evil.example;proto=https",
        "X-Original-URL": TWILIO,
    }
    evil = sign(f"https://evil.example{TWILIO}", fields.items())
    assert await line.twilio(fields, signature=evil, headers=spoofed) == 403
    assert line.empty
    assert await line.twilio(fields, headers=spoofed) == 200  # genuine, behind whatever proxy


async def test_a_signature_for_one_route_is_none_for_another(line: Line) -> None:
    fields = sample("sms/text")
    assert await line.twilio(fields, STATUS, signature=sign(PUBLIC + TWILIO, fields.items())) == 403
    assert line.empty


async def test_another_account_is_refused(line: Line) -> None:
    assert await line.twilio({**sample("sms/text"), "AccountSid": "AC" + "f" * 32}) == 403
    assert line.empty


@pytest.mark.parametrize(
    "missing", [{"public_url": ""}, {"twilio_auth_token": None}, {"twilio_account_sid": ""}, {"twilio_auth_token": ","}]
)
async def test_without_configuration_nothing_is_accepted(missing: dict[str, Any]) -> None:
    store, fields = Store(), sample("sms/text")
    async with (
        served(webhooks(settings(**missing), store.receive, store.quarantine)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        line = Line(store, client)
        for token in (TOKEN, "", ","):
            for public in (PUBLIC, "", url):
                signature = sign(public + TWILIO, fields.items(), token)
                assert await line.twilio(fields, signature=signature) == 403
    assert line.empty


@pytest.mark.parametrize(
    "told", ["", SECRET[:-1], f"{SECRET}x", f"x{SECRET}", SECRET.upper(), "7000:abc", "é", f"{SECRET},{SECRET}"]
)
async def test_a_wrong_telegram_secret(told: str, line: Line, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    headers = {b"X-Telegram-Bot-Api-Secret-Token": told.encode()}
    answer = await line.client.post(TELEGRAM, json=sample("telegram/text"), headers=headers)
    assert answer.status_code == 403
    assert line.empty
    assert SECRET not in caplog.text


async def test_no_or_two_telegram_secrets_or_none_configured(line: Line) -> None:
    update, name = sample("telegram/text"), "X-Telegram-Bot-Api-Secret-Token"
    assert (await line.client.post(TELEGRAM, json=update)).status_code == 403
    both = [(name, SECRET), (name, SECRET)]
    assert (await line.client.post(TELEGRAM, json=update, headers=both)).status_code == 403
    assert line.empty
    store = Store()
    routes = webhooks(settings(telegram_webhook_secret=None), store.receive, store.quarantine)
    async with served(routes) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for told in ("", "None", SECRET):
            assert await Line(store, client).telegram(update, told) == 403
    assert store.values == []


def test_the_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(a: bytes, b: bytes) -> bool:
        seen.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert signatures.telegram_secret_fits("s", [b"s"])
    assert not signatures.telegram_secret_fits("s", [b"x"])
    assert seen == [(b"s", b"s"), (b"x", b"s")]


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
