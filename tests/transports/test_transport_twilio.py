"""Twilio's real client against a Twilio on this machine."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientTimeout

from bot.channels.contract import Button, Part
from bot.settings import Settings
from bot.transports import errors, twilio, twilio_errors
from bot.transports.twilio import Twilio
from tests.fakes.loopback import CUT, HANG, Answer
from tests.fakes.twilio import ACCOUNT, TOKEN, FakeTwilio, refusal

NUMBER, OURS, WORDS = "+9779812345678", "+447700900123", "मेरो पासपोर्ट"


def settings(url: str, **more: Any) -> Settings:
    known: dict[str, Any] = {
        "env": "development",
        "live": "",  # whatever the environment says
        "public_url": "https://help.example",
        "sms_sender": OURS,
        "whatsapp_sender": "+447700900456",
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": f"{TOKEN},an-older-token",
        "twilio_api_url": url,
    }
    return Settings(**(known | more))


@pytest.fixture
async def fake() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as running:
        yield running


@pytest.fixture
async def transport(fake: FakeTwilio) -> AsyncIterator[Twilio]:
    made = Twilio(settings(fake.url))
    yield made
    await made.close()


async def send(
    transport: Twilio, channel: str = "sms", account: str = OURS, part: Part | None = None, valid: int = 600
) -> str:
    part = part or Part("text", WORDS)
    return await transport.send(channel=channel, account=account, address=NUMBER, part=part, ref="0190-ab", valid=valid)


async def test_an_sms_leaves_from_the_number_that_was_written_to(fake: FakeTwilio, transport: Twilio) -> None:
    sid = await send(transport, account="+447700900999")
    assert sid in fake.messages
    (asked,) = fake.asked
    assert asked.form == {
        "To": NUMBER,
        "From": "+447700900999",
        "Body": WORDS,
        "ValidityPeriod": "600",
        "StatusCallback": "https://help.example/webhooks/twilio/status?ref=0190-ab",
    }
    login = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert login == f"{ACCOUNT}:{TOKEN}"  # the newest token


async def test_a_messaging_service_chooses_the_number(fake: FakeTwilio, transport: Twilio) -> None:
    await send(transport, account="MG" + "ab" * 16)
    assert fake.asked[0].form["MessagingServiceSid"] == "MG" + "ab" * 16
    assert "From" not in fake.asked[0].form


async def test_a_message_of_ours_without_an_account_takes_the_first_sender(fake: FakeTwilio, transport: Twilio) -> None:
    await send(transport, account="")
    await send(transport, "whatsapp", account="")
    assert [a.form["From"] for a in fake.asked] == [OURS, "whatsapp:+447700900456"]


async def test_whatsapp_has_its_prefix_and_buttons_become_numbers(fake: FakeTwilio, transport: Twilio) -> None:
    part = Part("buttons", "Proof?", (Button("Yes", "a.b|yes|1"), Button("No", "a.b|no|1")))
    await send(transport, "whatsapp", "+447700900456", part)
    form = fake.asked[0].form
    assert (form["From"], form["To"]) == ("whatsapp:+447700900456", f"whatsapp:{NUMBER}")
    assert form["Body"] == "Proof?\n\n1. Yes\n2. No"


async def test_without_a_public_address_there_is_no_callback(fake: FakeTwilio) -> None:
    transport = Twilio(settings(fake.url, public_url=""))
    await send(transport)
    await transport.close()
    assert "StatusCallback" not in fake.asked[0].form


@pytest.mark.parametrize(("code", "kind"), twilio_errors.BY_CODE.items())
async def test_each_code_of_the_table(
    code: int, kind: type[errors.SendError], fake: FakeTwilio, transport: Twilio
) -> None:
    fake.next(refusal(code))
    with pytest.raises(errors.SendError) as caught:
        await send(transport)
    assert type(caught.value) is kind
    assert caught.value.code == str(code)
    assert type(twilio_errors.failed(str(code))) is kind
    assert len(fake.asked) == 1  # no retry of our own


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(20429, 429), errors.Throttled),
        (Answer(429, text="slow down"), errors.Throttled),
        (refusal(29999, 400), errors.BadContent),
        (Answer(401, text="no"), errors.Misconfigured),
        (Answer(404, {"code": 20404}), errors.Misconfigured),
        (Answer(500, text="<html>oops</html>"), errors.OutcomeUnknown),
        (Answer(503, {"code": 20503, "message": "busy"}), errors.OutcomeUnknown),
        (Answer(201, text="not json"), errors.OutcomeUnknown),
        (Answer(201, {}), errors.OutcomeUnknown),
        (Answer(201, [1]), errors.OutcomeUnknown),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), errors.Misconfigured),
        (CUT, errors.OutcomeUnknown),
    ],
)
async def test_every_other_failure_is_one_of_the_list(
    answer: Answer, kind: type[errors.SendError], fake: FakeTwilio, transport: Twilio
) -> None:
    fake.next(answer)
    with pytest.raises(errors.SendError) as caught:
        await send(transport)
    assert type(caught.value) is kind
    assert len(fake.asked) == 1
    assert await send(transport)  # and the transport still works


async def test_retry_after_is_read(fake: FakeTwilio, transport: Twilio) -> None:
    told = [("30", 30.0), ("Tue, 24 Nov 2026 09:00:00 GMT", None), ("-1", None), ("9" * 9, None), ("²", None)]
    fake.next(*(Answer(429, {"code": 20429}, headers={"Retry-After": t}) for t, _ in told[:-1]))
    fake.next(Answer(429))
    for _, seconds in told:
        with pytest.raises(errors.Throttled) as caught:
            await send(transport)
        assert caught.value.retry_after == seconds


async def test_a_provider_that_hangs_is_left(
    fake: FakeTwilio, transport: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "_LIMIT", ClientTimeout(total=0.2))
    fake.next(HANG)
    with pytest.raises(errors.OutcomeUnknown):
        await send(transport)
    assert len(fake.asked) == 1


async def test_a_provider_that_cannot_be_reached(fake: FakeTwilio) -> None:
    async with FakeTwilio() as gone:
        transport = Twilio(settings(gone.url))
    with pytest.raises(errors.Unreachable):
        await send(transport)
    await transport.close()


async def test_outside_production_nothing_leaves_this_machine() -> None:
    for url in ("", "https://api.twilio.com", "http://127.0.0.1.evil.example"):
        with pytest.raises(errors.Misconfigured) as caught:
            await send(Twilio(settings(url)))
        assert caught.value.code == "not_live"


async def test_without_credentials_it_says_so(fake: FakeTwilio) -> None:
    bare = settings(fake.url, twilio_account_sid="", twilio_auth_token=None)
    with pytest.raises(errors.Misconfigured) as caught:
        await send(Twilio(bare))
    assert caught.value.code == "no_credentials"


async def test_nothing_personal_in_exceptions_or_logs(
    fake: FakeTwilio, transport: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.next(refusal(21211), CUT, Answer(500, text=f"{NUMBER} {WORDS}"), Answer(201, text=f"{NUMBER}"))
    chain: list[BaseException | None] = []
    for _ in range(4):
        with pytest.raises(errors.SendError) as caught:
            await send(transport)
        chain += [caught.value, caught.value.__context__, caught.value.__cause__]
    await send(transport)
    told = repr(chain) + str([str(e) for e in chain]) + caplog.text
    assert [secret for secret in (NUMBER, NUMBER[1:], WORDS, TOKEN) if secret in told] == []


def test_every_send_error_class_is_used_or_belongs_elsewhere() -> None:
    told = set(twilio_errors.BY_CODE.values()) | {errors.Unreachable, errors.OutcomeUnknown, errors.AddressMoved}
    assert told == set(errors.ALL)


def test_the_documentation_lists_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(): cells[2] for line in page.splitlines() if len(cells := line.split("|")) == 6}
    listed = {kind.__name__: {int(c) for c in re.findall(r"\b\d{5}\b", rows[kind.__name__])} for kind in errors.ALL}
    table = {kind.__name__: {c for c, k in twilio_errors.BY_CODE.items() if k is kind} for kind in errors.ALL}
    assert listed == table
