"""/webhooks/sms-gateway and /webhooks/twilio/voice: real HTTP, signatures as the app and Twilio make them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.channels.contract import Inbound, Receipt
from bot.channels.gateway_forms import message_id
from bot.web.webhooks import CALL as CALL_PATH
from bot.web.webhooks import GATEWAY, webhooks
from tests.fakes.gateway import KEY, NUMBER, STAMP, hook, received, sign
from tests.fakes.line import Line, Store, settings
from tests.fakes.server import served
from tests.fakes.twilio import ACCOUNT

HERS = "+96550001234"
CALL = {
    "CallSid": "CA" + "0f" * 16,
    "AccountSid": ACCOUNT,
    "From": HERS,
    "To": "+447700900123",
    "CallStatus": "ringing",
    "Direction": "inbound",
    "ApiVersion": "2010-04-01",
}


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    store = Store()
    known = settings(sms_gateway_key=f"{KEY},an-older-key", sms_gateway_number=f"{NUMBER},+96550008888")
    async with (
        served(webhooks(known, store.receive, store.quarantine)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield Line(store, client)


async def post(line: Line, body: bytes, headers: dict[str, str] | None = None) -> int:
    answer = await line.client.post(GATEWAY, content=body, headers=sign(body) if headers is None else headers)
    return answer.status_code


async def test_a_text_to_the_sim_is_an_sms_to_its_number(line: Line) -> None:
    assert await post(line, hook("sms:received", received(HERS, "malai thunera rakheko chha"))) == 200
    (heard,) = line.store.values
    assert isinstance(heard, Inbound)
    assert (heard.channel, heard.account, heard.address) == ("sms", NUMBER, HERS)
    assert (heard.kind, heard.text) == ("text", "malai thunera rakheko chha")


@pytest.mark.parametrize("words", ["", "  \n"])
async def test_an_empty_text_rings(line: Line, words: str) -> None:
    assert await post(line, hook("sms:received", received(HERS, words))) == 200
    assert [v.kind for v in line.store.values if isinstance(v, Inbound)] == ["rang"]


async def test_an_inbox_read_again_has_the_same_events(line: Line) -> None:
    """The app's webhook id is new when its inbox is refreshed; the event is not."""
    for hook_id in ("one", "two"):
        await post(line, hook("sms:received", received(HERS, "talab"), hook_id))
    batch = {"messages": [received(HERS, "talab"), received(HERS, "talab", "2026-11-24T15:47:11.000+03:00")]}
    assert await post(line, hook("sms:batch:received", batch)) == 200
    ids = [v.event_id for v in line.store.values]
    assert len(ids) == 4
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("event", "status"),
    [("sms:sent", "sent"), ("sms:delivered", "delivered"), ("sms:failed", "failed"), ("sms:cancelled", "failed")],
)
async def test_reports_lead_back_to_our_row(line: Line, event: str, status: str) -> None:
    ref = "00000000-0000-0000-0000-00000000002a"
    payload = {"messageId": message_id(ref, "x"), "phoneNumber": HERS, "reason": "RESULT_ERROR_NO_SERVICE"}
    assert await post(line, hook(event, payload)) == 200
    (told,) = line.store.values
    assert isinstance(told, Receipt)
    assert (told.status, told.ref) == (status, ref)
    assert told.error_code == ("gw:RESULT_ERROR_NO_SERVICE" if status == "failed" else "")


async def test_a_message_with_files(line: Line) -> None:
    part = {"partId": 3, "contentType": "image/jpeg", "name": "photo.jpg", "size": 10}
    payload = received(HERS, "") | {"attachments": [part], "body": "this is my contract", "messageId": "m1"}
    assert await post(line, hook("mms:downloaded", payload)) == 200
    (heard,) = line.store.values
    assert isinstance(heard, Inbound)
    assert (heard.kind, heard.text, heard.media[0].ref, heard.media[0].kind) == (
        "media",
        "this is my contract",
        "m1/3",
        "image",
    )


async def test_what_no_person_is_behind_is_nothing(line: Line) -> None:
    for event in ("system:ping", "app:started", "sms:data-received", "something:new"):
        assert await post(line, hook(event, {"health": {}})) == 200
    assert await post(line, hook("sms:received", received(NUMBER, "a loop"))) == 200
    assert line.empty


@pytest.mark.parametrize("sender", ["BANK", "12345", "", "anonymous"])
async def test_who_cannot_be_answered_is_kept_aside(line: Line, sender: str) -> None:
    assert await post(line, hook("sms:received", received(sender, "your code is 1234"))) == 200
    assert line.store.raw
    assert not line.store.values


async def test_of_a_batch_one_that_cannot_be_read_keeps_nobody_else_out(line: Line) -> None:
    """A bank writes to the SIM as well: all that had come beside it was set aside with it."""
    told = [
        received(HERS, "help me"),
        received("MyBank", "Your code is 12"),
        "nonsense",
        received("+96550001235", "hi"),
    ]
    assert await post(line, hook("sms:batch:received", {"messages": told})) == 200
    assert [v.text for v in line.store.values if isinstance(v, Inbound)] == ["help me", "hi"]
    assert len(line.store.raw) == 2
    assert b"MyBank" in line.store.raw[0][3]
    before = len(line.store.raw)
    assert await post(line, hook("sms:batch:received", {"messages": "none"})) == 200
    assert len(line.store.raw) == before + 1


@pytest.mark.parametrize("body", [b"{}", b'{"event":"sms:received"}', b'{"event":"sms:received","payload":[]}'])
async def test_authentic_nonsense_is_no_error(line: Line, body: bytes) -> None:
    assert await post(line, body) == 200
    assert not line.store.values


async def test_t1_nothing_that_was_changed_is_believed(line: Line) -> None:
    body = hook("sms:received", received(HERS, "help"))
    good = sign(body)
    for place in range(0, len(body), 3):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert await post(line, changed, good) == 403
    for headers in (
        {},
        {"X-Signature": good["X-Signature"]},
        {"X-Timestamp": STAMP},
        good | {"X-Timestamp": "1795500001"},
        good | {"X-Timestamp": "x"},
        good | {"X-Signature": ""},
        good | {"X-Signature": "é"},
        sign(body, "another key"),
    ):
        encoded = {name: value.encode("utf-8") for name, value in headers.items()}
        answer = await line.client.post(GATEWAY, content=body, headers=encoded)
        assert answer.status_code == 403
    assert line.empty


async def test_t1_body_and_time_cannot_be_parted_anew(line: Line) -> None:
    body = hook("sms:received", received(HERS, "help"))
    signed = sign(body)
    moved = body + STAMP[:4].encode()
    assert await post(line, moved, signed | {"X-Timestamp": STAMP[4:]}) == 403


async def test_t8_an_older_key_holds_while_rotating(line: Line) -> None:
    body = hook("sms:received", received(HERS, "help"))
    assert await post(line, body, sign(body, "an-older-key")) == 200


async def test_t18_what_cannot_be_stored_comes_again(line: Line) -> None:
    line.store.broken = True
    assert await post(line, hook("sms:received", received(HERS, "help"))) == 503


async def test_without_a_key_nothing_is_believed() -> None:
    store = Store()
    for known in (settings(sms_gateway_number=NUMBER), settings(sms_gateway_key=KEY)):
        async with (
            served(webhooks(known, store.receive, store.quarantine)) as url,
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
        ):
            body = hook("sms:received", received(HERS, "help"))
            assert await post(Line(store, client), body) == 403
    assert not store.values


# --- a call


async def test_a_call_is_never_taken_and_rings(line: Line) -> None:
    from tests.fakes.line import FORM, PUBLIC
    from tests.fakes.twilio import sign as sign_form

    signature = sign_form(PUBLIC + CALL_PATH, CALL.items())
    answer = await line.client.post(
        CALL_PATH, data=CALL, headers={"X-Twilio-Signature": signature, "Content-Type": FORM}
    )
    assert answer.status_code == 200
    assert '<Reject reason="busy"/>' in answer.text
    (heard,) = line.store.values
    assert isinstance(heard, Inbound)
    assert (heard.channel, heard.account, heard.address, heard.kind) == ("sms", "+447700900123", HERS, "rang")
    assert heard.event_id == CALL["CallSid"]


async def test_a_call_that_the_sim_forwards_belongs_to_the_sim(line: Line) -> None:
    assert await line.twilio(CALL | {"ForwardedFrom": NUMBER}, CALL_PATH) == 200
    (heard,) = line.store.values
    assert isinstance(heard, Inbound)
    assert heard.account == NUMBER


@pytest.mark.parametrize("more", [{"CallStatus": "completed"}, {"Direction": "outbound-api"}, {"From": NUMBER}])
async def test_news_of_a_call_and_calls_of_ours_are_nothing(line: Line, more: dict[str, str]) -> None:
    assert await line.twilio(CALL | more, CALL_PATH) == 200
    assert line.empty


async def test_a_hidden_caller_is_kept_aside_and_a_forged_call_refused(line: Line) -> None:
    assert await line.twilio(CALL | {"From": "anonymous"}, CALL_PATH) == 200
    assert line.store.raw
    line.store.raw.clear()
    assert await line.twilio(CALL, CALL_PATH, token="a wrong token") == 403
    assert line.empty


async def test_an_empty_sms_rings_and_a_file_does_not(line: Line) -> None:
    form: dict[str, Any] = {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": ACCOUNT,
        "From": HERS,
        "To": "+447700900123",
        "Body": " ",
        "NumMedia": "0",
    }
    assert await line.twilio(form) == 200
    media = {"Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/x", "MediaContentType0": "image/jpeg"}
    assert await line.twilio(form | media | {"MessageSid": "SM" + "2" * 32}) == 200
    assert [v.kind for v in line.store.values if isinstance(v, Inbound)] == ["rang", "media"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("STOP", "blocked"),
        (" stop ", "blocked"),
        ("Cancel", "blocked"),
        ("END", "blocked"),
        ("REVOKE", "blocked"),
        ("START", "unblocked"),
        ("unstop", "unblocked"),
        ("stop it please", "text"),
        ("yes", "text"),
    ],
)
async def test_t61_what_twilio_answers_itself_is_mirrored(line: Line, words: str, kind: str) -> None:
    form = {
        "MessageSid": "SM" + "1" * 32,
        "AccountSid": ACCOUNT,
        "From": HERS,
        "To": "+447700900123",
        "Body": words,
        "NumMedia": "0",
    }
    assert await line.twilio(form) == 200
    assert [v.kind for v in line.store.values if isinstance(v, Inbound)] == [kind]
    line.store.values.clear()
    # on WhatsApp Twilio answers nothing: our own flow does
    theirs = {"From": f"whatsapp:{HERS}", "To": "whatsapp:+447700900456"}
    assert await line.twilio(form | theirs | {"MessageSid": "SM" + "2" * 32}) == 200
    assert [v.kind for v in line.store.values if isinstance(v, Inbound)] == ["text"]


def test_the_fake_signs_as_the_app_does() -> None:
    """hex(HMAC-SHA256(key, raw body + timestamp)): docs.sms-gate.app, checked against its own example functions."""
    import hashlib
    import hmac as mac

    body = json.dumps({"a": 1}).encode()
    message = (body.decode() + STAMP).encode()
    assert sign(body)["X-Signature"] == mac.new(KEY.encode(), message, hashlib.sha256).hexdigest()


async def test_a_group_is_declined_whoever_writes_in_it_and_a_person_is_not() -> None:
    from tests.fakes.line import SECRET
    from tests.fakes.post import message

    store, left = Store(), []
    routes = webhooks(
        settings(), store.receive, store.quarantine, decline=lambda group, language: left.append((group, language))
    )
    group = {"chat": {"id": -1001, "type": "supergroup"}, "from": {"id": 5, "language_code": "ne"}, "text": "hello"}
    joined = {"my_chat_member": {"chat": {"id": -1002, "type": "group"}, "new_chat_member": {"status": "member"}}}
    async with served(routes) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        line = Line(store, client)
        told = {"message_id": 1, "date": 1795500000} | group
        assert await line.telegram({"update_id": 1, "message": told}) == 200
        assert await line.telegram({"update_id": 2} | joined) == 200
        assert await line.telegram(message(501, "hello", 3)) == 200
        assert await line.telegram({"update_id": 4, "message": told}, secret=f"not {SECRET}") == 403
    assert left == [("-1001", "ne"), ("-1002", "")]
    assert len(store.values) == 1
