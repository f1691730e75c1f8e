"""Starred ones against the running process: T1 (signatures), T13 (one person, many workers), T33 (where files are got).

Law: requests are those of providers; what is counted is what lies in the database and what was asked of others.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from bot.web.webhooks import STATUS, TWILIO
from tests.fakes import database
from tests.fakes.loopback import Answer, Asked, Loopback
from tests.fakes.post import FORM, PUBLIC, Letter, deliver, form, message, post, text, update
from tests.fakes.twilio import ACCOUNT, FakeTwilio, sign
from tests.fakes.world import World

pytestmark = pytest.mark.slow
SIGNATURE = "X-Twilio-Signature"
MUTATIONS = 40  # of each part of each vector: over a socket; thousands are tried in tests/proof/test_signatures.py


def _json(told: dict[str, str]) -> Letter:
    """W2: a JSON body, whose hash is signed in the address."""
    body = json.dumps(told).encode()
    address = f"{TWILIO}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    return Letter(address, body, {"Content-Type": "application/json", SIGNATURE: sign(PUBLIC + address)})


def _at_port(letter: Letter) -> Letter:
    """W3: signed with the port in the address."""
    pairs = httpx.QueryParams(letter.body.decode()).multi_items()
    return letter.with_header(SIGNATURE, sign(f"{PUBLIC}:443{TWILIO}", pairs))


def _twice(letter: Letter) -> Letter:
    """W1: a name that comes twice, the same value once."""
    pairs = [*httpx.QueryParams(letter.body.decode()).multi_items(), ("Extra", "b"), ("Extra", "a"), ("Extra", "b")]
    return Letter(TWILIO, urlencode(pairs).encode(), {"Content-Type": FORM, SIGNATURE: sign(PUBLIC + TWILIO, pairs)})


def _vectors() -> dict[str, Letter]:
    """Genuine requests of every shape, each an event of its own."""
    number = "+96550001{:03}".format
    plain = {"MessageSid": "SM" + "e" * 32, "AccountSid": ACCOUNT, "From": number(9), "To": "+447700900123"}
    return {
        "W1 a form": text(number(1), "hello", "1"),
        "W1 a repeated name": _twice(text(number(2), "hello", "1")),
        "W2 JSON and its hash": _json({**plain, "Body": "hello"}),
        "W3 with the port": _at_port(text(number(3), "hello", "1")),
        "W6 a blank body": text(number(4), "", "1", NumMedia="0"),
        "W6 blanks around": text(number(5), "  hello \t ", "1"),
        "W12 unknown fields": text(number(6), "hello", "1", Whatever="x", FutureParam=""),
        "W13 a messaging service": text(number(7), "hello", "1", MessagingServiceSid="MG" + "0" * 32),
        "WhatsApp": text(f"whatsapp:{number(8)}", "hello", "1", ProfileName="Sita", WaId="9665"),
        "a callback": form(
            {"MessageSid": "SM" + "f" * 32, "MessageStatus": "sent", "AccountSid": ACCOUNT, "From": "+447700900123"},
            STATUS,
            "ref=0190f3a2-0000-7000-8000-000000000000",
        ),
    }


def _flipped(rng: random.Random, value: bytes) -> bytes:
    at = rng.randrange(len(value))
    return value[:at] + bytes([value[at] ^ rng.randrange(1, 256)]) + value[at + 1 :]


def _changed(rng: random.Random, letter: Letter, part: str) -> Letter | None:
    """The letter with one byte changed; None when it says the same in another spelling (%2b for %2B)."""
    if part == "signature":
        flipped = _flipped(rng, letter.headers[SIGNATURE].encode()).decode("latin-1")
        return letter.with_header(SIGNATURE, flipped) if flipped.isprintable() and flipped.isascii() else None
    if part == "query":
        path, _, query = letter.path.partition("?")
        other = bytes(b for b in _flipped(rng, query.encode()) if 0x20 < b < 0x7F and b not in b"#")
        return replace(letter, path=f"{path}?{other.decode()}") if other != query.encode() else None
    body = _flipped(rng, letter.body)
    if letter.headers["Content-Type"] == FORM:
        try:
            same = (
                httpx.QueryParams(body.decode()).multi_items() == httpx.QueryParams(letter.body.decode()).multi_items()
            )
        except UnicodeDecodeError:
            same = False
        if same:
            return None
    return replace(letter, body=body)


async def test_T1_the_genuine_ones_are_believed_and_no_changed_one(running: World) -> None:
    before, asked, believed = database.counts(running.url), 0, []
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for name, letter in _vectors().items():
            rng = random.Random(name)
            for part in ("body", "signature", *(["query"] if "?" in letter.path else [])):
                for bad in (_changed(rng, letter, part) for _ in range(MUTATIONS)):
                    if bad is not None:
                        asked += 1
                        status = await post(client, running.base, bad)
                        assert status < 500, (name, part)
                        believed += [(name, part, bad)] if status < 300 else []
        assert believed == []
        assert database.counts(running.url) == before
        for name, letter in _vectors().items():
            assert await post(client, running.base, letter) == 200, name
    assert asked > 500
    assert database.asked(running.url, "SELECT count(*) FROM inbox WHERE state = 'quarantined'") == [(0,)]
    print(f"{asked} changed requests refused, {len(_vectors())} genuine ones believed")


LINES = ["my boss has not paid my salary", "1", "1", "2", "0", "9", "menu", "3", "yes", "no"]


async def test_T13_one_person_s_burst_and_three_processes(here: World) -> None:
    """Ten messages, each acknowledged before the next, faster than they are answered, while others write too: three
    processes do what one does with the same messages one after the other."""
    alone, burst = 5_551_001, 5_551_002
    others = [5_552_000 + n for n in range(40)]
    async with here.service() as one, here.service("--role", "worker") as two, here.service("--role", "worker"):
        await one.ready()
        assert two.process.returncode is None
        for n, line in enumerate(LINES):
            await deliver(here.base, update(message(alone, line, n)))
            await here.quiet()
        letters = [update(message(chat, "wages", 5000 + 20 * n)) for n, chat in enumerate(others)]
        beside = asyncio.gather(*(deliver(here.base, letter) for letter in letters))
        for n, line in enumerate(LINES):
            await deliver(here.base, update(message(burst, line, 1000 + n)))
        await beside
        await here.quiet()
        last = [here.to(chat)[-1:] for chat in (alone, burst)]
        handled = here.effects()
    assert handled["inbox.done"] == 2 * len(LINES) + len(others)
    assert "inbox.quarantined" not in handled
    assert last[0], "she was answered"
    heard = (
        "SELECT array_agg(m.inbox_id ORDER BY m.received_at, m.inbox_id) FROM messages m WHERE m.direction = 'in'"
        " GROUP BY m.conversation_id HAVING count(*) > 1"
    )
    orders = [row[0] for row in database.asked(here.url, heard)]
    assert all(order == sorted(order) and len(set(order)) == len(order) for order in orders)
    states = "SELECT count(*) FROM cases"
    assert database.asked(here.url, states)[0][0] % 2 == 0, "both have opened the same"
    assert all(here.to(chat) for chat in others)


class _Shelves(FakeTwilio):
    """A Twilio with files: behind a redirect, as the real ones; and some that lead elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.trap = ""

    async def usual(self, asked: Asked) -> Answer:
        if asked.path.endswith("/Media/GOOD"):
            return Answer(307, headers={"Location": "/cdn/ME1?signature=x"})
        if asked.path.endswith("/Media/AWAY"):
            return Answer(307, headers={"Location": f"{self.trap}/cdn/x"})
        if asked.path.startswith("/cdn/"):
            return Answer(200, text="%PDF-1.4 a paper\n", headers={"Content-Type": "application/pdf"})
        return await super().usual(asked)


async def test_T33_files_come_from_their_place_and_the_login_stays_there(here: World) -> None:
    trap = Loopback()
    shelves = _Shelves()
    async with trap, shelves:
        shelves.trap = trap.url
        port = urlsplit(shelves.url).port
        below = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media"
        refs = [
            f"{trap.url}{below}/x",
            f"http://user:word@{urlsplit(trap.url).netloc}{below}/x",
            f"http://127.0.0.1:{port}@{urlsplit(trap.url).netloc}{below}/x",
            f"{shelves.url}{below}/AWAY",
            f"{shelves.url}/elsewhere/x",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]:80/x",
            f"https://api.twilio.com.evil.tld{below}/x",
            "file:///etc/passwd",
        ]
        async with here.service(twilio_api_url=shelves.url) as service:
            await service.ready()
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                for n, ref in enumerate([f"{shelves.url}{below}/GOOD", *refs]):
                    more = {"NumMedia": "1", "MediaUrl0": ref, "MediaContentType0": "application/pdf"}
                    assert await post(client, here.base, text(f"whatsapp:+9665000{n:04}", "", "1", **more)) == 200
                stored = "SELECT count(*) FROM media WHERE state = 'stored'"
                tried = "SELECT count(*) FROM media WHERE state <> 'stored' AND (state <> 'waiting' OR attempts > 0)"
                await here.until(
                    lambda: (
                        database.asked(here.url, stored) == [(1,)] and database.asked(here.url, tried) == [(len(refs),)]
                    ),
                    lambda: database.asked(here.url, "SELECT state, reason, attempts FROM media"),
                )
        assert trap.asked == []
        files = [a for a in shelves.asked if a.method == "GET"]
        assert {a.path for a in files} <= {f"{below}/GOOD", f"{below}/AWAY", "/cdn/ME1"}
        assert all(("authorization" in a.headers) == a.path.startswith(below) for a in files)
    refused = database.asked(here.url, "SELECT count(*) FROM media WHERE state <> 'stored'")
    assert refused == [(len(refs),)]
