"""T56: Schemathesis over the webhooks and the simulator, against the running process: nothing that it makes up is let
in, nothing is a 5xx, no row is written; and what a provider signs, however odd, is taken or refused.

Law: the description is made here from what providers send; every field of theirs is there, and whatever else comes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given

from bot.web.webhooks import CALL, GATEWAY, STATUS, TELEGRAM, TWILIO, VOICE
from tests.fakes import database
from tests.fakes.made_up import as_made_up
from tests.fakes.post import SECRET, SMS_NUMBER, Letter, form, message
from tests.fakes.twilio import ACCOUNT
from tests.fakes.world import World

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("SAATHI_T56_EXAMPLES", "25"))  # of each route: more by hand
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
FORMS = (TWILIO, STATUS, VOICE, CALL)
KEY = "a-key-of-the-gateway-of-tests"
NUMBER = "+9779800000099"
FIELDS = (
    "MessageSid",
    "SmsSid",
    "From",
    "To",
    "Body",
    "NumMedia",
    "MediaUrl0",
    "MediaContentType0",
    "ProfileName",
    "WaId",
)
FIELDS += (
    "ButtonPayload",
    "ListId",
    "Latitude",
    "Longitude",
    "MessageStatus",
    "ErrorCode",
    "CallSid",
    "Digits",
    "OptOutType",
)
Sign = Callable[[str, Any], Letter]

WORD = {"type": "string", "maxLength": 60}
WHO = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "first_name": WORD, "is_bot": {"type": "boolean"}},
    "required": ["id", "first_name", "is_bot"],
}
CHAT = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "type": {"enum": ["private", "group", "channel"]}},
    "required": ["id", "type"],
}
MESSAGE = {
    "type": "object",
    "properties": {
        "message_id": {"type": "integer"},
        "date": {"type": "integer"},
        "chat": CHAT,
        "from": WHO,
        "text": WORD,
        "contact": {"type": "object"},
        "photo": {"type": "array", "maxItems": 2},
        "location": {"type": "object"},
    },
    "required": ["message_id", "date", "chat", "from"],
}
UPDATE = {
    "type": "object",
    "properties": {
        "update_id": {"anyOf": [{"type": "integer"}, WORD]},
        "message": MESSAGE,
        "edited_message": MESSAGE,
        "callback_query": {"type": "object", "properties": {"id": WORD, "from": WHO, "data": WORD, "message": MESSAGE}},
        "my_chat_member": {"type": "object", "properties": {"chat": CHAT, "from": WHO}},
    },
    "required": ["update_id", "message"],
}
EVENT = {
    "type": "object",
    "properties": {
        "event": {"anyOf": [{"enum": ["sms:received", "sms:delivered", "sms:failed"]}, WORD]},
        "id": WORD,
        "deviceId": WORD,
        "webhookId": WORD,
        "payload": {"type": "object", "properties": {"messageId": WORD, "message": WORD, "phoneNumber": WORD}},
    },
    "required": ["event", "id", "payload"],
}
SENT = {
    "type": "object",
    "properties": {
        "channel": {"anyOf": [{"enum": ["sms", "whatsapp", "telegram"]}, WORD]},
        "address": {"anyOf": [{"enum": ["+96551234567"]}, WORD]},
        **{name: WORD for name in ("text", "press", "media", "language")},
    },
}
WHOLE = {
    "type": "object",
    "properties": {
        "channel": {"enum": ["sms", "whatsapp", "telegram"]},
        "address": {"enum": ["+96551234567", "+9779812345678"]},
        "text": {"type": "string", "minLength": 1, "maxLength": 60},
        "language": {"enum": ["ne", "en"]},
    },
    "required": ["channel", "address", "text", "language"],
    "additionalProperties": False,
}


def _post(content: dict[str, Any], *headers: str) -> dict[str, Any]:
    told = [{"name": name, "in": "header", "schema": {"type": "string", "maxLength": 40}} for name in headers]
    body = {"content": {kind: {"schema": schema} for kind, schema in content.items()}}
    return {"post": {"parameters": told, "requestBody": body, "responses": {"default": {"description": "said"}}}}


def _described() -> dict[str, Any]:
    fields = {name: WORD for name in FIELDS} | {"AccountSid": {"enum": [ACCOUNT]}}
    sids = {name: {"type": "string", "pattern": "^[SC][MA][0-9a-f]{32}$"} for name in ("MessageSid", "CallSid")}
    who = {"From": {"enum": ["+96550001234", "whatsapp:+9779800001234", "12345", "Bank", ""]}}
    told = {
        "type": "object",
        "properties": fields | sids | who,
        "required": ["MessageSid", "CallSid", "From", "Body"],
        "additionalProperties": {"type": "string"},
    }
    paths = {path: _post({FORM: told, JSON: told}, "X-Twilio-Signature") for path in FORMS}
    paths[TELEGRAM] = _post({JSON: UPDATE}, "X-Telegram-Bot-Api-Secret-Token")
    paths[GATEWAY] = _post({JSON: EVENT}, "X-Signature", "X-Timestamp")
    return _document(paths)


def _document(paths: dict[str, Any]) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "what others call", "version": "1"}, "paths": paths}


def _driven(operation: Any, ask: Callable[[Any], requests.Response], examples: int = EXAMPLES) -> Counter[int]:
    """How often each answer came. What is wrong is read from that, so that nothing is shrunk."""
    told: Counter[int] = Counter()

    @as_made_up(examples)
    @given(case=operation.as_strategy())
    def drive(case: Any) -> None:
        told[ask(case).status_code] += 1

    drive()
    return told


def _as_it_is(base: str) -> Callable[[Any], requests.Response]:
    def ask(case: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return case.call(base, session=session, timeout=60, allow_redirects=False)

    return ask


@pytest.fixture
async def with_gateway(here: World) -> Any:
    """The process with every provider that there is."""
    told = {"url": "http://127.0.0.1:1", "number": NUMBER, "key": KEY, "password": "x"}
    async with here.service(**{f"sms_gateway_{name}": value for name, value in told.items()}) as service:
        await service.ready()
        yield here


async def test_T56_no_webhook_lets_in_what_is_made_up(with_gateway: World) -> None:
    here = with_gateway
    before = database.counts(here.url)
    asked: Counter[int] = Counter()
    for found in schemathesis.openapi.from_dict(_described()).get_all_operations():
        told = await asyncio.to_thread(_driven, found.ok(), _as_it_is(here.base))
        assert set(told) <= {400, 403, 413}, found.ok().label
        asked += told
    assert asked[403] > EXAMPLES
    assert sum(asked.values()) >= EXAMPLES * 6
    assert database.counts(here.url) == before
    print(f"webhooks: {sum(asked.values())} made-up requests, {dict(asked)}, no row")


def _whole(path: str, body: dict[str, Any], number: int) -> dict[str, Any]:
    """The same with what a whole message has; what is odd in it stays."""
    if path == TELEGRAM:
        odd = body.get("message") if isinstance(body.get("message"), dict) else {}
        told = message(5_550_000 + number % 5, str(odd.get("text", "hello")), number)
        return body | told | {"message": odd | told["message"]}
    if path == GATEWAY:
        odd = body.get("payload") if isinstance(body.get("payload"), dict) else {}
        told = {"messageId": f"m{number}", "message": str(odd.get("message", "hello")), "phoneNumber": "+9779800001234"}
        return body | {"event": "sms:received", "id": f"e{number}", "payload": odd | told}
    return body | {
        "MessageSid": f"SM{number:032x}",
        "CallSid": f"CA{number:032x}",
        "From": "+96550001234",
        "To": SMS_NUMBER,
    }


def _signed(path: str, body: Any, number: int) -> Letter:
    """As its provider would send it: genuine. Every second one is a whole message besides."""
    told = body if isinstance(body, dict) else {}
    told = _whole(path, told, number) if number % 2 else told
    raw = json.dumps(told).encode("utf-8", "surrogatepass")
    if path == TELEGRAM:
        return Letter(path, raw, {"Content-Type": JSON, "X-Telegram-Bot-Api-Secret-Token": SECRET})
    if path == GATEWAY:
        at = str(int(time.time()))
        mark = hmac.new(KEY.encode(), raw + at.encode(), hashlib.sha256).hexdigest()
        return Letter(path, raw, {"Content-Type": JSON, "X-Signature": mark, "X-Timestamp": at})
    clean = {str(n): str(v).encode("utf-8", "replace").decode() for n, v in told.items()}
    return form(clean | {"AccountSid": ACCOUNT}, path, "ref=nonsense")


async def test_T56_what_a_provider_signs_is_taken_or_refused_however_odd(with_gateway: World) -> None:
    here, numbers = with_gateway, itertools.count(1)
    asked: Counter[int] = Counter()
    for found in schemathesis.openapi.from_dict(_described()).get_all_operations():
        operation = found.ok()

        def ask(case: Any) -> requests.Response:
            letter = _signed(case.path, case.body, next(numbers))
            with requests.Session() as session:
                session.trust_env = False
                return session.post(here.base + letter.path, letter.body, headers=dict(letter.headers), timeout=60)

        told = await asyncio.to_thread(_driven, operation, ask)
        assert set(told) <= {200, 400}, operation.label
        asked += told
    assert asked[200] > EXAMPLES
    await here.quiet()
    assert here.effects()["inbox.done"] > EXAMPLES  # what was whole went all the way
    assert (await asyncio.to_thread(requests.get, f"{here.base}/health/ready", timeout=30)).status_code == 200
    print(f"webhooks: {sum(asked.values())} odd and genuine requests, {dict(asked)}")


async def test_T56_the_simulator_takes_what_its_page_sends_and_nothing_else(running: World) -> None:
    """A foreign page can only send forms and plain text; what is no message of a simulated phone writes nothing."""
    foreign = {kind: SENT for kind in (FORM, "text/plain")}
    paths = {path: _post(foreign) for path in ("/try/send", "/try/language")}
    before = database.counts(running.url)
    for found in schemathesis.openapi.from_dict(_document(paths)).get_all_operations():
        told = await asyncio.to_thread(_driven, found.ok(), _as_it_is(running.base))
        assert set(told) == {400}, found.ok().label
    for path in paths:
        answer = await asyncio.to_thread(requests.options, running.base + path, timeout=30)
        assert "access-control-allow-origin" not in answer.headers
    assert database.counts(running.url) == before
    asked: Counter[int] = Counter()
    query = [{"name": name, "in": "query", "schema": SENT["properties"]["address"]} for name in ("address", "after")]
    query.append({"name": "channel", "in": "query", "schema": SENT["properties"]["channel"]})
    thread = {"get": {"parameters": query, "responses": {"default": {"description": "said"}}}}
    for sent in (SENT, WHOLE):
        mine = {path: _post({JSON: sent}) for path in paths} | {"/try/thread": thread}
        for found in schemathesis.openapi.from_dict(_document(mine)).get_all_operations():
            told = await asyncio.to_thread(_driven, found.ok(), _as_it_is(running.base))
            assert set(told) <= {200, 202, 400}, found.ok().label
            asked += told
    assert asked[202] > 0
    await running.quiet()
    people = database.asked(running.url, "SELECT count(*) FROM addresses WHERE kind <> 'simulator'")
    assert people == [(0,)]
    print(f"/try: {sum(asked.values())} requests, {dict(asked)}; no row that is not a simulated phone's")
