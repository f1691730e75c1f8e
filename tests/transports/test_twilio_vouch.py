"""Whether Twilio knows a message as it stands: its real client against a Twilio on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.channels.contract import Inbound
from bot.transports import errors
from bot.transports.twilio import Twilio
from tests.fakes.loopback import CUT, Answer
from tests.fakes.twilio import ACCOUNT, FakeTwilio, refusal
from tests.transports.test_transport_twilio import settings

SID = "SM" + "a1" * 16
HERS = Inbound("sms", "+447700900123", "+9779812345678", SID, "text", "delete my data")
AS_SENT = {
    "sid": SID,
    "account_sid": ACCOUNT,
    "direction": "inbound",
    "from": HERS.address,
    "to": HERS.account,
    "body": HERS.text,
    "num_media": "0",
    "status": "received",
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as running:
        yield running


@pytest.fixture
async def transport(fake: FakeTwilio) -> AsyncIterator[Twilio]:
    made = Twilio(settings(fake.url))
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        ({}, True),
        ({"body": ""}, True),  # the account keeps no words
        ({"body": None}, True),
        ({"from": "+977981234XXXX"}, True),  # it hides the ends of numbers
        ({"from": "+977981234XXXX", "body": ""}, True),
        ({"from": "+9779812345679"}, False),
        ({"from": "+977981235XXXX"}, False),
        ({"from": "XXXX"}, False),
        ({"from": "+97798XXXX"}, False),
        ({"from": None}, False),
        ({"to": "+447700900456"}, False),
        ({"body": "delete my datas"}, False),
        ({"direction": "outbound-api"}, False),  # a message of ours
    ],
)
async def test_all_that_is_told_must_fit(
    fake: FakeTwilio, transport: Twilio, changed: dict[str, Any], known: bool
) -> None:
    fake.questions = Answer(200, AS_SENT | changed)
    assert await transport.vouch(HERS) is known
    (asked,) = fake.asked
    assert (asked.method, asked.path) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json")


async def test_on_whatsapp_numbers_have_their_prefix(fake: FakeTwilio, transport: Twilio) -> None:
    hers = replace(HERS, channel="whatsapp")
    fake.questions = Answer(200, AS_SENT)
    assert not await transport.vouch(hers)
    prefixed = {name: f"whatsapp:{AS_SENT[name]}" for name in ("from", "to")}
    fake.questions = Answer(200, AS_SENT | prefixed)
    assert await transport.vouch(hers)
    pressed = replace(hers, kind="press", text="", press=("wages.sure", "yes", "1"))
    assert await transport.vouch(pressed)  # a button's label is no word of hers


async def test_what_it_does_not_know_is_none_of_hers(transport: Twilio) -> None:
    assert not await transport.vouch(HERS)


@pytest.mark.parametrize("trouble", [Answer(500), Answer(429), Answer(404), refusal(20003, 401), CUT, Answer(200)])
async def test_who_cannot_say_has_said_nothing(fake: FakeTwilio, transport: Twilio, trouble: Answer) -> None:
    fake.questions = trouble
    with pytest.raises(errors.SendError) as raised:
        await transport.vouch(HERS)
    assert HERS.address not in str(raised.value)


async def test_outside_production_nobody_is_asked(fake: FakeTwilio) -> None:
    abroad = Twilio(settings("https://api.example"))
    with pytest.raises(errors.Misconfigured):
        await abroad.vouch(HERS)
    await abroad.close()
