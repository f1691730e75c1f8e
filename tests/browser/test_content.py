"""A specialist finds a fact that waits, has it checked, proposes a better text and labels a line; without scripts."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from bot.nlu.data import read_examples
from desk import checking
from desk.door import SESSION
from tests.browser.conftest import PATIENT
from tests.desk.office import Desk
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
WAGES = "knowledge/rights/KW.yml:topics.wages"


async def test_content_is_checked_and_the_bot_is_taught(
    browser: Browser,
    desk: Desk,
    world: World,
) -> None:
    await world.says("9001", "can you tell Dipesh Rai about the ticket 4071")
    person = await desk.person("specialist")
    context = await browser.new_context(
        viewport={"width": 390, "height": 800}, locale="en-GB", java_script_enabled=False
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    page = await context.new_page()
    page.set_default_timeout(PATIENT)
    await page.goto(f"{desk.url}/desk")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("link", name="Content", exact=True).click()
    await page.get_by_role("link", name="Waiting for a check").click()
    await page.get_by_label("State").select_option("medium")
    await page.get_by_label("File").select_option("rights")
    await page.get_by_label("Country").select_option("KW")
    await page.get_by_role("button", name="Show").click()
    await page.get_by_role("link", name="topics.wages").click()
    assert page.url.endswith(str(checking.key_of(WAGES)))
    await page.get_by_label("I have checked it against a source").check()
    await page.get_by_label("Note", exact=True).fill("Read the page of the authority")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").first).to_have_text("Saved.")
    await expect(page.get_by_text("People read it", exact=True)).to_be_visible()
    await page.goto(f"{desk.url}/desk/content")
    await page.get_by_role("link", name="Waiting for a label").click()
    line = page.get_by_role("form", name="can you tell _ about the ticket _")
    await line.get_by_label("What does it mean?").select_option("ask_reintegration")
    await line.locator("select[name=language]").select_option("en")
    await line.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("No messages fell through.")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Take out as Rasa YAML").click()
    file = await (await waiting.value).path()
    found = [(e.text, e.intent) for e in read_examples(file)]
    assert found == [("can you tell _ about the ticket _", "ask_reintegration")]
    await context.close()
