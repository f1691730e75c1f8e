"""A small HTTP server on a loopback socket that plays a provider: it records what it is asked and answers as told.

Law: real sockets, so that the real client libraries run; no clock, no randomness.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str  # without the query
    query: dict[str, str]
    headers: dict[str, str]  # lower-case names
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body's fields, as text: of a form (of a repeated field the last value), or of JSON."""
        if self.headers.get("content-type", "").startswith("application/json"):
            return {k: v if isinstance(v, str) else json.dumps(v) for k, v in json.loads(self.body).items()}
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer; `fate` cut = close after reading the request, hang = never answer."""

    status: int = 200
    json: Any = None
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = ""


CUT, HANG = Answer(fate="cut"), Answer(fate="hang")


class Loopback:
    """`async with Loopback() as fake:`; then `fake.url`, `fake.asked`, and `fake.next(...)` for what comes."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self._next: deque[Answer] = deque()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()

    def next(self, *answers: Answer) -> None:
        """Answer the coming requests so, in order; after them, as usual."""
        self._next.extend(answers)

    async def usual(self, asked: Asked) -> Answer:
        """The answer when nothing else was ordered."""
        return Answer(404)

    async def seen(self, count: int) -> None:
        """Wait until that many requests have come."""
        async with self._arrived:
            await asyncio.wait_for(self._arrived.wait_for(lambda: len(self.asked) >= count), 30)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await _read(reader)) is not None:
                answer = self._next.popleft() if self._next else None
                async with self._arrived:
                    self.asked.append(asked)
                    self._arrived.notify_all()
                answer = answer or await self.usual(asked)
                if answer.fate == "hang":
                    await asyncio.Event().wait()
                if answer.fate == "cut":
                    break
                writer.write(_wire(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    line = (await reader.readline()).decode().split()
    if len(line) < 3:
        return None
    headers: dict[str, str] = {}
    while header := (await reader.readline()).decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    address = urlsplit(line[1])
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    return Asked(line[0], address.path, query, headers, body)


def _wire(answer: Answer) -> bytes:
    body = (json.dumps(answer.json) if answer.json is not None else answer.text).encode()
    kind = "application/json" if answer.json is not None else "text/html"
    head = [f"HTTP/1.1 {answer.status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
