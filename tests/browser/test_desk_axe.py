"""No page of the desk has a serious fault for who reads with a screen reader, a keyboard or weak eyes (axe-core).

Law: the pages are read from the router: a new one without parameters, or about a case or a conversation, is looked at
without anybody adding it here. `BESIDE` are states of pages that an address alone does not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page
from playwright.async_api import Error as Refused

from bot.store import sign_ins
from desk import mount
from desk.door import SESSION
from desk.permissions import ROLES
from desk.route import CODE, OPEN
from tests.desk.office import Desk, Person
from tests.pipeline.world import World

pytestmark = pytest.mark.browser
BESIDE = {"queue": ("/?severity=critical", "/?severity=low"), "view": ("/case/{reference:str}?told=reason",)}
GRAVE = {"serious", "critical"}
WHO = ("supervisor", "administrator", *ROLES)  # the first who may see a page looks at it


def _pages(desk: Desk) -> Iterator[tuple[str, str]]:
    """(permission, path) of every page; those whose parameters nobody can guess are left out."""
    for handler in mount.handlers(desk.office):
        rule = handler.opt["rule"]
        if handler.http_methods != {"GET"} or rule.live:
            continue
        for path in (*handler.paths, *(BESIDE.get(rule.permission, ()) if handler.paths & {"/", CASE} else ())):
            if "{" not in path.replace("{reference:str}", "").replace("{talk:uuid}", ""):
                yield rule.permission, path


CASE = "/case/{reference:str}"


def _who(desk: Desk, permission: str) -> str:
    """A role that has this page; nobody for what stands before the sign-in."""
    may = desk.office.permissions
    if permission in (OPEN, CODE):
        return permission
    if permission not in may.on_pages:
        return WHO[0]
    return next(role for role in WHO if may.may_page(role, permission))


async def _grave(page: Page) -> list[str]:
    """Rules that are broken gravely, with where."""
    found = await Axe().run(page, options={"resultTypes": ["violations"]})  # what is well needs no list
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:4]}"
        for one in found.response["violations"]
        if one["impact"] in GRAVE
    ]


async def _opened(browser: Browser, desk: Desk, token: str, language: str, *, dark: bool, width: int) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, color_scheme="dark" if dark else "light"
    )
    if token:
        await context.add_cookies([{"name": SESSION, "value": token, "url": f"{desk.url}/desk"}])
    return await context.new_page()


async def _seeded(desk: Desk, world: World, worker: Person) -> dict[str, str]:
    """What parameters stand for: a case with a conversation, notes and a task; and a conversation without a case."""
    await world.says("9001", "he has a knife")
    await world.says("9002", "my wages")
    await world.says("9003", "hello")
    reference = await world.one("SELECT reference FROM cases ORDER BY opened_at LIMIT 1")
    await worker.post(f"/case/{reference}/take")
    await worker.post(f"/case/{reference}/note", text="A note")
    tomorrow = (desk.app.clock() + timedelta(days=1)).date().isoformat()
    await worker.post(f"/case/{reference}/task", text="Call the embassy", day=tomorrow, to="")
    talk = (await world.where("9003")).conversation_id
    return {"{reference:str}": reference, "{talk:uuid}": str(talk)}


async def _halfway(desk: Desk) -> str:
    """A session whose code was not given yet."""
    user_id = await desk.user("caseworker")
    async with desk.app.database.begin() as connection:
        return await sign_ins.begin(connection, desk.app.secrets, user_id, CODE, desk.app.clock())


@pytest.mark.parametrize(("language", "dark", "width"), [("en", False, 1400), ("ar", False, 390), ("ne", True, 1400)])
async def test_pages_have_no_grave_fault(
    browser: Browser,
    desk: Desk,
    world: World,
    language: str,
    dark: bool,
    width: int,
) -> None:
    by_who: dict[str, list[str]] = {}
    for permission, path in sorted(set(_pages(desk))):
        by_who.setdefault(_who(desk, permission), []).append(path)
    tokens = {OPEN: "", CODE: await _halfway(desk)}
    for role in by_who.keys() - tokens.keys():
        person = await desk.person(role)
        await person.post("/settings", language=language, zone="Asia/Kathmandu")
        tokens[role] = person.token
        if role == WHO[0]:
            values = await _seeded(desk, world, person)
    faults: list[str] = []
    for who, paths in by_who.items():
        page = await _opened(browser, desk, tokens[who], language, dark=dark, width=width)
        for path in paths:
            for name, value in values.items():
                path = path.replace(name, value)
            try:
                answer = await page.goto(f"{desk.url}/desk{path}")
            except Refused as refused:
                if "Download" in str(refused):  # a file, no page
                    continue
                raise
            assert answer is not None
            assert answer.status == 200, path
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            faults += [f"{path}: {one}" for one in await _grave(page)]
            wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            faults += [f"{path} is wider than {width}"] if wide else []
        if who == WHO[0]:
            await page.locator("#find").fill("9001")
            await page.locator("#find").press("Enter")
            await page.wait_for_url("**/desk/search")
            faults += await _grave(page)
        await page.context.close()
    assert faults == []


async def test_the_router_says_which_pages_there_are(desk: Desk) -> None:
    paths = {path for _, path in _pages(desk)}
    assert {"/", "/sign-in", "/sign-in/code", "/people", "/help", CASE, "/talk/{talk:uuid}"} <= paths
    assert not any(path.startswith("/static") or path.endswith("/live") for path in paths)
