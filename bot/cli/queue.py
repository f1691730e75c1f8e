"""`saathi queue`: what waits for a human, until the desk is there.

Law: never words, names or numbers of a person; an entry is only taken when somebody says so.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot import app as composition
from bot import databases
from bot import settings as configuration
from bot.store import notices
from bot.store.database import UNAVAILABLE, Database
from bot.store.notices import Waiting
from handlers.references import grouped

HELP = "alarms and what else waits for a human: the gravest first, and among those the oldest"
EXAMPLE = """
examples:
  saathi queue --watch
  saathi queue --take 4829173
"""
REFRESH = 5.0  # seconds
ID = 8  # the last characters of a notice's id: the random ones
COLUMNS = ("WAITING", "", "KIND", "SEVERITY", "CASE", "ID", "CHANNEL", "LANGUAGE")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--take, --watch."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--take", metavar="REFERENCE|ID", help="mark as taken: all that waits about this case, or the entry of this id"
    )
    what.add_argument("--watch", action="store_true", help="show again every 5 seconds; a new page rings the bell")


def run(args: argparse.Namespace) -> int:
    """0 = shown or taken; 1 = nothing of this reference or id waits."""
    return asyncio.run(_queue(args))


async def _queue(args: argparse.Namespace) -> int:
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        if args.take:
            return await _take(database, args.take)
        if args.watch:
            await _watch(database)
        for line in listed(await _waiting(database), composition.utc_now()):
            print(line)
    finally:
        await database.close()
    return 0


async def _waiting(database: Database) -> list[Waiting]:
    async with database.begin() as connection:
        return await notices.waiting(connection)


async def _take(database: Database, wanted: str) -> int:
    async with database.begin() as connection:
        chosen = named(await notices.waiting(connection), wanted)
        taken = await notices.take(connection, chosen, composition.utc_now()) if chosen else 0
    if not taken:
        print(f"saathi queue: nothing waits under {wanted}", file=sys.stderr)
        return 1
    print(f"taken: {taken}")
    return 0


async def _watch(database: Database) -> None:
    """Until Ctrl+C."""
    tty = sys.stdout.isatty()
    rung: set[str] = set()
    while True:
        try:
            found = await _waiting(database)
            lines = listed(found, composition.utc_now())
            pages = {str(notice.id) for notice in found if notice.audience == "page"}
        except UNAVAILABLE as error:
            lines, pages = [f"the database cannot be reached ({type(error).__name__}): trying again"], rung
        bell = "\a" if tty and pages - rung else ""
        rung |= pages
        print(("\033[2J\033[H" if tty else "") + "\n".join(lines) + bell, flush=True)
        await asyncio.sleep(REFRESH)


def named(found: Sequence[Waiting], wanted: str) -> list[Waiting]:
    """The entries of a case's reference (with or without spaces), or the one of an id as it is shown."""
    key = "".join(wanted.split()).lower()
    return [notice for notice in found if key and key in {notice.reference, short_id(notice), str(notice.id)}]


def short_id(notice: Waiting) -> str:
    """What stands for the id on the screen."""
    return str(notice.id)[-ID:]


def listed(found: Sequence[Waiting], now: datetime) -> list[str]:
    """Lines of a table, or one line that says that there is nothing."""
    if not found:
        return ["nobody waits"]
    rows = [COLUMNS, *(_row(notice, now) for notice in found)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(notice: Waiting, now: datetime) -> tuple[str, ...]:
    return (
        waited(now - notice.raised_at),
        "RED" if notice.red_at else notice.audience.upper() if notice.audience == "page" else notice.audience,
        notice.kind,
        notice.severity,
        grouped(notice.reference) if notice.reference else "-",
        short_id(notice),
        f"{notice.channel} (simulated)" if notice.simulated else notice.channel,
        notice.language or "-",
    )


def waited(time: timedelta) -> str:
    """`12 min`, `3 h 05`, `2 d 04 h`."""
    minutes = max(0, int(time.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02}"
    return f"{minutes // 1440} d {minutes % 1440 // 60:02} h"
