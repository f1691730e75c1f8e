"""How a colleague is reached: told by herself, kept sealed, linked by a code that is shown once."""

from __future__ import annotations

import re
from uuid import uuid4

from bot.content import Content
from bot.store import colleagues, staff_chats
from tests.desk.office import Desk

CHAT = "99000111"
QUIET = {"quiet_from": "21:00", "quiet_until": "07:00"}


async def _links(desk: Desk, digits: str, address: str = CHAT) -> bool:
    async with desk.app.database.begin() as connection:
        return await staff_chats.link(
            connection, desk.app.secrets, "7001", address, digits, desk.app.clock(), group=False
        )


async def test_she_tells_what_she_reads_and_how_she_is_reached(desk: Desk) -> None:
    asha = await desk.person("caseworker")
    form = {"gender": "woman", "phone": "+977 98-0000 0001", "email": "asha@example.org"}
    answer = await asha.post("/settings/reach/profile", **form, reads_ne="yes", reads_hi="yes")
    assert answer.headers["location"] == "/desk/settings/reach?told=saved"
    page = (await asha.get("/settings/reach")).text
    assert "One is kept" in page
    assert "98" not in re.sub(r'value="[^"]*"|\S*[0-9a-f-]{36}\S*', "", page), "a number is never shown again"
    assert "asha@example.org" not in page
    async with desk.app.database.begin() as connection:
        kept = await colleagues.profile(connection, asha.user_id)
        number = await colleagues.number(connection, desk.app.secrets, asha.user_id, "voice")
    assert (kept.languages, kept.gender, kept.phone, kept.email) == (("ne", "hi"), "woman", True, True)
    assert number == "+9779800000001"
    await asha.post("/settings/reach/profile", gender="", no_phone="yes", reads_ne="yes")
    async with desk.app.database.begin() as connection:
        kept = await colleagues.profile(connection, asha.user_id)
    assert (kept.languages, kept.gender, kept.phone, kept.email) == (("ne",), None, False, True)


def test_whatever_people_read_a_colleague_can_say_that_she_reads_it(content: Content) -> None:
    """By the same code: it was `tl` here and `fil` there, so nobody ever read what Filipinos wrote."""
    assert set(content.languages) <= set(content.knowledge.get("targets")["languages"])


async def test_what_was_written_wrongly_comes_back(desk: Desk) -> None:
    asha = await desk.person("caseworker")
    answer = await asha.post("/settings/reach/profile", gender="woman", phone="0098", email="", reads_ar="yes")
    assert answer.status_code == 400
    assert 'value="0098"' in answer.text
    assert re.search(r'name="reads_ar" value="yes" checked', answer.text)
    assert (await asha.post("/settings/reach/profile", gender="other_thing")).status_code == 400
    assert (await asha.post("/settings/reach/profile", gender="", email="not a mail")).status_code == 400
    assert (await asha.post("/settings/reach/alerts", way="pigeon", **QUIET)).status_code == 400
    assert (await asha.post("/settings/reach/alerts", way="", **{**QUIET, "quiet_from": "late"})).status_code == 400
    assert await desk.rows("SELECT * FROM user_profiles") == []


async def test_her_telegram_is_linked_by_a_code_that_is_shown_once_and_unlinked(desk: Desk) -> None:
    asha = await desk.person("caseworker")
    shown = (await asha.post("/settings/reach/telegram")).text
    found = re.search(r"/staff (\d{8})", shown)
    assert found is not None
    assert "/staff" not in (await asha.get("/settings/reach")).text
    assert not await _links(desk, "00000000")
    assert await _links(desk, found[1])
    assert not await _links(desk, found[1], "99000222"), "a code works once"
    assert "A chat is linked since" in (await asha.get("/settings/reach")).text
    before = len(await desk.rows("SELECT 1 FROM keys"))
    assert (await asha.post("/settings/reach/telegram/off")).status_code == 303
    assert await desk.rows("SELECT 1 FROM staff_chats") == []
    assert await desk.rows("SELECT 1 FROM addresses WHERE kind = 'staff'") == []
    assert len(await desk.rows("SELECT 1 FROM keys")) == before - 1, "its key goes with it"


async def test_a_lost_phone_is_unlinked_and_all_other_sessions_end(desk: Desk) -> None:
    asha = await desk.person("caseworker")
    elsewhere = await desk.enter(asha.user_id)
    code = re.search(r"/staff (\d{8})", (await asha.post("/settings/reach/telegram")).text)
    assert code is not None
    assert await _links(desk, code[1])
    later = re.search(r"/staff (\d{8})", (await asha.post("/settings/reach/telegram")).text)
    assert later is not None
    assert (await asha.post("/settings/reach/lost")).headers["location"].endswith("told=lost")
    assert not await _links(desk, later[1]), "a code that is open ends, too"
    assert await desk.rows("SELECT 1 FROM staff_chats") == []
    assert (await elsewhere.get("/settings")).headers["location"] == "/desk/sign-in"
    assert (await asha.get("/settings")).status_code == 200


async def test_groups_are_unlinked_by_who_plans_and_by_nobody_else(desk: Desk) -> None:
    chief, asha = await desk.person("supervisor"), await desk.person("caseworker")
    digits = re.search(r"/staff (\d{8})", (await chief.post("/settings/reach/telegram")).text)
    assert digits is not None
    async with desk.app.database.begin() as connection:
        assert await staff_chats.link(
            connection, desk.app.secrets, "7001", "-100200", digits[1], desk.app.clock(), group=True
        )
        ((group, _),) = await staff_chats.linked_groups(connection)
    assert str(group) not in (await asha.get("/settings/reach")).text
    assert str(group) in (await chief.get("/settings/reach")).text
    assert (await asha.post(f"/settings/groups/{group}/off")).status_code == 403
    await chief.post(f"/settings/groups/{uuid4()}/off")
    assert len(await desk.rows("SELECT 1 FROM staff_chats")) == 1
    await chief.post(f"/settings/groups/{group}/off")
    assert await desk.rows("SELECT 1 FROM staff_chats") == []


async def test_she_chooses_what_she_is_told(desk: Desk) -> None:
    asha = await desk.person("caseworker")
    page = (await asha.get("/settings/reach")).text
    assert 'name="tell_late" value="yes" checked' in page
    assert "tell_weekly" not in page, "the week's list is the supervisors'"
    await asha.post(
        "/settings/reach/alerts", way="email", tell_late="yes", tell_weekly="yes", **{**QUIET, "quiet_until": "08:30"}
    )
    page = (await asha.get("/settings/reach")).text
    assert 'name="tell_late" value="yes" checked' in page
    assert 'name="tell_cover" value="yes" checked' not in page
    assert 'value="08:30"' in page
    assert await desk.rows("SELECT 1 FROM audit WHERE action = 'reach.alerts'") != []
