"""T7: one signature fits more than one form (W7), so the provider is asked whether it knows a message, before anything
is deleted or disclosed on its word.

Law: the running process over real sockets, and a Twilio that knows what people really wrote. What is forged here bears
a genuine signature.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

import handlers
from bot.web.webhooks import TWILIO
from tests.fakes import database
from tests.fakes.loopback import HANG, Answer
from tests.fakes.post import PUBLIC, Letter, deliver, post, text
from tests.fakes.twilio import sign
from tests.fakes.world import World

pytestmark = pytest.mark.slow
VICTIM, ATTACKER, OTHER = "+6581234001", "+96550001111", "+6581234002"
UNPAID = ("my boss has not paid my salary for three months", "1", "1", "1", "3 months 1800 SGD", "1")
EVENTS = itertools.count()


async def _says(here: World, number: str, *lines: str) -> list[str]:
    """Each line after all answers to the one before; returns what the phone shows."""
    for line in lines:
        await deliver(here.base, text(number, line, f"{number}-{next(EVENTS)}"))
        await here.quiet()
    return here.to(number)


def _cut_anew(words: str) -> Letter:
    """The attacker's own SMS, its text cut off early and its rest hidden, so that the victim seems to have sent it: the
    signature is that of the SMS that he did send, and so is the MessageSid."""
    mine = text(ATTACKER, f"{words}From{VICTIM}FromCityx", f"attack-{next(EVENTS)}")
    form = dict(parse_qsl(mine.body.decode(), keep_blank_values=True))
    cut = {n: v for n, v in form.items() if n not in {"Body", "From"}}
    cut |= {"Body": words, "From": VICTIM, "FromCity": f"xFrom{ATTACKER}"}
    assert sign(PUBLIC + TWILIO, cut.items()) == mine.headers["X-Twilio-Signature"]
    return Letter(mine.path, urlencode(cut).encode(), mine.headers)


def _questions(here: World) -> list[str]:
    """The messages that Twilio was asked about."""
    return [a.path.rpartition("/")[2].removesuffix(".json") for a in here.twilio.asked if a.method == "GET"]


def test_what_must_be_vouched_for_is_an_action() -> None:
    found = 0
    for module in pkgutil.iter_modules(handlers.__path__):
        room = importlib.import_module(f"handlers.{module.name}")
        for action in getattr(room, "VOUCHED", ()):
            assert action in room.OUTCOMES, (module.name, action)
            assert action in room.__all__, (module.name, action)
            found += 1
    assert found >= 15


async def test_T7_a_genuine_message_is_asked_about_once_and_obeyed(running: World) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    assert _questions(running) == []  # nothing was deleted or disclosed yet
    told = (await _says(running, VICTIM, "status"))[len(shown) :]
    ((reference,),) = database.asked(running.url, "SELECT reference FROM cases")
    assert reference in "".join(c for c in told[0] if c.isdecimal())
    assert len(_questions(running)) == 1
    assert database.asked(running.url, "SELECT vouched FROM inbox WHERE vouched IS NOT NULL") == [("yes",)]


async def test_T7_a_form_cut_anew_does_nothing_and_calls_a_human(running: World) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    before = running.effects()
    forged = _cut_anew("status")
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        assert await post(client, running.base, forged) == 200  # its signature is genuine
        await running.quiet()
        after = running.effects()
        assert running.to(VICTIM) == shown
        assert after["inbox.quarantined"] == 1
        assert after["notices.page"] == before.get("notices.page", 0) + 1
        assert database.asked(running.url, "SELECT count(*) FROM notices WHERE kind = 'forged'") == [(1,)]
        assert after["messages"] == before["messages"]
        assert await post(client, running.base, forged) == 200
        await running.quiet()
    assert running.effects() == after
    assert len(await _says(running, VICTIM, "status")) == len(shown) + 1  # she herself is answered as before


async def test_T7_nothing_is_erased_on_such_a_word(running: World) -> None:
    """He was patient and began the conversation before, with words that delete nothing."""
    await _says(running, VICTIM, *UNPAID)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        for words in ("delete my data", "yes", "1", "yes"):
            assert await post(client, running.base, _cut_anew(words)) == 200
            await running.quiet()
    events = database.asked(running.url, "SELECT count(*) FROM case_events WHERE kind LIKE 'erasure%%'")
    assert events == [(0,)]
    assert database.asked(running.url, "SELECT count(*) FROM notices WHERE kind = 'erasure_requested'") == [(0,)]
    assert running.effects()["inbox.quarantined"] >= 1


@pytest.mark.parametrize("trouble", [Answer(503), HANG], ids=["an error", "no answer"])
async def test_T7_while_twilio_cannot_be_asked_it_is_held_and_said(running: World, trouble: Answer) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    running.twilio.questions = trouble
    await deliver(running.base, text(VICTIM, "status", f"{VICTIM}-held"))
    await deliver(running.base, text(OTHER, "my employer locked me in the house", "1"))
    await running.answered(OTHER, 1)  # nobody else waits for it
    await running.quiet()
    held = running.to(VICTIM)[len(shown) :]
    assert held == ["This could not be checked. Nothing was done. Write again soon. Urgent: 0"]
    waits = "SELECT count(*) FROM notices WHERE audience = 'queue' AND taken_by IS NULL"
    assert database.asked(running.url, waits)[0][0] >= 1  # her conversation is one that a human sees
    running.twilio.questions = None
    told = (await _says(running, VICTIM, "status"))[len(shown) + 1 :]
    ((reference,),) = database.asked(running.url, "SELECT reference FROM cases WHERE severity <> 'critical'")
    assert reference in "".join(c for c in told[0] if c.isdecimal())


async def _asked_about(here: World, words: str) -> None:
    """Her words wait until Twilio, which says nothing, has told whether it knows them."""
    here.twilio.questions = HANG
    await deliver(here.base, text(VICTIM, words, f"{VICTIM}-{next(EVENTS)}"))
    waits = "SELECT count(*) FROM inbox WHERE vouched = 'asked' AND state = 'waiting'"
    await here.until(lambda: database.asked(here.url, waits) == [(1,)])


async def test_T7_danger_does_not_wait_while_twilio_is_asked(running: World) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    await _asked_about(running, "status")
    await deliver(running.base, text(VICTIM, "he is beating me help", "cry"))
    await running.quiet()
    told = running.to(VICTIM)[len(shown) :]
    assert told
    assert not any("could not be checked" in line for line in told)  # nothing stands before the answer to it
    pages = "SELECT count(*) FROM notices WHERE audience = 'page'"
    assert database.asked(running.url, pages) == [(1,)]
    assert database.asked(running.url, "SELECT vouched FROM inbox WHERE vouched IS NOT NULL") == [("unknown",)]
    ((reference,),) = database.asked(running.url, "SELECT reference FROM cases WHERE severity <> 'critical'")
    assert not any(reference in "".join(c for c in line if c.isdecimal()) for line in told)  # nothing was disclosed
    unasked = "SELECT count(*) FROM notices WHERE kind = 'unvouched' AND audience = 'queue'"
    assert database.asked(running.url, unasked)[0][0] <= 1


async def test_T7_the_quick_exit_does_not_wait_while_twilio_is_asked(running: World) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    await _asked_about(running, "status")
    await deliver(running.base, text(VICTIM, "x", "leaves"))
    await running.quiet()
    told = running.to(VICTIM)[len(shown) :]
    assert len(told) == 1, told
    assert not any(c.isdecimal() for c in told[0])
    assert database.asked(running.url, "SELECT vouched FROM inbox WHERE vouched IS NOT NULL") == [("unknown",)]


async def test_T7_other_words_keep_their_order_while_twilio_is_asked(running: World) -> None:
    shown = await _says(running, VICTIM, *UNPAID)
    await _asked_about(running, "status")
    await deliver(running.base, text(VICTIM, "menu", "after"))
    await running.quiet()
    held, menu = running.to(VICTIM)[len(shown) :]
    assert "could not be checked" in held
    assert "1" in menu
