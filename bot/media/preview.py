"""Pictures of files for the desk: a photo without what else it carries, the first page of a paper.

Law: the original is never looked at in this process. Another one, which knows no key, makes a new picture of it
(`render.py`); what it hands back is taken only if it is a JPEG of a sane size. Nothing is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from bot.media.sniff import SHOWN, sniff
from bot.observe import logs

log = logs.get(__name__)
RENDER = Path(__file__).with_name("render.py")
SIDE = 1600  # pixels
SECONDS = 20.0  # of waiting for one
MOST = 8_000_000  # bytes of a picture that was made
AT_ONCE = 2
PAPER = "application/pdf"


def can(content_type: str | None) -> bool:
    """Whether there may be a picture of such a file."""
    return content_type in SHOWN or content_type == PAPER


class Previews:
    """Makes them, a few at once. One per process."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def make(self, data: bytes, content_type: str, *, grey: bool = False) -> bytes | None:
        """A JPEG of at most SIDE x SIDE; None when there is none."""
        if not can(content_type):
            return None
        kind = "paper" if content_type == PAPER else "picture"
        async with self._free:
            made = await self._run(data, kind, "grey" if grey else "plain")
        return made if made and len(made) <= MOST and sniff(made) == "image/jpeg" else None

    async def _run(self, data: bytes, kind: str, look: str) -> bytes | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(RENDER),
            kind,
            str(SIDE),
            look,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        try:
            async with asyncio.timeout(SECONDS):
                made, _ = await process.communicate(data)
        except (TimeoutError, OSError) as error:
            log.warning("preview_failed", kind=type(error).__name__)
            return None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return made if process.returncode == 0 else None
