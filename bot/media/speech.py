"""The port of speech to text. No engine is built in: `state` says so, and every voice note waits for an ear.

Law: a transcript is never more than `unverified`; nothing leaves this machine for it. An engine is a class with
`transcribe`, given to `bot.attachments.Attachments`; a local one (for example whisper.cpp with a model that the
operator put there) runs in a process of its own. None is kept here: there is none for Nepali, Hindi and
Arabic without a model that must be downloaded.
"""

from __future__ import annotations

from typing import Protocol

NONE, UNVERIFIED = "none", "unverified"


class Speech(Protocol):
    """An engine."""

    async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
        """What was said, or None when it could not be understood."""


class NoSpeech:
    """No engine: nothing is transcribed, and nothing claims to be."""

    async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
        """None."""
        return None
