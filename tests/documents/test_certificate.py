"""The certificate's file, looked at as a reader's program does: its words, its letters, its picture.

Law: rendered by PDFium and decoded by ZXing, which know nothing of what made it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
import uharfbuzz as hb
import zxingcpp
from fpdf import FPDF

from bot.documents import letters
from bot.documents.certificate import EDGE, HEIGHT, WIDTH, Words, certificate
from bot.documents.letters import BASE, direction_of, drawable, families

PASSED = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
ADDRESS = "https://saathi.example.org/verify/4829173050617284"
WORDS = Words(
    language="en",
    direction="ltr",
    issuer="Saathi",
    title="Certificate",
    given_to="Given to",
    name="Sunita Rai",
    completed="For completing the course",
    track="Before you leave",
    facts=(("Date", "25 November 2026"), ("Score", "88 of 100")),
    check="Anybody can check this page: scan the picture, or open the address below.",
    code_label="Number",
    code="4829 1730 5061 7284",
    address=ADDRESS,
)
NAMES = {  # each with a conjunct, a matra or a joining that only a shaped text shows
    "ne": "कृष्णकुमारी दुर्‍याल",
    "hi": "ज्योत्स्ना द्विवेदी",
    "ar": "فاطمة عبد الرحمن",
    "bn": "মোঃ আব্দুল্লাহ্‌ আল মামুন",
    "ml": "ശ്രീലക്ഷ്മി കൃഷ്ണൻകുട്ടി",
    "ta": "முருகேஸ்வரி சுப்பிரமணியன்",
    "si": "ප්‍රියංකා ශ්‍රීලාල්",
}


def pages(file: bytes) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(file))


def said(file: bytes) -> str:
    (page,) = pages(file)
    return str(page.get_textpage().get_text_range())


def ink(file: bytes, scale: float = 2) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is printed inside the frame, in millimetres."""
    (page,) = pages(file)
    picture = page.render(scale=scale).to_pil().convert("L")
    inside = 11 * 72 / 25.4 * scale
    box = picture.crop((inside, inside, picture.width - inside, picture.height - inside)).point(
        lambda v: v < 200 and 255
    )
    left, top, right, bottom = ((v + inside) / scale * 25.4 / 72 for v in box.getbbox())
    return left, top, right, bottom


def test_it_is_one_page_with_every_word() -> None:
    file = certificate(WORDS, PASSED)
    (page,) = pages(file)
    assert page.get_size() == pytest.approx((WIDTH * 72 / 25.4, HEIGHT * 72 / 25.4), abs=0.1)
    text = " ".join(said(file).split())
    for word in (WORDS.title, WORDS.name, WORDS.track, WORDS.code, "25 November 2026", "88 of 100", "Saathi"):
        assert word in text
    assert WORDS.check in text


def test_its_picture_leads_to_the_check() -> None:
    (page,) = pages(certificate(WORDS, PASSED))
    (found,) = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
    assert found.text == ADDRESS
    assert found.format == zxingcpp.BarcodeFormat.QRCode


def test_the_same_words_are_the_same_bytes() -> None:
    assert certificate(WORDS, PASSED) == certificate(WORDS, PASSED)
    assert certificate(WORDS, PASSED) != certificate(replace(WORDS, name="Sita Rai"), PASSED)


def advance(word: str, points: float) -> tuple[int, float]:
    """HarfBuzz's own answer: how many glyphs, and how wide they are in millimetres."""
    (_, family) = families([word])
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(letters.font_file(family)))))
    buffer = hb.Buffer()
    buffer.add_str(word)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    wide = sum(p.x_advance for p in buffer.glyph_positions)
    return len(buffer.glyph_infos), wide / font.face.upem * points * 25.4 / 72


def name_width(file: bytes, scale: float = 4) -> float:
    """How wide the name is as it is drawn, in millimetres."""
    (page,) = pages(file)
    dot = scale * 72 / 25.4
    row = page.render(scale=scale).to_pil().convert("L").crop([int(v * dot) for v in (15, 69, WIDTH - 15, 86)])
    left, _, right, _ = row.point(lambda v: v < 150 and 255).getbbox()
    return float((right - left) / dot)


@pytest.mark.parametrize("language", NAMES)
def test_letters_are_shaped(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is as wide as HarfBuzz says, and looks otherwise when one letter is only put after the other."""
    word = max(NAMES[language].split(), key=lambda w: ("\u200d" in w, len(w)))  # with a joiner, if there is one
    words = replace(WORDS, language=language, direction="rtl" if language == "ar" else "ltr", name=word)
    count, wide = advance(word, 24)
    shaped = certificate(words, PASSED)
    assert name_width(shaped) == pytest.approx(wide, abs=1.3)
    monkeypatch.setattr(FPDF, "set_text_shaping", lambda *_, **__: None)
    unshaped = certificate(words, PASSED)
    one, other = (pages(file)[0].render(scale=2).to_pil() for file in (shaped, unshaped))
    assert one.tobytes() != other.tobytes()
    assert language == "ar" or count != len(word)  # conjuncts and signs: fewer or more glyphs than letters


@pytest.mark.parametrize("language", NAMES)
def test_every_letter_of_a_name_has_a_font(language: str) -> None:
    assert drawable(NAMES[language]) == NAMES[language]
    assert len(families([NAMES[language]])) == 2


def test_arabic_is_read_from_the_right() -> None:
    words = replace(WORDS, language="ar", direction="rtl")
    (page,), (other,) = pages(certificate(words, PASSED)), pages(certificate(WORDS, PASSED))
    (mirrored,), (usual,) = (zxingcpp.read_barcodes(p.render(scale=3).to_pil()) for p in (page, other))
    middle = WIDTH / 2 * 72 / 25.4 * 3
    assert mirrored.position.top_left.x > middle > usual.position.top_left.x
    assert WORDS.code in " ".join(said(certificate(words, PASSED)).split())  # digits stay in their order


@pytest.mark.parametrize(
    "name",
    [
        "Maria Concepcion de los Angeles Villanueva Santos y Reyes de Guzman",
        "ശ്രീലക്ഷ്മി കൃഷ്ണൻകുട്ടി പരമേശ്വരൻ നമ്പൂതിരിപ്പാട്",
        "عبد الرحمن بن محمد بن عبد العزيز بن عبد الله آل الشيخ الأنصاري",
    ],
)
def test_a_long_name_stays_inside(name: str) -> None:
    left, top, right, bottom = ink(certificate(replace(WORDS, name=name), PASSED))
    assert left >= EDGE - 2
    assert right <= WIDTH - EDGE + 2
    assert top > 15
    assert bottom < HEIGHT - 10


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Sita 😀 Rai", "Sita Rai"),
        ("  Sita \n Rai\t", "Sita Rai"),
        ("\u202eiaR atiS", "iaR atiS"),
        ("{name} <b>**Sita**</b>", "{name} <b>**Sita**</b>"),
        ("山田", ""),
        ("...", ""),
        ("\ud800Sita", "Sita"),
        ("ක්‍ෂ", "ක්‍ෂ"),
        ("۱۲۳", "۱۲۳"),
    ],
)
def test_any_words_may_be_a_name(given: str, kept: str) -> None:
    assert drawable(given) == kept
    file = certificate(replace(WORDS, name=given), PASSED)
    if kept.isascii():
        assert kept in " ".join(said(file).split())


def test_without_a_name_nobody_is_named() -> None:
    text = said(certificate(replace(WORDS, name=" "), PASSED))
    assert WORDS.given_to not in text
    assert WORDS.track in text


def test_letters_that_no_font_has_are_found_by_their_script_alone() -> None:
    assert families(["Saathi साथी সাথী"]) == [BASE, "NotoSansBengali", "NotoSansDevanagari"]
    assert letters.family_of("山") is None
    assert letters.covered("NotoSansNothing") == frozenset()


@pytest.mark.parametrize(("text", "direction"), [("Sita", "ltr"), ("فاطمة Sita", "rtl"), ("12", "rtl"), ("", "rtl")])
def test_a_name_has_its_own_direction(text: str, direction: str) -> None:
    assert direction_of(text, "rtl") == direction
    assert unicodedata.bidirectional("1") == "EN"
