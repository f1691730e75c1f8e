"""The port of speech to text: a program of the operator's on this machine, or none. Then every voice note waits for an
ear, as it does anyway.

Law: a transcript is never more than `unverified`; nothing leaves this machine for it. The program gets the recording on
its standard input, knows no secret of ours, has so much time and no more, and what it prints is the transcript. What it
heard may call a human; it lowers nothing and answers nobody. docs/channels.md has an example.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
from typing import Protocol

from bot.observe import logs

log = logs.get(__name__)
NONE, UNVERIFIED = "none", "unverified"
SECONDS = 120.0  # for one recording
MOST = 8_000  # characters: more is a fault of the program's
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Speech(Protocol):
    """An engine."""

    async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
        """What was said, or None when it could not be understood."""


class NoSpeech:
    """No engine: nothing is transcribed, and nothing claims to be."""

    async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
        """None."""
        return None


class LocalSpeech:
    """`line`: the program and its arguments, in which `{language}` and `{type}` are filled in; no shell reads it. One
    recording at a time: the machine has people to answer."""

    def __init__(self, line: str, seconds: float = SECONDS) -> None:
        self._words = shlex.split(line)
        self._seconds = seconds
        self._free = asyncio.Semaphore(1)

    @property
    def found(self) -> bool:
        """Whether there is such a program."""
        return bool(self._words) and shutil.which(self._words[0]) is not None

    async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
        """What was said, or None: it said nothing, it failed, or it took too long. Never raises."""
        values = {
            "{language}": language if _LANGUAGE.fullmatch(language) else "auto",
            "{type}": content_type if _TYPE.fullmatch(content_type) else "audio/ogg",
        }
        words = [_filled(word, values) for word in self._words]
        async with self._free:
            printed = await self._run(words, data)
        heard = _CONTROL.sub(" ", printed.decode("utf-8", "replace")).strip()
        return heard[:MOST] or None

    async def _run(self, words: list[str], data: bytes) -> bytes:
        """What it printed; nothing when it failed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
                start_new_session=True,  # what it starts ends with it
            )
        except OSError as error:
            log.error("speech_not_started", kind=type(error).__name__)
            return b""
        try:
            async with asyncio.timeout(self._seconds):
                printed, _ = await process.communicate(data)
        except (TimeoutError, OSError) as error:
            log.warning("speech_failed", kind=type(error).__name__)
            return b""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode != 0:
            log.warning("speech_failed", status=process.returncode)
            return b""
        return printed


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word
