"""Telegram: wiping both sides, leaving groups, commands in every language; against a Bot API on this machine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.channels.limits import LIMITS
from bot.channels.telegram import group_of
from bot.settings import Settings
from bot.transports import errors
from bot.transports.telegram import Telegram
from tests.fakes import once
from tests.fakes.telegram import TOKEN, FakeTelegram, refusal


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as running:
        yield running


@pytest.fixture
async def transport(fake: FakeTelegram) -> AsyncIterator[Telegram]:
    made = Telegram(Settings(env="development", live="", telegram_token=TOKEN, telegram_api_url=fake.url))
    yield made
    await made.close()


async def test_t42_a_chat_is_wiped_a_hundred_messages_at_a_time(fake: FakeTelegram, transport: Telegram) -> None:
    await transport.wipe(account="7000", address="501", ids=[str(n) for n in range(1, 251)] + ["sim-x", ""])
    asked = [json.loads(form["message_ids"]) for method, form in fake.told if method == "deleteMessages"]
    assert [len(a) for a in asked] == [100, 100, 50]
    assert sorted(n for a in asked for n in a) == list(range(1, 251))
    assert {form["chat_id"] for _, form in fake.told} == {"501"}


async def test_what_is_gone_already_is_no_fault_and_a_block_is(fake: FakeTelegram, transport: Telegram) -> None:
    fake.next(refusal(400, "Bad Request: message identifiers are not specified"))
    await transport.wipe(account="7000", address="501", ids=["1"])
    fake.next(refusal(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(errors.PersonBlocked):
        await transport.wipe(account="7000", address="501", ids=["1"])
    await transport.wipe(account="7000", address="501", ids=[])
    assert fake.told == []


async def test_a_group_is_told_why_and_left(fake: FakeTelegram, transport: Telegram) -> None:
    await transport.leave("-1001", "I can only talk with one person alone.")
    assert [s["text"] for s in fake.sent] == ["I can only talk with one person alone."]
    assert fake.told == [("leaveChat", {"chat_id": "-1001"})]


async def test_a_group_where_we_may_not_write_is_left_too(fake: FakeTelegram, transport: Telegram) -> None:
    fake.next(refusal(400, "Bad Request: not enough rights to send text messages to the chat"))
    await transport.leave("-1001", "words")
    assert [method for method, _ in fake.told] == ["leaveChat"]


async def test_commands_in_every_language(fake: FakeTelegram, transport: Telegram) -> None:
    content = once.written()
    for language in ("", *content.languages):
        await transport.introduce(language, content.channel(language or "en"))
    told = [(method, form.get("language_code", "")) for method, form in fake.told]
    for method in ("setMyCommands", "setMyDescription", "setMyShortDescription"):
        assert sorted(code for name, code in told if name == method) == sorted(["", *content.languages])
    for method, form in fake.told:
        if method == "setMyCommands":
            commands = json.loads(form["commands"])
            assert [c["command"] for c in commands] == ["menu", "human", "language", "clear", "stop"]
            assert all(1 <= len(c["description"]) <= 256 for c in commands)
        assert len(form.get("short_description", "")) <= 120
        assert len(form.get("description", "")) <= 512
    # what a command says is understood: each is a universal word
    for name in ("menu", "human", "language", "clear", "stop"):
        assert content.words("ne").universal(name) == name
    assert LIMITS["telegram"].payload_bytes == 64


def update(kind: str, chat_type: str, **more: object) -> dict[str, object]:
    told: dict[str, object] = {"chat": {"id": -1001, "type": chat_type}, "from": {"id": 5, "language_code": "ne"}}
    return {"update_id": 1, kind: told | more}


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_which_updates_come_from_a_group(kind: str) -> None:
    assert group_of(update("message", kind, text="hello")) == ("-1001", "ne")
    assert group_of(update("my_chat_member", kind, new_chat_member={"status": "member"})) == ("-1001", "ne")
    assert group_of(update("my_chat_member", kind, new_chat_member={"status": "left"})) == ("", "")
    assert group_of(update("my_chat_member", kind, new_chat_member={"status": "kicked"})) == ("", "")


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"message": None},
        {"message": {"chat": "x"}},
        {"message": {"chat": {"id": "x", "type": "group"}}},
        {"message": {"chat": {"id": 5, "type": "private"}}},
        {"callback_query": {"message": {"chat": {"id": -1, "type": "group"}}}},
    ],
)
def test_t58_everything_else_is_no_group(payload: dict[str, object]) -> None:
    assert group_of(payload) == ("", "")
