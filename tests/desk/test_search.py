"""Search: every way to find a case, only what may be found, and nothing of the words anywhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.store import erase, notes, retention, search, tables
from bot.store.homes import Home
from bot.store.keys import seal, seal_json
from desk.views import search as view
from handlers.context import Actor, Context, Outcome
from tests.desk.office import Desk, Person


async def _home(desk: Desk, reference: str) -> tuple[Home, Any]:
    async with desk.app.database.begin() as connection:
        row = (
            await connection.execute(
                select(tables.cases, tables.keys.c.wrapped)
                .join(tables.keys, tables.keys.c.subject_id == tables.cases.c.subject_id)
                .where(tables.cases.c.reference == reference)
            )
        ).one()
    return Home(row.subject_id, row.conversation_id, desk.app.secrets.keyring.unwrap(row.wrapped)), row.id


async def _tell(desk: Desk, reference: str, **facts: Any) -> None:
    """Facts as a turn or a colleague writes them."""
    home, case_id = await _home(desk, reference)

    async def change(ctx: Context) -> Outcome:
        next(c for c in ctx.cases if c.id == case_id).facts.update(facts)
        return Outcome("told")

    await desk.app.staff.act(home, Actor("system"), change)


async def _note(desk: Desk, reference: str, text: str) -> None:
    """As the desk writes it."""
    home, case_id = await _home(desk, reference)
    author = await desk.user("supervisor")
    async with desk.app.database.begin() as connection:
        await notes.add_note(connection, desk.app.secrets, home, case_id, author, text, desk.app.clock())


async def _found(person: Person, sought: str) -> list[str]:
    """References on the page, in order."""
    answer = await person.post("/search", q=sought)
    assert answer.status_code == 200, answer.text
    return [part.partition('"')[0] for part in answer.text.split('href="/desk/case/')[1:]]


async def test_a_reference_however_it_is_written(desk: Desk) -> None:
    person = await desk.person("caseworker")
    reference = await desk.case("team", "open", person.user_id)
    spaced = f"{reference[:3]} {reference[3:6]}-{reference[6:]}"
    nepali = "".join(chr(0x0966 + int(c)) for c in reference)
    arabic = "".join(chr(0x0660 + int(c)) for c in spaced if c.isdigit())
    for written in (reference, spaced, nepali, arabic):
        assert await _found(person, written) == [reference], written
    assert await _found(person, str((int(reference[0]) + 1) % 10) + reference[1:]) == []


async def test_a_number_as_it_is_dialled_here_or_there(desk: Desk) -> None:
    person = await desk.person("caseworker")
    hers, given = [await desk.case("team", "open", person.user_id) for _ in range(2)]
    home, _ = await _home(desk, hers)
    async with desk.app.database.begin() as connection:
        await connection.execute(
            update(tables.addresses)
            .where(tables.addresses.c.subject_id == home.subject_id)
            .values(lookup=desk.app.secrets.address("sms", "+9779841234567"))
        )
    await _tell(desk, given, contact="+96550001111")
    for written in ("+977 984-1234567", "00977 9841234567", "9779841234567", "984 123 4567", "९८४१२३४५६७"):
        assert await _found(person, written) == [hers], written
    assert await _found(person, "5000 1111") == [given]
    assert await _found(person, "9841234568") == []


async def test_who_wrote_and_has_no_case_is_found_by_her_number(desk: Desk) -> None:
    person = await desk.person("caseworker")
    home, _ = await _home(desk, await desk.case("team", "closed", person.user_id))
    lookup = desk.app.secrets.address("sms", "+9779841234567")
    async with desk.app.database.begin() as connection:
        await connection.execute(tables.cases.delete())
        await connection.execute(tables.addresses.update().values(lookup=lookup))
    page = (await person.post("/search", q="9841234567")).text
    assert f"/desk/talk/{home.conversation_id}" in page


@pytest.mark.parametrize(
    ("told", "sought"),
    [
        ("सीता तामाङ", "Sita Tamang"),
        ("Seeta Tamang", "सिता"),
        ("Ram Bahadur Shrestha", "श्रेष्ठ"),
        ("لكشمي", "lakshmi"),
        ("محمد حسن", "Mohammed Hassan"),
        ("Fatima", "فاطمة"),
        ("Laxmi Gurung", "लक्ष्मी गुरुङ"),
        ("Dinesh Adhikari", "adhi"),
        ("Dinesh Adhikari", "DINESH"),
    ],
)
def test_spellings_of_one_name_have_a_token_in_common(told: str, sought: str, keyed: Any) -> None:
    has = {token for _, token in search.of_text(keyed, search.NAME, told)}
    for word in search.words(sought):
        assert has & set(search.alike(keyed, search.NAME, word)), word


@pytest.fixture
def keyed() -> Any:
    from bot.store.keys import Keys
    from bot.vault.keyring import Keyring

    return Keys(Keyring(["x" * 43]), lookup_key=b"l" * 32, system_key=b"s" * 32, audit_key=b"a" * 32)


async def test_a_name_exactly_first_then_alike_and_all_words_count(desk: Desk) -> None:
    person = await desk.person("caseworker")
    exact, alike, other = [await desk.case("team", "open", person.user_id) for _ in range(3)]
    await _tell(desk, exact, name="Sunita Rai")
    await _tell(desk, alike, name="Sunil Rai")
    await _tell(desk, other, name="Sunita Karki")
    assert await _found(person, "सुनिता राई") == [exact, alike]
    assert set(await _found(person, "sunita")) == {exact, other, alike}
    await _tell(desk, exact, name="Anita")
    assert await _found(person, "Sunita Rai") == [alike]
    assert await _found(person, "anita") == [exact]


async def test_a_word_of_a_note_only_where_the_case_may_be_read(desk: Desk) -> None:
    person = await desk.person("caseworker")
    mine = await desk.case("assigned", "closed", person.user_id)
    listed = await desk.case("team", "closed", person.user_id)
    for reference in (mine, listed):
        await _note(desk, reference, "Called the embassy, they promise a flight.")
        home, case_id = await _home(desk, reference)
        async with desk.app.database.begin() as connection:
            tokens = search.of_facts(desk.app.secrets, {"name": "Maya Lama"})
            await search.replace(connection, [(case_id, home.subject_id, tokens)])
    assert await _found(person, "embassy flight") == [mine]
    assert await _found(person, "embas") == [mine]
    assert set(await _found(person, "Maya")) == {mine, listed}


async def test_nothing_is_found_that_may_not_be_found(desk: Desk) -> None:
    partner, worker = await desk.person("partner", organisation="Shelter"), await desk.person("caseworker")
    reference = await desk.case("team", "child", worker.user_id)
    await _tell(desk, reference, name="Maya Lama")
    await _note(desk, reference, "embassy")
    for sought in (reference, "Maya Lama", "embassy", "+96550001234"):
        page = await partner.post("/search", q=sought)
        assert "Nothing was found" in page.text, sought
    assert await _found(worker, "Maya Lama") == [reference]


async def test_the_trail_has_one_line_and_no_word_and_nothing_is_in_an_address(desk: Desk) -> None:
    person = await desk.person("supervisor")
    before = len(await desk.trail())
    await _found(person, "Sita Tamang")
    assert (await desk.trail())[before:] == [("search.run", "page", "search")]
    assert "Sita" not in str(await desk.rows("SELECT * FROM audit"))
    page = (await person.get("/search?q=Sita")).text
    assert "Sita" not in page


async def test_odd_questions_are_answered(desk: Desk) -> None:
    person = await desk.person("supervisor")
    assert (await person.post("/search", q=" x ")).status_code == 400
    assert (await person.post("/search")).status_code == 400
    for sought in (
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "%" * 300,
        "०" * 50,
        "a" * 5000,
        "\U0001f600 ab",
        "²³¼½",
    ):
        answer = await person.post("/search", q=sought)
        assert answer.status_code in (200, 400), sought
        assert "<script>alert" not in answer.text


async def test_what_a_case_is_found_by_goes_with_facts_and_person_and_comes_back_by_rebuilding(desk: Desk) -> None:
    person = await desk.person("caseworker")
    reference = await desk.case("team", "open", person.user_id)
    home, case_id = await _home(desk, reference)
    now = desk.app.clock()
    async with desk.app.database.begin() as connection:
        await connection.execute(
            update(tables.cases).values(
                facts_enc=seal_json(home.key, {"name": "Maya Lama"}, where=f"cases.facts_enc.{case_id}")
            )
        )
        note = await connection.execute(
            tables.case_events.insert()
            .values(
                id=case_id,
                subject_id=home.subject_id,
                case_id=case_id,
                kind="note",
                actor="staff",
                note_enc=seal(home.key, b"embassy", where=f"case_events.note_enc.{case_id}"),
                happened_at=now,
            )
            .returning(tables.case_events.c.id)
        )
        assert note.scalar_one() == case_id
    assert await _found(person, "Maya") == []
    for _ in range(2):  # again and again, the same
        async with desk.app.database.begin() as connection:
            assert await search.rebuild(connection, desk.app.secrets) == (case_id, 1)
            assert await search.rebuild(connection, desk.app.secrets, case_id) == (None, 0)
        assert await _found(person, "Maya") == [reference]
        assert await _found(person, "embassy") == [reference]
    await retention.purge(desk.app.database, desk.app.secrets, now + timedelta(days=4))
    assert await _found(person, "Maya") == []
    assert await _found(person, "embassy") == [reference]
    async with desk.app.database.begin() as connection:
        await erase.erase(connection, home.subject_id, now, reason="asked")
    assert await desk.rows("SELECT * FROM search_tokens") == []


def test_digits_and_numbers() -> None:
    assert view.digits_of("12-34 56") == "123456"
    assert view.digits_of("12a456") == ""
    assert view.digits_of("123") == ""
    assert "+9779841234567" in view.numbers("9841234567", "9841234567")
    assert view.numbers("+1 2", "12") == []


async def test_a_word_of_everybodys_is_found_in_hers_however_old(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "CHUNK", 2)
    person = await desk.person("partner", organisation="Shelter")
    hers = await desk.case("own", "closed", person.user_id)
    await _note(desk, hers, "the embassy called")
    for _ in range(5):
        await _note(desk, await desk.case("other", "open", person.user_id), "the embassy called")
    assert await _found(person, "embassy") == [hers]
