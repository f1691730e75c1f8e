"""A caseworker hears a voice in a real browser: closed until she opens it, played by the keyboard, in parts."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, expect

from bot.attachments import Attachments
from bot.channels.contract import MediaRef
from bot.media.files import Files
from desk.door import SESSION
from tests.browser.conftest import PATIENT
from tests.browser.test_desk_axe import _grave
from tests.desk.office import Desk
from tests.fixtures import files
from tests.pipeline.world import World

pytestmark = pytest.mark.browser


async def _sends(world: World, data: bytes, kind: str, ref: str) -> None:
    world.provider.files[ref] = data
    await world.says("9001", "", kind="media", media=(MediaRef(kind, ref),))
    kept = Files(world.app.settings.data_dir / "media")
    await Attachments(
        world.app.database, world.app.secrets, lambda c, a: world.provider, kept, clock=world.clock
    ).run_once()


async def _page(browser: Browser, desk: Desk, token: str, *, scripts: bool = True) -> Page:
    context = await browser.new_context(
        viewport={"width": 1400, "height": 900}, locale="en-GB", java_script_enabled=scripts
    )
    await context.add_cookies([{"name": SESSION, "value": token, "url": f"{desk.url}/desk"}])
    return await context.new_page()


async def _until(page: Page, condition: str) -> None:
    """The page's own policy forbids the library's way of waiting."""
    async with asyncio.timeout(60):
        while not await page.evaluate(condition):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.05)


async def test_a_voice_plays_and_a_picture_opens_when_she_is_ready(
    browser: Browser,
    desk: Desk,
    world: World,
) -> None:
    await world.says("9001", "he has a knife")
    await _sends(world, files.photo(), "image", "p")
    await _sends(world, files.VOICE, "audio", "v")
    person = await desk.person("caseworker")
    reference = await world.one("SELECT reference FROM cases")
    await person.post(f"/case/{reference}/take")
    page = await _page(browser, desk, person.token)
    page.set_default_timeout(PATIENT)
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{desk.url}/desk/case/{reference}")
    assert not [url for url in asked if "/evidence/" in url]  # nothing is fetched before it is opened
    voice = page.locator("#evidence details", has_text="A voice note")
    await voice.locator("summary").focus()
    await page.keyboard.press("Enter")
    player = voice.locator("audio")
    await player.focus()
    await page.keyboard.press("Space")
    await _until(page, "document.querySelector('audio').currentTime > 0.3")
    assert await player.evaluate("one => one.readyState") >= 3
    assert 11 < await player.evaluate("one => one.duration") < 13
    assert await player.evaluate("one => one.error") is None
    await player.evaluate("one => { one.pause(); one.currentTime = 10; }")
    await _until(page, "document.querySelector('audio').readyState >= 2")
    assert 9.9 < await player.evaluate("one => one.currentTime") < 10.5
    await world.says("9001", "are you there")  # the page looks again, and leaves what she hears
    await expect(page.locator(".line.person").last).to_contain_text("are you there")
    assert 9.9 < await player.evaluate("one => one.currentTime") < 10.5
    picture = page.locator("#evidence details", has_text="A picture")
    await picture.locator("summary").click()
    await _until(page, "document.querySelector('#evidence img').naturalWidth === 1200")
    lines = [action for action, kind, _ in await desk.trail() if kind == "evidence"]
    assert lines == ["evidence.play", "evidence.preview"]
    assert refused == []
    which = await world.one("SELECT id FROM media WHERE kind = 'audio'")
    for address in (f"/desk/case/{reference}/evidence", f"/desk/case/{reference}/evidence/{which}"):
        await page.goto(desk.url + address)
        await page.locator("summary").first.click()
        assert await _grave(page) == [], address
    await page.context.close()


async def test_without_scripts_it_opens_too_and_nothing_is_fetched_before(
    browser: Browser,
    desk: Desk,
    world: World,
) -> None:
    await world.says("9001", "human please")
    await _sends(world, files.photo(), "image", "p")
    person = await desk.person("caseworker")
    reference = await world.one("SELECT reference FROM cases")
    await person.post(f"/case/{reference}/take")
    page = await _page(browser, desk, person.token, scripts=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{desk.url}/desk/case/{reference}/evidence")
    assert not [url for url in asked if url.endswith("/preview")]
    await page.locator("summary", has_text="Open it when you are ready").click()
    async with page.expect_response(lambda answer: answer.url.endswith("/preview")) as waiting:
        await page.get_by_role("link", name="Show it now").click()
    assert (await waiting.value).status == 200
    await expect(page.get_by_role("img", name="no preview")).to_be_visible()
    await page.get_by_label("A short name").fill("The passport")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("heading", name="The passport")).to_be_visible()
    await page.context.close()
