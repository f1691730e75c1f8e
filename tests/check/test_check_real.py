"""The real flows, facts and words keep the rules that do not depend on how far translation is.

Law: what translators still owe is `saathi check`'s to say; what a flow gets wrong fails here. And what the rules know
by name is compared with the code that says it.
"""

from __future__ import annotations

import re

import pytest

from bot.check import rules
from bot.check.slots import GIVEN
from bot.check.targets import SENTENCES
from bot.check.texts import messages
from bot.content import Content
from bot.settings import ROOT

STRUCTURE = (
    *("actions", "alarm", "commands", "expressions", "intents", "loops", "payloads", "reachable", "targets"),
    *("complaints", "facts", "heard", "intake", "latin", "numbers", "routes"),
)
WORDS = (
    "budget",
    "copies",
    "discreet",
    "fact_texts",
    "labels",
    "phrases",
    "placeholders",
    "safety",
    "screen",
    "synonyms",
    "translations",
)


def test_every_rule_is_one_of_these() -> None:
    assert sorted(rules()) == sorted((*STRUCTURE, *WORDS))


@pytest.mark.parametrize("rule", STRUCTURE)
def test_the_real_flows_keep_the_rule(rule: str, content: Content) -> None:
    assert [str(p) for p in rules()[rule](content, ROOT)] == []


@pytest.mark.parametrize("rule", ["labels", "placeholders"])
def test_the_real_english_keeps_the_rule(rule: str, content: Content) -> None:
    assert [str(p) for p in rules()[rule](content, ROOT) if p.file.startswith("flows/")] == []


def test_contexts_are_unique(content: Content) -> None:
    contexts = [m.context for m in messages(content)]
    assert len(contexts) == len(set(contexts)) > 100


def test_the_sentences_that_the_code_says_are_all_asked_for() -> None:
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "bot").rglob("*.py") if p.parent.name != "check")
    for room, ids in SENTENCES.items():
        said = set(re.findall(rf'"{room}\.([a-z_]+)"', code))
        assert said <= set(ids), room


def test_what_the_conductor_gives_is_known() -> None:
    code = (ROOT / "bot/conductor/talk.py").read_text("utf-8")
    given = code.partition("known = {")[2].partition("}")[0]
    engine, started = {"intent", "alarm", "said", "sent", "site"}, {"tells", "lesson", "follows", "files", "may_say"}
    assert set(re.findall(r'"([a-z_]+)":', given)) == GIVEN - engine - started
