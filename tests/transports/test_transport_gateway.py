"""The client of the SMS gateway against a gateway on this machine that answers as the project's server does."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from bot.channels import gateway_forms
from bot.channels.contract import Part
from bot.settings import Settings
from bot.transports import errors, gateway_errors, sms_gateway
from bot.transports.sms_gateway import SmsGateway
from tests.fakes.gateway import KEY, LOGIN, NUMBER, PASSWORD, FakeGateway
from tests.fakes.loopback import CUT, HANG, Answer

REF, THEIRS, WORDS = str(UUID(int=7)), "+96550001234", "कुन ठाउँ?"


def settings(url: str, **more: Any) -> Settings:
    known: dict[str, Any] = {
        "env": "development",
        "live": "",
        "sms_gateway_url": url,
        "sms_gateway_login": LOGIN,
        "sms_gateway_password": PASSWORD,
        "sms_gateway_key": KEY,
        "sms_gateway_number": NUMBER,
    }
    return Settings(**(known | more))


@pytest.fixture
async def fake() -> AsyncIterator[FakeGateway]:
    async with FakeGateway() as running:
        yield running


@pytest.fixture
async def transport(fake: FakeGateway) -> AsyncIterator[SmsGateway]:
    made = SmsGateway(settings(fake.url))
    yield made
    await made.close()


async def send(transport: SmsGateway, words: str = WORDS, **more: Any) -> str:
    part = Part("text", words, **more)
    return await transport.send(channel="sms", account=NUMBER, address=THEIRS, part=part, ref=REF, valid=600)


async def test_a_message_has_our_own_id_and_asks_for_a_report(fake: FakeGateway, transport: SmsGateway) -> None:
    name = await send(transport)
    (told,) = fake.taken
    assert told["id"] == name
    assert gateway_forms.ref_of(name) == REF
    assert told["phoneNumbers"] == [THEIRS]
    assert told["textMessage"] == {"text": WORDS}
    assert told["withDeliveryReport"] is True
    assert told["priority"] == 0
    assert told["ttl"] == 600


async def test_danger_passes_the_queue_of_the_phone(fake: FakeGateway, transport: SmsGateway) -> None:
    await send(transport, urgent=True)
    assert fake.taken[0]["priority"] == 100  # "bypass limits and delays"


async def test_t11_what_was_taken_before_the_line_was_cut_is_not_sent_twice(
    fake: FakeGateway, transport: SmsGateway
) -> None:
    name = await send(transport)
    assert await send(transport) == name  # 409: it is known, and on its way
    assert len(fake.taken) == 1
    assert await send(transport, "another part of the same reply") != name
    assert len(fake.taken) == 2


@pytest.mark.parametrize("state", ["Failed", "Cancelled"])
async def test_what_the_phone_gave_up_is_sent_anew(fake: FakeGateway, transport: SmsGateway, state: str) -> None:
    name = await send(transport)
    fake.messages[name]["state"] = state
    again = await send(transport)
    assert again != name
    assert gateway_forms.ref_of(again) == REF
    assert [told["textMessage"]["text"] for told in fake.taken] == [WORDS, WORDS]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, {"message": "invalid phone number"}), errors.BadContent),
        (Answer(401, {"message": "no"}), errors.Misconfigured),
        (Answer(403, {"message": "no"}), errors.Misconfigured),
        (Answer(404, text="no such page"), errors.Misconfigured),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), errors.Misconfigured),
        (Answer(429, {"message": "slow down"}), errors.Throttled),
        (Answer(503, {"message": "queue limit exceeded"}), errors.Throttled),
        (Answer(500, text="<html>"), errors.OutcomeUnknown),
        (Answer(202, text="no json"), errors.OutcomeUnknown),
        (Answer(202, {}), errors.OutcomeUnknown),
        (Answer(202, [1]), errors.OutcomeUnknown),
        (CUT, errors.OutcomeUnknown),
    ],
)
async def test_t22_every_failure_is_one_of_the_list(
    answer: Answer, kind: type[errors.SendError], fake: FakeGateway, transport: SmsGateway
) -> None:
    fake.next(answer)
    with pytest.raises(errors.SendError) as caught:
        await send(transport)
    assert type(caught.value) is kind
    assert len(fake.asked) == 1
    assert await send(transport)


async def test_a_full_queue_waits_a_minute(fake: FakeGateway, transport: SmsGateway) -> None:
    fake.full = True
    with pytest.raises(errors.Throttled) as caught:
        await send(transport)
    assert caught.value.retry_after == 60


async def test_a_gateway_that_hangs_is_left(
    fake: FakeGateway, transport: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_gateway, "_LIMIT", httpx.Timeout(0.2))
    fake.next(HANG)
    with pytest.raises(errors.OutcomeUnknown):
        await send(transport)


async def test_a_gateway_that_is_off() -> None:
    async with FakeGateway() as gone:
        transport = SmsGateway(settings(gone.url))
    with pytest.raises(errors.Unreachable):
        await send(transport)
    await transport.close()


async def test_t52_outside_production_nothing_leaves_this_machine() -> None:
    with pytest.raises(errors.Misconfigured, match="not_live"):
        await send(SmsGateway(settings("https://api.sms-gate.app/3rdparty/v1")))


async def test_without_a_password_it_says_so(fake: FakeGateway) -> None:
    with pytest.raises(errors.Misconfigured, match="no_credentials"):
        await send(SmsGateway(settings(fake.url, sms_gateway_password=None)))


async def test_webhooks_are_registered_once(fake: FakeGateway, transport: SmsGateway) -> None:
    url = "https://help.example/webhooks/sms-gateway"
    assert await transport.register(url) == list(gateway_forms.EVENTS)
    assert await transport.register(url) == []
    assert sorted(h["event"] for h in fake.hooks) == sorted(gateway_forms.EVENTS)


async def test_a_file_is_fetched_by_its_number(fake: FakeGateway, transport: SmsGateway) -> None:
    fake.files["m1/3"] = b"a photo"
    assert await transport.fetch("m1/3", 100) == b"a photo"
    with pytest.raises(errors.BadContent):
        await transport.fetch("m1/3", 3)
    with pytest.raises(errors.Misconfigured):
        await transport.fetch("m1/4", 100)


async def test_t46_nothing_personal_in_exceptions_or_logs(
    fake: FakeGateway, transport: SmsGateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    fake.next(Answer(400, {"message": f"{THEIRS} {WORDS}"}), CUT, Answer(500, text=f"{THEIRS}"))
    for _ in range(3):
        with pytest.raises(errors.SendError) as caught:
            await send(transport)
        assert caught.value.__context__ is None
        assert not any(secret in str(caught.value) for secret in (THEIRS, WORDS, PASSWORD))
    assert not any(secret in caplog.text for secret in (THEIRS, WORDS, PASSWORD))


@pytest.mark.parametrize(("reason", "kind"), gateway_errors.BY_REASON.items())
def test_t22_each_reason_of_the_phone(reason: str, kind: type[errors.SendError]) -> None:
    assert type(gateway_errors.failed(f"gw:{reason}")) is kind


def test_t22_other_reasons_may_pass_and_twilio_has_its_own_table() -> None:
    assert type(gateway_errors.failed("gw:other")) is errors.Undeliverable
    assert type(gateway_errors.failed("21610")) is errors.PersonBlocked


def test_an_id_of_ours_is_at_most_36_characters_and_steady() -> None:
    assert len(gateway_forms.message_id(REF, WORDS, "x" * 99)) == 36
    assert gateway_forms.message_id(REF, WORDS) == gateway_forms.message_id(REF, WORDS)
    assert gateway_forms.ref_of("not-ours") == ""
    assert gateway_forms.ref_of("") == ""
