"""How fast the desk answers with 100,000 cases and 1,000,000 messages: `python benchmarks/desk_pages.py [cases] [messages]`.

Law: a database of its own in a temporary folder, removed afterwards; the real site, door and trail; only the rows are
made up. Figures are of this machine, and stand in benchmarks/desk.md with what it was.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import text
from uuid_utils.compat import uuid7

from bot import app as composition
from bot.app import App
from bot.observe import logs
from bot.settings import Settings
from bot.store import embedded, sign_ins, users
from bot.store.keys import seal, seal_json
from bot.vault.keyring import new_key
from desk.door import SESSION
from desk.mount import desk, make_office

OPEN_SHARE = 0.05  # of the cases; one in ten of them waits for somebody
COUNTRIES = ("SA", "AE", "QA", "KW", "MY", "OM", "BH", "IN")
LANGUAGES = ("ne", "hi", "ar", "en")
KINDS = ("report_unpaid_wages", "report_violence", "report_missing", "report_detention", "talk_to_human")
SEVERITIES = ("medium", "critical", "high", "high", "medium")
ROUNDS = 30


async def fill(app: App, count: int, messages: int) -> str:
    """Make the rows; returns the reference of a case with a long conversation."""
    key = new_key()
    wrapped = app.secrets.keyring.wrap(key)
    now = datetime.now(UTC)
    tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
    homes: list[tuple[UUID, UUID]] = []
    for n in range(count):
        subject, address, conversation, case = uuid7(), uuid7(), uuid7(), uuid7()
        at, open_ = now - timedelta(minutes=n % 500_000), n < count * OPEN_SHARE
        which = n % len(KINDS)
        sealed = seal(key, f"+9655{n:07}".encode(), where=f"addresses.address_enc.{address}")
        tables["keys"].append((uuid7(), "subject", subject, wrapped))
        tables["contacts"].append((subject, subject, LANGUAGES[n % 4], COUNTRIES[n % 8]))
        tables["addresses"].append((address, subject, "sms", "7001", address.bytes, sealed))
        tables["conversations"].append((conversation, subject, address, subject, "bot", at))
        done = None if open_ else at
        tables["cases"].append(
            (case, subject, f"{n:010}", conversation, KINDS[which], SEVERITIES[which], "new", at, at, done)
        )
        if open_ and n % 10 == 0:
            tables["notices"].append((uuid7(), subject, conversation, case, "queue", KINDS[which], "high", at))
        homes.append((subject, conversation))
    for n in range(messages):
        subject, conversation = homes[0 if n < 200 else 1 + n % (count - 1)]
        new = uuid7()
        body = (
            seal_json(key, {"kind": "text", "text": "I am here"}, where=f"messages.body_enc.{new}") if n < 200 else b"x"
        )
        at = now - timedelta(seconds=n % 500_000)
        tables["messages"].append((new, at, subject, conversation, "in", "person", body, "person"))
    connection = await app.database.listen_connection()
    for name, rows in tables.items():
        async with connection.cursor().copy(f"COPY {name} ({COLUMNS[name]}) FROM STDIN") as copy:  # type: ignore[arg-type]
            for row in rows:
                await copy.write_row(row)
    await connection.close()
    return f"{0:010}"


COLUMNS = {
    "keys": "id, kind, subject_id, wrapped",
    "contacts": "id, subject_id, language, country",
    "addresses": "id, subject_id, channel, account, lookup, address_enc",
    "conversations": "id, subject_id, address_id, active_contact_id, owner, last_inbound_at",
    "cases": "id, subject_id, reference, conversation_id, kind, severity, stage, opened_at, answer_due_at, closed_at",
    "notices": "id, subject_id, conversation_id, case_id, audience, kind, severity, raised_at",
    "messages": "id, received_at, subject_id, conversation_id, direction, author, body_enc, retention",
}


async def timed(what: Callable[[], Awaitable[Any]]) -> tuple[float, float, float]:
    """Milliseconds: median, 95th percentile, and the median of this process's own work (browser and server; where
    others share the machine the first two are theirs as well)."""
    await what()
    spent, worked = [], []
    for _ in range(ROUNDS):
        begun, own = time.perf_counter(), time.process_time()
        await what()
        spent.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - own) * 1000)
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1], statistics.median(worked)


async def measure(folder: Path, count: int, messages: int) -> None:
    """Fill, ask, print."""
    app = await composition.build(Settings(_env_file=None, data_dir=folder), understanding=False)  # type: ignore[call-arg]
    reference = await fill(app, count, messages)
    async with app.database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    office = make_office(app.settings, app.database, app.secrets, app.content, app.staff, app.policy, app.clock, uuid7)
    async with app.database.begin() as connection:
        user = await users.add(connection, login="a", name="A", role="supervisor", password_hash="none")
        token = await sign_ins.begin(connection, app.secrets, user, "full", app.clock())
    logs.configure("ERROR")
    async with AsyncTestClient(Litestar([desk(office)], openapi_config=None, logging_config=None)) as client:
        client.cookies.set(SESSION, token, path="/desk")
        for name, path in (
            ("queue", "/desk"),
            ("queue, filtered", "/desk?severity=critical&country=AE"),
            ("queue, page 20", "/desk?page=20"),
            ("case with 200 messages", f"/desk/case/{reference}"),
        ):

            async def ask(path: str = path) -> None:
                answer = await client.get(path)
                assert answer.status_code == 200, answer.status_code

            median, slow, own = await timed(ask)
            print(f"{name:24} {median:7.1f} ms median {slow:7.1f} ms p95 {own:7.1f} ms own work", flush=True)
    await app.close()


def main() -> None:
    """Command line."""
    given = sys.argv[1:3] or ["100000", "1000000"]
    count, messages = int(given[0]), int(given[1])
    folder = Path(tempfile.mkdtemp(prefix="saathi-bench-"))
    folder.chmod(0o711)
    try:
        asyncio.run(measure(folder, count, messages))
    finally:
        embedded.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
