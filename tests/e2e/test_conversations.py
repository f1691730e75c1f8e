"""People on all three channels, from the provider's request to the provider's request.

Law: what is read here is what the provider was asked to deliver; nothing looks into the service.
"""

from __future__ import annotations

import re

import pytest

from tests.fakes import database
from tests.fakes.post import SMS_NUMBER, WHATSAPP_NUMBER, deliver, message, tap, text, update
from tests.fakes.world import World

pytestmark = pytest.mark.slow
WORKER, FAMILY, CHAT = "+6581234001", "whatsapp:+9779812001234", 5551234
REFERENCE = re.compile(r"\d{3}\s\d{3}\s\d")


async def _talk(here: World, number: str, *lines: str) -> list[str]:
    """Each line after the answer to the one before; returns what the phone shows."""
    before = len(set(here.to(number)))
    for count, line in enumerate(lines, 1):
        await deliver(here.base, text(number, line, f"{before}-{count}"))
        await here.answered(number, before + count)
    return here.to(number)


async def test_unpaid_wages_by_sms_until_the_number_and_how_it_stands(running: World) -> None:
    lines = ("my boss has not paid my salary for three months", "1", "1", "1", "3 months 1800 SGD", "1")
    shown = await _talk(running, WORKER, *lines)
    number = REFERENCE.findall(shown[-1])
    assert len(number) == 1
    assert not any(REFERENCE.search(t) for t in shown[:-1])
    assert len(shown) <= 7
    asked = await _talk(running, WORKER, "status")
    assert REFERENCE.findall(asked[-1]) == number
    await running.quiet()
    effects = running.effects()
    assert effects["cases.report_unpaid_wages"] == effects["notices.queue"] == 1
    assert database.asked(running.url, "SELECT country FROM cases") == [("SG",)]
    posts = [a.form for a in running.twilio.asked if a.method == "POST"]
    assert {(p["From"], p["To"]) for p in posts} == {(SMS_NUMBER, WORKER)}
    refs = {p["StatusCallback"].partition("?ref=")[2] for p in posts}
    assert len(refs) == len(posts)


async def test_whatsapp_is_answered_from_the_number_that_was_written_to(running: World) -> None:
    await deliver(running.base, text(FAMILY, "my boss has not paid my salary", "1", ProfileName="Sita"))
    assert len(await running.answered(FAMILY, 1)) == 1
    await running.quiet()
    posts = [a.form for a in running.twilio.asked if a.method == "POST"]
    assert [(p["From"], p["To"]) for p in posts] == [(f"whatsapp:{WHATSAPP_NUMBER}", FAMILY)]
    await deliver(running.base, text(FAMILY, "yes", "2"))
    assert len(await running.answered(FAMILY, 2)) == 2


async def test_a_tap_on_telegram_is_acknowledged_and_goes_on(running: World) -> None:
    await deliver(running.base, update(message(CHAT, "my boss has not paid my salary", 1)))
    await running.answered(CHAT, 1)
    keys = running.keyboard(CHAT)
    assert len(keys) == 2
    pressed = tap(CHAT, next(iter(keys.values())), 2)
    await deliver(running.base, update(pressed))
    shown = await running.answered(CHAT, 2)
    await running.quiet()
    acks = [a.form for a in running.telegram.asked if a.path.endswith("/answerCallbackQuery")]
    assert [a["callback_query_id"] for a in acks] == [pressed["callback_query"]["id"]]
    await deliver(running.base, update(tap(CHAT, next(iter(keys.values())), 3)))  # an old button: no step is redone
    await running.until(lambda: sum(a.path.endswith("/answerCallbackQuery") for a in running.telegram.asked) == 2)
    await running.quiet()
    assert running.to(CHAT)[:2] == shown
    assert running.effects().get("cases.report_unpaid_wages", 0) == 0


async def test_who_blocked_us_gets_nothing_until_they_write_again(running: World) -> None:
    await deliver(running.base, update(message(CHAT, "hello", 1)))
    await running.answered(CHAT, 1)
    chat = {"id": CHAT, "type": "private", "first_name": "Sita"}
    bot = {"id": 7000, "is_bot": True, "first_name": "Saathi"}
    change = {
        "chat": chat,
        "from": chat | {"is_bot": False},
        "date": 1795500000,
        "old_chat_member": {"status": "member", "user": bot},
        "new_chat_member": {"status": "kicked", "user": bot, "until_date": 0},
    }
    await deliver(running.base, update({"update_id": 880_002, "my_chat_member": change}))
    await running.quiet()
    assert database.asked(running.url, "SELECT count(*) FROM conversations WHERE blocked_at IS NOT NULL") == [(1,)]
    before = len(running.to(CHAT))
    await deliver(running.base, update(message(CHAT, "my boss has not paid my salary", 3)))
    await running.answered(CHAT, before + 1)
    assert database.asked(running.url, "SELECT count(*) FROM conversations WHERE blocked_at IS NOT NULL") == [(0,)]
