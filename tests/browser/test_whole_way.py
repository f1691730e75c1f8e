"""The whole way in two browsers: a worker writes on the simulator; a caseworker signs in, takes the case, answers,
refers and closes it. Transfers, files and paper have paths of their own beside this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from bot.simulated import Phones
from bot.web.simulator import simulator
from tests.browser.test_desk import _sign_in
from tests.desk.office import Desk
from tests.fakes.server import served
from tests.pipeline.world import World

pytestmark = pytest.mark.browser


@pytest.fixture
async def phone(world: World, browser_page: Page) -> AsyncIterator[Page]:
    """The simulator's page, with the workers of a server behind it."""

    async def work() -> None:
        while True:
            done = await world.app.conductor.run_once() + await world.app.sender.run_once()
            await asyncio.sleep(0 if done else 0.05)

    working = asyncio.ensure_future(work())
    context = await browser_page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    async with served(simulator(Phones(world.app))) as url:
        page = await context.new_page()
        await page.goto(f"{url}/try")
        yield page
        await context.close()
    working.cancel()
    await asyncio.wait([working])


async def test_from_a_phone_to_a_closed_case(
    browser_page: Page,
    phone: Page,
    desk: Desk,
    world: World,
) -> None:
    page, station = browser_page, phone.locator(".station.telegram")

    async def writes(text: str) -> None:
        await station.locator("textarea").fill(text)
        await station.locator("textarea").press("Enter")

    await writes("human please")
    await expect(station.locator(".log .theirs").first).to_be_visible()
    await _sign_in(page, desk)
    await page.get_by_role("button", name="Take").click()
    await expect(page.locator(".line.person").first).to_contain_text("human please")
    await page.get_by_label("Your reply").fill("I am here. What happened?")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".line.human")).to_contain_text("What happened?")
    await expect(station.locator(".log .theirs").last).to_contain_text("I am here. What happened?")
    await page.wait_for_load_state("load")
    await page.evaluate("document.body.dataset.still = 'the same page'")
    await writes("no pay for three months")
    await expect(station.locator(".log .mine:not(.leaving)").last).to_contain_text("three months")
    await expect(page.locator(".line.person").last).to_contain_text("three months")
    await expect(page.locator("body")).to_have_attribute("data-still", "the same page")

    await page.locator("#help > summary").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Offer a service").click()
    await page.get_by_role("radio", name="Pourakhi").check()
    await page.get_by_role("radio", name="I ask, and write down").check()
    await page.get_by_role("button", name="Offer it").click()
    await expect(page.get_by_text("The service is offered.")).to_be_visible()
    await expect(page.locator("#help")).to_have_attribute("open", "")  # what the message is about stands in sight
    await expect(page.locator("#help > summary")).to_contain_text("open")
    await page.get_by_role("button", name="The person said no").click()
    await expect(page.get_by_text("It is noted.")).to_be_visible()
    await expect(page.locator("#help > summary")).not_to_contain_text("open")

    await page.get_by_label("How did it end?").select_option("advice")
    await page.get_by_role("button", name="Close", exact=True).click()
    await expect(page.get_by_text("The case is closed.")).to_be_visible()
    assert await world.one("SELECT outcome FROM cases") == "advice"
    await page.goto("about:blank")


async def test_the_way_around(browser_page: Page, desk: Desk, world: World) -> None:
    """The menu by the keyboard, the page that one is on, and an address that points into a closed group."""
    page = browser_page
    await world.says("9001", "human please")
    await _sign_in(page, desk)
    menu = page.get_by_role("navigation", name="Pages")
    await expect(menu.get_by_role("link")).to_have_text(["Queue", "Due today", "Type up", "Rota", "Directory"])
    await menu.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(menu.get_by_role("link", name="Requests")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(menu.get_by_role("link", name="Requests")).to_be_hidden()
    await expect(menu.locator("summary")).to_be_focused()
    await page.goto(f"{desk.url}/desk/requests")
    await expect(menu.locator("[aria-current]")).to_have_text("Requests")
    await page.goto(f"{desk.url}/desk")
    await page.get_by_role("button", name="Take").click()
    await expect(page.locator("#links")).to_be_hidden()
    await page.goto(page.url.partition("#")[0] + "#links")
    await expect(page.locator("#links")).to_be_in_viewport()
    few = await desk.person("volunteer")
    assert '<details class="rest" name="menu"><summary>' not in (await few.get("/")).text.partition("</nav>")[0]
    await page.goto("about:blank")
