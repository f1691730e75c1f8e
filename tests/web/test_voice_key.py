"""A colleague who was called presses a key: only Twilio may say so."""

from __future__ import annotations

import pytest

from bot.web.webhooks import VOICE
from tests.fakes.line import Line
from tests.fakes.twilio import ACCOUNT

REF = "01a2148a-a4c9-75cc-b9da-7712cbd1adb1"
FORM = {"AccountSid": ACCOUNT, "CallSid": "CA1", "Digits": "1"}


async def test_a_key_arrives_with_the_page_it_is_about(line: Line) -> None:
    assert await line.twilio(FORM, f"{VOICE}?ref={REF}") == 200
    assert await line.twilio(FORM | {"Digits": "5"}, f"{VOICE}?ref={REF}") == 200
    assert line.store.keys == [(REF, "1"), (REF, "5")]
    assert line.empty, "it is nobody's message"


@pytest.mark.parametrize(
    "more", [{"signature": "bm90IGEgc2lnbmF0dXJl"}, {"token": "another"}, {"headers": {"X-Twilio-Signature": ""}}]
)
async def test_a_forged_key_is_refused(more: dict[str, object], line: Line) -> None:
    assert await line.twilio(FORM, f"{VOICE}?ref={REF}", **more) == 403
    assert line.store.keys == []


async def test_a_key_of_another_account_is_refused(line: Line) -> None:
    assert await line.twilio(FORM | {"AccountSid": "AC" + "f" * 32}, f"{VOICE}?ref={REF}") == 403


async def test_another_page_than_the_signed_one_is_refused(line: Line) -> None:
    from tests.fakes.line import PUBLIC
    from tests.fakes.twilio import sign

    signature = sign(f"{PUBLIC}{VOICE}?ref={REF}", list(FORM.items()))
    assert await line.twilio(FORM, f"{VOICE}?ref={REF[:-1]}2", signature=signature) == 403


async def test_a_key_that_cannot_be_stored_is_sent_again(line: Line) -> None:
    line.store.broken = True
    assert await line.twilio(FORM, f"{VOICE}?ref={REF}") == 503
