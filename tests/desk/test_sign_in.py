"""Signing in: password and code, the first time a phone; too many tries; sessions that end."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pyotp
import pytest

from bot.store import users
from desk.auth import codes, passwords
from desk.auth.limits import PER_LOGIN, proxies, visitor
from desk.door import SESSION
from desk.mount import HEADERS
from tests.conftest import Clock
from tests.desk.office import Desk, word_of

PASSWORD = "a sentence that nobody guesses"


async def _asha(desk: Desk) -> None:
    kept = await passwords.hashed(PASSWORD)
    async with desk.app.database.begin() as connection:
        await users.add(connection, login="Asha ", name="Asha", role="caseworker", password_hash=kept)


async def _password(browser: httpx.AsyncClient, login: str, password: str) -> httpx.Response:
    page = await browser.get("/desk/sign-in")
    form = {"csrf": word_of(page.text), "login": login, "password": password}
    return await browser.post("/desk/sign-in", data=form)


async def _code(browser: httpx.AsyncClient, code: str) -> httpx.Response:
    page = await browser.get("/desk/sign-in/code")
    return await browser.post("/desk/sign-in/code", data={"csrf": word_of(page.text), "code": code})


async def _secret(browser: httpx.AsyncClient) -> str:
    page = (await browser.get("/desk/sign-in/code")).text
    found = re.search(r'class="secret"[^>]*>([A-Z2-7 ]+)<', page)
    return found[1].replace(" ", "") if found else ""


async def _signed_in(desk: Desk, clock: Clock) -> tuple[httpx.AsyncClient, str]:
    browser = desk.browser()
    await _password(browser, "asha", PASSWORD)
    secret = await _secret(browser)
    assert (await _code(browser, pyotp.TOTP(secret).at(clock.at))).headers["location"] == "/desk"
    return browser, secret


async def test_the_first_time_a_phone_is_connected_and_then_its_codes_are_asked(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    browser, secret = await _signed_in(desk, clock)
    assert (await browser.get("/desk")).status_code == 200
    assert [line[0] for line in await desk.trail()] == [
        "sign_in.password",
        "sign_in.code",
        "totp.enrol",
        "queue.view",
    ]
    again = desk.browser()
    await _password(again, "ASHA", PASSWORD)
    page = (await again.get("/desk/sign-in/code")).text
    assert "<svg" not in page  # the secret is never shown a second time
    assert secret[:4] not in page
    clock.move(minutes=5)
    assert (await _code(again, pyotp.TOTP(secret).at(clock.at))).headers["location"] == "/desk"


async def test_a_code_is_good_once(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    _, secret = await _signed_in(desk, clock)
    again = desk.browser()
    await _password(again, "asha", PASSWORD)
    used = pyotp.TOTP(secret).at(clock.at)
    assert (await _code(again, used)).status_code == 403
    assert (await again.get("/desk")).headers["location"] == "/desk/sign-in/code"


async def test_unknown_disabled_and_wrong_are_one_answer(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    kept = await passwords.hashed(PASSWORD)
    async with desk.app.database.begin() as connection:
        gone = await users.add(connection, login="gone", name="Gone", role="caseworker", password_hash=kept)
        await users.set_active(connection, gone, False, clock.at)
    said = set()
    for login, password in (("asha", "x"), ("gone", PASSWORD), ("nobody", PASSWORD), ("", "")):
        answer = await _password(desk.browser(), login, password)
        said.add((answer.status_code, re.sub(r'value="[^"]*"', "", answer.text)))
    assert len(said) == 1
    assert {status for status, _ in said} == {403}


@pytest.mark.parametrize("login", ["asha", "nobody"])
async def test_too_many_tries_wait_whether_or_not_there_is_somebody(desk: Desk, clock: Clock, login: str) -> None:
    await _asha(desk)
    browser = desk.browser()
    for _ in range(PER_LOGIN):
        assert (await _password(browser, login, "x")).status_code == 403
    assert (await _password(browser, login, PASSWORD)).status_code == 429
    clock.move(minutes=16)
    assert (await _password(browser, login, PASSWORD)).status_code == (303 if login == "asha" else 403)


async def test_codes_are_counted_too(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    await _signed_in(desk, clock)
    browser = desk.browser()
    await _password(browser, "asha", PASSWORD)
    answers = [(await _code(browser, "000000")).status_code for _ in range(PER_LOGIN)]
    assert answers == [403] * (PER_LOGIN - 1) + [429]


async def test_the_log_in_form_needs_its_own_word(desk: Desk) -> None:
    await _asha(desk)
    browser = desk.browser()
    form = {"login": "asha", "password": PASSWORD}
    assert (await browser.post("/desk/sign-in", data=form)).status_code == 403
    await browser.get("/desk/sign-in")
    other = word_of((await desk.browser().get("/desk/sign-in")).text)
    assert (await browser.post("/desk/sign-in", data={**form, "csrf": other})).status_code == 403


async def test_the_password_alone_opens_nothing(desk: Desk) -> None:
    await _asha(desk)
    browser = desk.browser()
    await _password(browser, "asha", PASSWORD)
    for path in ("/desk", "/desk/settings", "/desk/help"):
        assert (await browser.get(path)).headers["location"] == "/desk/sign-in/code"


@pytest.mark.parametrize(("minutes", "wanted"), [(29, 200), (31, 303)])
async def test_who_does_nothing_for_half_an_hour_is_out(desk: Desk, clock: Clock, minutes: int, wanted: int) -> None:
    person = await desk.person("caseworker")
    clock.move(minutes=minutes)
    assert (await person.get("/")).status_code == wanted


async def test_a_working_day_ends_however_busy(desk: Desk, clock: Clock) -> None:
    person = await desk.person("caseworker")
    for _ in range(36):
        clock.move(minutes=20)
        last = await person.get("/help")
    assert last.status_code == 303


async def test_live_updates_are_no_work(desk: Desk, clock: Clock) -> None:
    person = await desk.person("caseworker")
    for _ in range(3):
        clock.move(minutes=14)
        async with person.client.stream("GET", "/desk/live") as answer:
            last = answer.status_code
            if last != 200:
                break
    assert last == 303


async def test_signing_out_ends_the_session_for_good(desk: Desk) -> None:
    person = await desk.person("caseworker")
    answer = await person.post("/sign-out")
    assert "cache" in answer.headers["clear-site-data"]
    person.client.cookies.set(SESSION, person.token, path="/desk")
    assert (await person.get("/")).status_code == 303


async def test_sessions_are_ended_by_oneself_and_by_an_administrator(desk: Desk) -> None:
    first = await desk.person("caseworker")
    second = await desk.enter(first.user_id)
    await second.post("/settings/sessions")
    assert [(await one.get("/")).status_code for one in (first, second)] == [303, 200]
    admin = await desk.person("administrator")
    assert (await admin.post(f"/people/{first.user_id}/sessions")).status_code == 303
    assert (await second.get("/")).status_code == 303


async def test_a_new_password_ends_all_sessions(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    browser, _ = await _signed_in(desk, clock)
    word = word_of((await browser.get("/desk/settings")).text)
    for old, new, wanted in (("x", "y" * 12, 403), (PASSWORD, "short", 400), (PASSWORD, "asha asha asha", 400)):
        answer = await browser.post("/desk/settings/password", data={"csrf": word, "old": old, "new": new})
        assert answer.status_code == wanted
    done = await browser.post(
        "/desk/settings/password", data={"csrf": word, "old": PASSWORD, "new": "another sentence"}
    )
    assert done.status_code == 303
    assert (await browser.get("/desk")).status_code == 303
    assert (await _password(desk.browser(), "asha", "another sentence")).status_code == 303


async def test_nothing_secret_is_kept_in_the_open(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    browser, secret = await _signed_in(desk, clock)
    token = browser.cookies[SESSION]
    for table in ("users", "desk_sessions", "sign_in_tries", "audit"):
        for row in await desk.rows(f"SELECT * FROM {table}"):
            shown = repr(tuple(bytes(v) if isinstance(v, memoryview | bytes) else v for v in row))
            assert not any(one in shown for one in (token, secret, PASSWORD)), table


async def test_every_answer_has_the_headers(desk: Desk) -> None:
    person = await desk.person("caseworker")
    for path in ("/", "/sign-in", "/case/0000000000", "/people", "/static/desk.js"):
        headers = (await person.get(path)).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path
    shown = (await desk.browser().get("/desk/sign-in")).headers["set-cookie"]
    assert "HttpOnly" in shown
    assert "SameSite=lax" in shown


async def test_pages_hold_no_script_or_style_of_their_own(desk: Desk, clock: Clock) -> None:
    await _asha(desk)
    browser = desk.browser()
    pages = [(await browser.get("/desk/sign-in")).text]
    await _password(browser, "asha", PASSWORD)
    pages.append((await browser.get("/desk/sign-in/code")).text)
    person = await desk.person("caseworker")
    pages += [(await person.get(path)).text for path in ("/", "/settings", "/help")]
    for page in pages:
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|javascript:", page)


def test_a_code_is_read_in_any_digits_and_within_a_minute(clock: Clock) -> None:
    secret = codes.new_secret()
    code = pyotp.TOTP(secret).at(clock.at)
    nepali = "".join(chr(0x966 + int(c)) for c in code)
    assert codes.step_of(secret, f" {nepali[:3]} {nepali[3:]}", clock.at) is not None
    assert codes.step_of(secret, code, clock.at + timedelta(seconds=30)) is not None
    assert codes.step_of(secret, code, clock.at + timedelta(seconds=90)) is None
    assert codes.step_of(secret, "", clock.at) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "wanted"),
    [
        ("203.0.113.5", "10.0.0.1", "", "203.0.113.5"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.5", "127.0.0.1", "203.0.113.5"),
        ("10.1.1.1", "6.6.6.6, 203.0.113.5, 10.2.2.2", "10.0.0.0/8", "203.0.113.5"),
        ("2001:db8::1", "", "", "2001:db8::/64"),
        ("127.0.0.1", "<script>", "127.0.0.1", "unknown"),
    ],
)
def test_who_asks_is_seen_past_our_own_proxies_only(peer: str, forwarded: str, trusted: str, wanted: str) -> None:
    assert visitor(peer, forwarded, proxies(trusted)) == wanted
