"""A broadcast in a real browser: written on a wide screen, agreed to on a phone in Arabic, begun, its bar, its stop."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.test_rota_page import _page
from tests.desk.office import Desk
from tests.pipeline.telling import TOPIC, Telling
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
WORDS = "From 1 March a new form is needed. It costs nothing."


async def test_one_writes_another_agrees_on_her_phone_begins_and_stops_it(
    browser: Browser, desk: Desk, world: World
) -> None:
    telling = await Telling.made(world)
    await telling.subscriber("501")
    writer, reader = await desk.person("caseworker"), await desk.person("supervisor")
    page = await _page(browser, desk, writer)
    await page.goto(f"{desk.url}/desk/broadcasts")
    await page.locator("input[name=name]").fill("New form")
    await page.locator("select[name=topic]").select_option(TOPIC)
    await page.locator("form[action='/desk/broadcasts'] button").click()
    await page.wait_for_url("**/desk/broadcasts/*")
    await page.locator("select[name=language]").select_option("en")
    await page.locator("textarea#words").fill(WORDS)
    await page.locator("article:has(#words) button").click()
    await expect(page.locator("main")).to_contain_text(WORDS)

    phone = await _page(browser, desk, reader, width=390)
    await reader.post("/settings", language="ar", zone="Asia/Kuwait")
    await phone.goto(page.url.partition("?")[0])
    assert await phone.locator("html").get_attribute("dir") == "rtl"
    assert await phone.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await phone.locator("form[action$='/approve'] button").click()
    await phone.locator("form[action$='/start'] button").click()
    await expect(phone.locator("progress")).to_be_visible()
    await telling.minute()
    await phone.reload()
    await expect(phone.locator("table.plain td.number")).to_have_text("1")  # she wrote a moment ago: it waits
    await phone.locator("form[action$='/stop'] button").click()
    await expect(phone.locator("form[action$='/start'] button")).to_be_visible()
