"""The desk in a real browser: a phone is connected, a conversation taken and answered, all of it live."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import Page, expect

from bot.store import users
from desk.auth import passwords
from tests.desk.office import Desk
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
PASSWORD = "a sentence that nobody guesses"


async def _sign_in(page: Page, desk: Desk) -> None:
    kept = await passwords.hashed(PASSWORD)
    async with desk.app.database.begin() as connection:
        await users.add(connection, login="asha", name="Asha", role="caseworker", password_hash=kept)
    await page.goto(f"{desk.url}/desk")
    await page.get_by_label("Login").fill("asha")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
    await page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", name="Queue")).to_be_visible()


async def test_from_the_first_sign_in_to_an_answer_that_is_seen_live(
    browser_page: Page, desk: Desk, world: World
) -> None:
    await _sign_in(browser_page, desk)
    await expect(browser_page.get_by_text("Nobody is waiting")).to_be_visible()
    await world.says("9001", "he has a knife")
    row = browser_page.locator(".waiting .entry")
    await expect(row).to_have_count(1)  # without a reload
    await expect(row).to_contain_text("Violence or threats")
    assert [line[0] for line in await desk.trail()].count("queue.view") == 1  # that it looked again is no second view
    await browser_page.keyboard.press("j")
    await expect(row.locator("a.main")).to_be_focused()
    await row.get_by_role("button", name="Take").click()
    await expect(browser_page.locator(".line.person")).to_contain_text("he has a knife")
    await browser_page.wait_for_load_state("load")
    await browser_page.keyboard.press("r")
    await expect(browser_page.locator("#reply")).to_be_focused()
    await browser_page.keyboard.type("We read it. Are you safe?")
    await browser_page.keyboard.press("Control+Enter")
    await expect(browser_page.locator(".line.human")).to_contain_text("Are you safe?")
    await world.sends()
    assert world.provider.sent[-1][2] == "We read it. Are you safe?"
    await browser_page.locator("#reply").fill("half a sentence")
    await world.says("9001", "yes I am")
    await expect(browser_page.locator(".line.person").last).to_contain_text("yes I am")
    await expect(browser_page.locator("#reply")).to_have_value("half a sentence")
    await browser_page.goto("about:blank")


async def test_all_of_it_works_without_scripts(desk: Desk, world: World, browser_page: Page) -> None:
    context = await browser_page.context.browser.new_context(java_script_enabled=False, locale="en-GB")  # type: ignore[union-attr]
    page = await context.new_page()
    await world.says("9001", "he has a knife")
    await _sign_in(page, desk)
    await page.get_by_role("button", name="Take").click()
    await page.get_by_label("Your reply").fill("We read it.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".line.human")).to_contain_text("We read it.")
    await context.close()
