"""Who cannot prove to be a provider is refused, and leaves no row anywhere; who repeats himself has one effect.

Law: compared are the counts of every table, so that a forgotten one is seen.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.fakes import database
from tests.fakes.post import Letter, deliver, message, post, text, update
from tests.fakes.service import free_port
from tests.fakes.world import World

pytestmark = pytest.mark.slow
WORDS = "my employer locked me in the house"
SMS = text("+60123401111", WORDS, "1")
TELEGRAM = update(message(5551111, WORDS, 1))
SIGNATURE, SECRET = "X-Twilio-Signature", "X-Telegram-Bot-Api-Secret-Token"
FORGED = {
    "no signature": SMS.with_header(SIGNATURE, None),
    "a wrong signature": SMS.with_header(SIGNATURE, "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "another text": Letter(SMS.path, SMS.body.replace(b"locked", b"looked"), SMS.headers),
    "another address": Letter(SMS.path + "?x=1", SMS.body, SMS.headers),
    "an SMS at the callback's address": Letter(SMS.path + "/status", SMS.body, SMS.headers),
    "no secret": TELEGRAM.with_header(SECRET, None),
    "a wrong secret": TELEGRAM.with_header(SECRET, "another-secret"),
    "an empty secret": TELEGRAM.with_header(SECRET, ""),
}


async def test_strangers_are_refused_and_leave_nothing(running: World) -> None:
    before = database.counts(running.url)
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = {name: await post(client, running.base, letter) for name, letter in FORGED.items()}
        assert answers == dict.fromkeys(FORGED, 403)
        assert database.counts(running.url) == before
        assert await post(client, running.base, SMS) == 200  # the same, as it was signed
        assert database.counts(running.url)["inbox"] == 1


@pytest.mark.parametrize("provider", ["twilio", "telegram"])
async def test_one_request_a_hundred_times_and_after_a_restart(here: World, provider: str) -> None:
    """T6, T12: at once and in a row, in two processes, and again after a restart: one effect, one answer."""
    person: str | int = "+60123401111" if provider == "twilio" else 5551111
    # Telegram says when she wrote: what was written when this file was read is not answered at night (contact_policy).
    letter = SMS if provider == "twilio" else update(message(5551111, WORDS, 1))
    async with here.service() as one, here.service("--role", "web", port=(other := free_port())) as two:
        await one.ready()
        await two.ready()
        bases = [one.url, f"http://127.0.0.1:{other}"]
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answers = await asyncio.gather(*(post(client, bases[n % 2], letter) for n in range(50)))
            again = [
                await post(client, bases[n % 2], letter.with_header("I-Twilio-Idempotency-Token", f"try-{n}"))
                for n in range(50)
            ]
        assert set(answers) | set(again) == {200}
        await here.answered(person, 1)
        await here.quiet()
        once = here.effects()
    assert (once["seen"], once["cases.report_confinement"], once["notices.page"], once["outbox.sent"]) == (1, 1, 1, 1)
    async with here.service() as later:
        await later.ready()
        assert await deliver(here.base, letter) == 1
        await here.quiet()
        assert here.effects() == once
    assert len(here.to(person)) == 1
