"""Every transcript, in every language on disk, on every channel, answered in several ways.

Law: what a transcript does not expect must not happen.
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
TOLD = [pytest.param(t, c, id=f"{t.name}-{c}") for t in TRANSCRIPTS for c in t.channels]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("transcript", "channel"), TOLD)
async def test_a_conversation_goes_as_written(
    content: Content, transcript: Transcript, channel: str, language: str
) -> None:
    if language not in transcript.start.get("languages", LANGUAGES):
        return
    # Another way of writing in each cell: over channels and languages every way of a list of a few is met.
    variant = list(CHANNELS).index(channel) + len(CHANNELS) * LANGUAGES.index(language)
    await Telling(content, transcript, channel, language, variant).run()


def test_every_flow_has_transcripts_and_each_is_told_somewhere(content: Content) -> None:
    told = {t.name.partition(".")[0] for t in TRANSCRIPTS}
    assert told == set(content.flows.by_name)
    assert all(set(t.channels) <= set(CHANNELS) and t.turns for t in TRANSCRIPTS)
