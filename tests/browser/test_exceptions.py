"""Help without consent in a real browser, without scripts too: one proposes, another one agrees, she is told."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from desk.door import SESSION
from tests.desk.office import Desk, Person
from tests.pipeline.world import World

pytestmark = pytest.mark.browser


async def _opened(browser: Browser, desk: Desk, person: Person, *, scripts: bool) -> Page:
    context = await browser.new_context(
        viewport={"width": 1400, "height": 900}, locale="en-GB", java_script_enabled=scripts
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    return await context.new_page()


async def test_two_colleagues_ask_help_and_tell_her(browser: Browser, desk: Desk, world: World) -> None:
    await world.says("9001", "he has a knife")
    case = f"/case/{await world.one('SELECT reference FROM cases')}"
    asha, chief = await desk.person("caseworker"), await desk.person("supervisor")
    await asha.post(f"{case}/take")
    hers = await _opened(browser, desk, asha, scripts=True)
    await hers.goto(f"{desk.url}/desk{case}")
    await hers.locator("#help > summary").click()
    await hers.get_by_role("link", name="Ask for help without consent").click()
    await hers.get_by_label("Why?").select_option("life")
    await hers.get_by_label("Whom do you want to contact?").fill("The shelter, by phone")
    await hers.get_by_role("button", name="Ask a second colleague").click()
    await expect(hers.get_by_role("alert")).to_contain_text("Say what exactly")  # and what was typed is still there
    await expect(hers.get_by_label("Whom do you want to contact?")).to_have_value("The shelter, by phone")
    await hers.get_by_label("What exactly would you say?").fill("Somebody needs a bed tonight")
    await hers.get_by_role("button", name="Ask a second colleague").click()
    await expect(hers.get_by_text("Another colleague has to agree")).to_be_visible()

    theirs = await _opened(browser, desk, chief, scripts=False)
    await theirs.goto(f"{desk.url}/desk/due")
    await theirs.get_by_role("link", name="needs you").click()
    await expect(theirs.get_by_text("Somebody needs a bed tonight")).to_be_visible()
    await theirs.get_by_role("button", name="I agree").click()
    await expect(theirs.get_by_role("status").first).to_contain_text("Agreed")

    await hers.reload()
    await hers.get_by_label("Who was contacted").fill("Rose at the shelter said yes")
    await hers.get_by_role("button", name="Write it down").click()
    await hers.goto(f"{desk.url}/desk/due")
    await hers.get_by_role("link", name="tell the person").click()
    await hers.get_by_label("How was the person told?").select_option("call")
    await hers.get_by_role("button", name="The person was told").click()
    await expect(hers.get_by_role("status").first).to_contain_text("The task is done")
    await hers.goto(f"{desk.url}/desk/due")
    await expect(hers.get_by_role("link", name="tell the person")).to_have_count(0)
    for page in (hers, theirs):
        await page.context.close()
