"""SMS in Latin letters, for who writes her language so: an old phone shows no others."""

from __future__ import annotations

import re

import pytest

from bot.channels.contract import Chrome
from bot.channels.segments import count
from bot.channels.sms import channel
from bot.check.texts import options
from bot.content import Content
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Choice, Say
from bot.engine.messages import Reply
from bot.nlu.language import TWINS
from bot.store.rows import Person
from tests.content.whole import whole


def laid_out(content: Content, *, latin: bool, prefix: str = "") -> str:
    event = Asked("danger.can_write", "danger.can_write", "1", ("yes", "no"), {"emergency": "112"}, prefix)
    reply = content.reply(event, "ne", latin=latin)
    assert reply.text == content.reply(event, "ne").text  # other channels keep the script
    return "\n".join(part.text for part in channel.layout(reply, Chrome()))


def test_danger_in_latin_letters_is_gsm_and_one_segment(content: Content) -> None:
    told = laid_out(content, latin=True)
    assert told == "Thik chha, payau. Ahile lekhna milchha? 1 milchha 2 mildaina. 112"
    assert (count(told).encoding, count(told).segments) == ("GSM-7", 1)
    assert count(laid_out(content, latin=False)).encoding == "UCS-2"


def test_what_stands_before_a_question_too(content: Content) -> None:
    assert laid_out(content, latin=True, prefix="system.retry").startswith("Hajur? Thik chha")


@pytest.mark.parametrize("language", sorted(whole().languages))
@pytest.mark.parametrize("latin", [False, True])
def test_a_name_that_is_asked_for_again_is_not_praised_again(language: str, latin: bool) -> None:
    content = whole()
    asked, again = (
        content.reply(Asked("missing.name", "missing.name", "1", (), {}, prefix), language, latin=latin)
        for prefix in ("", "system.retry_name")
    )
    praise = asked.sms.split(".")[0].split("।")[0].split("۔")[0]
    assert praise
    assert praise not in again.sms
    assert again.sms
    assert asked.text not in again.text


def test_a_text_without_latin_letters_stays_in_the_script(content: Content) -> None:
    event = Asked("language.which", "language.which", "1", (), {}, "")
    flow = content.flows.by_name["language"]
    step = next(s.id for s in flow.steps if hasattr(s, "choices"))
    event = Asked(f"language.{step}", f"language.{step}", "1", (), {}, "")
    assert content.reply(event, "ne", latin=True) == content.reply(event, "ne")
    assert content.latin <= set(content.languages)
    assert "ne" in content.latin


LATIN = sorted(whole().latin)
GREETED = re.compile(r"\b(namaste|namaskar|salam|salaam|assalam\w*|adaab)\b", re.IGNORECASE)


def can_write(language: str, *, latin: bool) -> Reply:
    event = Asked("danger.can_write", "danger.can_write", "1", ("yes", "no"), {"emergency": "112"}, "")
    return whole().reply(event, language, latin=latin)


@pytest.mark.parametrize("language", LATIN)
def test_every_language_that_has_latin_letters_fits_one_segment(language: str) -> None:
    latin, own = (
        "\n".join(part.text for part in channel.layout(can_write(language, latin=latin), Chrome()))
        for latin in (True, False)
    )
    assert (count(latin).encoding, count(latin).segments) == ("GSM-7", 1)
    assert count(own).encoding == "UCS-2"


@pytest.mark.parametrize("stage", ["new", "late", "working", "office", "person"])
@pytest.mark.parametrize("language", LATIN)
def test_how_it_stands_is_in_latin_letters_too(language: str, stage: str) -> None:
    event = Said("status.stands", {"reference": "904 140 1", "stage": {"text": f"stages.{stage}.say"}})
    told = "\n".join(p.text for p in channel.layout(whole().reply(event, language, latin=True), Chrome()))
    assert (count(told).encoding, count(told).segments) == ("GSM-7", 1)
    assert "904 140 1" in told
    assert whole().catalogue.text(language, f"stages.{stage}.say.latin", "") in told


@pytest.mark.parametrize("language", LATIN)
def test_the_shown_words_are_accepted(language: str) -> None:
    ask = whole().flows.by_name["danger"].steps[0]
    choices = {c.id: c for c in ask.choices}  # type: ignore[union-attr]
    for option in can_write(language, latin=True).options:
        accepted = whole().words(language).label("danger.can_write", choices[option.id]).accepted
        assert {option.short or option.label} <= {*accepted, *(word.casefold() for word in accepted)}


def test_nothing_of_it_is_in_a_new_person() -> None:
    from uuid import UUID

    assert Person(UUID(int=1)).profile == {}


MOST_MET = (
    "welcome",
    "menu",
    "consent",
    "opening",
    "closing",
    "missing",
    "passport",
    "human",
    "conditions",
    "stranded",
    "report",
    "death",
    "detention",
    "fraud",
    "contract",
    "news",
    "no_news",
    "stop",
    "stop_confirm",
    "start",
)


@pytest.mark.parametrize("language", LATIN)
def test_what_people_meet_most_is_in_latin_letters_to_the_last_word(language: str) -> None:
    for flow in (whole().flows.by_name[name] for name in (*MOST_MET, "status_problem", "resume")):
        for step in (s for s in flow.steps if isinstance(s, Ask | Say)):
            name = f"{flow.name}.{step.id}"
            asked = isinstance(step, Ask)
            event = Asked(name, name, "1", tuple(c.id for c in options(step)), {}, "") if asked else Said(name, {})
            told = "\n".join(p.text for p in channel.layout(whole().reply(event, language, latin=True), Chrome()))
            assert count(told).encoding == "GSM-7", f"{name}: {told}"


@pytest.mark.parametrize("language", LATIN)
@pytest.mark.parametrize("topic", list(whole().knowledge.get("news")["kinds"]))
def test_topics_of_news_are_in_latin_letters_too(language: str, topic: str) -> None:
    event = Said("news.begun", {"topic": {"text": f"news.{topic}.say"}})
    told = "\n".join(p.text for p in channel.layout(whole().reply(event, language, latin=True), Chrome()))
    assert (count(told).encoding, count(told).segments) == ("GSM-7", 1)
    assert whole().catalogue.text(language, f"news.{topic}.say.latin", "?") in told
    ends = [word for word in told.split('"')[1::2] if whole().words(language).universal(word) == "no_news"]
    assert ends, told  # what is said to end them does


def test_what_is_offered_is_in_latin_letters_and_understood_so() -> None:
    offered = tuple(Choice(t, "", value={"text": f"news.{t}.say"}) for t in whole().knowledge.get("news")["kinds"])
    event = Asked("news.which", "news.which", "1", tuple(c.id for c in offered), {}, "", offered)
    for language in LATIN:
        reply = whole().reply(event, language, latin=True)
        told = "\n".join(p.text for p in channel.layout(reply, Chrome()))
        assert count(told).encoding == "GSM-7", told
        assert [o.label for o in reply.options] == [o.label for o in whole().reply(event, language).options]
        for choice, option in zip(offered, reply.options, strict=True):
            assert option.short in whole().words(language).label("news.which", choice).accepted


def test_a_greeting_in_latin_letters_fits_hindi_and_urdu_alike() -> None:
    """Nobody can tell them apart in these letters; a greeting of one faith may be the wrong one."""
    catalogue = whole().catalogue
    greeted = [
        {name: catalogue.text(code, name, "") for name in catalogue.contexts(code) if name.endswith(".latin")}
        for code in sorted(TWINS)
    ]
    for texts in greeted:
        assert not [text for text in texts.values() if GREETED.search(text)]
    firsts = {"opening.safe#sms.latin", "wages.safe#sms.latin", "welcome.language#sms.latin"}
    assert {texts[name].split(".")[0] for texts in greeted for name in firsts} == {"Hello"}


def test_who_reads_nobody_knows_which_letters_gets_latin_ones_everywhere_else_english(content: Content) -> None:
    event = Asked("passport.who_holds", "passport.who_holds", "1", ("employer", "skip"), {}, "")
    reply = content.reply(event, "ur", script=False)
    assert (reply.language, reply.text) == ("ur", "Abhi woh kis ke paas hai?")
    assert [o.label for o in reply.options] == ["malik", "nahi batana"]
    lessons = Asked("orientation.track", "orientation.track", "1", (), {}, "")
    assert content.reply(lessons, "ur", script=False).language == "en"
    assert content.reply(lessons, "ur").language == "ur"


def test_facts_are_in_latin_letters_too_and_take_two_segments(content: Content) -> None:
    said = {"land": {"country": "SA"}, "said": {"text": "rights.SA.wages.say"}}
    told = content.reply(Said("rights.unchecked", said), "ne", latin=True).sms
    assert told.startswith("Saudi Arabia: niyam pherinchha, aghi sodhnuhos, 0=manchhe. Talab har mahina")
    assert told.endswith("Wakil le janchna banki chha.")
    assert (count(told).encoding, count(told).segments) == ("GSM-7", 2)


@pytest.mark.parametrize(
    "value", [{"text": "orientation.pre_departure.title"}, {"list": [{"row": [{"text": "none.such"}]}]}]
)
def test_a_fact_without_latin_letters_keeps_the_whole_message_in_her_script(content: Content, value: object) -> None:
    event = Said("contacts.found", {"body": value})
    assert content.reply(event, "ne", latin=True).sms == content.reply(event, "ne").sms
    assert count(content.reply(event, "ne", latin=True).sms).encoding == "UCS-2"


def test_an_offered_option_without_latin_letters_too(content: Content) -> None:
    offered = (Choice("pay", "", value={"text": "topics.wages.say"}), Choice("x", "", value={"text": "none.such"}))
    for some, encoding in ((offered[:1], "GSM-7"), (offered, "UCS-2")):
        ids = tuple(c.id for c in some)
        event = Asked("rights.topic", "rights.topic", "1", ids, {"land": {"country": "SA"}}, "", some)
        told = "\n".join(part.text for part in channel.layout(content.reply(event, "ne", latin=True), Chrome()))
        assert count(told).encoding == encoding
