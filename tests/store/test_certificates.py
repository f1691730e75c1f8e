"""Certificates as the public sees them, on the database: what a number tells, where a link leads, and for how long."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import delete, select

from bot.app import App
from bot.certified import Certificates
from bot.store import certificates, retention, tables
from bot.store.certificates import Passed
from bot.store.records import Certificate, CertificateLink
from tests.conftest import NOON
from tests.fakes import once
from tests.fakes.statements import heard
from tests.store.shelves import Stored

DAY = timedelta(days=1)
CODE, OTHER = "4829173050617284", "7301884620957716"
TOKEN = f"{2**129 + 12345:x}"
NAME = "सीता दुर्‍याल"


@pytest.fixture
async def given(stored: Stored) -> Stored:
    """Maya passed two tracks; one certificate was revoked."""
    async with stored.turn("maya") as turn:
        mine = turn.shelf.add(Certificate(track="pre_departure", code=CODE, score=88))
        turn.shelf.add(Certificate(track="pre_return", code=OTHER, score=92, revoked_at=NOON))
        link = CertificateLink(token=TOKEN, certificate_id=mine.id, language="ne", name=NAME, expires_at=NOON + 7 * DAY)
        turn.shelf.add(link)
    return stored


async def genuine(stored: Stored, code: str) -> Passed | None:
    return await certificates.genuine(stored.database, stored.secrets, code)


async def erase(stored: Stored, name: str) -> None:
    where = await stored.home(name)
    async with stored.database.begin() as connection:
        await connection.execute(delete(tables.keys).where(tables.keys.c.subject_id == where.subject_id))


async def change(stored: Stored, name: str, **values: Any) -> None:
    async with stored.turn(name) as turn:
        for row in await turn.shelf.mine(Certificate):
            for key, value in values.items():
                setattr(row, key, value)


async def test_a_number_tells_track_and_day_and_nothing_of_her(given: Stored) -> None:
    for typed in (CODE, "4829 1730 5061 7284", "४८२९-१७३०-५०६१-७२८४"):
        assert await genuine(given, typed) == Passed("pre_departure", NOON)


@pytest.mark.parametrize("code", [OTHER, "1111222233334444", CODE[:-1], CODE + "1", "", "x" * 5000, "\x00\ud800", "'"])
async def test_every_other_number_is_the_same_none_for_one_statement(given: Stored, code: str) -> None:
    with heard(given.database) as said:
        assert await genuine(given, CODE) is not None
        right = [one.statement for one in said]
        said.clear()
        assert await genuine(given, code) is None
    assert [one.statement for one in said] == right
    assert len(said) == 1


async def test_who_was_erased_has_no_certificate(given: Stored) -> None:
    await erase(given, "maya")
    assert await genuine(given, CODE) is None
    assert await certificates.behind(given.database, given.secrets, TOKEN, NOON) is None


async def test_a_link_leads_to_the_certificate_for_its_days(given: Stored) -> None:
    drawn = await certificates.behind(given.database, given.secrets, TOKEN, NOON + 7 * DAY - timedelta(seconds=1))
    assert drawn is not None
    assert (drawn.track, drawn.code, drawn.score, drawn.passed_at) == ("pre_departure", CODE, 88, NOON)
    assert (drawn.name, drawn.language) == (NAME, "ne")
    assert await certificates.behind(given.database, given.secrets, TOKEN, NOON + 7 * DAY) is None
    for other in (TOKEN[:-1], CODE, "", "x" * 5000):
        assert await certificates.behind(given.database, given.secrets, other, NOON) is None


async def test_a_revoked_certificate_has_no_file(given: Stored) -> None:
    await change(given, "maya", revoked_at=NOON)
    assert await certificates.behind(given.database, given.secrets, TOKEN, NOON) is None
    assert await genuine(given, CODE) is None


async def test_name_and_token_lie_sealed_and_go_with_their_time(given: Stored) -> None:
    async with given.database.begin() as connection:
        row = (await connection.execute(select(tables.certificate_links))).mappings().one()
    for value in row.values():
        assert NAME.encode() not in bytes(value) if isinstance(value, bytes) else NAME not in str(value)
        assert TOKEN not in str(value)
    assert (await retention.purge(given.database, given.secrets, NOON + 7 * DAY))["certificate_links"] == 0
    assert (await retention.purge(given.database, given.secrets, NOON + 8 * DAY))["certificate_links"] == 1
    assert await genuine(given, CODE) is not None


async def test_the_file_has_her_words_and_leads_back_to_its_number(given: Stored) -> None:
    settings = SimpleNamespace(public_url="https://saathi.example.org/")
    app = SimpleNamespace(
        database=given.database, secrets=given.secrets, content=once.written(), settings=settings, clock=lambda: NOON
    )
    served = Certificates(cast(App, app))
    file = await served.file(TOKEN, "http://127.0.0.1:1/")
    assert file is not None
    page = pypdfium2.PdfDocument(file)[0]
    (found,) = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
    assert found.text == f"https://saathi.example.org/verify/{CODE}"
    assert "4829 1730 5061 7284" in page.get_textpage().get_text_range()
    assert await served.genuine(found.text.rpartition("/")[2], "en") == ("Before you leave", NOON.strftime("%B %Y"))
    assert await served.genuine(OTHER, "en") is None
    assert await served.file("0123", "") is None
    settings.public_url = ""
    other = await served.file(TOKEN, "http://127.0.0.1:8000/")
    (here,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(other)[0].render(scale=3).to_pil())
    assert here.text == f"http://127.0.0.1:8000/verify/{CODE}"
