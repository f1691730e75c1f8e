"""The rota's page: what is planned, taken over, missing and promised; who may do what to it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from bot.store import colleagues, rota
from tests.conftest import NOON
from tests.desk.office import Desk, Person

H = timedelta(hours=1)
HERE = ZoneInfo("Asia/Kathmandu")
TEAM = (("chief", "supervisor"), ("asha", "caseworker"), ("bimala", "caseworker"))


async def mate(desk: Desk, login: str, role: str = "caseworker", **profile: Any) -> Person:
    person = await desk.person(role, login=login)
    async with desk.app.database.begin() as connection:
        await colleagues.describe(connection, desk.app.secrets, person.user_id, **profile)
    await desk.rows_changed("UPDATE users SET name = login WHERE id = :id", id=person.user_id)
    return person


async def planned(desk: Desk, user: UUID, start: float, hours: float, role: str = "duty") -> UUID:
    async with desk.app.database.begin() as connection:
        return await rota.add(connection, user, role, (NOON + start * H, NOON + (start + hours) * H), NOON)


def told(answer: httpx.Response) -> str:
    found = re.search(r"told=(\w+)", answer.headers.get("location", ""))
    return found[1] if found else ""


async def shifts(desk: Desk) -> list[tuple[str, str, str, str]]:
    rows = await desk.rows(
        "SELECT u.login, s.role, s.starts_at, s.ends_at FROM shifts s JOIN users u ON u.id = s.user_id"
        " ORDER BY s.starts_at, u.login"
    )
    return [
        (r.login, r.role, f"{r.starts_at.astimezone(HERE):%d %H:%M}", f"{r.ends_at.astimezone(HERE):%H:%M}")
        for r in rows
    ]


async def test_a_supervisor_plans_and_the_page_shows_it_in_her_zone(desk: Desk) -> None:
    chief = await mate(desk, "chief", "supervisor")
    asha = await mate(desk, "asha", languages=["ne", "hi"])
    page = (await chief.get("/rota")).text
    assert "No shift was ever planned" in page
    form = {"who": str(asha.user_id), "role": "duty", "day": "2026-11-25", "start": "07:00", "end": "14:00"}
    answer = await chief.post("/rota/shift", **form, weeks="3")
    assert (answer.status_code, told(answer)) == (303, "repeated")
    assert [s[2:] for s in await shifts(desk)] == [("25 07:00", "14:00"), ("02 07:00", "14:00"), ("09 07:00", "14:00")]
    page = (await chief.get("/rota")).text
    assert "asha" in page
    assert "Nobody is planned" in page
    assert "Asia/Kathmandu" in page
    await desk.rows_changed("""UPDATE users SET settings = '{"zone": "Asia/Kuwait"}' WHERE login = 'chief'""")
    page = (await chief.get("/rota?from=2026-11-25")).text
    assert "04:15" in page, "seven in Kathmandu is a quarter past four in Kuwait"
    assert "Asia/Kuwait" in page
    assert "Asia/Kathmandu" in page, "the helpline's zone is named"
    assert "1 on duty" in (await chief.get("/rota?view=month")).text.replace("\u2068", "").replace("\u2069", "")


async def test_what_was_filled_in_wrongly_comes_back(desk: Desk) -> None:
    chief, asha = await mate(desk, "chief", "supervisor"), await mate(desk, "asha")
    form = {"who": str(asha.user_id), "role": "on_call", "day": "2026-11-26", "start": "21:30", "end": "06:15"}
    assert told(await chief.post("/rota/shift", **form)) == "added"
    assert (await shifts(desk))[0] == ("asha", "on_call", "26 21:30", "06:15")
    again = await chief.post("/rota/shift", **form)
    assert again.status_code == 409
    assert "There is another shift" in again.text
    next_night = await chief.post("/rota/shift", **{**form, "day": "2026-11-27"})
    assert "One night on call too many" in next_night.text
    assert 'value="21:30"' in next_night.text
    assert told(await chief.post("/rota/shift", **{**form, "day": "2026-11-27"}, reason_code="nobody_else")) == "added"
    for wrong in ({"day": "soon"}, {"start": ""}, {"role": "boss"}, {"weeks": "1000"}, {"day": "2026-11-01"}):
        assert (await chief.post("/rota/shift", **{**form, **wrong})).status_code in (400, 409)
    assert (await chief.post("/rota/shift", **{**form, "who": "x"})).status_code == 400
    assert len(await shifts(desk)) == 2


async def test_shifts_are_changed_paused_ended_and_copied(desk: Desk) -> None:
    chief, asha, bimala = [await mate(desk, *one) for one in TEAM]
    first = await planned(desk, asha.user_id, 24, 5)
    running = await planned(desk, bimala.user_id, -1, 5)
    change = {"who": str(bimala.user_id), "role": "duty", "starts": "2026-11-25T13:00", "ends": "2026-11-25T18:00"}
    assert told(await chief.post(f"/rota/shift/{first}/change", **change)) == "changed"
    assert (await shifts(desk))[1] == ("bimala", "duty", "25 13:00", "18:00")
    outside = await chief.post(f"/rota/shift/{first}/break", starts="2026-11-25T12:00", ends="2026-11-25T12:30")
    assert outside.status_code == 409
    assert (
        told(await chief.post(f"/rota/shift/{first}/break", starts="2026-11-25T15:00", ends="2026-11-25T15:30"))
        == "paused"
    )
    page = (await chief.get("/rota?from=2026-11-25")).text.replace("\u2068", "").replace("\u2069", "")
    assert "Break 15:00 to 15:30" in page
    assert told(await chief.post("/rota/copy", start="2026-11-23", to="2026-11-30")) == "copied"
    assert [s[:3] for s in await shifts(desk)][2:] == [("bimala", "duty", "01 11:00"), ("bimala", "duty", "02 13:00")]
    assert told(await chief.post(f"/rota/shift/{running}/end")) == "ended"
    assert (await shifts(desk))[0][3] == "12:00", "what runs is cut"
    assert told(await chief.post(f"/rota/shift/{first}/end")) == "ended"
    assert len(await shifts(desk)) == 3
    assert (await chief.post(f"/rota/shift/{running}/end")).status_code == 409, "what is over stays"


async def test_a_swap_of_a_night_is_confirmed_by_a_supervisor_and_of_a_day_is_not(desk: Desk) -> None:
    chief, asha, bimala = [await mate(desk, *one) for one in TEAM]
    day, night = await planned(desk, asha.user_id, 24, 5), await planned(desk, asha.user_id, 34, 8, "on_call")
    assert (await bimala.post(f"/rota/shift/{day}/offer")).status_code == 409, "not hers to give away"
    for shift in (day, night):
        assert told(await asha.post(f"/rota/shift/{shift}/offer")) == "offered"
        assert told(await asha.post(f"/rota/shift/{shift}/offer")) == "offered_before"
    assert "I take it" in (await bimala.get("/rota")).text
    assert "I take it" not in (await asha.get("/rota")).text
    assert told(await bimala.post(f"/rota/shift/{day}/take")) == "taken"
    assert told(await bimala.post(f"/rota/shift/{night}/take")) == "agreed"
    assert [s[0] for s in await shifts(desk)] == ["bimala", "asha"]
    assert (await bimala.post(f"/rota/shift/{night}/confirm", answer="yes")).status_code == 403
    assert "Confirm the swap" in (await chief.get("/rota")).text
    assert told(await chief.post(f"/rota/shift/{night}/confirm", answer="yes")) == "confirmed"
    assert [s[0] for s in await shifts(desk)] == ["bimala", "bimala"]


async def test_who_is_ill_is_covered_and_comes_back(desk: Desk) -> None:
    asha, bimala = await mate(desk, "asha"), await mate(desk, "bimala")
    today, later = await planned(desk, asha.user_id, -2, 8), await planned(desk, asha.user_id, 24, 5)
    assert told(await asha.post("/rota/ill")) == "ill"
    (absence,) = await desk.rows("SELECT id, starts_at, ends_at FROM absences")
    assert absence.ends_at.astimezone(HERE).strftime("%d %H:%M") == "25 00:00"
    assert [r.shift_id for r in await desk.rows("SELECT shift_id FROM shift_swaps")] == [today]
    page = (await bimala.get("/rota")).text
    assert "somebody is looked for" in page
    assert (await bimala.post(f"/rota/away/{absence.id}/end")).headers["location"].endswith("told=not_there")
    assert told(await asha.post(f"/rota/away/{absence.id}/end")) == "well"
    assert [r.state for r in await desk.rows("SELECT state FROM shift_swaps")] == ["withdrawn"]
    assert told(await asha.post("/rota/ill")) == "ill"
    assert told(await bimala.post(f"/rota/shift/{today}/take")) == "taken", "cover needs nobody's confirmation"
    assert [s[0] for s in await shifts(desk)] == ["bimala", "asha"]
    assert later


async def test_the_page_says_what_the_bot_promises_and_which_hours_nobody_reads(desk: Desk) -> None:
    asha = await mate(desk, "asha", languages=["ne"])
    await planned(desk, asha.user_id, -1, 4)
    page = " ".join((await asha.get("/rota")).text.replace("\u2068", "").replace("\u2069", "").split())
    row = re.search(r"<th scope=\"row\">Nepali.*?</tr>", page)
    assert row is not None
    assert "read now" in row[0]
    assert "answer by" in row[0]
    assert "एक जना" in row[0] or "मान्छे" in row[0], "the bot's own words, in the language"
    hindi = re.search(r"<th scope=\"row\">Hindi.*?</tr>", page)
    assert hindi is not None
    assert "nobody of us reads it" in hindi[0]
    covered = page[page.index('id="covered"') :]
    assert "no reader" in covered
    assert re.search(r"class=\"read\" title=\"read\"", covered)


async def test_who_may_not_plan_is_shown_no_forms_for_it(desk: Desk) -> None:
    asha, partner = await mate(desk, "asha"), await desk.person("partner")
    shift = await planned(desk, asha.user_id, 24, 5)
    page = (await asha.get("/rota")).text
    assert '/rota/shift"' not in page
    assert "/change" not in page
    assert (await asha.post(f"/rota/shift/{shift}/end")).status_code == 403
    assert (await partner.get("/rota")).status_code == 403
    before = len(await desk.trail())
    await asha.get("/rota")
    assert [line[0] for line in (await desk.trail())[before:]] == ["rota.view"]


async def test_the_rota_is_of_the_organisation_that_runs_this_installation(desk: Desk) -> None:
    ours = await desk.person("supervisor")
    for role in ("caseworker", "supervisor"):
        theirs = await desk.person(role, organisation="Shelter")
        assert (await theirs.get("/rota")).status_code == 403
        assert (await theirs.post("/rota/ill")).status_code == 403
        assert 'href="/desk/rota"' not in (await theirs.get("/")).text
        assert str(theirs.user_id) not in (await ours.get("/rota")).text
    page = (await ours.get("/rota")).text
    assert str(ours.user_id) in page
    assert 'href="/desk/rota"' in page
