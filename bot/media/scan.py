"""The hook for a scanner of malicious files: clamd's INSTREAM over a socket, or none.

Law: without a scanner a file is `unscanned` and never called clean; a scanner that cannot be reached is no verdict.
Source: clamd(8), INSTREAM.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 30.0
_CHUNK = 64 * 1024


class NoVerdict(RuntimeError):
    """The scanner did not answer."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """`address`: `tcp://host:port`, or empty for none."""

    address: str = ""

    async def scan(self, data: bytes) -> str:
        """`clean`, `infected` or `unscanned`. Raises NoVerdict."""
        if not self.address:
            return "unscanned"
        try:
            async with asyncio.timeout(SECONDS):
                told = await self._ask(data)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise NoVerdict(type(error).__name__) from None
        if told.endswith("OK"):
            return "clean"
        if told.endswith("FOUND"):
            return "infected"
        raise NoVerdict("answer")

    async def _ask(self, data: bytes) -> str:
        where = urlsplit(self.address)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), _CHUNK):
                piece = data[start : start + _CHUNK]
                writer.write(struct.pack("!I", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            return (await reader.readuntil(b"\0"))[:-1].decode("ascii", "replace").strip()
        finally:
            writer.close()
