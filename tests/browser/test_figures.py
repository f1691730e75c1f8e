"""A supervisor looks at figures, narrows them by an address that can be kept, and takes a file out; without scripts."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.async_api import Browser, expect

from desk.door import SESSION
from tests.desk.office import Desk
from tests.pipeline.world import World

pytestmark = pytest.mark.browser


async def test_figures_are_narrowed_and_taken_out(
    browser: Browser,
    desk: Desk,
    world: World,
) -> None:
    await world.says("9001", "he has a knife")
    await world.says("9002", "my wages")
    person = await desk.person("supervisor")
    context = await browser.new_context(
        viewport={"width": 390, "height": 800}, locale="en-GB", java_script_enabled=False
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    page = await context.new_page()
    await page.goto(f"{desk.url}/desk")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("link", name="Figures").click()
    await page.get_by_label("Gravity").first.select_option("critical")
    await page.get_by_role("button", name="Show").click()
    assert "severity=critical" in page.url
    plot = page.get_by_role("img", name="How many")
    await expect(plot).to_be_visible()
    await expect(page.get_by_role("img", name="About what")).to_contain_text("Violence or threats")
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await page.get_by_label("Format").select_option("csv")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Take out the cases").click()
    written = (await (await waiting.value).path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert len(rows) == 2
    assert rows[1][1] == "other"  # one case alone is not told by its kind
    await context.close()
