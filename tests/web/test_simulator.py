"""The routes of the simulator, over real HTTP: what it takes, what it refuses and with which code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar.testing import AsyncTestClient

from bot.channels.contract import Button
from bot.channels.limits import LIMITS
from bot.simulated import Phones as ServicePhones
from bot.transports.telegram import keyboard
from bot.web.simulator import MOST_BYTES, Phones, simulator
from bot.web.site import site
from tests.fakes import replies
from tests.fakes.line import Store, settings
from tests.fakes.phones import MemoryPhones
from tests.fakes.server import served

HER = {"channel": "sms", "address": "+96551234567"}


@pytest.fixture
async def phones() -> MemoryPhones:
    return MemoryPhones()


@pytest.fixture
async def client(phones: MemoryPhones) -> AsyncIterator[httpx.AsyncClient]:
    async with served(simulator(phones)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as opened:
        yield opened


@pytest.mark.parametrize("name", ["send", "set_language", "thread", "languages"])
def test_the_phones_of_the_service_and_of_these_tests_are_as_the_page_expects(name: str) -> None:
    expected = inspect.signature(getattr(Phones, name))
    assert inspect.signature(getattr(ServicePhones, name)) == expected
    assert inspect.signature(getattr(MemoryPhones, name)) == expected


@pytest.mark.parametrize(("phones_given", "status"), [(True, 200), (False, 404)])
async def test_production_has_no_simulator(phones: MemoryPhones, phones_given: bool, status: int) -> None:
    store = Store()

    async def ready() -> str:
        return "ok"

    app = site(settings(), store.receive, store.quarantine, ready, phones if phones_given else None)
    async with AsyncTestClient(app) as client:
        for path in ("/try", "/try/static/try.js", "/try/thread?channel=sms&address=%2B96551234567"):
            assert (await client.get(path)).status_code == status
        answer = await client.post("/try/send", json={**HER, "text": "a"})
        assert answer.status_code == (202 if phones_given else 404)


async def test_the_page_names_its_phones_and_languages(client: httpx.AsyncClient) -> None:
    answer = await client.get("/try")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for label in ("WhatsApp", "SMS", "Telegram", 'value="ar" lang="ar" data-direction="rtl"', "नेपाली"):
        assert label in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


async def test_the_page_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/try")).text
    assert "<style" not in page
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize(
    ("name", "kind"), [("try.js", "text/javascript"), ("try.css", "text/css"), ("try.svg", "image/svg+xml")]
)
async def test_files_of_the_page(client: httpx.AsyncClient, name: str, kind: str) -> None:
    answer = await client.get(f"/try/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.content


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fsimulator.py", "%2e%2e/simulator.py", "....//simulator.py", "%2fetc%2fpasswd", "try"]
)
async def test_no_other_file_can_be_had(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/try/static/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("what", "taken"),
    [
        ({"text": "salary"}, ("salary", "", "")),
        ({"text": "  मलाई मद्दत चाहियो\n1 "}, ("  मलाई मद्दत चाहियो\n1 ", "", "")),
        ({"text": "a\x00b\ud800c"}, ("a\ufffdb\ufffdc", "", "")),
        ({"press": "wages.safe|yes|1a2b"}, ("", "wages.safe|yes|1a2b", "")),
        ({"media": "audio"}, ("", "", "audio")),
        ({"text": " ", "press": "wages.safe|yes|1a2b"}, ("", "wages.safe|yes|1a2b", "")),
        ({"text": "x" * LIMITS["telegram"].text}, ("x" * LIMITS["telegram"].text, "", "")),
        ({"text": "🙏" * (LIMITS["telegram"].text // 2)}, ("🙏" * (LIMITS["telegram"].text // 2), "", "")),
    ],
)
async def test_what_a_person_does_reaches_the_phone(
    client: httpx.AsyncClient, phones: MemoryPhones, what: dict[str, str], taken: tuple[str, str, str]
) -> None:
    body = json.dumps({**HER, **what})  # ASCII: the longest way to write it
    answer = await client.post("/try/send", content=body, headers={"content-type": "application/json; charset=utf-8"})
    assert answer.status_code == 202, answer.text
    assert phones.taken == [("sms", "+96551234567", *taken)]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**HER}, "nothing_to_send"),
        ({**HER, "text": " \n"}, "nothing_to_send"),
        ({**HER, "text": "a", "press": "a|b|c"}, "too_much_to_send"),
        ({**HER, "text": ["a"]}, "text_malformed"),
        ({**HER, "text": None}, "text_malformed"),
        ({**HER, "press": {"a": 1}}, "press_malformed"),
        ({**HER, "press": "no such shape"}, "press_malformed"),
        ({**HER, "press": f"a|{'b' * 300}|c"}, "press_malformed"),
        ({**HER, "media": "virus"}, "media_unknown"),
        ({**HER, "text": "x" * (LIMITS["telegram"].text + 1)}, "text_too_long"),
        ({**HER, "channel": "fax", "text": "a"}, "channel_unknown"),
        ({**HER, "channel": ["sms"], "text": "a"}, "channel_unknown"),
        ({"channel": "sms", "text": "a"}, "address_malformed"),
        ({**HER, "address": "+0123456", "text": "a"}, "address_malformed"),
        ({**HER, "address": "+965512٣٤٥", "text": "a"}, "address_malformed"),
        ({**HER, "address": "+96551234567\n", "text": "a"}, "address_malformed"),
        ({**HER, "address": 96551234567, "text": "a"}, "address_malformed"),
        (["sms"], "not_json"),
        ("text", "not_json"),
        (None, "not_json"),
    ],
)
async def test_bad_input_is_refused_with_a_code(
    client: httpx.AsyncClient, phones: MemoryPhones, body: object, code: str
) -> None:
    answer = await client.post("/try/send", json=body)
    assert (answer.status_code, answer.json()) == (400, {"error": code})
    assert phones.taken == []


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 30_000, b'{"channel": NaN'])
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, phones: MemoryPhones, raw: bytes) -> None:
    answer = await client.post("/try/send", content=raw, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (400, {"error": "not_json"})
    assert phones.taken == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize("path", ["/try/send", "/try/language"])
async def test_a_foreign_page_cannot_send(
    client: httpx.AsyncClient, phones: MemoryPhones, kind: str, path: str
) -> None:
    """These are the types that a browser lets any website post without asking first."""
    body = json.dumps({**HER, "text": "a", "language": "ne"})
    answer = await client.post(path, content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()) == (400, {"error": "not_json"})
    assert (phones.taken, phones.chosen) == ([], [])


async def test_a_body_has_an_end(client: httpx.AsyncClient, phones: MemoryPhones) -> None:
    body = json.dumps({**HER, "text": "a", "padding": "x" * MOST_BYTES})
    answer = await client.post("/try/send", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert phones.taken == []


async def test_the_thread_is_what_the_phone_holds(client: httpx.AsyncClient, phones: MemoryPhones) -> None:
    phones.say("sms", HER["address"], replies.welcome("ne"))
    phones.say("sms", HER["address"], replies.safe("ne"), state="held", reason="safe_hours")
    whole = (await client.get("/try/thread", params=HER)).json()
    assert whole == {"messages": phones.threads["sms", "+96551234567"], "last": 2}
    part = whole["messages"][0]["parts"][0]
    assert (part["encoding"], part["segments"], part["units"]) == ("UCS-2", 2, len(part["text"]))
    later = (await client.get("/try/thread", params={**HER, "after": "1"})).json()
    assert [m["seq"] for m in later["messages"]] == [2]
    none = (await client.get("/try/thread", params={**HER, "after": "2"})).json()
    assert none == {"messages": [], "last": 2}
    other = (await client.get("/try/thread", params={**HER, "channel": "whatsapp"})).json()
    assert other == {"messages": [], "last": 0}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({**HER, "after": "-1"}, "after_malformed"),
        ({**HER, "after": "one"}, "after_malformed"),
        ({**HER, "after": "9" * 30}, "after_malformed"),
        ({**HER, "channel": "fax"}, "channel_unknown"),
        ({"channel": "sms"}, "address_malformed"),
        ({}, "channel_unknown"),
    ],
)
async def test_a_bad_question_is_refused(client: httpx.AsyncClient, query: dict[str, str], code: str) -> None:
    answer = await client.get("/try/thread", params=query)
    assert (answer.status_code, answer.json()) == (400, {"error": code})


async def test_a_language_can_be_chosen_for_a_person(client: httpx.AsyncClient, phones: MemoryPhones) -> None:
    assert (await client.post("/try/language", json={**HER, "language": "ar"})).status_code == 202
    assert phones.chosen == [("sms", "+96551234567", "ar")]
    for wrong in ("xx", "", None):
        answer = await client.post("/try/language", json={**HER, "language": wrong})
        assert answer.status_code == 400
    assert len(phones.chosen) == 1


async def test_what_could_not_be_stored_is_not_called_taken(client: httpx.AsyncClient, phones: MemoryPhones) -> None:
    phones.broken = True
    assert (await client.post("/try/send", json={**HER, "text": "a"})).status_code == 500
    assert (await client.get("/try/thread", params=HER)).status_code == 500


@pytest.mark.parametrize("length", [13, 14, 15])
async def test_the_page_puts_keys_in_rows_as_telegram_does(client: httpx.AsyncClient, length: int) -> None:
    script = (await client.get("/try/static/try_draw.js")).text
    narrow = int(script.partition("const NARROW = ")[2].partition(";")[0])
    markup = keyboard([Button(f"{n}" * length, f"a|{n}|c") for n in range(1, 5)])
    assert (len(markup[0]) == 2) == (length <= narrow)
