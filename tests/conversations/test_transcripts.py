"""Every transcript, in every language on disk, answered in several ways; the channels take turns.

Law: what a transcript does not expect must not happen. A main way is told in every language on every channel, in turn
in the language's own letters and in Latin ones, the FIRST ones in both everywhere, all of them with `--everywhere`. Any
other transcript is told once in each language, on the channel that its name and the language decide. One test tells
one transcript in all its cells (a test for each cost more than what they tell), and names every cell that fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest

from bot.content import Content
from bot.content.languages import load_languages
from bot.settings import ROOT
from tests.conversations.harness import CHANNELS
from tests.conversations.telling import LETTERS, Telling
from tests.conversations.transcript import TRANSCRIPTS, Transcript

LANGUAGES = tuple(load_languages(ROOT))
MAIN = frozenset({"danger", "serious", "grievance"})  # levels of flows whose main way is told everywhere
# Main ways of flows of other levels that most people go.
ALSO = frozenset(
    {
        "welcome.greeting",
        "language.choose",
        "menu.labels",
        "human.day",
        "rights.main",
        "contacts.main",
        "status.add_and_details",
        "status.where_is_my_brother",
        "family_status.main",
        "self_harm.day",
        "danger.night",
        "gentle.heavy",
    }
)
FIRST = frozenset(
    {"danger.main", "wages.main", "missing.main", "rights.main", "status.add_and_details", "self_harm.day"}
)
Cell = tuple[str, str, str]


def _variant(channel: str, language: str) -> int:
    """Another way of writing in each cell: over channels and languages every way of a list of a few is met."""
    return list(CHANNELS).index(channel) + len(CHANNELS) * LANGUAGES.index(language)


def is_main(content: Content, transcript: Transcript) -> bool:
    """Whether this is the main way of a main flow."""
    flow, _, case = transcript.name.partition(".")
    return transcript.name in ALSO or (case == "main" and content.flows.by_name[flow].level in MAIN)


def cells(content: Content, transcript: Transcript, *, everywhere: bool = False) -> Iterator[Cell]:
    """Where it is told: channel, language and letters. `everywhere`: each main way in both letters in each place."""
    languages = [code for code in LANGUAGES if code in transcript.start.get("languages", LANGUAGES)]
    channels, turn = transcript.channels, crc32(transcript.name.encode())
    places = [(c, n, code) for n, code in enumerate(languages) for c in channels]
    if transcript.name in FIRST or (everywhere and is_main(content, transcript)):
        yield from ((c, code, letters) for c, _, code in places for letters in LETTERS)
    elif is_main(content, transcript):
        yield from ((c, code, LETTERS[(n + channels.index(c)) % 2]) for c, n, code in places)
    else:
        yield from ((c, code, "") for c, n, code in places if channels.index(c) == (turn + n) % len(channels))


@pytest.mark.parametrize("transcript", [pytest.param(t, id=t.name) for t in TRANSCRIPTS])
async def test_a_conversation_goes_as_written(
    content: Content, transcript: Transcript, request: pytest.FixtureRequest
) -> None:
    wrong, told = [], 0
    where = list(cells(content, transcript, everywhere=request.config.getoption("everywhere")))
    if request.config.getoption("quick"):
        where = where[crc32(transcript.name.encode()) % len(where) :][:1]
    for channel, language, letters in where:
        told += 1
        try:
            await Telling(content, transcript, channel, language, _variant(channel, language), letters).run()
        except Exception as error:  # whatever went wrong, the other cells are told too
            wrong.append(f"{transcript.name} on {channel} in {language} {letters}: {type(error).__name__}: {error}")
    assert told, "it is told nowhere"
    assert not wrong, "\n\n".join(wrong)


def test_every_flow_has_transcripts_and_each_is_told_somewhere(content: Content) -> None:
    told = {t.name.partition(".")[0] for t in TRANSCRIPTS}
    assert told == set(content.flows.by_name)
    assert all(set(t.channels) <= set(CHANNELS) and t.turns for t in TRANSCRIPTS)
    everywhere = [cell for t in TRANSCRIPTS for cell in cells(content, t)]
    assert len(everywhere) > 5000
    assert {(channel, code) for channel, code, _ in everywhere} == {(c, code) for c in CHANNELS for code in LANGUAGES}


def test_the_main_ways_are_told_in_all_languages_on_all_channels_in_both_letters(content: Content) -> None:
    main = [t for t in TRANSCRIPTS if is_main(content, t)]
    assert {t.name for t in main} >= ALSO | FIRST
    reported = {name for name, flow in content.flows.by_name.items() if flow.level in MAIN and flow.starts_on}
    assert {t.name.partition(".")[0] for t in main} >= reported
    for transcript in main:
        told = set(cells(content, transcript))
        assert {(c, code) for c, code, _ in told} == {(c, code) for c in transcript.channels for code in LANGUAGES}
        assert {(code, letters) for _, code, letters in told} == {(code, way) for code in LANGUAGES for way in LETTERS}
        assert transcript.name not in FIRST or len(told) == len(CHANNELS) * len(LANGUAGES) * len(LETTERS)
