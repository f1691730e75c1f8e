import random
from datetime import datetime, timedelta, UTC
import pytest
from playwright.async_api import Browser
from axe_playwright_python.async_playwright import Axe
from desk.door import SESSION
from tests.browser.test_desk import desk, world
from tests.desk.office import Desk
from sqlalchemy import text as sql

pytestmark = pytest.mark.browser


async def test_shots(browser: Browser, desk: Desk, world):
    r = random.Random(4)
    sup = await desk.person("supervisor")
    others = [await desk.user(role) for role in ("caseworker", "specialist", "caseworker")]
    for i, (u, name) in enumerate(zip(others, ("Binita Rai", "Asha Gurung", "Khalid Mansour"))):
        await desk.rows("UPDATE users SET name = :n WHERE id = :i RETURNING 1", n=name, i=u)
    now = datetime.now(UTC)
    kinds = (
        ["report_unpaid_wages"] * 6
        + ["report_passport_withheld"] * 3
        + [
            "report_violence",
            "report_missing",
            "report_stranded",
            "express_self_harm",
            "tip",
            "report_detention",
            "report_medical",
        ]
    )
    for i in range(90):
        state = "closed" if i % 3 == 0 else r.choice(["open"] * 8 + ["child", "self_harm", "critical"])
        ref = await desk.case("team", state, sup.user_id)
        o = now - timedelta(days=r.random() * 27, hours=1)
        due = o + timedelta(hours=r.choice([1, 12]))
        a = o + timedelta(hours=r.expovariate(1 / 5)) if r.random() < 0.8 else None
        if a and a > now:
            a = None
        await desk.rows(
            "UPDATE cases SET kind=:k, severity=:s, opened_at=:o, answer_due_at=:d, answered_at=:a, country=:c, assigned_to=:w, outcome=:x, closed_at = CASE WHEN closed_at IS NULL THEN NULL ELSE cast(:o as timestamptz) + interval '1 day' END WHERE reference=:r RETURNING 1",
            k=r.choice(kinds),
            s=r.choice(["critical", "high", "medium", "medium", "low"]),
            o=o,
            d=due,
            a=a,
            c=r.choice(["KW", "KW", "SA", "AE", "QA", "MY", None]),
            w=r.choice(others + [None]),
            x=r.choice(["solved", "paid", "referred"]) if state == "closed" else None,
            r=ref,
        )
    rows = [
        ("consent", 400, 8, 20),
        ("months", 380, 40, 33),
        ("amount", 320, 60, 41),
        ("contract", 260, 9, 12),
        ("can_leave", 240, 3, 30),
        ("proof", 200, 20, 70),
    ]
    for step, n, again, left in rows:
        for res, t in (("answered", n - again - left), ("again", again), ("left", left)):
            await desk.rows(
                "INSERT INTO flow_counts VALUES (:d,'wages',:s,:r,'ne','sms',:t) RETURNING 1",
                d=now.date(),
                s=step,
                r=res,
                t=t,
            )
    for lang, dark, width in (
        ("en", False, 1400),
        ("en", False, 390),
        ("ar", False, 1400),
        ("ar", True, 390),
        ("ne", True, 1400),
    ):
        await sup.post("/settings", language=lang, zone="Asia/Kathmandu")
        ctx = await browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        await ctx.add_cookies([{"name": SESSION, "value": sup.token, "url": f"{desk.url}/desk"}])
        page = await ctx.new_page()
        for name in ("figures", "figures/steps", "due", "supervision"):
            await page.goto(f"{desk.url}/desk/{name}")
            await page.screenshot(path=f"/tmp/figs/{name.replace('/', '_')}-{lang}-{width}.png", full_page=True)
            res = await Axe().run(page)
            for v in res.response["violations"]:
                print(lang, width, name, v["impact"], v["id"], [n["target"] for n in v["nodes"]][:3])
            wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            if wide:
                print("WIDE", name, lang, width)
        await ctx.close()
