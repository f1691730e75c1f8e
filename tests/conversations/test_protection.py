"""Protection as rules: what never happens by itself (`never_automatic` of intake), what is never asked or named.

Law: looked at in every transcript as it is told, and in every text of every language; a rule that
nothing here can break is no rule.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from bot.check.budget import longest_way
from bot.check.discreet import found
from bot.content import Content
from bot.content.languages import load_languages
from bot.engine.answers import fold
from bot.engine.events import Asked
from bot.engine.flow import Ask, Do, Flow, Say
from bot.settings import ROOT
from bot.store.keys import open_json
from handlers import triage
from tests.conversations.harness import KEY, Phone
from tests.conversations.telling import Telling
from tests.conversations.transcript import HERE, TRANSCRIPTS, Transcript

LANGUAGES = tuple(load_languages(ROOT))
GRAVE = frozenset({"high", "critical"})
MOST = {"danger": 4, "serious": 7, "grievance": 7}

# Stems by language, any ending; a word with a full stop is a whole word.
WORDS: dict[str, Any] = yaml.safe_load((HERE / "tables" / "never_asked.yml").read_text("utf-8"))
FORBIDDEN, POLICE, FAMILY, PROOF = (WORDS[part] for part in ("forbidden", "police", "family", "proof"))
# What asks for none of it: "not your birth year" for her word, and whether one of us wanted it (protection.md D 02).
MAY_NAME_IT = {"set_word.first", "complain.what"}
FAR = 110  # signs: more than a locked screen shows of a message
MAY_SAY_POLICE = {"emergency.choose", "welcome.about"}  # with its choice; and that we are none


def _texts(content: Content, language: str) -> Iterator[tuple[str, str]]:
    """(id, words) of every text that a flow shows, long and short, options too."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            if isinstance(step, Say | Ask):
                yield from _shown(content, flow, step, language)


def _shown(content: Content, flow: Flow, step: Say | Ask, language: str) -> Iterator[tuple[str, str]]:
    text_id = f"{flow.name}.{step.id}"
    yield text_id, content.catalogue.text(language, text_id, step.text)
    yield text_id, content.catalogue.text(language, f"{text_id}#sms", step.sms)
    for choice in step.choices if isinstance(step, Ask) else ():
        yield text_id, content.catalogue.text(language, f"{text_id}#option.{choice.id}", choice.label)


def _hits(content: Content, text: str, words: Mapping[str, list[str]], *languages: str) -> list[str]:
    """The words of these languages that are in the text."""
    listed = {fold(w): w for code in languages for w in words[code]}
    prefixes = _prefixes(content, languages[-1])
    bare = {form for word in fold(text).split() for form in (word, *(word.removeprefix(p) for p in prefixes))}
    return [w for stem in found(text, list(listed), prefixes) if not (w := listed[stem]).endswith(".") or stem in bare]


def _prefixes(content: Content, language: str) -> tuple[str, ...]:
    listed = content.knowledge.get("discreet").get(language, {}).get("prefixes") or ()
    return tuple(fold(p) for p in listed)


# --- what is said


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_asked_what_only_a_human_asks(content: Content, language: str) -> None:
    wrong = [
        (t, text, hits)
        for t, text in _texts(content, language)
        if (hits := _hits(content, text, FORBIDDEN, "en", language))
    ]
    assert [w for w in wrong if w[0] not in MAY_NAME_IT] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scan_finds_what_it_looks_for(content: Content, language: str) -> None:
    """Each word by itself, and sentences as they would be written; the native words alone, and English beside them."""
    for words in (FORBIDDEN, POLICE, FAMILY):
        assert [w for w in words[language] if w not in _hits(content, f"x {w} y", words, language)] == []
    for words, proof in ((FORBIDDEN, PROOF["forbidden"]), (FAMILY, PROOF["family"])):
        assert [text for text in proof[language] if not _hits(content, text, words, language)] == []
        assert [text for text in proof["en"] if not _hits(content, text, words, "en", language)] == []
    named = {text_id for text_id, text in _texts(content, language) if _hits(content, text, FORBIDDEN, language)}
    assert named == MAY_NAME_IT
    agents = {text_id for text_id, text in _texts(content, language) if _hits(content, text, FAMILY, language)}
    assert "welcome.about" in agents


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_police_are_named_only_with_the_choice(content: Content, language: str) -> None:
    named = {text_id for text_id, text in _texts(content, language) if _hits(content, text, POLICE, "en", language)}
    assert named <= MAY_SAY_POLICE
    native = {text_id for text_id, text in _texts(content, language) if _hits(content, text, POLICE, language)}
    assert native == MAY_SAY_POLICE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("latin", [False, True])
def test_whoever_reads_on_over_her_shoulder_sees_the_reasons_last(content: Content, language: str, latin: bool) -> None:
    """By SMS, which nobody takes back, the police are not named at all; on a screen far behind what is shown of it."""
    reply = content.reply(Asked("emergency.choose", "emergency.choose", "1", (), {"emergency": "112"}), language)
    short = content.reply(
        Asked("emergency.choose", "emergency.choose", "1", (), {"emergency": "112"}), language, latin=latin
    )
    assert _hits(content, short.sms, POLICE, "en", language) == []
    assert _hits(content, reply.text, POLICE, "en", language)
    assert _hits(content, reply.text[:FAR], POLICE, "en", language) == []


def test_the_choice_stands_in_the_same_message_as_the_number(content: Content) -> None:
    """Outside the flows of danger a number is said nowhere else, and there the first option is a person."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            told = (
                flow.level == "danger" or flow.name == "late"
            )  # late: only who read it so before (handlers/handoff.py)
            if isinstance(step, Say | Ask) and not told and "{emergency}" in step.text + step.sms:
                assert isinstance(step, Ask), f"{flow.name}.{step.id}"
                assert step.choices[0].id == "first", f"{flow.name}.{step.id}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_child_reads_nothing_of_parents_agent_or_embassy(content: Content, language: str) -> None:
    flows = [content.flows.by_name[name] for name in ("child", "age", "danger_end")]
    shown = [t for f in flows for s in f.steps if isinstance(s, Say | Ask) for t in _shown(content, f, s, language)]
    assert [t for t in shown if _hits(content, t[1], FAMILY, "en", language)] == []
    listed = content.knowledge.get("child_protection")
    assert len(set(listed["staff"])) == 2
    assert listed["no_certificate"] is True


def test_budgets_of_danger_and_of_reports(content: Content) -> None:
    """Four messages about danger, seven to a number; self-harm is one and has a text as long as it needs."""
    for flow in content.flows.by_name.values():
        if flow.starts_on and flow.level in MOST and flow.starts_on != ("express_self_harm",):
            assert longest_way(content.flows, flow) <= MOST[flow.level] or flow.name == "report", flow.name
            assert 0 < flow.sms_budget <= MOST[flow.level] or flow.name == "report", flow.name
        if flow.level in ("serious", "grievance") and not flow.starts_on and flow.sms_budget:
            assert longest_way(content.flows, flow) <= 7, flow.name


def test_at_most_four_questions_of_its_own_and_each_may_be_passed_over(content: Content) -> None:
    """Wages, the oldest, asks in place what the others have in `opening`; its budget bounds it all the same."""
    for flow in content.flows.by_name.values():
        opens = any(isinstance(s, Do) and s.action == "cases.open_case" for s in flow.steps)
        if opens and flow.level in ("serious", "grievance") and flow.name != "wages":
            own = [s for s in flow.steps if isinstance(s, Ask)]
            assert len({s.slot for s in own}) <= 4, flow.name  # the place is asked in one of three ways, once
            assert [s.id for s in own if not s.skip] == [], flow.name


# --- what happens


class _Watched(Telling):
    """A telling that looks, after each turn, at what left and at what became of the cases."""

    def _hold(self, turn: Any, new: Any, where: str) -> None:
        super()._hold(turn, new, where)
        phone = self.phone
        if turn.get("staff"):
            return
        for case in phone.subject.cases:
            assert case.closed_at is None, f"{where}: a case is closed"
            assert triage.RANK[case.severity] >= triage.RANK[self._worst.get(str(case.id), "low")], f"{where}: lowered"
            self._worst[str(case.id)] = case.severity
        assert {n["audience"] for n in phone.notices} <= {"page", "queue"}, where
        _only_to_her(phone, where)

    @property
    def _worst(self) -> dict[str, str]:
        worst: dict[str, str] = self.__dict__.setdefault("worst", {})
        return worst


def _only_to_her(phone: Phone, where: str) -> None:
    """What leaves goes to her own conversation, and never with her place."""
    for row in phone.subject.outbox:
        assert row["conversation_id"] == phone.conversation.id, f"{where}: something leaves to somebody else"
        assert row["kind"] in {"reply", "ack"}, where
        if row["kind"] == "reply":
            reply = open_json(KEY, row["reply_enc"], where=f"outbox.reply_enc.{row['id']}")
            assert "29.3" not in str(reply), f"{where}: her place leaves"
            assert not reply["media"], f"{where}: a file leaves"


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda t: str(t.name))
async def test_what_is_never_automatic(content: Content, transcript: Transcript) -> None:
    channel = transcript.channels[0]
    language = transcript.start.get("languages", ["en"])[0]
    told = _Watched(content, transcript, channel, language, 0)
    await told.run()


async def test_a_grave_case_stays_open_whatever_the_person_or_the_bot_does(content: Content) -> None:
    grave = [t for t in TRANSCRIPTS if t.name in ("violence.main", "stranded.urgent", "child.said", "passport.high")]
    assert len(grave) == 4
    for transcript in grave:
        told = Telling(content, transcript, "telegram", "en", 0)
        await told.run()
        for word in ("clear", "delete", "1", "stop", "start", "menu"):
            await told.phone.hear(word)
        assert told.phone.case is not None
        assert told.phone.case.severity in GRAVE
        assert told.phone.case.closed_at is None


def test_no_action_of_a_flow_reaches_outside(content: Content) -> None:
    """Handlers import no transport, no client and no address of anybody: they return outcomes and raise notices."""
    outside = re.compile(r"\b(httpx|smtplib|socket|requests|urllib|aiohttp|twilio|telegram)\b")
    for path in sorted((ROOT / "handlers").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        names = [n for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for n in _imported(node)]
        assert [
            n
            for n in names
            if outside.search(n) or n.startswith(("bot.transports", "bot.sender", "bot.delivery", "bot.outgoing"))
        ] == [], path.name


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
