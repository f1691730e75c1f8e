"""Binding sentences of the protection specialist that no other test holds (the whole table: `protection.yml`).

Law: looked at in what is written, in every language, and in what a phone shows; each of these can fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.channels.contract import Chrome
from bot.channels.segments import count, normalise
from bot.check.graph import named
from bot.content import Content
from bot.content.languages import load_languages
from bot.content.reply import SAY
from bot.engine.answers import fold
from bot.engine.events import Said
from bot.engine.flow import Ask, Call, Do, Flow, Say
from bot.settings import ROOT
from handlers import facts, rights
from tests.conversations.harness import CHANNELS
from tests.handlers.informed import informed

LANGUAGES = tuple(load_languages(ROOT))
# Words that never leave the team (D 02): stems, any ending.
NEVER = {
    "en": ["survivor", "victim", "trafficked"],
    "ne": ["पीडित", "बेचबिखन", "सर्भाइभर"],
    "hi": ["पीड़ित", "तस्करी", "सर्वाइवर"],
    "bn": ["ভুক্তভোগী", "মানব পাচার", "সারভাইভার"],
    "ml": ["ഇരയായ", "മനുഷ്യക്കടത്ത്", "അതിജീവിത"],
    "ta": ["பாதிக்கப்பட்டவர்", "ஆள் கடத்தல்", "உயிர் பிழைத்தவர்"],
    "ur": ["متاثرہ", "سمگلنگ"],
    "si": ["වින්දිත", "ජාවාරම"],
    "fil": ["biktima", "survivor"],
    "id": ["korban", "perdagangan orang", "penyintas"],
    "ar": ["ضحية", "ضحايا", "الناجية", "الناجين", "الاتجار بالبشر"],
}
HERS = {  # what needs her word: the flow, and the action that carries it out
    "withdraw": "closing.withdraw",
    "solved": "closing.solved",
    "delete": "privacy.request_erasure",
    "details": "closing.details",
    "hours": "profile.set_hours",
    "link": "privacy.make_link_code",
    "family_code": "codes.mine",
}


def _texts(content: Content, language: str) -> Iterator[tuple[str, str]]:
    """(id, words) of every text of a flow, long and short, options too."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if not isinstance(step, Say | Ask):
                continue
            text_id = f"{flow.name}.{step.id}"
            yield text_id, content.catalogue.text(language, text_id, step.text)
            yield text_id, content.catalogue.text(language, f"{text_id}#sms", step.sms)
            for choice in step.choices if isinstance(step, Ask) else ():
                yield text_id, content.catalogue.text(language, f"{text_id}#option.{choice.id}", choice.label)


def _leads_to(flow: Flow, action: str) -> int:
    return next(n for n, s in enumerate(flow.steps) if isinstance(s, Do) and s.action == action)


# --- self-harm


def test_words_of_self_harm_are_asked_one_thing_and_promised_nobody(content: Content) -> None:
    """The one thing: whether the program may write before a human reads. Nothing about her, a plan or a means."""
    steps = content.flows.by_name["self_harm"].steps
    assert [step.id for step in steps if isinstance(step, Ask)] == ["may_i"]
    says = {step.id: step for step in steps if isinstance(step, Say | Ask)}
    assert {"here", "night", "may_i", "open", "planned"} == set(says)
    for say in says.values():
        for text in (say.text, say.sms):
            assert "is writing" not in text
            assert "will write" not in text
    for name in ("here", "night", "may_i", "open"):
        assert "I am a program" in says[name].text
        assert "I am a program" in says[name].sms
    for name in ("night", "may_i", "open"):
        assert "{at}" in says[name].text
        assert "told now" not in says[name].text


# --- where to complain


def _grievances(content: Content) -> list[Flow]:
    """The flows of a report whose kind some office deals with."""
    topics = content.knowledge.get("topics")["topics"].values()
    kinds = {kind for topic in topics for kind in topic.get("kinds", ())}
    assert len(kinds) == 8
    opens = [f for f in content.flows.by_name.values() for s in f.steps if _opens(s, kinds)]
    assert len({f.name for f in opens}) == len(kinds)
    return opens


def _opens(step: object, kinds: set[str]) -> bool:
    return isinstance(step, Do) and step.action == "cases.open_case" and step.args.get("kind") in kinds


def test_every_grievance_leads_to_where_else_she_can_ask(content: Content) -> None:
    for flow in _grievances(content):
        assert any(isinstance(s, Call) and s.flow == "closing" and "reference" in s.args for s in flow.steps), flow.name
    closing = content.flows.by_name["closing"]
    offer = next(s for s in closing.steps if isinstance(s, Ask))
    assert offer.lapses
    assert "flow:elsewhere" in named(offer)
    where = content.flows.by_name["elsewhere"]
    assert any(isinstance(s, Do) and s.action == "rights.complaint_body" for s in where.steps)


def test_every_other_report_says_why_no_office_is_named(content: Content) -> None:
    """What is left out is left out on purpose: no kind of grievance is forgotten."""
    levels = {f.level for f in _grievances(content)}
    assert levels == {"grievance"}
    kinds = [k for k, e in content.knowledge.get("intake")["kinds"].items() if e["severity"] == "medium"]
    without = {k for k in kinds if facts.topic_of(informed(), k) is None}
    assert without == {"returnee", "money_help"}  # at home already; and no office pays


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_warning_stands_before_the_number_after_every_grievance(
    content: Content, channel: str, language: str
) -> None:
    """In one message: its warning, then the office, then its number; without papers and at sea a person of ours."""
    seen = 0
    warnings = content.knowledge.get("warnings")["warnings"]
    for topic in {facts.topic_of(informed(), k) for k in content.knowledge.get("intake")["kinds"]} - {None}:
        for sector in ("home", "company", "sea", "none"):
            body = await rights.complaint_body(informed(), country="KW", topic=topic, sector=sector)
            assert body.name != "found" or sector not in ("sea", "none"), (topic, sector)
            if body.name != "found":
                continue
            said = [str(row["text"]) for row in body.slots["body"]["list"] if "text" in row]
            reply = content.reply(Said("elsewhere.body", body.slots), language)
            shown = "\n".join(part.text for part in CHANNELS[channel].layout(reply, Chrome()))
            for text_id in said:
                if text_id.split(".")[2] in warnings:
                    seen += 1
                    brief = SAY.sub(".sms", text_id) if channel == "sms" else text_id  # a warning has short words, too
                    warning = content.said(language, {"text": brief if brief in content.knowledge.texts else text_id})
                    warning = normalise(warning) if channel == "sms" else warning
                    digits = re.search(r"\d{6,}", shown)
                    assert digits is None or shown.index(warning) < digits.start(), (topic, sector)
    assert seen > 8


# --- her word


def test_what_is_hers_needs_her_word(content: Content) -> None:
    for name, action in HERS.items():
        flow = content.flows.by_name[name]
        proof = next(n for n, s in enumerate(flow.steps) if isinstance(s, Call) and s.flow == "word")
        assert proof < _leads_to(flow, action), name


# --- women, men, boys and girls


def test_nothing_is_assumed_by_sex(content: Content) -> None:
    """Where a text says she, it says he, and the other way round; who needs a place may be anybody, unsaid."""
    one, other = re.compile(r"\b(she|her|woman|women|girl)\b"), re.compile(r"\b(he|him|his|man|men|boy)\b")
    for flow in content.flows.by_name.values():
        if flow.level in ("danger", "serious", "grievance"):
            for step in flow.steps:
                if isinstance(step, Say | Ask):
                    for text in (step.text.lower(), step.sms.lower()):
                        assert bool(one.search(text)) == bool(other.search(text)), f"{flow.name}.{step.id}: {text}"
    for flow_name, step_id in (("contacts", "who"), ("coming_home", "whom")):
        ask = next(s for s in content.flows.by_name[flow_name].steps if s.id == step_id)
        assert isinstance(ask, Ask)
        assert {"woman", "man"} <= {c.id for c in ask.choices}
        assert ask.skip is not None


# --- secrecy, complaints, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_limit_of_secrecy_is_said_with_consent_in_as_many_segments_as_it_may_take(
    content: Content, language: str
) -> None:
    ask = next(s for s in content.flows.by_name["consent"].steps if isinstance(s, Ask))
    for text in (ask.text, ask.sms):
        assert "life or a child is in danger" in text
    event_text = content.catalogue.text(language, "consent.may_we#sms", ask.sms).replace("{options}", "1 xxx 2 xxxxx")
    assert count(event_text).segments <= ask.segments == 2


def test_complaints_about_us_have_a_word_and_a_line(content: Content) -> None:
    for language in content.languages.values():
        assert language.universal["complain"], language.name
    menu, further = content.flows.by_name["menu"], content.flows.by_name["further"]
    assert any("flow:further" in named(step) for step in menu.steps)
    assert any("flow:complain" in named(step) for step in further.steps)
    assert content.flows.by_name["complain"].secret


@pytest.mark.parametrize("language", LANGUAGES)
def test_some_words_are_in_no_message(content: Content, language: str) -> None:
    stems = [fold(word) for code in dict.fromkeys(("en", language)) for word in NEVER[code]]
    wrong = [(i, text) for i, text in _texts(content, language) if any(stem in fold(text) for stem in stems)]
    assert wrong == []
    spoken = [t for t in content.knowledge.texts if t.partition(".")[0] in ("follow_up", "services", "stages")]
    assert len(spoken) > 20
    said = [content.said(language, {"text": text_id}) for text_id in spoken]
    assert [text for text in said if any(stem in fold(text) for stem in stems)] == []


def test_materials_have_a_source_and_a_date(content: Content) -> None:
    leaflets = content.knowledge.get("materials")["leaflets"]
    assert leaflets
    for name, leaflet in leaflets.items():
        assert leaflet["source"], name
        assert re.fullmatch(r"20\d\d-\d\d", str(leaflet["date"])), name
