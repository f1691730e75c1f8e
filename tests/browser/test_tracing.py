"""From a volunteer's code to an answer in the case, as a supervisor clicks it: the preview is what arrives."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.jobs.searching import lay_answers
from bot.jobs.started import start_reminders
from desk.door import SESSION
from tests.desk.office import Desk
from tests.desk.test_tracing import REPORT
from tests.pipeline.world import World

pytestmark = pytest.mark.browser


async def test_a_search_is_composed_looked_at_sent_and_answered(
    browser_page: Page,
    desk: Desk,
    world: World,
) -> None:
    page = browser_page
    await world.says("reporter", *REPORT)
    reference = await world.one("SELECT reference FROM cases")
    boss = await desk.person("supervisor")
    await page.context.add_cookies([{"name": SESSION, "value": boss.token, "url": f"{desk.url}/desk"}])
    await page.goto(f"{desk.url}/desk/volunteers")
    await page.get_by_label("Name", exact=True).fill("Maya Gurung")
    await page.locator("#country").select_option("KW")
    await page.get_by_role("button", name="Add a volunteer").click()
    await page.get_by_role("button", name="Make a code").click()
    code = await page.locator("code.secret").inner_text()
    await world.says("maya", "hello", "tip", code, "1")
    assert (await world.said("maya"))[-1] == "volunteer.joined"

    await page.goto(f"{desk.url}/desk/case/{reference}")
    await page.get_by_role("link", name="Ask volunteers").click()
    await page.get_by_role("button", name="Show what will be sent").click()
    await expect(page.get_by_text("Tick what they are told.")).to_be_visible()
    await page.get_by_role("checkbox", name="First name or initials").check()
    await page.get_by_role("textbox", name="First name or initials").fill("Sita")
    await page.get_by_role("checkbox", name="Country and city").check()
    await page.get_by_role("checkbox", name="V-1").check()
    await page.get_by_role("checkbox", name="I looked at the risk").check()
    await page.get_by_role("button", name="Show what will be sent").click()
    shown = await page.locator(".preview .text").text_content() or ""
    assert shown.splitlines()[:3] == ["Somebody is looked for.", "Name: Sita", "Where: Kuwait"]
    found = await Axe().run(page)
    assert [one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")] == []
    await page.get_by_role("button", name="Send it now").click()
    await expect(page.get_by_text("waits for their hours")).to_be_visible()

    await world.run(
        "UPDATE messages SET received_at = received_at - interval '2 hours'"
    )  # the silence that it waits for
    await world.run("UPDATE contacts SET safe_from = 0, safe_until = 1440")
    await start_reminders(world.app.database, world.app.secrets, world.policy, world.now)
    await world.turns()
    await world.says("maya", "1")
    assert (await world.lines("maya"))[-1].body["text"].strip() == shown.strip()
    await world.says("maya", "I saw her at the bakery")
    await lay_answers(world.app.database, world.app.secrets, world.now)
    await page.reload()
    await expect(page.get_by_text("I saw her at the bakery")).to_be_visible()
    await page.get_by_role("button", name="End it").click()
    await expect(page.get_by_text("told to stop and to delete")).to_be_visible()
    await page.goto("about:blank")
