"""What calls a colleague: a voice call without content, a mail, a chat. Over real sockets."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from bot.settings import Settings
from bot.transports.bell import Ring
from bot.transports.errors import BadAddress, Misconfigured, SendError, Throttled, Unreachable
from bot.transports.mail import Mail
from bot.transports.telegram import Telegram
from bot.transports.twilio import Twilio
from bot.transports.voice import Voice
from tests.fakes.post_office import PostOffice
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import ACCOUNT, TOKEN, FakeTwilio, refusal

REF = UUID(int=77)
RING = Ring(
    "Please press 1.", "Saathi: 482 917 3", "Number 482 917 3 waits for you.", (("I have seen it", f"s:seen:{REF}"),)
)
NUMBER = "+9779800000001"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as made:
        yield made


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, public_url="https://help.example", **values)


def voice(tmp_path: Path, fake: FakeTwilio, **values: object) -> tuple[Voice, Twilio]:
    given = settings(
        tmp_path,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_api_url=fake.url,
        **{"sms_sender": "MG123,+15550001111", **values},
    )
    twilio = Twilio(given)
    return Voice(given, twilio), twilio


async def test_a_call_says_one_sentence_and_waits_for_a_key(tmp_path: Path, twilio: FakeTwilio) -> None:
    bell, transport = voice(tmp_path, twilio)
    sid = await bell.ring(NUMBER, RING, ref=REF)
    await transport.close()
    call = twilio.calls[sid]
    assert (call["To"], call["From"]) == (NUMBER, "+15550001111")
    said = xml.fromstring(call["Twiml"])
    (gather,) = said
    assert gather.tag == "Gather"
    assert gather.attrib["action"] == f"https://help.example/webhooks/twilio/voice?ref={REF}"
    assert gather.attrib["numDigits"] == "1"
    assert {e.text for e in gather if e.tag == "Say"} == {"Please press 1."}
    assert "482" not in call["Twiml"], "no reference, no content"


async def test_a_call_that_cannot_be_made_is_one_of_the_list(tmp_path: Path, twilio: FakeTwilio) -> None:
    bell, transport = voice(tmp_path, twilio)
    twilio.next(refusal(20429, 429))
    with pytest.raises(Throttled):
        await bell.ring(NUMBER, RING, ref=REF)
    twilio.next(refusal(21211))
    with pytest.raises(SendError) as raised:
        await bell.ring(NUMBER, RING, ref=REF)
    assert NUMBER not in str(raised.value)
    await transport.close()
    silent, transport = voice(tmp_path, twilio, sms_sender="MG123")
    with pytest.raises(Misconfigured, match="no_voice_number"):
        await silent.ring(NUMBER, RING, ref=REF)
    assert len(twilio.calls) == 0


async def test_a_mail_holds_a_reference_and_nothing_else(tmp_path: Path, office: PostOffice) -> None:
    told = await Mail(settings(tmp_path, smtp_url=office.url)).ring("asha@help.example", RING, ref=REF)
    ((to, letter),) = office.letters
    assert to == ["asha@help.example"]
    assert (letter["Subject"], letter["From"]) == ("Saathi: 482 917 3", "saathi@help.example")
    assert str(letter.get_payload()).strip() == "Number 482 917 3 waits for you."
    assert (letter["Message-ID"], letter["Auto-Submitted"]) == (told, "auto-generated")
    assert str(REF) in told


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 no such user", BadAddress), ("450 try later", BadAddress)],
)
async def test_a_mail_that_is_refused(tmp_path: Path, office: PostOffice, answer: str, error: type[SendError]) -> None:
    office.refused["gone@help.example"] = answer
    with pytest.raises(error) as raised:
        await Mail(settings(tmp_path, smtp_url=office.url)).ring("gone@help.example", RING, ref=REF)
    assert "gone@" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_no_server_no_address_and_no_leave_to_send(tmp_path: Path) -> None:
    for url, error in (
        ("smtp://127.0.0.1:1?from=a@b.example", Unreachable),
        ("smtp://mail.example:587?from=a@b.example", Misconfigured),  # development sends to this machine only
        ("smtp://127.0.0.1:1", Misconfigured),
    ):
        with pytest.raises(error):
            await Mail(settings(tmp_path, smtp_url=url)).ring("a@b.example", RING, ref=REF)
    with pytest.raises(Misconfigured, match="no_smtp"):
        await Mail(settings(tmp_path)).ring("a@b.example", RING, ref=REF)


async def test_a_chat_of_a_colleague_gets_a_reference_and_a_button(tmp_path: Path) -> None:
    async with FakeTelegram() as fake:
        bell = Telegram(settings(tmp_path, telegram_token=TELEGRAM_TOKEN, telegram_api_url=fake.url))
        await bell.ring("9001", RING, ref=REF)
        await bell.close()
    (sent,) = fake.sent
    assert (sent["chat_id"], sent["text"]) == ("9001", RING.text)
    (key,) = sent["reply_markup"]["inline_keyboard"][0]
    assert (key["text"], key["callback_data"]) == ("I have seen it", f"s:seen:{REF}")
