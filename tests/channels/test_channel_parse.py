"""Real-shaped payloads of each provider, read by the channel that gets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels import sms, telegram, whatsapp
from bot.channels.contract import Channel, Inbound, Receipt, Unreadable

HERE = Path(__file__).parent
CHANNELS: dict[str, Channel] = {"sms": sms.channel, "whatsapp": whatsapp.channel, "telegram": telegram.channel}


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def parse(name: str, **changes: Any) -> list[Inbound | Receipt]:
    payload = {k: v for k, v in {**sample(name), **changes}.items() if v is not None}
    return CHANNELS[name.partition("/")[0]].parse(payload, "7000" if name.startswith("telegram") else "")


def one(name: str, **changes: Any) -> Inbound:
    (value,) = parse(name, **changes)
    assert isinstance(value, Inbound)
    return value


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("sms/text", "text", "मलाई ३ महिना देखि तलब दिएको छैन"),
        ("sms/service_pool", "text", "hello"),
        ("sms/empty", "rang", ""),
        ("sms/picture", "media", ""),
        ("sms/stop", "blocked", "STOP"),
        ("sms/start", "unblocked", "START"),
        ("sms/unknown_fields", "text", "hi"),
        ("whatsapp/text", "text", "আমার পাসপোর্ট মালিকের কাছে"),
        ("whatsapp/button", "press", "Yes"),
        ("whatsapp/list", "press", "Saudi Arabia"),
        ("whatsapp/foreign_button", "text", "Confirm"),
        ("whatsapp/location", "location", ""),
        ("whatsapp/voice", "media", ""),
        ("whatsapp/hidden_number", "text", "hello"),
        ("telegram/text", "text", "मलाई सहयोग चाहियो"),
        ("telegram/start", "command_start", "family_4821"),
        ("telegram/command", "text", "Help"),
        ("telegram/edited", "edited", "मलाई अहिले सहयोग चाहियो"),
        ("telegram/press", "press", ""),
        ("telegram/old_press", "press", ""),
        ("telegram/photo_album", "media", "contract"),
        ("telegram/voice", "media", ""),
        ("telegram/document", "media", ""),
        ("telegram/animation", "media", ""),
        ("telegram/sticker", "media", ""),
        ("telegram/location", "location", ""),
        ("telegram/venue", "location", ""),
        ("telegram/contact", "contact", ""),
        ("telegram/forwarded", "text", "he said this"),
        ("telegram/poll", "unknown", ""),
        ("telegram/new_content", "unknown", ""),
        ("telegram/blocked", "blocked", ""),
        ("telegram/unblocked", "unblocked", ""),
        ("telegram/via_bot", "text", "gif words"),
    ],
)
def test_each_sample_is_read(name: str, kind: str, text: str) -> None:
    heard = one(name)
    assert (heard.kind, heard.text, heard.channel) == (kind, text, name.partition("/")[0])


@pytest.mark.parametrize(
    "name",
    ["telegram/group", "telegram/from_bot", "telegram/channel_post", "telegram/pinned", "telegram/unknown_update"],
)
def test_what_concerns_nobody_is_nothing(name: str) -> None:
    assert parse(name) == []


def test_every_sample_file_is_tested() -> None:
    named = Path(__file__).read_text(encoding="utf-8")
    files = {f"{p.parent.name}/{p.stem}" for p in HERE.glob("*/*.json")}
    assert files
    assert [f for f in files if f'"{f}"' not in named] == []


def test_who_and_where() -> None:
    heard = one("sms/text")
    assert (heard.account, heard.address) == ("+447700900123", "+9779812345678")
    assert heard.event_id == sample("sms/text")["MessageSid"]
    heard = one("whatsapp/text")
    assert (heard.account, heard.address, heard.profile_name) == ("+447700900456", "+8801712345678", "রহিম")
    assert one("whatsapp/hidden_number").address == "BD.13491208655302741918"
    heard = one("telegram/text")
    assert (heard.account, heard.address, heard.profile_name) == ("7000", "5550001", "Sita Rai")
    assert (heard.language_hint, heard.sent_at) == ("ne", datetime.fromtimestamp(1795500001, UTC))
    assert heard.event_id == "880001:5550001:101:0"


def test_presses() -> None:
    assert one("whatsapp/button").press == ("wages.proof", "yes", "1a2b3c")
    assert one("whatsapp/list").press == ("wages.country", "sa", "1a2b3c")
    assert one("whatsapp/foreign_button").press is None
    tap = one("telegram/press")
    assert (tap.press, tap.ack) == (("wages.proof", "yes", "1a2b3c"), "23837123")
    assert tap.event_id == "880005:5550001:press-23837123"
    assert one("telegram/old_press").press == ("wages.proof", "no", "000000")
    query = {**sample("telegram/press")["callback_query"], "data": "somebody else's"}
    tap = one("telegram/press", callback_query=query)
    assert (tap.kind, tap.press, tap.ack) == ("unknown", None, "23837123")


def test_files_and_places() -> None:
    first, second = one("sms/picture").media
    assert (first.kind, first.content_type, second.kind) == ("image", "image/jpeg", "document")
    assert [m.kind for m in one("whatsapp/voice").media] == ["audio"]
    assert one("whatsapp/location").location == (25.2048493, 55.2707828)
    album = one("telegram/photo_album")
    assert ([m.ref for m in album.media], album.group) == (["large"], "1367")
    kinds = {n: one(f"telegram/{n}").media[0].kind for n in ("voice", "document", "animation", "sticker")}
    assert kinds == {"voice": "audio", "document": "document", "animation": "video", "sticker": "sticker"}
    assert len(one("telegram/animation").media) == 1
    assert one("telegram/venue").location == (25.2, 55.2)
    assert one("telegram/contact").extra["contact_phone"] == "+9779812345678"
    assert one("telegram/forwarded").extra["forwarded"] == "true"


def test_an_edit_is_another_event_than_what_it_edits() -> None:
    first, edit = one("telegram/text"), one("telegram/edited")
    assert first.extra["message_id"] == edit.extra["message_id"]
    assert first.event_id != edit.event_id


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("sms/status_undelivered", "failed", "30003"),
        ("sms/status_delivered", "delivered", ""),
        ("whatsapp/status_read", "read", ""),
    ],
)
def test_receipts(name: str, status: str, error: str) -> None:
    (told,) = parse(name, **{"?ref": "0190a1b2-7c3d"})
    assert isinstance(told, Receipt)
    assert (told.status, told.error_code, told.ref) == (status, error, "0190a1b2-7c3d")
    assert told.provider_id == sample(name)["MessageSid"]
    assert told.account == sample(name)["From"].removeprefix("whatsapp:")
    (same,) = parse(name, **{"?ref": "a b\n"})
    assert isinstance(same, Receipt)
    assert (same.ref, same.event_id) == ("", told.event_id)


def test_each_callback_of_a_message_is_an_event_of_its_own() -> None:
    statuses = ["queued", "sent", "delivered", "read", "failed"]
    ids = {parse("sms/status_delivered", MessageStatus=s)[0].event_id for s in statuses}
    assert len(ids) == len(statuses)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sms/text", {"MessageSid": None}),
        ("sms/text", {"MessageSid": "SM123"}),
        ("sms/text", {"MessageSid": sample("sms/text")["MessageSid"] + "\n"}),
        ("sms/text", {"From": "12345"}),
        ("sms/text", {"From": "AXISBANK"}),
        ("sms/text", {"From": ""}),
        ("sms/text", {"From": "+1٢345678901"}),
        ("sms/text", {"From": "BD.13491208655302741918"}),
        ("sms/text", {"From": ["+9779812345678", "+447700900999"]}),
        ("sms/text", {"Body": ["a", "b"]}),
        ("sms/picture", {"NumMedia": "11"}),
        ("sms/picture", {"NumMedia": "-1"}),
        ("sms/picture", {"NumMedia": "1" * 5000}),
        ("sms/picture", {"MediaUrl1": None}),
        ("whatsapp/location", {"Latitude": "nan"}),
        ("whatsapp/location", {"Latitude": "91"}),
        ("whatsapp/location", {"Longitude": "x"}),
        ("whatsapp/text", {"From": "+8801712345678"}),
        ("sms/status_delivered", {"MessageStatus": "exploded"}),
        ("sms/status_delivered", {"ErrorCode": "not a code"}),
        ("telegram/text", {"update_id": "880001"}),
        ("telegram/text", {"update_id": None}),
        ("telegram/text", {"message": "hello"}),
        ("telegram/text", {"message": {"text": "hello"}}),
        ("telegram/text", {"message": {**sample("telegram/text")["message"], "text": 5}}),
        ("telegram/text", {"message": {**sample("telegram/text")["message"], "date": 10**30}}),
        ("telegram/text", {"message": {**sample("telegram/text")["message"], "message_id": True}}),
        (
            "telegram/text",
            {"message": {**sample("telegram/text")["message"], "chat": {"id": "1", "type": "private"}}},
        ),
    ],
)
def test_garbage_is_unreadable_and_never_another_exception(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(name, **changes)
    assert "9812345678" not in str(caught.value)


def test_our_own_number_is_not_answered() -> None:
    assert parse("sms/text", From="+447700900123") == []
    assert parse("whatsapp/text", From="whatsapp:+447700900456") == []
    payload = sample("sms/text") | {"From": "+447700900777"}
    assert sms.channel.parse(payload, "+447700900777") == []


def test_text_is_kept_but_for_what_cannot_be_stored() -> None:
    told = "a\0b \u202eok\u202c e\u0301 \U0001f468\u200d\U0001f469 \u200cمی‌خواهم "
    assert one("sms/text", Body=told).text == told.replace("\0", "\ufffd")
    broken = json.loads('"\\ud83d hello"')
    message = {**sample("telegram/text")["message"], "text": broken}
    assert one("telegram/text", message=message).text == "\ufffd hello"
