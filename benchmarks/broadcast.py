"""What a broadcast to many costs, and what it takes from those who are answered meanwhile: `python -m
benchmarks.broadcast [--people 100000] [--write]`.

Law: a database of its own, removed afterwards; the real job, claims and sender, the accounts' real rates; only the
provider is played, and answers after a few milliseconds. The delay of a reply, and the processor time of both, are
measured in turns, with the broadcast running and stopped, in one run: the ratio counts, for no machine is ever quiet.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from benchmarks import crowd, meanwhile
from benchmarks.report import machine, scratch, write_section
from bot import app as composition
from bot.app import App
from bot.settings import Settings
from bot.store import broadcasts, embedded, settling, users
from bot.store.broadcasts import Words
from bot.store.database import Database
from bot.store.embedded import Server
from bot.store.keys import seal
from bot.store.migrate import migrate

SECTION = "## Broadcasts\n"
READY = 8000  # people in the lane before the rounds: more than leaves meanwhile


async def _prepare(server: Server, app: App, people: int, now: datetime) -> tuple[UUID, bytes]:
    """A crowd in which everybody but one in ten subscribed; a broadcast that may start, and the crowd's key."""
    owner = Database(server.url_owner)
    await crowd.fill(owner, app.secrets, people, now, case_of_each=10)
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE contacts SET consent_contact_at = :now"), {"now": now})
        await connection.execute(
            text("UPDATE conversations SET last_inbound_at = :at, owner = 'bot', reply_due_at = NULL"),
            {"at": now - timedelta(hours=5)},
        )
        await connection.execute(
            text(
                "INSERT INTO subscriptions (id, subject_id, topic, made_at) SELECT gen_random_uuid(), id, 'rules', :now"
                " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts) AS c WHERE n % 10 <> 0"
            ),
            {"now": now},
        )
        wrapped = (
            await connection.execute(text("SELECT wrapped FROM keys WHERE kind = 'subject' LIMIT 1"))
        ).scalar_one()
        key = app.secrets.keyring.unwrap(wrapped)
        rows = (await connection.execute(text("SELECT id FROM addresses"))).all()
        sealed = [
            {"i": row.id, "v": seal(key, f"+97798{n:08}".encode(), where=f"addresses.address_enc.{row.id}")}
            for n, row in enumerate(rows)
        ]
        await connection.execute(
            text(
                "UPDATE addresses SET address_enc = v.sealed FROM unnest(CAST(:i AS uuid[]), CAST(:v AS bytea[]))"
                " AS v (id, sealed) WHERE addresses.id = v.id"
            ),
            {"i": [s["i"] for s in sealed], "v": [s["v"] for s in sealed]},
        )
    async with owner.engine.connect() as analyst:
        await analyst.execution_options(isolation_level="AUTOCOMMIT")
        for table in ("subscriptions", "contacts", "conversations", "addresses"):
            await analyst.execute(text(f"VACUUM (ANALYZE) {table}"))
    await owner.close()
    async with app.database.begin() as connection:
        both = [
            await users.add(connection, login=name, name=name, role="supervisor", password_hash="none")
            for name in ("writer", "reader")
        ]
        which = await broadcasts.add(
            connection, name="Bench", topic="rules", languages=[], countries=[], days=3, by=both[0], now=now
        )
        for language in ("ne", "hi", "ar"):
            words = "Hello. From 1 March a new form is needed for a change of job."
            await broadcasts.write(connection, which, language, words, by=both[0], now=now)
            mark = Words(language, words, both[0], None).mark
            await broadcasts.approve(connection, which, language, mark, by=both[1], now=now)
        await broadcasts.start(connection, which, people, by=both[1], now=now)
    return which, key


def _resident() -> float:
    """Megabytes of this process at its most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _listed(app: App, which: UUID, figures: dict[str, float]) -> None:
    """Everybody into the list, then some thousands into the lane."""
    async with app.database.begin() as connection:
        one = await broadcasts.known(connection, which)
        assert one is not None
        began = time.perf_counter()
        measured = await app.broadcasting.measure(connection, one)
        figures["preview s"] = time.perf_counter() - began
    figures["reached"], before = measured.reached, _resident()
    began, used = time.perf_counter(), time.process_time()
    seen = await app.broadcasting.list_all(one)
    figures["listed/s"], figures["listed"] = seen / (time.perf_counter() - began), seen
    began = time.perf_counter()
    poured = await app.broadcasting.pour(one, most=READY // 3)
    figures["queued/s"], figures["queued"] = poured / (time.perf_counter() - began), poured
    figures["processor ms a person"] = 1000 * (time.process_time() - used) / poured
    figures["memory MB more"] = _resident() - before
    began = time.perf_counter()
    async with app.database.begin() as connection:
        await settling.settle(connection, which, app.broadcasting.sparing, app.clock())
    figures["look s"] = time.perf_counter() - began


async def run(server: Server, folder: Path, people: int) -> dict[str, float]:
    """The figures by name."""
    now = datetime.now(UTC).replace(hour=9)  # inside everybody's hours
    shift = now - datetime.now(UTC)
    settings = Settings(
        _env_file=None, env="development", data_dir=folder, database_url=server.url_app,
        database_owner_url=server.url_owner,
    )  # type: ignore[call-arg, arg-type]  # fmt: skip
    app = await composition.build(settings, migrating=False, clock=lambda: datetime.now(UTC) + shift)
    figures: dict[str, float] = {"people": people}
    began = time.perf_counter()
    try:
        which, key = await _prepare(server, app, people, now)
        await _listed(app, which, figures)
        for asked in (meanwhile.Direct(app, key), meanwhile.Whole(app)):
            await meanwhile.delays(app, folder, which, asked, figures)
        async with app.database.begin() as connection:
            size = (await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
        figures["disk MB"], figures["minutes"] = size / 2**20, (time.perf_counter() - began) / 60
    finally:
        await app.close()
    return figures


def table(f: dict[str, float]) -> str:
    """For docs/performance.md."""
    rows = [
        (f"{f['people']:.0f} people: whom it would reach, seconds", f"{f['preview s']:.1f}", ""),
        (f"{f['listed']:.0f} listed, a second", f"{f['listed/s']:.0f}", ""),
        (f"{f['queued']:.0f} of them into the lane, a second", f"{f['queued/s']:.0f}", ""),
        ("a minute's look at what became of those in the lane, seconds", f"{f['look s']:.2f}", ""),
        ("memory that this took, MB", f"{f['memory MB more']:.0f}", ""),
        ("this run: minutes, MB of the database", f"{f['minutes']:.1f}, {f['disk MB']:.0f}", ""),
    ]
    for name in (meanwhile.Direct.name, meanwhile.Whole.name):
        rows += meanwhile.rows(f, name)
    return "| what | seen | target |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)


def main() -> None:
    """Measure, print, and with --write put it into docs/performance.md."""
    parser = argparse.ArgumentParser(
        description="What a broadcast to many costs, and those who are answered meanwhile."
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    with scratch("broadcast") as folder:
        server = embedded.ensure(folder)
        migrate(server.url_owner)
        figures = asyncio.run(run(server, folder, args.people))
    told = table(figures)
    print(told)
    if args.write:
        write_section(
            SECTION,
            f"`python -m benchmarks.broadcast --write`, {machine()}. In turns of {meanwhile.SECONDS:.0f} s with the\n"
            "broadcast running and stopped: a reply from its commit to the provider (the sender alone), and all of\n"
            "an answer, from what the webhook hands on. The provider answers after"
            f" {1000 * meanwhile.PROVIDER:.0f} ms.\n\n" + told,
        )


if __name__ == "__main__":
    main()
