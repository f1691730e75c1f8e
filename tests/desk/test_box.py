"""Letters about ourselves at the desk: read by safeguarding, kept from whom they name, and findable nowhere else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bot import box_clock
from bot.store import box, colleagues, users
from bot.store.filing import to_row
from bot.store.records import BoxLetter
from bot.store.tables import box_letters
from bot.transports.bell import Ring
from desk import mount
from desk.permissions import ROLES
from tests.conftest import Clock
from tests.desk.office import Desk, Person, opened
from tests.pipeline.world import World

WORDS = "The caseworker Dambar wanted gifts of me"
NUMBER = "48151623"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _letter(desk: Desk, body: str = WORDS, *, number: str | None = NUMBER) -> str:
    day = desk.app.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    row = BoxLetter(body=body, reply_code=number, received_at=day, id=uuid4())
    async with desk.app.database.begin() as connection:
        await connection.execute(box_letters.insert().values(to_row(desk.app.secrets, row, b"")))
    return str(row.id)


async def _reader(desk: Desk, login: str, name: str) -> Person:
    async with desk.app.database.begin() as connection:
        user = await users.add(connection, login=login, name=name, role="safeguarding", password_hash="none")
    return await desk.enter(user)


async def test_it_is_read_noted_answered_and_closed(desk: Desk, clock: Clock) -> None:
    letter, mina = await _letter(desk), await _reader(desk, "mina", "Mina Rai")
    page = (await mina.get("/box")).text
    assert f"/desk/box/{letter}" in page
    assert "answer promised by" in page
    assert WORDS in (await mina.get(f"/box/{letter}")).text
    assert (await mina.post(f"/box/{letter}/note", text="Talk to the team lead")).status_code == 303
    assert (await mina.post(f"/box/{letter}/state", state="looked_into")).status_code == 303
    assert (await mina.post(f"/box/{letter}/state", state="answered")).status_code == 400
    empty = await mina.post(f"/box/{letter}/answer", answer=" ")
    assert empty.status_code == 400
    assert 'id="wrong-answer"' in empty.text
    assert (await mina.post(f"/box/{letter}/answer", answer="Thank you. It was looked into.")).status_code == 303
    assert (await mina.post(f"/box/{letter}/state", state="closed")).status_code == 303
    page = (await mina.get(f"/box/{letter}")).text
    assert "Talk to the team lead" in page
    for word in ("Being looked into", "Answer", "Closed", "Mina Rai"):
        assert word in page
    rows = await desk.rows("SELECT state FROM box_letters")
    assert [row.state for row in rows] == ["closed"]
    kept = str(await desk.rows("SELECT text_enc FROM box_entries WHERE text_enc IS NOT NULL"))
    assert "team lead" not in kept


async def test_the_answer_is_asked_for_with_the_number(town: Desk, world: World) -> None:
    mina = await _reader(town, "mina", "Mina Rai")
    for line in ("complain", "1", "1", WORDS):
        await world.says("9001", line)
    await world.sends()
    found = re.search(r"(\d{4} \d{4})", world.provider.sent[-1][2])
    assert found
    async with world.app.database.begin() as connection:
        (lying,) = await box.lying(connection)
    assert (await mina.post(f"/box/{lying.id}/answer", answer="It was right to write.")).status_code == 303
    for line in ("complain", "2", found[1]):
        await world.says("9002", line)
    await world.sends()
    assert "It was right to write." in world.provider.sent[-1][2]


async def test_a_letter_without_a_number_cannot_be_answered(desk: Desk) -> None:
    letter, mina = await _letter(desk, number=None), await _reader(desk, "mina", "Mina Rai")
    page = (await mina.get(f"/box/{letter}")).text
    assert "did not want an answer" in page
    assert f"{letter}/answer" not in page
    assert (await mina.post(f"/box/{letter}/answer", answer="Hello")).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        "Dambar asked me for money",
        "दम्बरले पैसा माग्यो, दम्बर नराम्रो छ",
        "your worker dambar.t is rude",
        "طلب مني دمبر المال",
    ],
)
async def test_whom_it_names_cannot_find_it(desk: Desk, body: str) -> None:
    letter = await _letter(desk, body)
    named, other = await _reader(desk, "dambar.t", "Dambar Thapa"), await _reader(desk, "mina", "Mina Rai")
    assert f"/desk/box/{letter}" in (await other.get("/box")).text
    assert letter not in (await named.get("/box")).text
    assert "No letter waits" in (await named.get("/box")).text
    absent = await named.get(f"/box/{desk.office.new_id()}")
    for answer in (
        await named.get(f"/box/{letter}"),
        await named.post(f"/box/{letter}/note", text="x"),
        await named.post(f"/box/{letter}/state", state="closed"),
        await named.post(f"/box/{letter}/answer", answer="x"),
        await named.post(f"/box/{letter}/hide", user=str(other.user_id)),
    ):
        assert answer.status_code == absent.status_code == 404
    assert (await desk.rows("SELECT state FROM box_letters"))[0].state == "new"


async def test_a_reader_hands_on_what_is_too_near(desk: Desk) -> None:
    letter = await _letter(desk)
    mina, sunil = await _reader(desk, "mina", "Mina Rai"), await _reader(desk, "sunil", "Sunil Lama")
    answer = await mina.post(f"/box/{letter}/hide", user=str(mina.user_id))
    assert answer.headers["location"] == "/desk/box?told=hidden"
    assert letter not in (await mina.get("/box")).text
    assert (await mina.get(f"/box/{letter}")).status_code == 404
    assert (await sunil.get(f"/box/{letter}")).status_code == 200
    async with desk.app.database.begin() as connection:
        assert await box.unreadable(connection, desk.app.secrets) == []
    await sunil.post(f"/box/{letter}/hide", user=str(sunil.user_id))
    async with desk.app.database.begin() as connection:
        assert [str(one.id) for one in await box.unreadable(connection, desk.app.secrets)] == [letter]


async def test_nobody_else_finds_it_anywhere(desk: Desk) -> None:
    """Neither in a page, a search, a file nor the trail: what a visit to an empty box leaves is what reading leaves."""
    mina = await _reader(desk, "mina", "Mina Rai")
    await mina.get("/box")
    letter = await _letter(desk)
    await mina.get("/box")
    await mina.get(f"/box/{letter}")
    await mina.post(f"/box/{letter}/note", text="Dambar is asked on Monday")
    await mina.post(f"/box/{letter}/state", state="looked_into")
    rows = await desk.rows("SELECT action, object_kind, object_id, reason FROM audit")
    assert {tuple(row) for row in rows} == {("box.visit", "page", "box", None)}
    people = {role: await desk.person(role) for role in ROLES if role != "safeguarding"}
    for role, person in people.items():
        assert (await person.get("/box")).status_code == 403
        assert (await person.get(f"/box/{letter}")).status_code == 403
        own = await desk.case("own", "open", person.user_id)
        for handler in mount.handlers(desk.office):
            rule = handler.opt["rule"]
            if handler.http_methods != {"GET"} or rule.live or rule.permission == "box":
                continue
            for path in handler.paths:
                address = path.replace("{reference:str}", own)
                if "{" in address:
                    continue
                page = (await person.get(address)).text
                for secret in (letter, "Dambar", NUMBER):
                    assert secret not in page, (role, address)
        for sought in ("Dambar", "gifts", NUMBER, letter):
            found = await person.post("/search", q=sought)
            assert found.status_code in (200, 403)
            assert f"/desk/box/{letter}" not in found.text
        for name in ("cases", "file"):
            file = await person.post(f"/figures/{name}", format="csv")
            assert letter not in file.text
            assert "Dambar" not in file.text


async def test_the_clock_reminds_of_what_waits(desk: Desk, clock: Clock) -> None:
    await _letter(desk)
    async with desk.app.database.begin() as connection:
        (one,) = await box.lying(connection)
    assert [one.waits(clock.at + timedelta(days=days)) for days in (0, 3)] == [False, True]
    async with desk.app.database.begin() as connection:
        await box.set_state(
            connection, desk.app.secrets, one.id, "looked_into", (await desk.user("safeguarding")), clock.at
        )
        (one,) = await box.lying(connection)
    assert [one.waits(clock.at + timedelta(days=days)) for days in (3, 24, 31)] == [False, True, True]
    mina = await _reader(desk, "mina", "Mina Rai")
    clock.move(days=31)
    mina = await desk.enter(mina.user_id)
    assert "the answer was promised by" in (await mina.get("/box")).text


class Post:
    """Takes mails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Ring]] = []

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        self.sent.append((to, ring))
        return "1"


async def test_only_readers_hear_that_something_waits(desk: Desk, clock: Clock) -> None:
    """No word of the letter, not that it is one; outside the house where it names all who read."""
    await _letter(desk)
    mina = await _reader(desk, "mina", "Mina Rai")
    chief = await desk.user("supervisor")
    async with desk.app.database.begin() as connection:
        for user, mail in ((mina.user_id, "mina@help.example"), (chief, "chief@help.example")):
            nothing: list[str] = []
            values = {"languages": nothing, "countries": nothing, "skills": nothing, "email": mail}
            await colleagues.describe(connection, desk.app.secrets, user, **values)

    async def reminded(days: int) -> list[tuple[str, Ring]]:
        post = Post()
        now = clock.at + timedelta(days=days)
        await box_clock.remind(desk.app.database, desk.app.secrets, desk.app.content, post, now, "board@help.example")
        return post.sent

    assert await reminded(0) == []
    assert [to for to, _ in await reminded(3)] == ["mina@help.example"]
    await _letter(desk, "Mina Rai shouted at me", number=None)
    sent = await reminded(0)
    assert [to for to, _ in sent] == ["board@help.example"]
    told = " ".join(f"{ring.subject} {ring.text} {ring.spoken}" for _, ring in [*sent, *await reminded(3)])
    assert not [word for word in ("Mina", "Dambar", "gifts", "letter", "complain") if word in told]
