"""No page of the desk has a serious fault for who reads with a screen reader, a keyboard or weak eyes (axe-core).

Law: whoever adds a page adds its address here.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from desk.door import SESSION
from tests.browser.test_desk import desk, world  # noqa: F401 - fixtures
from tests.desk.office import Desk, Person
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
FOR_CASEWORK = ("/desk", "/desk?severity=critical", "/desk/settings", "/desk/help", "CASE")
BETWEEN = ("/desk/transfers", "/desk/glass", "/desk/glass/open", "/desk/glass/open?number=4829173", "CASE/transfer")
FOR_RUNNING = ("/desk/people",)
GRAVE = {"serious", "critical"}


async def _grave(page: Page) -> list[str]:
    """Rules that are broken gravely, with where."""
    found = await Axe().run(page)
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:4]}"
        for one in found.response["violations"]
        if one["impact"] in GRAVE
    ]


async def _opened(browser: Browser, desk: Desk, person: Person, *, dark: bool, width: int) -> Page:  # noqa: F811
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", color_scheme="dark" if dark else "light"
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    return await context.new_page()


@pytest.mark.parametrize(("language", "dark", "width"), [("en", False, 1400), ("ar", False, 390), ("ne", True, 1400)])
async def test_pages_have_no_grave_fault(
    browser: Browser,
    desk: Desk,  # noqa: F811
    world: World,  # noqa: F811
    language: str,
    dark: bool,
    width: int,
) -> None:
    await world.says("9001", "he has a knife")
    reference = await world.one("SELECT reference FROM cases")
    worker, admin = await desk.person("supervisor"), await desk.person("administrator")
    await worker.post(f"/case/{reference}/take")
    await worker.post(f"/case/{reference}/note", text="A note")
    for person, addresses in ((worker, FOR_CASEWORK + BETWEEN), (admin, FOR_RUNNING)):
        await person.post("/settings", language=language, zone="Asia/Kathmandu")
        page = await _opened(browser, desk, person, dark=dark, width=width)
        for address in addresses:
            await page.goto(desk.url + address.replace("CASE", f"/desk/case/{reference}"))
            assert await _grave(page) == [], address
            wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{address} is wider than {width}"
        await page.context.close()


async def test_the_sign_in_has_no_grave_fault(browser_page: Page, desk: Desk) -> None:  # noqa: F811
    await browser_page.goto(f"{desk.url}/desk/sign-in?language=ar")
    assert await _grave(browser_page) == []
