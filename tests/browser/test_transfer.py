"""Two desks in two browsers: a case is offered, seen without a reload, accepted, and the person is told who writes."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from bot.store import users
from desk.door import SESSION
from tests.desk.office import ON_SCREEN, THEIRS, Desk
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
SUMMARY = "Wages of three months. Can talk in the evening, in Nepali."


async def _enters(page: Page, desk: Desk, role: str, organisation: str | None = None) -> None:
    person = await desk.person(role, organisation=organisation)
    await page.context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])


async def _until_sent(world: World, words: str) -> None:
    """Messages of one conversation leave a second apart, by the real clock here."""
    for _ in range(150):
        await world.sends()
        if words in world.provider.sent[-1][2]:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(world.provider.sent[-1][2])


async def test_offered_here_and_accepted_there(browser_page: Page, desk: Desk, world: World) -> None:
    context = await browser_page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    theirs = await context.new_page()
    await _enters(browser_page, desk, "caseworker")
    await _enters(theirs, desk, "caseworker", "Shelter")
    async with world.app.database.begin() as connection:
        await users.show_as(connection, THEIRS, ON_SCREEN)
    await world.says("9001", "human please")
    await world.run("UPDATE contacts SET consent_contact_at = now(), safe_from = 0, safe_until = 1440")
    await theirs.goto(f"{desk.url}/desk/transfers")
    await expect(theirs.get_by_text("Nothing is offered.")).to_be_visible()
    await browser_page.goto(f"{desk.url}/desk")
    await browser_page.get_by_role("button", name="Take").click()
    await browser_page.locator("#help > summary").click()
    await expect(browser_page.get_by_text("This is not giving it to a colleague")).to_be_visible()
    await browser_page.get_by_role("link", name="Hand it to another organisation").click()
    await browser_page.get_by_label("Organisation", exact=True).select_option(label="Shelter")
    await browser_page.get_by_label("What they need to know").fill(SUMMARY)
    await browser_page.get_by_role("button", name="Go on").click()
    await expect(browser_page.get_by_text("The person is asked.")).to_be_visible()
    await world.sends()
    assert world.provider.sent[-1][2].startswith("Hello. May Rose house write to you here too?")
    await world.says("9001", "yes")
    await expect(browser_page.locator("#hand")).to_contain_text("Offered to")  # neither here
    await expect(theirs.get_by_text(SUMMARY)).to_be_visible()  # without a reload
    await theirs.get_by_role("button", name="Accept, and write to the person").click()
    await expect(theirs.get_by_text("It is yours now.")).to_be_visible()
    await _until_sent(world, "From now on I write to you here")
    await theirs.locator("#reply").fill("Good evening.")
    await theirs.get_by_role("button", name="Send", exact=True).click()
    await expect(theirs.locator(".line.human").last).to_contain_text("Good evening.")
    await browser_page.reload()
    await expect(browser_page.locator("#hand")).to_contain_text("With")
    await expect(browser_page.locator("#reply")).to_have_count(0)
    if await theirs.locator("#help").get_attribute("open") is None:  # a reload shuts what is rarely done
        await theirs.locator("#help > summary").click()
    await theirs.get_by_text("The person does not want it any more").click()
    await theirs.get_by_role("button", name="Take the yes back").click()
    await theirs.wait_for_url(f"{desk.url}/desk/transfers")  # the case is gone there, and its page is in no way
    await expect(theirs.get_by_text("Nothing is offered.")).to_be_visible()
    await context.close()
    await browser_page.goto("about:blank")
