"""Asking volunteers about who is missing: what leaves is what was ticked and shown; answers come to the case alone."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import httpx
import pytest
from PIL import Image

from bot.channels.contract import MediaRef
from bot.jobs.searching import end_searches, lay_answers
from bot.jobs.started import start_reminders
from bot.looking import Looking
from bot.store import erase, export, retention
from bot.web.look import look
from tests.desk.office import Desk, Person, opened
from tests.desk.test_evidence import _worker
from tests.fakes.server import served
from tests.fixtures import files
from tests.pipeline.world import World

REPORT = ("missing", "my sister Sita Rai, passport 09876543", "kuwait", "in May by phone", "Al Noor company", "1", "1")
REPORTER, MAYA = "reporter", "maya"
ASKED = {
    "with_name": "yes",
    "name": "Sita",
    "with_age": "yes",
    "age": "a18",
    "with_place": "yes",
    "country": "KW",
    "city": "Salmiya",
    "with_last": "yes",
    "month": "2026-05",
    "work": "home",  # not ticked
    "risk": "yes",
}


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


@dataclass
class Search:
    """A case of somebody missing, a supervisor at the desk, and a volunteer who joined."""

    world: World
    town: Desk
    boss: Person
    case: str

    async def back(self) -> Person:
        """The supervisor, signed in anew: time has passed."""
        self.boss = await self.town.enter(self.boss.user_id)
        return self.boss

    async def asks(self, **more: str) -> httpx.Response:
        """The preview, and then the sending of just that."""
        form = ASKED | {"v1": "yes"} | more
        shown = await self.boss.post(f"{self.case}/search", **form)
        assert shown.status_code == 200, shown.text
        digest = re.search(r'name="digest" value="(\w+)"', shown.text)
        assert digest
        sent = await self.boss.post(f"{self.case}/search", **form, digest=digest[1], reason_code="send")
        assert sent.headers["location"].endswith("told=sent")
        return shown

    async def minute(self, **later: float) -> None:
        """The jobs of a minute, and what follows."""
        world = self.world
        world.clock.move(**(later or {"hours": 2}))
        database, secrets = world.app.database, world.app.secrets
        await end_searches(database, secrets, world.now)
        await start_reminders(database, secrets, world.policy, world.now)
        await world.turns()
        await world.sends()
        await lay_answers(database, secrets, world.now)

    async def told(self, address: str) -> list[str]:
        """What was written to somebody."""
        return [text for to, _, text in self.world.provider.sent if to == address]


@pytest.fixture
async def app_url(world: World) -> AsyncIterator[str]:
    """The public pages."""
    async with served(look(Looking(world.app))) as url:
        yield url


@pytest.fixture
async def search(town: Desk, world: World) -> Search:
    world.clock.move(hours=-3)  # the volunteer's day is long enough for what happens in it
    await world.says(REPORTER, *REPORT)
    reference = await world.one("SELECT reference FROM cases")
    boss = await town.person("supervisor")
    answer = await boss.post("/volunteers", name="Maya Gurung", country="KW", phone="+965 5555 0000", language_ne="yes")
    address = answer.headers["location"].removeprefix("/desk").partition("?")[0]
    page = (await boss.post(f"{address}/code")).text
    code = re.search(r'class="secret" dir="ltr">([\d ]+)<', page)
    assert code
    await world.says(MAYA, "hello", "tip", code[1], "1")
    assert (await world.said(MAYA))[-1] == "volunteer.joined"
    return Search(world, town, boss, f"/case/{reference}")


async def test_what_leaves_is_what_was_ticked_and_shown(search: Search, world: World) -> None:
    shown = await search.asks()
    preview = unescape(shown.text.partition('class="preview"')[2].partition("</div>")[0])
    await search.minute()
    assert (await world.said(MAYA))[-1] == "search_request.now"
    assert "Sita" not in (await search.told(MAYA))[-1]  # nothing of it before she can read it alone
    await world.says(MAYA, "1")
    text = (await search.told(MAYA))[-1]
    assert text.splitlines()[1:5] == [
        "Name: Sita",
        "Age: 18 to 25",
        "Where: Salmiya, Kuwait",
        "Last heard of: May 2026",
    ]
    assert text.strip() in preview
    for never in ("Rai", "09876543", "Al Noor", "sister", "home", REPORTER):
        assert never not in text
    due = await world.one("SELECT due_at FROM tasks")  # before it ends, whoever sent it looks again
    assert timedelta(days=17) < due - world.now < timedelta(days=19)
    rows = await world.rows("SELECT fields_enc FROM search_requests")
    assert b"Sita" not in bytes(rows[0].fields_enc)


async def test_an_answer_comes_to_the_case_and_to_nobody_else(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    before = await search.told(REPORTER)
    await world.says(MAYA, "1", "I saw her at the bakery")
    await search.minute()
    boss = await search.back()
    page = (await boss.get(f"{search.case}/search")).text
    assert "I saw her at the bakery" in page
    assert '<b dir="ltr">V-1</b>' in page
    assert "Answers: " in (await boss.get(search.case)).text
    assert await search.told(REPORTER) == before
    kinds = [row.kind for row in await world.rows("SELECT kind FROM notices WHERE kind = 'volunteer_answer'")]
    assert kinds == ["volunteer_answer"]
    waiting = (await boss.get("/")).text.partition('id="s-waiting"')[2].partition('id="s-mine"')[0]
    assert search.case in waiting  # somebody looks
    assert "A volunteer answered" in (await boss.get(search.case)).text
    events = await world.rows("SELECT actor, codes, note_enc FROM case_events WHERE kind = 'volunteer_answer'")
    assert [(row.actor, row.codes) for row in events] == [("system", {"volunteer": 1, "number": 1, "files": 0})]
    assert b"bakery" not in bytes(events[0].note_enc)
    assert "Maya" not in json.dumps([row.codes for row in events])
    assert not await world.rows("SELECT 1 FROM search_answers")
    async with world.app.database.begin() as connection:  # nor does a copy of all that is kept tell it
        mine = await export.person(connection, world.app.secrets, (await world.where(REPORTER)).subject_id, world.now)
    assert mine is not None
    assert "opened" in json.dumps(mine)
    assert not [word for word in ("bakery", "volunteer", "search_") if word in json.dumps(mine)]
    found = await boss.post("/search", q="bakery")
    assert search.case in found.text
    await world.says(MAYA, "once more", "1", "she works there on Fridays")
    await search.minute()
    assert await world.one("SELECT count(*) FROM case_events WHERE kind = 'volunteer_answer'") == 2
    assert await world.one("SELECT kind FROM addresses a JOIN volunteer_links l ON l.subject_id = a.subject_id") == (
        "volunteer"
    )


async def test_whoever_was_asked_is_told_to_stop_and_to_delete(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    await world.says(MAYA, "1", "x")
    boss = await search.back()
    request = re.search(r'name="request" value="([^"]+)"', (await boss.get(f"{search.case}/search")).text)
    assert request
    assert (await boss.post(f"{search.case}/search/end", request=request[1])).headers["location"].endswith("ended")
    assert (await boss.post(f"{search.case}/search/end", request=request[1])).headers["location"].endswith("none")
    await search.minute()
    assert (await world.said(MAYA))[-1] == "search_over.stop"
    await world.says(MAYA, "once more")
    assert (await world.said(MAYA))[-1] == "menu.what"  # she is asked it no more
    sealed = await world.rows("SELECT slots_enc FROM reminders WHERE flow = 'search_request'")
    assert len(sealed) == 1
    boss = await search.back()
    assert "Sita" not in (await boss.get(f"{search.case}/search")).text.partition("<h2>What they answered")[2]
    assert "Name: Sita" in json.dumps([line.body for line in await world.lines(MAYA)])
    world.clock.move(hours=25)
    await retention.purge(world.app.database, world.app.secrets, world.now)
    assert "Name: Sita" not in json.dumps([line.body for line in await world.lines(MAYA)])


async def test_it_ends_by_itself_and_when_it_was_never_read_nobody_is_bothered(search: Search, world: World) -> None:
    await search.asks()
    await search.minute(days=22)
    assert await world.one("SELECT state FROM search_requests") == "expired"
    assert not {"search_request.now", "search_over.stop"} & set(await world.said(MAYA))
    assert [row.state for row in await world.rows("SELECT state FROM reminders")] == ["cancelled"]


async def test_a_closed_case_and_an_erased_reporter_end_it(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    await world.says(MAYA, "1", "x")
    where = await world.where(REPORTER)
    async with world.app.database.begin() as connection:
        await erase.by_hand(connection, where.subject_id, world.now, reason="asked")
    assert not await world.rows("SELECT 1 FROM search_requests")
    await search.minute()
    assert (await world.said(MAYA))[-1] == "search_over.stop"


async def test_a_volunteer_who_is_erased_leaves_nothing(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    where = await world.where(MAYA)
    async with world.app.database.begin() as connection:
        await erase.by_hand(connection, where.subject_id, world.now, reason="asked")
    for table in ("volunteers", "volunteer_links", "search_copies", "search_answers", "volunteer_codes"):
        assert not await world.rows(f"SELECT 1 FROM {table}"), table
    assert await world.one("SELECT count(*) FROM keys WHERE kind = 'subject'") == 1  # the reporter's


async def test_what_is_over_is_not_kept(search: Search, world: World) -> None:
    await search.asks()
    await search.minute(days=22)
    await world.run("UPDATE volunteers SET state = 'ended', ended_at = :at", at=world.now)
    world.clock.move(days=31)
    await retention.purge(world.app.database, world.app.secrets, world.now)
    assert not await world.rows("SELECT 1 FROM search_requests UNION ALL SELECT 1 FROM search_copies")
    assert await world.rows("SELECT 1 FROM volunteers")
    world.clock.move(days=60)
    await retention.purge(world.app.database, world.app.secrets, world.now)
    assert not await world.rows("SELECT 1 FROM volunteers")


REFUSED = [
    ({"name": "Sita 0987"}, "without digits"),
    ({"city": "Street 4"}, "without digits"),
    ({"month": "May"}, "A month, such as"),
    ({"risk": ""}, "Look at the risk first"),
    ({"v1": ""}, "Choose at least one"),
    ({"with_name": "", "with_place": ""}, "nobody is recognised"),
    ({f"with_{name}": "" for name in ("name", "age", "place", "last")}, "Tick what they are told"),
]


async def test_what_may_not_leave_does_not(search: Search, world: World) -> None:
    for more, told in REFUSED:
        answer = await search.boss.post(f"{search.case}/search", **(ASKED | {"v1": "yes"} | more))
        assert answer.status_code == 400
        assert told in answer.text
        assert 'value="2026-05"' in answer.text or "month" in more
    assert not await world.rows("SELECT 1 FROM search_requests")


async def test_what_changed_since_the_preview_is_shown_again(search: Search, world: World) -> None:
    shown = await search.boss.post(f"{search.case}/search", **ASKED, v1="yes")
    digest = re.search(r'name="digest" value="(\w+)"', shown.text)
    assert digest
    shut = {"v1": "yes", "digest": digest[1]}
    assert (await search.boss.post(f"{search.case}/search", **ASKED, **shut)).status_code == 200  # only looked at
    again = await search.boss.post(f"{search.case}/search", **(ASKED | {"name": "Gita"}), **shut, reason_code="send")
    assert again.status_code == 200
    assert "Name: Gita" in unescape(again.text).translate({0x2068: None, 0x2069: None})
    assert not await world.rows("SELECT 1 FROM search_requests")


async def test_nobody_is_looked_for_before_it_is_agreed_who_decides(search: Search, world: World) -> None:
    await world.says("cousin", *REPORT[:-2], "zz", "zz", "zz zz", "zz zz")
    rows = await world.rows("SELECT reference, facts_enc FROM cases ORDER BY opened_at DESC")
    page = await search.boss.get(f"/case/{rows[0].reference}/search")
    assert "has not agreed yet" in page.text
    answer = await search.boss.post(f"/case/{rows[0].reference}/search", **ASKED, v1="yes", digest="x")
    assert answer.status_code == 409
    assert not await world.rows("SELECT 1 FROM search_requests")


async def test_who_may_ask(search: Search, town: Desk, world: World) -> None:
    other = await town.person("caseworker")
    assert (await other.get(f"{search.case}/search")).status_code == 403
    assert (await other.post(f"{search.case}/search", **ASKED, v1="yes")).status_code == 403
    await other.post(f"{search.case}/take")
    page = (await other.get(f"{search.case}/search")).text
    assert "V-1" in page
    assert "Maya" not in page


async def test_two_phones_that_write_one_code_at_once(search: Search, world: World) -> None:
    answer = await search.boss.post("/volunteers", name="Ram", country="QA")
    page = (await search.boss.post(f"{answer.headers['location'].removeprefix('/desk').partition('?')[0]}/code")).text
    code = re.search(r'class="secret" dir="ltr">([\d ]+)<', page)
    assert code
    for address in ("ram", "other"):
        await world.says(address, "hello", "tip", code[1])
    await world.writes("ram", "1")
    await world.writes("other", "1")
    await world.turns()
    ends = sorted([(await world.said("ram"))[-1], (await world.said("other"))[-1]])
    assert ends == ["volunteer.joined", "volunteer.not_now"]
    assert await world.one("SELECT count(*) FROM volunteer_links") == 2  # with the one from before


async def test_paused_volunteers_are_told_to_stop_and_asked_no_more(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    await world.says(MAYA, "1", "x")
    boss = await search.back()
    which = await world.one("SELECT id FROM volunteers")
    await boss.post(f"/volunteers/{which}/state", reason_code="pause")
    await search.minute(hours=1, minutes=5)
    assert (await world.said(MAYA))[-1] == "search_over.stop"
    boss = await search.back()
    answer = await boss.post(f"{search.case}/search", **ASKED, v1="yes")
    assert "Choose at least one" in answer.text


async def test_sent_twice_by_two_taps_is_asked_once(search: Search, world: World) -> None:
    form = ASKED | {"v1": "yes"}
    shown = await search.boss.post(f"{search.case}/search", **form)
    digest = re.search(r'name="digest" value="(\w+)"', shown.text)
    assert digest
    taps = [search.boss.post(f"{search.case}/search", **form, digest=digest[1], reason_code="send") for _ in range(2)]
    for answer in await asyncio.gather(*taps):
        assert answer.headers["location"].endswith("told=sent")
    assert await world.one("SELECT count(*) FROM search_requests") == 1
    assert await world.one("SELECT count(*) FROM search_copies") == 1
    assert await world.one("SELECT count(*) FROM tasks") == 1


async def test_an_answer_that_cannot_be_opened_holds_up_no_other(search: Search, world: World) -> None:
    """It waits, whole: a secret may be missing for a while."""
    await search.asks()
    await search.minute()
    await world.says(MAYA, "1", "I saw her at the bakery")
    ((whole,),) = await world.rows("SELECT words_enc FROM search_answers")
    await world.run("UPDATE search_answers SET words_enc = '\\x00'")
    await world.says(MAYA, "once more", "1", "she works there on Fridays")
    await search.minute()
    assert await world.one("SELECT count(*) FROM case_events WHERE kind = 'volunteer_answer'") == 1
    await world.run("UPDATE search_answers SET words_enc = :whole", whole=whole)
    await search.minute()
    assert await world.one("SELECT count(*) FROM case_events WHERE kind = 'volunteer_answer'") == 2
    assert await world.one("SELECT count(*) FROM search_answers") == 0


async def test_two_workers_at_once_lay_an_answer_once(search: Search, world: World) -> None:
    await search.asks()
    await search.minute()
    await world.says(MAYA, "1", "I saw her at the bakery")
    assert await world.one("SELECT count(*) FROM search_answers") == 1
    database, secrets = world.app.database, world.app.secrets
    await asyncio.gather(*(lay_answers(database, secrets, world.now) for _ in range(4)))
    assert await world.one("SELECT count(*) FROM case_events WHERE kind = 'volunteer_answer'") == 1


async def test_a_picture_is_looked_at_by_a_link_that_ends_with_the_search(
    search: Search, world: World, app_url: str
) -> None:
    """Only after a yes; made anew; a messenger that fetches the address sees nothing; over for everybody at once."""
    world.provider.files["face"] = files.photo()
    await world.says(REPORTER, "", kind="media", media=(MediaRef("image", "face", "image/jpeg"),))
    await _worker(world).run_once()
    picture = str(await world.one("SELECT id FROM media"))
    wrong = await search.boss.post(f"{search.case}/search", **ASKED, v1="yes", photo=picture)
    assert wrong.status_code == 400
    assert "Ask whoever sent the picture first" in wrong.text
    shown = await search.asks(photo=picture, photo_yes="yes")
    assert "/look/…" in unescape(shown.text)
    assert "Picture:" in shown.text
    await search.minute()
    async with httpx.AsyncClient(base_url=app_url, trust_env=False, timeout=20) as phone:
        assert "/look/" not in " ".join(await search.told(MAYA)), "not before she can read it alone"
        await world.says(MAYA, "1")
        found = re.search(r"/look/([\w-]+)", (await search.told(MAYA))[-1])
        assert found
        fetched = await phone.get(found[0])
        assert fetched.status_code == 200
        assert "<img" not in fetched.text
        assert f'src="{found[0]}/picture"' in (await phone.post(found[0])).text
        seen = await phone.get(f"{found[0]}/picture")
        assert seen.headers["content-type"] == "image/jpeg"
        assert not Image.open(io.BytesIO(seen.content)).getexif()
        assert seen.content != files.photo()
        never = await phone.get("/look/never-was")
        assert never.status_code == 404
        request = await world.one("SELECT id FROM search_requests")
        await (await search.back()).post(f"{search.case}/search/end", request=str(request))
        gone = await phone.get(found[0])
        assert (gone.status_code, gone.text) == (404, never.text)
        assert (await phone.get(f"{found[0]}/picture")).status_code == 404
