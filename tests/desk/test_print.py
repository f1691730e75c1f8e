"""A case on paper, and blank sheets: read back as a reader's program does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from bot.content import Content
from bot.documents import letters
from bot.documents.blank import Blank, blanks
from bot.documents.record import Item, Record, Section, record
from bot.media.files import Files
from bot.store import tables, users
from bot.store.intake import Sheet
from bot.store.keys import seal
from desk import paper
from tests.desk.office import ON_SCREEN, THEIRS, Desk, Person, opened
from tests.desk.test_intake import NUMBER, form
from tests.pipeline.world import World

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
WORDS = {  # a sentence of each script that people here write in
    "ne": "मलाई तीन महिनादेखि तलब दिएको छैन, राहदानी पनि मालिकसँग छ",
    "ar": "لم يدفعوا لي الأجر منذ ثلاثة أشهر، وجواز سفري عندهم",
    "bn": "তিন মাস ধরে বেতন পাই না",
    "ml": "മൂന്ന് മാസമായി ശമ്പളം കിട്ടിയിട്ടില്ല",
    "ta": "மூன்று மாதங்களாக சம்பளம் இல்லை",
    "ur": "تین مہینے سے تنخواہ نہیں ملی",
    "si": "මාස තුනක සිට වැටුප් නැත",
}


def text_of(file: bytes) -> list[str]:
    """The words of each page."""
    pages = list(pypdfium2.PdfDocument(file))
    return [" ".join(str(page.get_textpage().get_text_range()).split()) for page in pages]


def a_record(**more: Any) -> Record:
    sections = more.pop("sections", [Section("Told", [Item("Amount", "180 KWD")])])
    base = {"language": "en", "direction": "ltr", "title": "Unpaid wages", "reference": "482 917 3", "lead": "Lock it."}
    return Record(
        **{**base, "by": "Printed by Asha", "keep": "Keep", "page": "{page} / {pages}", **more}, sections=sections
    )


def test_long_records_go_on_and_each_page_says_which_it_is() -> None:
    many = [Item(f"12:{n:02}", f"line {n} " + "and more of it " * 20, over=True) for n in range(60)]
    pages = text_of(record(a_record(sections=[Section("Talk", many)]), AT))
    assert len(pages) > 4
    for place, page in enumerate(pages, 1):
        assert f"{place} / {len(pages)}" in page
        assert "482 917 3" in page
        assert "Printed by Asha" in page
    everything = " ".join(pages)
    assert all(f"line {n} " in everything for n in range(60))


def test_one_endless_line_is_not_cut_off() -> None:
    words = " ".join(f"w{n}" for n in range(1500))
    everything = " ".join(text_of(record(a_record(sections=[Section("Talk", [Item("12:00", words, over=True)])]), AT)))
    assert all(f"w{n}" in everything for n in (0, 700, 1499))


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_every_script_is_printed_inside_the_margins(direction: str) -> None:
    items = [Item(language, words) for language, words in WORDS.items()]
    items += [Item("12:00", "Sunita wrote " + words, over=True) for words in WORDS.values()]
    file = record(a_record(direction=direction, language="ar", sections=[Section("Told", items)]), AT)
    assert all(letters.drawable(words) == words for words in WORDS.values())
    (page,) = list(pypdfium2.PdfDocument(file))
    picture = page.render(scale=1).to_pil().convert("L").point(lambda v: v < 200 and 255)
    left, top, right, bottom = (v * 25.4 / 72 for v in picture.getbbox())
    assert left >= 15
    assert right <= 195
    assert top > 10
    assert bottom < 290
    text = text_of(file)[0]
    assert text.count("Sunita") == text.count("wrote") == len(WORDS)
    assert text.count("तीन") == 2


def test_marks_stay_on_their_letters() -> None:
    """A letter with a mark joins its neighbours: the word is as wide as HarfBuzz says, in a line of Arabic."""
    import uharfbuzz as hb

    word = "يُقفل"
    file = record(a_record(direction="rtl", language="ar", lead=word, title="", by="", keep="", sections=[]), AT)
    (page,) = list(pypdfium2.PdfDocument(file))
    picture = page.render(scale=4).to_pil().convert("L")
    dot = 4 * 72 / 25.4
    row = picture.crop([int(v * dot) for v in (20, 30, 200, 60)]).point(lambda v: v < 150 and 255)
    left, _, right, _ = row.getbbox()
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(letters.font_file("NotoSansArabic")))))
    buffer = hb.Buffer()
    buffer.add_str(word)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    wide = sum(p.x_advance for p in buffer.glyph_positions) / font.face.upem * 11 * 25.4 / 72
    assert (right - left) / dot == pytest.approx(wide, abs=0.6)


@pytest.mark.parametrize("language", ["en", "ne", "ar"])
def test_a_blank_sheet_is_one_page_whose_picture_opens_it(content: Content, language: str) -> None:
    file = paper.made(content, language, [Sheet(17, language, 1, None), Sheet(18, language, 1, None)], AT)
    document = pypdfium2.PdfDocument(file)
    assert [page.get_size() for page in document] == [pytest.approx((595.3, 841.9), abs=0.2)] * 2
    for place, text in enumerate(text_of(file)):
        number = paper.number(Sheet(17 + place, language, 1, None))
        (found,) = zxingcpp.read_barcodes(document[place].render(scale=3).to_pil())
        assert found.text == f"{content.site}/desk/new?form={number}"
        assert text.count(number) == 2
        said = paper.consent(content, language)[0]
        if language == "en":
            assert said in text
            assert content.page("en", {})["paper_keep"] in text


def test_a_blank_sheet_stays_inside_its_page_in_any_language(content: Content) -> None:
    """Words that are half as long again, in scripts that have no folder yet."""
    english = {k.removeprefix("paper_"): v for k, v in content.page("en", {}).items() if k.startswith("paper_")}
    english |= {"consent": paper.consent(content, "en")[0]}
    for language, words in ((code, WORDS[code]) for code in ("ml", "ur", "si")):
        longer = {name: _as_long(words, int(len(text) * 1.4)) for name, text in english.items()}
        blank = Blank(language, "rtl" if language in ("ar", "ur") else "ltr", longer)
        file = blanks(blank, [("xx-1-0018", "https://saathi.example.org/desk/new?form=xx-1-0018")], AT)
        (page,) = list(pypdfium2.PdfDocument(file))
        picture = page.render(scale=1).to_pil().convert("L").point(lambda v: v < 200 and 255)
        left, _, right, bottom = (v * 25.4 / 72 for v in picture.getbbox())
        assert left >= 11, language
        assert right <= 199, language
        assert bottom < 293, language


def _as_long(words: str, length: int) -> str:
    return (words + " " + words * (length // len(words) + 1))[:length].rsplit(" ", 1)[0]


async def printed(person: Person, reference: str, **wish: str) -> str:
    answer = await person.post(f"/case/{reference}/print", **wish)
    assert answer.headers["content-type"] == "application/pdf", answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="saathi-{reference}.pdf"'
    return " ".join(text_of(answer.content))


async def test_a_case_is_printed_with_what_was_chosen_and_one_line_in_the_trail(world: World) -> None:
    await world.says("9001", "he has a knife")
    async with opened(world.app) as desk:
        person = await desk.person("caseworker")
        reference = str(await world.one("SELECT reference FROM cases"))
        await person.post(f"/case/{reference}/take")
        await person.post(f"/case/{reference}/note", text="She can only write at night")
        digest = await _sent_a_file(desk, b"a photo of a paper")
        before = len(await desk.trail())
        plain = await printed(person, reference)
        assert [line[0] for line in (await desk.trail())[before:]] == ["case.print"]
        assert f"{reference[:3]} {reference[3:6]}" in plain
        assert "Printed by Caseworker" in plain
        assert "1 / " in plain
        assert "knife" not in plain
        assert "only write at night" not in plain
        assert digest in plain.replace(" ", "")
        whole = await printed(person, reference, talk="yes", notes="yes")
        assert "he has a knife" in whole
        assert "only write at night" in whole
        assert "9001" not in re.sub(r"[0-9a-f]{64}", "", whole.replace(" ", ""))


async def test_what_stays_with_another_organisation_is_not_printed_there(world: World) -> None:
    await world.says("9001", "he has a knife")
    async with opened(world.app) as desk:
        mine, theirs = await desk.person("caseworker"), await desk.person("caseworker", organisation="Shelter")
        reference = str(await world.one("SELECT reference FROM cases"))
        await mine.post(f"/case/{reference}/take")
        digest = await _sent_a_file(desk, b"a photo of a paper")
        to = str(await world.one("SELECT id FROM organisations WHERE name = 'Shelter'"))
        heard = {"how": "spoken", "said_at": "2026-01-05T10:00"}
        async with world.app.database.begin() as connection:
            await users.show_as(connection, THEIRS, ON_SCREEN)
        await mine.post(f"/case/{reference}/transfer", to=to, summary="Hurt, and wants a place to stay.", **heard)
        world.clock.move(seconds=1)
        await theirs.post(f"/transfers/{await world.one('SELECT id FROM case_transfers')}/accept")
        assert digest not in (await printed(theirs, reference, talk="yes", notes="yes")).replace(" ", "")


async def _sent_a_file(desk: Desk, data: bytes) -> str:
    """A picture that came with the first message, kept as the worker of attachments keeps it."""
    import hashlib

    (row,) = await desk.rows(
        "SELECT m.id, m.subject_id, m.conversation_id, k.wrapped FROM messages m JOIN keys k"
        " ON k.subject_id = m.subject_id WHERE m.direction = 'in'"
    )
    subject, own, which = desk.app.secrets.keyring.unwrap(row.wrapped), bytes(range(32)), uuid7()
    name = Files(desk.app.settings.data_dir / "media").write(seal(own, data, where=f"media.file.{which}"))
    async with desk.app.database.begin() as connection:
        await connection.execute(
            insert(tables.media).values(
                id=which,
                subject_id=row.subject_id,
                conversation_id=row.conversation_id,
                message_id=row.id,
                kind="image",
                ref_enc=b"x",
                key_enc=seal(subject, own, where=f"media.key_enc.{which}"),
                name=name,
                content_type="image/jpeg",
                size=len(data),
                state="stored",
                next_at=desk.app.clock(),
                received_at=desk.app.clock(),
            )
        )
    return hashlib.sha256(data).hexdigest()


async def test_the_whole_number_needs_a_reason_and_the_permission(desk: Desk) -> None:
    person = await desk.person("caseworker")
    made = await person.post("/new", **form(number=NUMBER, phone_safe="yes", take="yes"))
    reference = re.findall(r"made=(\d+)", made.headers["location"])[0]
    digits = NUMBER.removeprefix("+")
    assert digits not in (await printed(person, reference)).replace(" ", "")
    refused = await person.post(f"/case/{reference}/print", number="yes")
    assert refused.status_code == 400
    assert digits not in refused.text
    assert digits in (await printed(person, reference, number="yes", reason_code="legal")).replace(" ", "")
    lines = await desk.rows("SELECT reason FROM audit WHERE action = 'case.print' ORDER BY received_at, id")
    assert [row.reason for row in lines][-1] == "legal"
    async with desk.app.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE cases SET closed_at = now()")
    assert (await person.post(f"/case/{reference}/print", number="yes", reason_code="legal")).status_code == 403
    assert digits not in (await printed(person, reference)).replace(" ", "")


async def test_who_may_not_print_a_case_does_not(desk: Desk) -> None:
    person = await desk.person("caseworker")
    reference = await desk.case("team", "open", person.user_id)  # offered: to be read and taken
    assert "print" not in (await person.get(f"/case/{reference}")).text
    assert (await person.get(f"/case/{reference}/print")).status_code == 403
    assert (await person.post(f"/case/{reference}/print")).status_code == 403


async def test_sheets_have_numbers_that_no_other_sheet_has(desk: Desk, content: Content) -> None:
    person = await desk.person("partner")
    assert (await person.get("/paper")).text.count('name="language"') == len(content.languages)
    for language, count in (("ne", "2"), ("ar", "1")):
        answer = await person.post("/paper", language=language, count=count)
        assert len(text_of(answer.content)) == int(count)
    for language, count in (("xx", "1"), ("ne", "0"), ("ne", "51"), ("ne", "many")):
        assert (await person.post("/paper", language=language, count=count)).status_code == 400
    rows = await desk.rows("SELECT serial, language FROM paper_sheets")
    assert len({row.serial for row in rows}) == len(rows) == 3
