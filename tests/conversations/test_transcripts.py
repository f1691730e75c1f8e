"""Every transcript, in every language on disk, on every channel, answered in several ways.

Law: what a transcript does not expect must not happen. One test tells one transcript in all its cells (4,000 tests of
their own cost more than what they tell), and names every cell that fails.
"""

from __future__ import annotations

import pytest

from bot.content import Content
from bot.content.languages import load_languages
from bot.settings import ROOT
from tests.conversations.harness import CHANNELS
from tests.conversations.telling import Telling
from tests.conversations.transcript import TRANSCRIPTS, Transcript

LANGUAGES = tuple(load_languages(ROOT))


def _variant(channel: str, language: str) -> int:
    """Another way of writing in each cell: over channels and languages every way of a list of a few is met."""
    return list(CHANNELS).index(channel) + len(CHANNELS) * LANGUAGES.index(language)


@pytest.mark.parametrize("transcript", [pytest.param(t, id=t.name) for t in TRANSCRIPTS])
async def test_a_conversation_goes_as_written(content: Content, transcript: Transcript) -> None:
    languages = [code for code in LANGUAGES if code in transcript.start.get("languages", LANGUAGES)]
    cells = [(channel, language) for channel in transcript.channels for language in languages]
    assert cells, "it is told nowhere"
    wrong = []
    for channel, language in cells:
        try:
            await Telling(content, transcript, channel, language, _variant(channel, language)).run()
        except Exception as error:  # whatever went wrong, the other cells are told too
            wrong.append(f"{transcript.name} on {channel} in {language}: {type(error).__name__}: {error}")
    assert not wrong, "\n\n".join(wrong)


def test_every_flow_has_transcripts_and_each_is_told_somewhere(content: Content) -> None:
    told = {t.name.partition(".")[0] for t in TRANSCRIPTS}
    assert told == set(content.flows.by_name)
    assert all(set(t.channels) <= set(CHANNELS) and t.turns for t in TRANSCRIPTS)
    assert sum(len(t.channels) for t in TRANSCRIPTS) * len(LANGUAGES) > 4000
