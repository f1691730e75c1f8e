"""Where a flow ends, a human is one message away in words that an SMS phone shows.

Law: what has no 0 is named here with its reason; a new end needs one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.check.budget import rendered
from bot.check.graph import FLOW, OUT, ways
from bot.check.samples import longest
from bot.check.slots import calls
from bot.content import Content
from bot.content.languages import load_languages
from bot.content.wording import PLACEHOLDER
from bot.engine.flow import Ask, End, Flow, Goto, If, Say
from bot.settings import ROOT

LANGUAGES = tuple(load_languages(ROOT))
ZERO = re.compile(r"(?<![\d:])0(?![\d:])")

AWAITED = "a human is awaited already, and it says until when"
HIDES = "somebody may be looking: as little as can be"
DONE = "what she wanted is done or left as it was, and nothing worries her"
FACTS = "an answer of facts, as long as it can be"
FIXED = "a fixed sentence (protection.md)"
HELPS = "to a volunteer, who has a supervisor to ask"
NO_ZERO = {
    AWAITED: {
        "cover",
        "missing.given",
        "missing.given_night",
        "is_solved.open",
        "late",
        "window",
        "gentle",
        "passed_on",
        "self_harm",
        "stay",
        "check_in",
        "danger_end",
        "whom",
    },
    HIDES: {"leave", "clear", "exit_word", "opening.later", "wages.later", "resume.left", "family_code.made"},
    DONE: {
        "add.nothing",
        "before_leaving.done",
        "delete",
        "departure",
        "feedback.thanks",
        "feedback.not_asked",
        "fine",
        "follow_up.left",
        "hours.done",
        "own_letters.done",
        "latin_letters.done",
        "is_solved.good",
        "keep.done",
        "language.done",
        "handed_on",
        "link.made",
        "one_code",
        "link_here.noted",
        "my_data",
        "news.none",
        "news.not_here",
        "news.stays",
        "no_news",
        "orientation",
        "second_word.done",
        "set_word.done",
        "settings.done",
        "somebody.same",
        "stop.done",
        "stop_confirm.kept",
    },
    FACTS: {"compare", "elsewhere.body", "details.lines", "treaties", "what_changed"},
    FIXED: {"status.search_closed"},
    HELPS: {"search_over", "search_request"},
}
EXCUSED = {name for names in NO_ZERO.values() for name in names}
# Answers after which nothing is said: a wish to be left alone, or a flow that its caller goes on with.
SILENT = {
    "before_leaving.hint=thanks",
    "feedback.may_we=no",
    "follow_up.may_we=no",
    "leaflets.more=skip",
    "leaflets.again=no",
    "settings.topic=skip",
    "resume.continue=yes",
    "gentle.okay=yes",
}


def _last(flow: Flow, place: int, seen: frozenset[int] = frozenset()) -> bool:
    """Whether the flow may be over after this step with nothing more said."""
    for target in ways(flow, place):
        inside = flow.index(target)
        if target == OUT or (inside is not None and isinstance(flow.steps[inside], End)):
            return True
        if inside is None or inside in seen or not isinstance(flow.steps[inside], Goto | If):
            continue
        if _last(flow, inside, seen | {place}):
            return True
    return False


def _ends(content: Content) -> Iterator[tuple[Flow, Say]]:
    for flow in content.flows.by_name.values():
        for place, step in enumerate(flow.steps):
            if isinstance(step, Say) and _last(flow, place):
                yield flow, step


def _excused(flow: Flow, step: Say) -> bool:
    return flow.name in EXCUSED or f"{flow.name}.{step.id}" in EXCUSED


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_words_of_a_flow_name_the_way_to_a_human(content: Content, language: str) -> None:
    missing = []
    for flow, step in _ends(content):
        names = set(PLACEHOLDER.findall(f"{step.text} {step.sms}"))
        values = {name: longest(content, flow, name, language) or "x" for name in names}
        shown = rendered(content, flow, step, language, values)
        if not _excused(flow, step) and not ZERO.search(shown):
            missing.append(f"{flow.name}.{step.id}: {shown}")
    assert missing == []


def test_what_is_excused_is_an_end_without_a_zero(content: Content) -> None:
    ends = {name for flow, step in _ends(content) for name in (flow.name, f"{flow.name}.{step.id}")}
    assert EXCUSED - ends - {"danger_end"} == set()


def test_no_answer_is_met_with_silence_but_a_wish_to_be_left_alone(content: Content) -> None:
    flows = content.flows.by_name.values()
    called = {call.flow for flow in flows for call in calls(flow)}
    found = set()
    for flow in flows:
        for place, step in enumerate(flow.steps):
            if isinstance(step, Ask) and flow.name not in called:
                for choice in (*step.choices, *((step.skip,) if step.skip else ())):
                    if _over(flow, choice.goto or (flow.steps[place + 1].id if place + 1 < len(flow.steps) else "")):
                        found.add(f"{flow.name}.{step.id}={choice.id}")
    assert found == SILENT


def _over(flow: Flow, target: str) -> bool:
    place = flow.index(target)
    if place is None or target.startswith(FLOW):
        return False
    step = flow.steps[place]
    return isinstance(step, End) or (isinstance(step, Goto) and _over(flow, step.target))
