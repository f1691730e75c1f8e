from __future__ import annotations
from datetime import timedelta, datetime, UTC
import pytest
from playwright.async_api import Browser
from desk.door import SESSION
from tests.browser.test_desk import desk, world
from tests.desk.office import Desk
from tests.pipeline.world import World
from bot.store import colleagues, rota
from bot.rostering import Roster
H=timedelta(hours=1)
pytestmark = pytest.mark.browser
async def test_shots(browser: Browser, desk: Desk, world: World) -> None:
    await world.says("9001", "he has a knife")
    reference = await world.one("SELECT reference FROM cases")
    chief = await desk.person("supervisor", login="chief")
    people = {}
    for n, langs, g, sk in (("Asha Gurung", ["ne","hi"],"woman",["legal"]),("Bimala Rai",["ne"],"woman",["counselling"]),("Chandra Thapa",["ar","en"],"man",[]),("Dipak Karki",["hi","ne"],"man",["shelter"])):
        p = await desk.person("caseworker", login=n.split()[0].lower())
        people[n]=p
        await desk.rows_changed("UPDATE users SET name=:n WHERE id=:i", n=n, i=p.user_id)
        async with desk.app.database.begin() as c:
            await colleagues.describe(c, desk.app.secrets, p.user_id, languages=langs, gender=g, skills=sk)
    roster=Roster(desk.app.content)
    now=datetime.now(UTC); base=(now.astimezone(roster.zone)).replace(hour=7,minute=0,second=0,microsecond=0)-timedelta(days=1)
    A,B,C,D=people.values()
    async with desk.app.database.begin() as c:
        ids=[]
        for d in range(9):
            if d in (3,): continue
            ids.append(await rota.add(c, A.user_id if d%2 else B.user_id, "duty", (base+timedelta(days=d), base+timedelta(days=d)+7*H), now))
            if d not in (2,5): await rota.add(c, C.user_id if d%2 else D.user_id, "duty", (base+timedelta(days=d)+7*H, base+timedelta(days=d)+14*H), now)
            if d%3==0: ids.append(await rota.add(c, A.user_id, "on_call", (base+timedelta(days=d)+14*H, base+timedelta(days=d)+24*H), now))
        await rota.pause(c, ids[4], (base+timedelta(days=4)+3*H, base+timedelta(days=4)+3.5*H)) if False else None
        await rota.offer(c, ids[5], now, to=C.user_id)
        await roster.away(c, B.user_id, "sick", (base+timedelta(days=4), base+timedelta(days=5)), now)
    await chief.post(f"/case/{reference}/take")
    await chief.post("/settings/reach/telegram")
    for lang in ("en","ar"):
        await chief.post("/settings", language=lang, zone="Asia/Kuwait")
        for width in (1400,390):
            ctx=await browser.new_context(viewport={"width":width,"height":900}, locale="en-GB")
            await ctx.add_cookies([{"name": SESSION, "value": chief.token, "url": f"{desk.url}/desk"}])
            page=await ctx.new_page()
            for name,path in (("rota","/desk/rota"),("month","/desk/rota?view=month"),("reach","/desk/settings/reach"),("case",f"/desk/case/{reference}")):
                await page.goto(desk.url+path)
                if name=="rota": await page.locator(".shift details").nth(3).evaluate("e => e.open = true")
                await page.screenshot(path=f"/tmp/rota/{name}-{lang}-{width}.png", full_page=True)
                over = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                if over: print("OVERFLOW", name, lang, width)
            await ctx.close()
