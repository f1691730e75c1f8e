"""The rota in a real browser: an empty hour is filled, somebody is ill on her phone, a colleague takes her shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect

from bot.store import rota
from desk.door import SESSION
from tests.browser.conftest import PATIENT
from tests.desk.office import Desk, Person

pytestmark = pytest.mark.browser
HERE = ZoneInfo("Asia/Kathmandu")
TEAM = (("chief", "supervisor"), ("asha", "caseworker"), ("bimala", "caseworker"))


async def _page(browser: Browser, desk: Desk, person: Person, *, width: int = 1400) -> Page:
    """A browser without scripts: all of it works so."""
    context = await browser.new_context(
        viewport={"width": width, "height": 850}, java_script_enabled=False, locale="en-GB"
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    page = await context.new_page()
    page.set_default_timeout(PATIENT)
    return page


async def test_an_hour_is_filled_and_somebody_ill_is_covered(browser: Browser, desk: Desk) -> None:
    chief, asha, bimala = [await desk.person(role, login=name) for name, role in TEAM]
    for one, name in ((asha, "Asha"), (bimala, "Bimala")):
        await desk.rows_changed("UPDATE users SET name = :n WHERE id = :i", n=name, i=one.user_id)
    now = datetime.now(HERE)
    async with desk.app.database.begin() as connection:  # a shift of hers that runs, whatever hour it is
        await rota.add(connection, asha.user_id, "duty", (now - timedelta(hours=1), now + timedelta(hours=2)), now)

    page = await _page(browser, desk, chief)
    await page.goto(f"{desk.url}/desk/rota")
    gap = page.locator(".alarm .gap").nth(1)
    wanted = await gap.locator("time").first.get_attribute("datetime")
    await gap.get_by_role("link").click()
    plan = page.locator("#add form")
    await plan.get_by_label("Who").select_option(label="Bimala")
    await plan.get_by_role("button", name="Plan it").click()
    await expect(page.get_by_role("status").first).to_contain_text("The shift is planned")
    left = [await one.get_attribute("datetime") for one in await page.locator(".alarm .gap time:first-child").all()]
    assert wanted not in left

    phone = await _page(browser, desk, asha, width=390)
    await asha.post("/settings", language="ar", zone="Asia/Kuwait")
    await phone.goto(f"{desk.url}/desk/rota")
    assert await phone.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert await phone.locator("html").get_attribute("dir") == "rtl"
    await phone.locator('form[action="/desk/rota/ill"] button').click()
    await expect(phone.get_by_role("status").first).to_be_visible()

    other = await _page(browser, desk, bimala)
    await other.goto(f"{desk.url}/desk/rota")
    await other.locator("section:has(#swaps)").get_by_role("button", name="I take it").click()
    await expect(other.get_by_role("status").first).to_contain_text("The shift is yours now")
    rows = await desk.rows("SELECT u.login FROM shifts s JOIN users u ON u.id = s.user_id WHERE s.starts_at < now()")
    assert [row.login for row in rows] == ["bimala"]
    for one in (page, phone, other):
        await one.context.close()
