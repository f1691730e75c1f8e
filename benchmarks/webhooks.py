"""How the running service takes a burst and a steady stream: `python -m benchmarks.webhooks [--burst 10000] [--write]`.

Law: the real command as a process of its own, real sockets, real signatures, every commit on the disk; only the
provider is played, by another process. Counted at the end: acknowledged, answered, lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs

import psycopg

from benchmarks.burden import resident
from benchmarks.report import machine, scratch, write_section
from bot.store import embedded
from bot.store.embedded import Server
from bot.store.migrate import migrate
from tests.fakes.database import copied
from tests.fakes.post import Letter, text
from tests.fakes.service import Service, free_port
from tests.fakes.twilio import ACCOUNT
from tests.fakes.world import settings_of

SECTION = "## Webhooks\n"
CONNECTIONS = 64  # of the provider to us, at once
PATIENCE = 600.0  # seconds until everything must be answered
PER_SECOND = 100_000  # the account's own rate is not what is measured
ACKNOWLEDGED, SLOWEST = 500.0, 500.0  # targets: requests a second; p99 ms
STEADY, FIRST, NEARLY_ALL = 50, 30.0, 150.0  # messages a second; p50 and p99 ms from the webhook to the provider


# --- the provider, in a process of its own


def provide(port: int, pipe: Connection) -> None:
    """Takes every message; tells by the pipe when asked: {number: moments at which it was sent to}."""
    asyncio.run(_provide(port, pipe))


async def _provide(port: int, pipe: Connection) -> None:
    sent: dict[str, list[float]] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = time.time()
                size = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
                )
                form = parse_qs((await reader.readexactly(size)).decode())
                number = form.get("To", [""])[0]
                sent.setdefault(number, []).append(at)
                body = json.dumps(
                    {"sid": f"SM{os.urandom(16).hex()}", "status": "queued", "account_sid": ACCOUNT, "to": number}
                ).encode()
                writer.write(
                    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                    % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    pipe.send("ready")
    async with server:
        while await asyncio.to_thread(pipe.recv) == "tell":
            pipe.send(sent)


# --- whoever delivers webhooks


def request_of(letter: Letter, port: int) -> bytes:
    """As it goes over the wire."""
    lines = [f"POST {letter.path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(letter.body)}"]
    lines += [f"{name}: {value}" for name, value in letter.headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + letter.body


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One request: when it was begun, how long until its answer (seconds), with which status, and what stood in it."""

    at: float
    seconds: float
    status: int
    body: bytes = b""


class Line:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> Acknowledged:
        """Until it is answered."""
        at, began = time.time(), time.perf_counter()
        try:
            head = await self._ask(request)
        except (asyncio.IncompleteReadError, ConnectionError):  # a line that was idle was hung up: as any client does
            self.close()
            self._streams = None
            head = await self._ask(request)
        assert self._streams is not None
        reader, _ = self._streams
        size = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
        body = await reader.readexactly(size)
        return Acknowledged(at, time.perf_counter() - began, int(head[9:12]), body)

    async def _ask(self, request: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        return await reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


async def as_fast_as_taken(requests: Sequence[bytes], port: int) -> list[Acknowledged]:
    """All of them over CONNECTIONS lines."""
    told: list[Acknowledged] = []
    waiting = iter(requests)

    async def one() -> None:
        line = Line(port)
        for request in waiting:
            told.append(await line.send(request))
        line.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return told


async def steadily(requests: Sequence[bytes], port: int, per_second: float) -> list[Acknowledged]:
    """One after the other at this rate, whether or not the one before is answered."""
    free: list[Line] = []
    told: list[Acknowledged] = []

    async def one(request: bytes) -> None:
        line = free.pop() if free else Line(port)
        told.append(await line.send(request))
        free.append(line)

    began, tasks = time.perf_counter(), []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request)))
    await asyncio.gather(*tasks)
    for line in free:
        line.close()
    return told


# --- the run


def percentile(values: Sequence[float], share: float) -> float:
    """Of a sorted list, in the unit of its values."""
    return values[min(len(values) - 1, int(len(values) * share))]


async def until_answered(url: str, pipe: Connection, numbers: set[str]) -> dict[str, list[float]]:
    """Until every number was sent something, and nothing waits."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        await asyncio.sleep(1)
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM inbox WHERE state = 'waiting'),"
                " (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"
            ).fetchone()
        if row == (0, 0):
            break
    pipe.send("tell")
    sent: dict[str, list[float]] = await asyncio.to_thread(pipe.recv)
    return {number: moments for number, moments in sent.items() if number in numbers}


async def run(server: Server, folder: Path, burst: int, seconds: int) -> dict[str, float]:
    """The figures by name."""
    port, provider_port = free_port(), free_port()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    provider = multiprocessing.get_context("spawn").Process(target=provide, args=(provider_port, theirs), daemon=True)
    provider.start()
    await asyncio.to_thread(ours.recv)
    figures: dict[str, float] = {}
    with copied(server) as copy:
        settings = settings_of(copy, folder, f"http://127.0.0.1:{provider_port}") | {"SAATHI_LOG_LEVEL": "WARNING"}
        async with Service(settings, folder / "output", port) as service:
            await service.ready()
            await Line(port).send(request_of(text("+96550000000", "hello", "warm"), port))
            await until_answered(copy.url_app, ours, set())
            with psycopg.connect(copy.url_owner) as connection:
                connection.execute("UPDATE channel_accounts SET per_second = %s", (PER_SECOND,))
            idle = resident(service.process.pid)
            numbers = [f"+9665{n:08d}" for n in range(burst)]
            letters = [request_of(text(number, "hello", "burst"), port) for number in numbers]
            began = time.perf_counter()
            told = await as_fast_as_taken(letters, port)
            took = time.perf_counter() - began
            acknowledged = sorted(1000 * a.seconds for a in told)
            sent = await until_answered(copy.url_app, ours, set(numbers))
            all_answered = max((max(m) for m in sent.values()), default=0.0) - min(a.at for a in told)
            figures |= {
                "burst": burst,
                "acknowledged/s": burst / took,
                "acknowledged p50 ms": statistics.median(acknowledged),
                "acknowledged p99 ms": percentile(acknowledged, 0.99),
                "refused": sum(a.status // 100 != 2 for a in told),
                "lost": len(numbers) - len(sent),
                "answered/s": burst / all_answered if sent else 0.0,
            }
            people = [f"+9719{n:08d}" for n in range(STEADY * seconds)]
            letters = [request_of(text(number, "hello", "steady"), port) for number in people]
            told = await steadily(letters, port, STEADY)
            sent = await until_answered(copy.url_app, ours, set(people))
            begun = dict(zip(people, sorted(a.at for a in told), strict=True))
            waits = sorted(1000 * (min(sent[n]) - begun[n]) for n in people if n in sent)
            figures |= {
                "steady": STEADY,
                "steady lost": len(people) - len(sent),
                "reply p50 ms": statistics.median(waits),
                "reply p99 ms": percentile(waits, 0.99),
                "memory MB": resident(service.process.pid),
                "memory MB, idle": idle,
            }
    ours.send("end")
    provider.join(10)
    provider.terminate()
    return figures


def table(f: dict[str, float]) -> str:
    """For docs/performance.md."""
    rows = [
        (f"{f['burst']:.0f} at once: acknowledged a second", f"{f['acknowledged/s']:.0f}", f"{ACKNOWLEDGED:.0f}"),
        ("its p50 / p99, ms", f"{f['acknowledged p50 ms']:.0f} / {f['acknowledged p99 ms']:.0f}", f"{SLOWEST:.0f}"),
        ("refused / lost", f"{f['refused']:.0f} / {f['lost']:.0f}", "0 / 0"),
        ("answered a second, until the last one", f"{f['answered/s']:.0f}", ""),
        (f"{STEADY} a second: from the webhook to the provider, p50 ms", f"{f['reply p50 ms']:.0f}", f"{FIRST:.0f}"),
        ("its p99, ms", f"{f['reply p99 ms']:.0f}", f"{NEARLY_ALL:.0f}"),
        ("lost", f"{f['steady lost']:.0f}", "0"),
        ("memory of the process, MB (at the start)", f"{f['memory MB']:.0f} ({f['memory MB, idle']:.0f})", "250"),
    ]
    return "| what | seen | target |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)


def main() -> None:
    """Measure, print, and with --write put it into docs/performance.md."""
    parser = argparse.ArgumentParser(description="How the running service takes a burst and a steady stream.")
    parser.add_argument("--burst", type=int, default=10_000, help="signed webhooks, each of somebody new")
    parser.add_argument("--seconds", type=int, default=20, help=f"of the steady stream, {STEADY} a second")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    with scratch("webhooks") as folder:
        server = embedded.ensure(folder)
        migrate(server.url_owner)
        figures = asyncio.run(run(server, folder, args.burst, args.seconds))
    told = table(figures)
    print(told)
    if args.write:
        write_section(
            SECTION,
            f"`python -m benchmarks.webhooks --write`, {machine()}. One process (`saathi serve`), SMS by a played\n"
            "Twilio that answers at once, every sender new, the client and PostgreSQL on the same cores.\n\n" + told,
        )


if __name__ == "__main__":
    main()
