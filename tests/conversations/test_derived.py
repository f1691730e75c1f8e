"""At every question of every main way: a wrong answer, danger, two days of silence, a refusal. And each flow has each
of the five kinds of conversations that issue 3 asks for, or a reason why there is none.

Law: the derived runs know the transcripts and what the questions are. Each is made in Nepali on all channels, and
by SMS in two other languages, which the name of its transcript decides: over all of them every language is met.
"""

from __future__ import annotations

from zlib import crc32

import pytest

from bot.content import Content
from bot.content.flows import CHANNEL, CHROME, PAGES, STAFF, SYSTEM
from bot.content.languages import load_languages
from bot.engine.flow import Ask
from bot.settings import ROOT
from tests.conversations.derived import (
    BASES,
    DANGER_IN_IT,
    KINDS,
    LATER,
    REFUSED,
    WRONG,
    Derived,
    applies,
    asked_in,
    base,
    question,
)
from tests.conversations.harness import CHANNELS
from tests.conversations.transcript import TRANSCRIPTS, Transcript

LANGUAGES = tuple(load_languages(ROOT))
OTHERS = 2  # languages besides Nepali in which one transcript is tried
ROOMS = {SYSTEM, CHROME, PAGES, STAFF, CHANNEL}  # texts by name: no flows
FLOWS = tuple(sorted(p.stem for p in (ROOT / "flows").glob("*.yml") if p.stem not in ROOMS))

# What the name of a transcript says about its kind: a word of it.
SAYS = {
    WRONG: ("wrong", "not_understood", "nothing_understood", "not_read", "unclear", "not_digits", "weak", "is_read"),
    DANGER_IN_IT: ("danger", "self_harm"),
    LATER: ("later",),
    REFUSED: ("refus", "skips", "cannot_write", "no_answer", "passed_over", "do_not_write", "not_good", "not_safe"),
}
A_CHOICE = "a list of ways or a plain yes or no: each option is an answer, and there is nothing to withhold"
BY_HERSELF = "she began it to set something; she leaves it by any command (test_graph.py tries them at every question)"
IN_DANGER = "a part of the flows of danger: nothing is asked twice in it and nothing waits; their transcripts tell it"
AN_OFFER = "an offer: whatever else she writes passes it by (elsewhere.passed_by, elsewhere.after_a_pause)"
ANY_WORDS = "any words are an answer to its question"

# (flow, kind): why there is no such conversation.
EXCEPTIONS: dict[tuple[str, str], str] = {
    **{(flow, WRONG): ANY_WORDS for flow in ("add", "exit_word")},
    ("child", WRONG): IN_DANGER,
    ("whom", WRONG): AN_OFFER,
    **{("closing", kind): AN_OFFER for kind in (WRONG, LATER, REFUSED)},
    **{("self_harm", kind): IN_DANGER for kind in (WRONG, LATER, REFUSED)},
    **{("danger_end", kind): IN_DANGER for kind in (DANGER_IN_IT, LATER, REFUSED)},
    ("danger", DANGER_IN_IT): "a graver one is told by self_harm.in_danger, the same one by danger.said_again",
    **{(flow, REFUSED): A_CHOICE for flow in ("before_leaving", "gentle", "solved", "somebody", "status", "withdraw")},
    ("questions", REFUSED): A_CHOICE,
    **{(flow, REFUSED): A_CHOICE for flow in ("emergency", "further", "menu", "mine", "settings")},
    **{(flow, REFUSED): BY_HERSELF for flow in ("exit_word", "hours", "link", "my_data", "second_word", "set_word")},
}


def _asks(content: Content, flow: str) -> list[Ask]:
    return [s for s in content.flows.by_name[flow].steps if isinstance(s, Ask)]


def _derived(content: Content, kind: str) -> set[str]:
    """The flows at a question of which a derived run of some main way lets this happen."""
    bases = {t.name: t for t in map(base, FLOWS) if t is not None}
    steps = {step for transcript in bases.values() for step in asked_in(transcript)}
    return {step.partition(".")[0] for step in steps if applies(kind, *question(content, step))}


def _written(kind: str) -> set[str]:
    """The flows that have a transcript of this kind by its name."""
    names = [t.name.partition(".") for t in TRANSCRIPTS]
    said_no = {flow for flow, _, case in names if kind == REFUSED and case == "no"}
    return said_no | {flow for flow, _, case in names if any(word in case for word in SAYS[kind])}


def _cells(transcript: Transcript) -> list[tuple[str, str]]:
    """Channel and language of each derived run."""
    told = [code for code in LANGUAGES if code in transcript.start.get("languages", LANGUAGES)]
    others, turn = [code for code in told if code != "ne"], crc32(transcript.name.encode())
    picked = {others[(turn + n * len(others) // OTHERS) % len(others)] for n in range(OTHERS)} if others else set()
    cells = [(channel, "ne") for channel in CHANNELS if "ne" in told] + [("sms", code) for code in sorted(picked)]
    return [(channel, code) for channel, code in cells if channel in transcript.channels]


def test_the_derived_runs_meet_every_language() -> None:
    bases = {t.name: t for t in map(base, FLOWS) if t is not None}
    told = {cell for transcript in bases.values() for cell in _cells(transcript)}
    assert {code for _, code in told} == set(LANGUAGES)
    assert {channel for channel, _ in told} == set(CHANNELS)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({t.name for t in map(base, FLOWS) if t is not None}))
async def test_something_else_happens_at_every_question(content: Content, name: str) -> None:
    transcript = next(t for t in TRANSCRIPTS if t.name == name)
    wrong = []
    for channel, language in _cells(transcript):
        wrong += await Derived(content, transcript, channel, language).run()
    assert not wrong, "\n".join(wrong)


def test_every_flow_has_every_kind_or_a_reason(content: Content) -> None:
    missing, idle = [], set(EXCEPTIONS)
    for kind in KINDS:
        there = _derived(content, kind) | _written(kind)
        for flow in FLOWS:
            if flow in there or not _asks(content, flow):
                continue  # a flow that asks nothing can be neither refused nor answered wrongly, nor left
            if (flow, kind) in EXCEPTIONS:
                idle.discard((flow, kind))
            else:
                missing.append(f"{flow}: {kind}")
    assert not missing, "\n".join(missing)
    assert not idle, f"these have one now: {sorted(idle)}"


async def test_a_caller_s_main_way_really_enters_the_flow(content: Content) -> None:
    """A flow whose main way is told by another one's transcript: something of it is said or asked there."""
    for flow, name in BASES.items():
        transcript = base(flow)
        assert transcript is not None
        assert transcript.name == name
        told = {i.rpartition(">")[2] for t in transcript.turns for i in (*t.get("says", ()), t.get("asks", ""))}
        assert any(i.startswith(f"{flow}.") for i in told), f"{name} never enters {flow}"


def test_every_flow_has_a_main_way(content: Content) -> None:
    assert set(FLOWS) == set(content.flows.by_name)
    assert set(BASES) <= set(FLOWS)
    without = [flow for flow in FLOWS if base(flow) is None]
    assert not without, f"write <flow>.main.yml, or name a caller's transcript in BASES: {without}"
