"""The starred ones that other tests prove within a process, once more over sockets: T36, T38, T41, T45.

Law: what is read is what the providers were asked to deliver; time is real, so hours are moved and not the clock.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from bot.check.discreet import PREVIEW, found, lexicon_of
from handlers import codes
from tests.fakes import database, once
from tests.fakes.post import deliver, message, text, update
from tests.fakes.service import command
from tests.fakes.world import World, steady

pytestmark = pytest.mark.slow
WORKER, OTHER, FAMILY, CHAT = "+6581234001", "+6581234002", "+9779812001234", 5551234
UNPAID = ("my boss has not paid my salary for three months", "1", "1", "1", "3 months 1800 SGD", "1")
EVENTS = itertools.count()
HELD = 3  # what `saathi reply` ends with when it waits
LOCKED_IN = "my employer locked me in the house and beats me"


async def _says(here: World, number: str, *lines: str) -> list[str]:
    """Each line after all answers to the one before; returns what the phone shows."""
    for line in lines:
        await deliver(here.base, text(number, line, f"{number}-{next(EVENTS)}"))
        await here.quiet()
    return here.to(number)


def _reference(here: World, number: str) -> str:
    """The number of the newest case, which that phone was told."""
    ((reference,),) = database.asked(here.url, "SELECT reference FROM cases ORDER BY opened_at DESC LIMIT 1")
    assert reference in "".join(c for c in here.to(number)[-1] if c.isdecimal())
    return str(reference)


async def test_T36_silent_while_a_human_has_it(running: World) -> None:
    await _says(running, WORKER, *UNPAID)
    reference = _reference(running, WORKER)
    code, _, error = await command(running.settings, "reply", reference, "We read it.")
    assert code == 0, error
    await running.until(lambda: running.to(WORKER)[-1].endswith("We read it."), lambda: running.to(WORKER))
    await running.quiet()
    before = running.to(WORKER)
    assert await _says(running, WORKER, "menu", "are you there", "#", "my salary", "1") == before
    assert await _says(running, WORKER, LOCKED_IN) == before
    assert running.effects()["notices.page"] == 1, "danger wakes somebody all the same"
    assert (await command(running.settings, "release", reference))[0] == 0
    assert len(await _says(running, WORKER, "menu")) > len(before)


async def test_T38_who_guesses_codes_reads_one_answer_for_ever(running: World) -> None:
    await _says(running, FAMILY, "hello")
    before = len(running.to(FAMILY))
    space = (f"{codes.FIRST}{n:015d}" for n in range(4_812_733, 9_999_999, 7919))
    guesses = [code for code in (next(space) for _ in range(200)) if codes.is_well_typed(code)][:9]
    assert len(guesses) == 9
    answers = (await _says(running, FAMILY, *guesses))[before:]
    assert len({steady(a) for a in answers}) == 1
    assert not any(g[-4:] in a for g in guesses for a in answers)
    ((tries,),) = database.asked(running.url, "SELECT count(*) FROM code_tries")
    assert tries >= once.written().knowledge.get("codes")["tries_an_hour"]["one"]


async def test_T41_a_conversation_about_danger_tells_a_screen_nothing(running: World) -> None:
    content = once.written()
    lexicon = lexicon_of(content.knowledge.get("discreet"), "en")
    await _says(running, WORKER, LOCKED_IN, "2", "1", "1")
    await _says(running, f"whatsapp:{FAMILY}", LOCKED_IN, "2", "1", "1")
    await deliver(running.base, update(message(CHAT, LOCKED_IN, 1)))
    await running.quiet()
    shown = [running.to(who) for who in (WORKER, f"whatsapp:{FAMILY}", CHAT)]
    assert all(shown)
    for each in (t for phone in shown for t in phone):
        assert not list(found(each, lexicon.never, lexicon.prefixes)), each
        assert not list(found(each[:PREVIEW], lexicon.start, lexicon.prefixes)), each
        assert "beats" not in each


async def test_T45_nothing_leaves_outside_her_hours_and_the_provider_knows_their_end(running: World) -> None:
    for number in (WORKER, OTHER):
        await _says(running, number, *UNPAID)
    ours = {WORKER: _case(running, 0), OTHER: _case(running, 1)}
    now = datetime.now(UTC)
    minute = now.hour * 60 + now.minute
    hours = {WORKER: (minute + 180, minute + 300), OTHER: (minute - 60, minute + 20)}
    owner = running.settings["SAATHI_DATABASE_OWNER_URL"]
    database.asked(owner, "UPDATE conversations SET last_inbound_at = now() - interval '1 hour'")
    for number, (begin, end) in hours.items():
        database.asked(
            owner,
            "UPDATE contacts SET timezone = 'UTC', safe_from = %s, safe_until = %s"
            " WHERE id = (SELECT subject_id FROM cases WHERE reference = %s)",
            begin % 1440,
            end % 1440,
            ours[number],
        )
    before = running.to(WORKER)
    code, _, error = await command(running.settings, "reply", ours[WORKER], "We have news.")
    assert code == HELD, error
    assert (await command(running.settings, "reply", ours[OTHER], "We have news."))[0] == 0
    await running.until(lambda: running.to(OTHER)[-1].endswith("We have news."), lambda: running.to(OTHER))
    assert running.to(WORKER) == before
    held = database.asked(running.url, "SELECT state, reason FROM outbox WHERE origin = 'human' ORDER BY seq")
    assert held[0] == ("held", "safe_hours")
    asked = [a.form for a in running.twilio.asked if a.method == "POST" and a.form.get("To") == OTHER]
    assert 0 < int(asked[-1]["ValidityPeriod"]) <= 20 * 60


def _case(here: World, place: int) -> str:
    """The reference of the first, the second case."""
    return str(database.asked(here.url, "SELECT reference FROM cases ORDER BY opened_at")[place][0])
