"""Whether a text says that a child writes: all languages, native and romanised, and what is no age."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.children import ChildRules
from bot.nlu.danger import DangerFloor
from bot.nlu.data import DataError
from bot.nlu.understanding import Understanding
from bot.settings import ROOT

RULES = ChildRules.load(ROOT / "nlu_data" / "children.yml")


@pytest.mark.parametrize(
    "text",
    [
        "I am 15",
        "hello, im 16 years old and the madam does not pay",
        "i am only fifteen",
        "My real age is 14 but passport says 22",
        "म १५ वर्षको हुँ",
        "म पन्ध्र वर्षकी भएँ",
        "मेरो उमेर १७ हो",
        "ma 16 barsa ko",
        "ma solah barsa ko ho",
        "mero umer 15 ho",
        "मेरी उम्र १६ साल है",
        "मैं 17 साल की हूँ",
        "meri umar 17",
        "main 15 saal ka hun",
        "عمري 15",
        "عمري ١٤ سنة",
        "انا عمري ١٦ وأعمل في بيت",
        "عمري خمسة عشر",
        "3omri 15",
        "ana 16 sana",
        "আমার বয়স ১৫",
        "ami 16 bochor er meye",
        "എനിക്ക് 15 വയസ്സാണ്",
        "enikku 16 vayassu aanu",
        "எனக்கு 15 வயசு",
        "enakku 16 vayasu thaan",
        "میری عمر 15 ہے",
        "میں صرف ۱۶ سال کی ہوں",
        "meri umar sirf 15 hai",
        "umur saya 15",
        "aku masih 16 tahun",
        "මට අවුරුදු 15යි",
        "මගේ වයස 16",
        "mata awurudu 15 witharai",
        "15 anyos lang po ako",
        "edad ko 16",
    ],
)
def test_an_age_under_18_is_heard(text: str) -> None:
    assert RULES.says(text) == "self"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am 18",
        "I am 25 years old",
        "I am 15 days without food",
        "I am 12 hours working every day",
        "I am 10 years in Saudi",
        "I am 16 years working here",
        "my son is 15",
        "my daughter is 12 years old",
        "main 15 din se bhookha hun",
        "main 16 saal se kaam kar raha hun",
        "ma 15 barsa dekhi yaha chu",
        "म १० वर्षदेखि यहाँ छु",
        "म १० वर्ष देखि यहाँ छु",
        "ma 15 jana sanga baschu",
        "عمري 35",
        "أنا هنا منذ 15 سنة",
        "not paid 12 months",
        "আমি ১০ বছর ধরে সৌদিতে",
        "amar chele 15 bochor",
        "ente mon 15 vayassu",
        "njan 12 manikkoor joli cheyyunnu",
        "en ponnu 14 vayasu",
        "میرا بیٹا 15 سال کا ہے",
        "میں 10 سال سے یہاں ہوں",
        "anak saya 15 tahun",
        "saya 10 tahun kerja di sini",
        "මගේ පුතාට අවුරුදු 15යි",
        "mata masa 12k padi na",
        "mata wada paya 16k",
        "14 anyos anak ko",
        "15 taon na ako dito sa saudi",
    ],
)
def test_what_is_no_child_writing(text: str) -> None:
    assert RULES.says(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "my father is in Qatar and I am 12",
        "I am 13, my mother works in Kuwait and she does not call",
        "mero buwa qatar ma hunuhuncha ma 12 barsa ko",
        "मेरो आमा कुवेतमा हुनुहुन्छ, म १३ वर्षको हुँ",
        "mere papa dubai me hain meri umar 12",
        "मेरी माँ सऊदी में है, मेरी उम्र 14 है",
        "أبي في قطر وعمري 12",
        "abi fi qatar 3omri 12",
        "amar abba qatar e, amar boyos 12",
        "എന്റെ അച്ഛൻ ദുബായിൽ, എനിക്ക് 13 വയസ്സ്",
        "en appa qatar la irukar, enakku 12 vayasu",
        "میرے ابو دبئی میں ہیں، میری عمر 12 ہے",
        "ibu di taiwan, umur saya 12",
        "අම්මා කුවේට් වල, මට අවුරුදු 12යි",
    ],
)
def test_a_child_about_a_father_or_mother(text: str) -> None:
    assert RULES.says(text) == "parent_away"


def test_it_reaches_the_meaning_with_and_without_danger() -> None:
    understanding = Understanding(None, DangerFloor.load(ROOT / "nlu_data"))
    plain, danger = understanding.understand(["I am 15", "he is beating me and I am 15"])
    assert (plain.child, plain.danger) == ("self", None)
    assert danger.child == "self"
    assert danger.danger is not None


def test_our_everyday_lines_tell_of_no_child() -> None:
    lines = (ROOT / "nlu_data" / "ordinary.yml").read_text("utf-8").splitlines()
    assert [line for line in lines if RULES.says(line)] == []


def test_without_the_file_there_are_no_rules(tmp_path: Path) -> None:
    assert ChildRules.load(tmp_path / "children.yml").says("I am 15") == ""


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "ages: []\nphrases: ['i am old']\nnot_after: []\nyears: []\nnot_after_years: []\nparents: []\n",
            "holds AGE once",
        ),
        ("ages: []\n", "missing"),
        ("agess: []\n", "unknown"),
    ],
)
def test_bad_rules_are_said_with_their_place(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "children.yml"
    file.write_text(text, "utf-8")
    with pytest.raises(DataError, match=wrong) as error:
        ChildRules.load(file)
    assert f"{file}:" in str(error.value)


def test_what_tells_no_age_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly every message: the floor is asked before anything else, and a long text must not hold up others."""
    looked: list[int] = []

    def spoken(rules: ChildRules, phrase: object, read: object, place: int) -> bool:
        looked.append(place)
        return False

    monkeypatch.setattr(ChildRules, "_spoken", spoken)
    RULES.says("my boss took my passport and does not pay me " * 100)
    assert looked == []
    RULES.says("I am 15")
    assert looked != []
