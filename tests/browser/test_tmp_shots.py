import pytest
from tests.pipeline.telling import Telling
from tests.desk.office import opened
from desk.door import SESSION
from bot.store import broadcasts
from datetime import timedelta
@pytest.mark.browser
async def test_shots(browser, world):
    telling = await Telling.made(world)
    for n in range(12):
        await telling.subscriber(str(500+n), language=["en","ne","hi"][n%3])
    await telling.subscriber("+9779811111111", channel="sms")
    world.clock.move(hours=2)
    async with opened(world.app) as desk:
        sup = await desk.person("supervisor"); w = await desk.person("caseworker")
        ids = {}
        draft = await telling.draft(agreed=False, name="New form for a change of job in Qatar", countries=[], languages=[])
        run = await telling.begun(name="Amnesty in Kuwait ends on 31 March", topic="rules")
        await telling.minute(); await world.sender.run_once()
        for lang in ("en","ar"):
            await desk.rows_changed("UPDATE users SET settings = jsonb_build_object('language', CAST(:l AS text))", l=lang)
            for width in (1400, 390):
                me = await desk.enter(sup.user_id)
                ctx = await browser.new_context(viewport={"width": width, "height": 900}, locale=lang)
                await ctx.add_cookies([{"name": SESSION, "value": me.token, "url": f"{desk.url}/desk"}])
                page = await ctx.new_page()
                for name, path in (("list","/broadcasts"),("draft",f"/broadcasts/{draft}"),("run",f"/broadcasts/{run}")):
                    await page.goto(f"{desk.url}/desk{path}")
                    await page.wait_for_timeout(300)
                    await page.screenshot(path=f"/tmp/cast/{name}-{lang}-{width}.png", full_page=True)
                await ctx.close()
