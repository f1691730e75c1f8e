"""Speech to text by a program on this machine: stand-ins that are really executed, and one real engine that hears a
real recording.

`spoken.ogg` is Opus as phones send it, spoken by a machine: "Please help me, the boss took my passport."
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.media.speech import LocalSpeech
from bot.settings import ROOT

VOICE = b"OggS\0\2 a voice"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """A program that does these lines; returns the command for it."""

    def made(lines: str) -> str:
        path = tmp_path / "engine.py"
        path.write_text(f"import os, sys, time\n{lines}\n")
        return f"{sys.executable} -I {path} {{language}} {{type}}"

    return made


async def test_it_is_given_the_recording_and_what_it_prints_is_the_transcript(program: Callable[[str], str]) -> None:
    engine = LocalSpeech(program("print(len(sys.stdin.buffer.read()), *sys.argv[1:], '\\x1b तलब\\x00')"))
    assert engine.found
    assert await engine.transcribe(VOICE, "audio/ogg", "ne") == f"{len(VOICE)} ne audio/ogg   तलब"


async def test_nothing_that_is_sent_reaches_its_arguments(program: Callable[[str], str]) -> None:
    engine = LocalSpeech(program("print(*sys.argv[1:])"))
    assert await engine.transcribe(VOICE, "audio/ogg; rm -rf /", "-x $(id)") == "auto audio/ogg"


async def test_it_knows_no_secret_of_ours(program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAATHI_SECRET_KEY", "a-secret-of-tests")
    heard = await LocalSpeech(program("print(sorted(os.environ))")).transcribe(VOICE, "audio/ogg", "en")
    assert heard is not None
    assert "SAATHI" not in heard


def _lives(noted: Path) -> bool:
    """Whether the process that noted its number here still runs."""
    try:
        state = Path(f"/proc/{noted.read_text()}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


@pytest.mark.parametrize("lines", ["sys.exit(3)", "print('half'); sys.exit(1)", "pass", "print('  ')"])
async def test_who_fails_or_says_nothing_has_no_transcript(program: Callable[[str], str], lines: str) -> None:
    assert await LocalSpeech(program(lines)).transcribe(VOICE, "audio/ogg", "en") is None


async def test_who_takes_too_long_is_ended_with_all_that_it_started(
    program: Callable[[str], str], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    lines = f"""
if os.fork() == 0:
    open({str(child)!r}, 'w').write(str(os.getpid()))
    time.sleep(600)
while not os.path.exists({str(child)!r}) or not open({str(child)!r}).read():
    time.sleep(0.01)
print('too late', flush=True)
time.sleep(600)"""
    assert await LocalSpeech(program(lines), seconds=15).transcribe(VOICE, "audio/ogg", "en") is None
    assert child.exists()
    for _ in range(1000):  # a killed one may still be on its way out; who was not killed sleeps ten minutes
        if not _lives(child):
            break
        await asyncio.sleep(0.01)
    assert not _lives(child)


async def test_a_program_that_is_not_there_is_said_and_no_transcript() -> None:
    engine = LocalSpeech("/nowhere/engine -m model")
    assert not engine.found
    assert await engine.transcribe(VOICE, "audio/ogg", "en") is None


async def test_a_flood_of_words_is_cut(program: Callable[[str], str]) -> None:
    heard = await LocalSpeech(program("print('x' * 100_000)")).transcribe(VOICE, "audio/ogg", "en")
    assert heard == "x" * 8000


@pytest.mark.slow
async def test_a_real_engine_hears_a_real_recording() -> None:
    """`deploy/speech/hear.py`: PocketSphinx, which brings its model of English. Another language is no words."""
    engine = LocalSpeech(f"{sys.executable} {ROOT / 'deploy/speech/hear.py'} {{language}}")
    recording = (ROOT / "tests/fixtures/spoken.ogg").read_bytes()
    assert await engine.transcribe(recording, "audio/ogg", "en") == "please help me the boss took my passport"
    assert await engine.transcribe(recording, "audio/ogg", "ne") is None
    assert await engine.transcribe(VOICE, "audio/ogg", "en") is None
