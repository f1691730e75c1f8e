"""A walk-in in a real browser, with scripts and without: from a sheet of paper to a case, a message and a print."""

from __future__ import annotations

import pypdfium2
import pytest
from playwright.async_api import Browser, Page, expect

from desk import paper
from desk.door import SESSION
from tests.browser.conftest import PATIENT
from tests.desk.office import Desk, Person
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
NUMBER = "+96550001234"


async def _opened(browser: Browser, desk: Desk, person: Person, *, scripts: bool) -> Page:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", java_script_enabled=scripts
    )
    await context.add_cookies([{"name": SESSION, "value": person.token, "url": f"{desk.url}/desk"}])
    page = await context.new_page()
    page.set_default_timeout(PATIENT)
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_a_walk_in_from_paper_to_a_message(
    browser: Browser,
    desk: Desk,
    world: World,
    scripts: bool,
) -> None:
    person = await desk.person("caseworker")
    page = await _opened(browser, desk, person, scripts=scripts)
    await page.goto(f"{desk.url}/desk/paper")
    async with page.expect_download() as waiting:
        await page.locator("li.card", has_text="Nepali").get_by_role("button", name="Print").click()
    name = (await waiting.value).suggested_filename
    assert len(pypdfium2.PdfDocument(await (await waiting.value).path())) == 1
    number = name.removeprefix("saathi-paper-").removesuffix(".pdf")
    assert paper.serial_of(number) is not None

    await page.goto(f"{desk.url}/desk/new?form={number}")  # what the picture on the sheet opens
    await expect(page.locator(".aloud")).to_have_attribute("lang", "ne")
    await page.get_by_label("What happened, in their own words").fill("तलब पाएको छैन")
    await page.get_by_label("What is it about?").select_option("report_unpaid_wages")
    if not scripts:
        await page.get_by_role("button", name="Show the questions").click()
    await page.get_by_label("How many months, and how much in all?").fill("4 months")
    await expect(page.get_by_label("What happened, in their own words")).to_have_value("तलब पाएको छैन")
    await page.get_by_label("Came to us").check()
    await page.get_by_label("They said yes").check()
    await page.get_by_label("Phone number, with its country code").fill(NUMBER)
    await page.get_by_label("Where to write").select_option("sms")
    await page.get_by_label("I keep this case myself").check()
    await page.get_by_role("button", name="Make the case").click()
    await expect(page.locator("#wrong-write")).to_contain_text("safe to write")  # beside its field, nothing lost
    await page.get_by_label("Is it safe to write to this phone?").select_option("yes")
    await page.get_by_role("button", name="Make the case").click()
    await expect(page.get_by_role("heading", name="The case is made")).to_be_visible()
    await expect(page.get_by_text("lock the paper away")).to_be_visible()
    assert await world.one("SELECT count(*) FROM outbox") == 0

    await page.get_by_role("link", name="Open the case").click()
    await expect(page.locator(".told")).to_contain_text("तलब पाएको छैन")
    await expect(page.locator(".casehead")).to_contain_text("high")  # four months: by the rules
    await page.get_by_role("link", name="Print this case").click()
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Make the file").click()
    assert len(pypdfium2.PdfDocument(await (await waiting.value).path())) >= 1

    await page.goto(f"{desk.url}/desk/new?form={number}")
    await expect(page.get_by_text("was typed in before")).to_be_visible()
    await page.context.close()
