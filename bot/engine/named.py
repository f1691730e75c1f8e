"""A country said where something else is asked: "kuwait" under "what work?"; and any other value, "3 months".

Law: it is understood wherever it is said, also when one is known: that of a number may be another one, and of two
answers the later one counts. It answers nothing but itself, so the open question comes again. Other values are kept as
words, and told to be: whoever says them tells her story. They count as a miss all the same.
"""

from __future__ import annotations

from typing import Any

from bot.engine.answers import takes_text
from bot.engine.flow import Ask
from bot.engine.inputs import Heard
from bot.engine.state import State

READER, BARE = "country", "bare"
MOST, BEHIND = 8, 2  # words of a value with those behind it
STORIES = frozenset({"danger", "serious", "grievance"})  # levels of what somebody tells
LONE = 3  # words: more of them tell more than where she is


def country(state: State, heard: Heard) -> dict[str, Any]:
    """The slot that these few words fill, where what runs listens for a country; empty when they name none."""
    reader = state.readers.get(READER)
    if reader is None or len(heard.text.split()) > LONE:
        return {}
    flows = (state.flows.get(frame.flow) for frame in state.chain)
    fills = [fill for flow in flows if flow for fill in flow.listens if fill.reader == READER]
    values = {fill.slot: reader.find(heard.text, fill.args, state.language) for fill in fills}
    asked = state.persons()
    return {slot: value for slot, value in values.items() if value is not None and slot in asked}


def value(state: State, ask: Ask, heard: Heard) -> bool:
    """Whether these words are a value with its unit or name, and a word or two behind it ("3 barsa bhayo"), where a
    report asks for a choice. Digits alone are numbers of a list, or of a case."""
    reader, words = state.readers.get(BARE), heard.text.split()
    if reader is None or takes_text(ask) or not state.chain or len(words) > MOST:
        return False
    firsts = (" ".join(words[: len(words) - behind]) for behind in range(min(BEHIND + 1, len(words))))
    told = (reader.read(text, {}, state.language) for text in firsts if any(map(str.isalpha, text)))
    return state.level(state.chain[0]) in STORIES and any(told)
