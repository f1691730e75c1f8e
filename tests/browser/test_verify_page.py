"""The public page of a certificate in a real browser, as wide as a small phone.

Law: the words are the real ones; only the store behind them is made up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from bot.web.verify import verify
from tests.fakes import once
from tests.fakes.certificates import GENUINE, MemoryCertificates
from tests.fakes.server import served

pytestmark = pytest.mark.browser


@pytest.fixture
async def phone(browser_page: Page) -> AsyncIterator[tuple[Page, str]]:
    async with served(verify(MemoryCertificates(once.written()))) as url:
        await browser_page.set_viewport_size({"width": 390, "height": 780})
        yield browser_page, url


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ne", "ltr"), ("hi", "ltr"), ("ar", "rtl")])
@pytest.mark.parametrize("code", [GENUINE, "1111"])
async def test_the_page_fits_a_phone(phone: tuple[Page, str], language: str, direction: str, code: str) -> None:
    page, url = phone
    await page.goto(f"{url}/verify/{code}?language={language}")
    await expect(page.locator("html")).to_have_attribute("dir", direction)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    box = await page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] > 340  # the style was let in
    assert await page.locator("h1").evaluate("e => getComputedStyle(e).textAlign") == "center"
    sizes = [await one.bounding_box() for one in await page.locator("nav a").all()]
    assert len(sizes) == len(once.written().languages) - 1  # the page's own is no link
    assert all(size and size["height"] >= 44 for size in sizes)


async def test_another_language_is_one_tap_away(phone: tuple[Page, str]) -> None:
    page, url = phone
    await page.goto(f"{url}/verify/{GENUINE}")
    await expect(page.get_by_role("heading")).to_have_text("This certificate is genuine")
    await page.get_by_role("link", name="नेपाली").click()
    await expect(page.get_by_role("heading")).to_have_text("यो प्रमाणपत्र साँचो हो")
    await expect(page.locator("dd").first).to_have_text("विदेश जानुअघि")
