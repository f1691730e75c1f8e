"""Rules for what relatives and friends want: they need no classifier, and give way to danger and what is graver."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.phrases import heard
from bot.nlu.classifier import Ranked
from bot.nlu.danger import DangerFloor
from bot.nlu.data import DataError
from bot.nlu.understanding import Understanding
from bot.nlu.wishes import CERTAIN, Wishes
from tests.nlu.conftest import NLU_DATA

LINES = [
    ("ask_case_status", "where is my brother"),
    ("ask_case_status", "is he found"),
    ("ask_case_status", "have you found my daughter yet"),
    ("ask_case_status", "mero bhai kaha cha"),
    ("ask_case_status", "मेरी बहिनी कहाँ छिन्?"),
    ("ask_case_status", "उहाँ भेटिनुभयो?"),
    ("ask_case_status", "mera bhai kahan hai"),
    ("ask_case_status", "अब मेरी बहन कहाँ है?"),
    ("ask_case_status", "وين أخي"),
    ("report_missing", "my wife does not answer since May"),
    ("report_missing", "my sons phone is switched off"),
    ("report_missing", "no news of my father"),
    ("report_missing", "छोराको फोन लाग्दैन"),
    ("report_missing", "mero didi ko phone uthaudaina"),
    ("report_missing", "mere bhai ka phone band hai"),
    ("report_missing", "मेरी पत्नी लापता है"),
    ("report_missing", "أختي لا ترد"),
    ("ask_case_status", "amar bhai kothay"),
    ("ask_case_status", "আমার বোন কোথায় আছে"),
    ("report_missing", "amar shami phone dhore na"),
    ("report_missing", "আমার ভাইয়ের ফোন বন্ধ"),
    ("ask_case_status", "എന്റെ ചേട്ടൻ എവിടെയാണ്"),
    ("report_missing", "ente bharthavu phone edukkunnilla"),
    ("ask_case_status", "en thambi enga irukan"),
    ("report_missing", "என் கணவர் போன் எடுக்கல"),
    ("ask_case_status", "میرا بھائی کہاں ہے"),
    ("report_missing", "میری بہن کا فون بند ہے"),
    ("ask_case_status", "di mana istri saya"),
    ("report_missing", "adik saya tidak bisa dihubungi"),
    ("ask_case_status", "මගේ මල්ලි කොහෙද"),
    ("report_missing", "මගේ අක්කාගේ ෆෝන් එක ඕෆ්"),
    ("report_missing", "mage malli gana aranchiyak na"),
    ("ask_case_status", "nasaan na po ang kapatid ko"),
    ("report_missing", "asawa ko hindi sumasagot"),
]


@pytest.fixture(scope="module")
def wishes() -> Wishes:
    return Wishes.load(NLU_DATA / "wishes.yml")


@pytest.mark.parametrize(("intent", "line"), LINES)
def test_a_relatives_sentence_means_one_thing(wishes: Wishes, floor: DangerFloor, intent: str, line: str) -> None:
    [meaning] = Understanding(None, floor, wishes).understand([line])
    assert (meaning.intent, meaning.confidence, meaning.danger) == (intent, CERTAIN, None)


@pytest.mark.parametrize(
    "line",
    ["my phone is off", "I have no salary", "bhai malai talab chaina", "where is it", "my brother is a cook"],
)
def test_what_is_of_nobody_else_is_left_alone(wishes: Wishes, line: str) -> None:
    assert wishes.of(line, "nlu_fallback", 0.0) == ""


@pytest.mark.parametrize(
    "line",
    [
        "no call to my husband, they do not let me phone",
        "my husband does not call me a human, he locks the door",
        "मुझे पति को फोन नहीं करने देते",
        "mujhe pati ko phone nahi karne dete",
        "श्रीमानको फोन बन्द छ र मलाई फोन गर्न दिँदैनन्",
        "mero buba lai phone garna didainan phone chaina",
        "أخي لا يرد، وهم ما يخلوني أخرج",
    ],
)
def test_who_is_kept_from_calling_is_no_relative_who_searches(wishes: Wishes, line: str) -> None:
    unguarded = Wishes(wishes.phrases, wishes.sure, wishes.graver)
    assert unguarded.of(line, "nlu_fallback", 0.0) == "report_missing"
    assert wishes.of(line, "nlu_fallback", 0.0) == ""


@pytest.mark.parametrize(
    "line",
    [
        "my son died no call",
        "no news of my husband, they say he is dead",
        "my brother phone off, company says jail",
        "police took her, my sister does not answer",
        "where is my brother, he was arrested",
        "मेरो भाइको फोन बन्द छ, मर्‍यो भन्छन्",
        "mero bhai ko phone banda cha, jail ma cha",
        "दाइको फोन लाग्दैन, प्रहरीले लग्यो",
        "मेरे भाई का फोन बंद है, जेल में है",
        "mere pati ka phone band hai, police le gayi",
        "भाई का फोन बंद है, मर गया",
        "أخي لا يرد، قالوا مات",
        "أخي لا يرد، الشرطة أخذته",
        "زوجي لا يتصل، هو في السجن",
        "amar bhai er phone bondho, jele ase",
        "আমার স্বামীর ফোন বন্ধ, মারা গেছে বলে",
        "ente bharthavu phone edukkunnilla, marichu ennu paranju",
        "en thambi phone edukala, jail la irukan",
        "میرے بھائی کا فون بند ہے، جیل میں ہے",
        "adik saya tidak bisa dihubungi, katanya di penjara",
        "mage malli gana aranchiyak na, hire inne",
        "asawa ko hindi sumasagot, nasa kulungan daw",
    ],
)
def test_death_and_jail_are_no_search(wishes: Wishes, line: str) -> None:
    unguarded = Wishes(wishes.phrases, wishes.sure, wishes.graver)
    assert unguarded.of(line, "nlu_fallback", 0.0) in ("report_missing", "ask_case_status")
    assert wishes.of(line, "nlu_fallback", 0.0) == ""


@pytest.mark.parametrize(
    "line",
    [
        "my brother phone is dead",
        "my sons phone died",
        "छोराको फोन लाग्दैन, तीन महिना बित्यो",
        "मेरे भाई का फोन बंद है, तीन महीने गुज़र गए",
    ],
)
def test_a_dead_phone_and_time_that_passed_are_a_search(wishes: Wishes, line: str) -> None:
    assert not heard({"no search": wishes.unless}, line)


def test_danger_about_another_person_stays_danger(wishes: Wishes, floor: DangerFloor) -> None:
    lines = ["my sister is locked in, her phone is off", "मेरी बहिनीलाई कोठामा थुनेको छ"]
    for meaning in Understanding(None, floor, wishes).understand(lines):
        assert meaning.danger is not None
        assert meaning.intent not in ("report_missing", "ask_case_status")


def test_what_is_graver_and_sure_stands(wishes: Wishes) -> None:
    line = "my brother was taken away his phone is off"
    assert wishes.of(line, "report_detention", 0.9) == ""
    assert wishes.of(line, "report_detention", 0.4) == "report_missing"
    assert wishes.of(line, "report_stranded", 0.9) == "report_missing"


def test_the_classifier_is_not_needed(wishes: Wishes, floor: DangerFloor) -> None:
    class Broken:
        def parse(self, text: str) -> Ranked:
            raise RuntimeError

    [meaning] = Understanding(Broken(), floor, wishes).understand(["where is my son"])  # type: ignore[arg-type]
    assert meaning.intent == "ask_case_status"


@pytest.mark.parametrize("bad", ["  ask_nothing:\n    en: [where is it]", '  ask_rights:\n    en: ["..."]'])
def test_bad_rules_say_where(tmp_path: Path, bad: str) -> None:
    file = tmp_path / "wishes.yml"
    file.write_text(f"words: {{}}\nwishes:\n{bad}\nsure: 0.6\ngraver: []\n", "utf-8")
    with pytest.raises(DataError, match=r"wishes\.yml:\d+: "):
        Wishes.load(file)


def test_no_file_no_rules(tmp_path: Path) -> None:
    assert Wishes.load(tmp_path / "none.yml") == Wishes()
