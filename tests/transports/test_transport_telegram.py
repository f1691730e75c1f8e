"""python-telegram-bot's real Bot against a Telegram on this machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram.error import TelegramError

from bot.channels.contract import Button, Part
from bot.settings import Settings
from bot.transports import errors
from bot.transports.simulator import Simulator
from bot.transports.telegram import UPDATES, Telegram, error_of, keyboard
from tests.fakes.loopback import CUT, HANG, Answer
from tests.fakes.telegram import TOKEN, FakeTelegram, refusal, taken

CHAT, WORDS = "5550001", "मेरो पासपोर्ट <b>*"


def settings(url: str, token: str | None = TOKEN) -> Settings:
    known: dict[str, Any] = {"env": "development", "live": "", "telegram_api_url": url, "telegram_token": token}
    return Settings(**known)


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
async def transport(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    made = Telegram(settings(fake.url))
    assert fake.asked == []
    yield made
    await made.close()


async def send(transport: Telegram, part: Part | None = None, address: str = CHAT) -> str:
    part = part or Part("text", WORDS)
    return await transport.send(channel="telegram", account="7000", address=address, part=part, ref="r", valid=600)


async def test_text_is_plain_and_has_no_preview(fake: FakeTelegram, transport: Telegram) -> None:
    assert await send(transport) == "501"
    (sent,) = fake.sent
    assert (sent["chat_id"], sent["text"], sent["reply_markup"]) == (CHAT, WORDS, None)
    assert sent["link_preview_options"] == '{"is_disabled": true}'
    assert "parse_mode" not in sent
    assert transport.account == "7000"
    assert [a.path.rpartition("/")[2] for a in fake.asked] == ["sendMessage"]  # nothing else was asked


async def test_buttons_are_an_inline_keyboard(fake: FakeTelegram, transport: Telegram) -> None:
    buttons = tuple(Button(f"Label {n}", f"f.s|o{n}|v") for n in range(1, 6))
    await send(transport, Part("buttons", "?", buttons))
    rows = fake.sent[0]["reply_markup"]["inline_keyboard"]
    assert [[k["callback_data"] for k in row] for row in rows] == [
        ["f.s|o1|v", "f.s|o2|v"],
        ["f.s|o3|v", "f.s|o4|v"],
        ["f.s|o5|v"],
    ]
    long = keyboard((*buttons, Button("a label that needs its own row", "f.s|o6|v")))
    assert [len(row) for row in long] == [1] * 6
    assert keyboard(()) == []


async def test_half_a_letter_is_never_sent(fake: FakeTelegram, transport: Telegram) -> None:
    with pytest.raises(errors.BadContent):
        await send(transport, Part("text", "a\ud83d"))
    assert fake.asked == []


async def test_a_press_is_acknowledged_and_an_old_one_is_no_error(fake: FakeTelegram, transport: Telegram) -> None:
    await transport.acknowledge(account="7000", ack="23837123")
    assert fake.asked[0].form["callback_query_id"] == "23837123"
    fake.next(refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"))
    await transport.acknowledge(account="7000", ack="1")
    fake.next(refusal(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(errors.PersonBlocked):
        await transport.acknowledge(account="7000", ack="2")


async def test_webhook_is_set_with_its_secret_and_kinds(fake: FakeTelegram, transport: Telegram) -> None:
    await transport.set_webhook("https://help.example/webhooks/telegram", "s3cret")
    assert fake.webhook["url"] == "https://help.example/webhooks/telegram"
    assert fake.webhook["secret_token"] == "s3cret"
    assert fake.webhook["allowed_updates"] == '["' + '", "'.join(UPDATES) + '"]'
    assert fake.webhook.get("drop_pending_updates", "false") == "false"
    await transport.delete_webhook()
    assert fake.asked[-1].form.get("drop_pending_updates", "false") == "false"


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (refusal(429, "Too Many Requests", retry_after=30), errors.Throttled, "429"),
        (refusal(403, "Forbidden: bot was blocked by the user"), errors.PersonBlocked, "403"),
        (refusal(403, "Forbidden: user is deactivated"), errors.PersonBlocked, "403"),
        (refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009), errors.AddressMoved, "-1009"),
        (refusal(400, "Bad Request: chat not found"), errors.BadAddress, "400"),
        (refusal(400, "Bad Request: PEER_ID_INVALID"), errors.BadAddress, "400"),
        (refusal(400, "Bad Request: message is too long"), errors.BadContent, "400"),
        (refusal(400, "Bad Request: BUTTON_DATA_INVALID"), errors.BadContent, "400"),
        (refusal(401, "Unauthorized"), errors.Misconfigured, "InvalidToken"),
        (refusal(404, "Not Found"), errors.Misconfigured, "InvalidToken"),
        (refusal(409, "Conflict: terminated by other getUpdates request"), errors.Misconfigured, "Conflict"),
        (refusal(500, "Internal Server Error"), errors.OutcomeUnknown, "NetworkError"),
        (Answer(502, text="<html>bad gateway</html>"), errors.OutcomeUnknown, "NetworkError"),
        (Answer(200, text="not json"), errors.OutcomeUnknown, "TelegramError"),
        (Answer(200, {"ok": True}), errors.OutcomeUnknown, "KeyError"),
        (Answer(200, {"ok": True, "result": True}), errors.OutcomeUnknown, "TypeError"),
        (Answer(200, {"ok": True, "result": {"chat": {}}}), errors.OutcomeUnknown, "KeyError"),
        (taken({"message_id": "no message"}), errors.OutcomeUnknown, None),
        (CUT, errors.OutcomeUnknown, "NetworkError"),
    ],
)
async def test_each_failure_is_one_of_the_list(
    answer: Answer, kind: type[errors.SendError], code: str | None, fake: FakeTelegram, transport: Telegram
) -> None:
    fake.next(answer)
    with pytest.raises(errors.SendError) as caught:
        await send(transport)
    assert type(caught.value) is kind
    assert code is None or caught.value.code == code
    assert caught.value.retry_after == (30 if kind is errors.Throttled else None)
    assert len(fake.asked) == 1  # no retry of our own
    assert await send(transport)


async def test_hanging_and_unreachable(
    fake: FakeTelegram, transport: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transports.telegram._ANSWER", 0.2)
    await send(transport)
    fake.next(HANG)
    with pytest.raises(errors.OutcomeUnknown):
        await send(transport)
    async with FakeTelegram() as gone:
        lost = Telegram(settings(gone.url))
    with pytest.raises(errors.Unreachable):
        await send(lost)
    await lost.close()


async def test_what_found_no_free_connection_was_not_sent(
    fake: FakeTelegram, transport: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transports.telegram._AT_MOST", 1)
    monkeypatch.setattr("bot.transports.telegram_wire._CONNECT", 0.2)
    fake.next(HANG)
    hanging = asyncio.ensure_future(send(transport))
    while not fake.asked:  # noqa: ASYNC110 (the played server sets no event)
        await asyncio.sleep(0.01)
    with pytest.raises(errors.Unreachable):
        await send(transport)
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def test_outside_production_nothing_leaves_this_machine(fake: FakeTelegram) -> None:
    for url in ("https://api.telegram.org", "http://127.0.0.1.evil.example", "http://localhost@evil.example"):
        with pytest.raises(errors.Misconfigured) as caught:
            await send(Telegram(settings(url)))
        assert caught.value.code == "not_live"
    with pytest.raises(errors.Misconfigured) as caught:
        await send(Telegram(settings(fake.url, token=None)))
    assert caught.value.code == "no_credentials"


async def test_nothing_secret_in_exceptions_or_logs(
    fake: FakeTelegram, transport: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # of the root; the libraries' own loggers were made quiet by the transport
    fake.next(refusal(400, f"Bad Request: {WORDS}"), CUT, Answer(500, text=WORDS), Answer(200, text=WORDS))
    chain: list[BaseException | None] = []
    for _ in range(4):
        with pytest.raises(errors.SendError) as caught:
            await send(transport)
        chain += [caught.value, caught.value.__context__, caught.value.__cause__]
    await send(transport)
    told = repr(chain) + str([str(e) for e in chain]) + caplog.text
    assert [secret for secret in (WORDS, TOKEN, TOKEN.partition(":")[2]) if secret in told] == []


def test_an_unknown_exception_is_an_unknown_outcome() -> None:
    assert type(error_of(TelegramError("new"))) is errors.OutcomeUnknown
    assert type(error_of(RuntimeError("bug"))) is errors.OutcomeUnknown
    known = errors.Throttled("x")
    assert error_of(known) is known


# --- polling --------------------------------------------------------------------------------------------------


def update(number: int) -> dict[str, Any]:
    return {"update_id": number, "message": {"text": f"m{number}"}}


class Receiver:
    """Records what it is given; fails as often as it is told, before anything is kept."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.got, self.waits = failures, [], []  # type: tuple[int, list[int], list[float]]
        self.changed = asyncio.Event()

    async def __call__(self, updates: list[dict[str, Any]]) -> None:
        self.changed.set()
        if self.failures:
            self.failures -= 1
            raise ConnectionError("no database")
        self.got += [u["update_id"] for u in updates]

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def until(self, count: int) -> None:
        while len(self.got) < count:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 30)
            await asyncio.sleep(0)


async def polling(fake: FakeTelegram, transport: Telegram, receiver: Receiver, count: int, asked: int) -> None:
    """Poll until `count` updates were received and `asked` requests made, then stop."""
    task = asyncio.ensure_future(transport.poll(receiver, hold=5, sleep=receiver.sleep))
    await receiver.until(count)
    await fake.seen(asked)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_updates_are_confirmed_after_they_are_stored(fake: FakeTelegram, transport: Telegram) -> None:
    receiver = Receiver()
    fake.bring(update(7), update(8))
    await polling(fake, transport, receiver, 2, asked=2)
    assert receiver.got == [7, 8]
    assert [a.query["offset"] for a in fake.asked] == ["0", "9"]
    assert fake.waiting == []
    assert fake.asked[0].query["allowed_updates"] == '["' + '","'.join(UPDATES) + '"]'


async def test_what_could_not_be_stored_comes_again(fake: FakeTelegram, transport: Telegram) -> None:
    receiver = Receiver(failures=3)
    fake.bring(update(7), update(8))
    await polling(fake, transport, receiver, 2, asked=5)
    assert receiver.got == [7, 8]
    assert [a.query["offset"] for a in fake.asked] == ["0", "0", "0", "0", "9"]
    assert receiver.waits == [1.0, 2.0, 5.0]


async def test_stopping_before_the_store_answers_confirms_nothing(fake: FakeTelegram, transport: Telegram) -> None:
    entered = asyncio.Event()

    async def stuck(updates: list[dict[str, Any]]) -> None:
        entered.set()
        await asyncio.Event().wait()

    fake.bring(update(7))
    task = asyncio.ensure_future(transport.poll(stuck, hold=5))
    await asyncio.wait_for(entered.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [u["update_id"] for u in fake.waiting] == [7]
    assert len(fake.asked) == 1


async def test_a_lower_number_after_a_quiet_week_is_taken(fake: FakeTelegram, transport: Telegram) -> None:
    receiver = Receiver()
    fake.bring(update(900))
    await polling(fake, transport, receiver, 1, asked=2)
    fake.bring(update(3))  # a new process: it asks from 0, so a restart of the numbers loses nothing
    await polling(fake, transport, receiver, 2, asked=4)
    assert receiver.got == [900, 3]


async def test_polling_survives_every_failure(fake: FakeTelegram, transport: Telegram) -> None:
    receiver = Receiver()
    failures = [
        refusal(409, "Conflict: terminated by other getUpdates request"),
        refusal(409, "Conflict: can't use getUpdates method while webhook is active"),
        refusal(429, "Too Many Requests", retry_after=7),
        Answer(502, text="<html>"),
        Answer(200, text="not json"),
        taken("no list"),
        CUT,
    ]
    fake.next(*failures)
    fake.bring(update(7), {"no": "id"})
    await polling(fake, transport, receiver, 1, asked=len(failures) + 2)
    assert receiver.got == [7]
    assert receiver.waits == [1.0, 2.0, 7, 10.0, 30.0, 30.0]  # what was cut is asked again at once, by the client


# --- simulator ---------------------------------------------------------------------------------------------------


async def test_the_simulator_gives_each_message_an_id_of_its_own() -> None:
    simulator = Simulator()
    part = Part("text", "x")
    ids = {
        await simulator.send(channel=c, account="simulator", address="1", part=part, ref="r", valid=600)
        for c in ("sms", "whatsapp", "telegram")
    }
    assert len(ids) == 3
    assert await simulator.acknowledge(account="simulator", ack="1") is None  # type: ignore[func-returns-value]
    await simulator.close()
