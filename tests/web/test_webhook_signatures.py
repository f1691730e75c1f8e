"""Who is believed: genuine requests of every shape pass, a thousand changed ones and every trick do not."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import random
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

import httpx
import pytest

from bot.channels.contract import Inbound
from bot.web import signatures
from bot.web.webhooks import STATUS, TELEGRAM, TWILIO, webhooks
from tests.fakes.line import FORM, OLDER, PUBLIC, SECRET, Line, Store, sample, settings
from tests.fakes.server import served
from tests.fakes.twilio import ACCOUNT, TOKEN, sign
from tests.fixtures.nasty import BODIES

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
