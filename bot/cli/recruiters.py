"""`saathi recruiters import`: the operator's list of licences, from a CSV file.

Law: all of a file or nothing of it; every mistake is said at once, as `file:line: message`.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import pycountry

from bot import app as composition
from bot import databases
from bot import settings as configuration
from bot.store import licences
from bot.store.records import Licence

COLUMNS = ("number", "name", "status", "valid_until")
NEEDED = COLUMNS[:3]
STATUSES = ("licensed", "suspended", "cancelled")
EXAMPLE = """
the file (UTF-8, with this first line; valid_until may be empty, other columns are passed over):

  number,name,status,valid_until
  1234/067/68,Everest Overseas Pvt. Ltd.,licensed,2027-07-15
  88/055/56,Sagar Manpower,suspended,
  912/071/72,Old Road Recruitment,cancelled,

examples:
  saathi recruiters import dofe.csv --country NP --source https://dofe.gov.np --as-of 2026-11-20 --dry-run
  saathi recruiters import dofe.csv --country NP --source https://dofe.gov.np --as-of 2026-11-20

Who is in the list already (same country and number) is renewed; who is missing in the file stays, with its old date,
and is told of as "not in our newest list".
After 60 days a person is told that the list is old.
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line of the file; the first line is 1."""

    line: int
    message: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """import FILE --country --source --as-of [--dry-run]."""
    commands = parser.add_subparsers(dest="recruiters_command", required=True, metavar="import")
    text = "lay a list of licensed recruiters over the one that is there"
    one = commands.add_parser(
        "import", help=text, description=text, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    one.add_argument("file", type=Path, help="a CSV file, as below")
    one.add_argument("--country", required=True, type=_country, help="the country people leave from, two letters: NP")
    one.add_argument("--source", required=True, help="where the list is from: an address or an office")
    one.add_argument("--as-of", required=True, type=_day, help="the day of which the list speaks: 2026-11-20")
    one.add_argument("--dry-run", action="store_true", help="only look for mistakes; nothing is written")


def run(args: argparse.Namespace) -> int:
    """0 = imported, or fine; 1 = mistakes in the file; 2 = no such file, or a day that has not come."""
    if args.as_of > composition.utc_now().date():
        print(f"saathi recruiters: --as-of {args.as_of} has not come yet", file=sys.stderr)
        return 2
    try:
        with args.file.open(encoding="utf-8-sig", newline="") as lines:
            rows, problems = read(lines, country=args.country, source=args.source, as_of=args.as_of)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        print(f"saathi recruiters: {args.file} cannot be read: {error}", file=sys.stderr)
        return 2
    for problem in problems:
        print(f"{args.file}:{problem.line}: {problem.message}", file=sys.stderr)
    if problems:
        print(f"{len(problems)} problem(s): nothing was written", file=sys.stderr)
        return 1
    counts = ", ".join(f"{sum(r.status == s for r in rows)} {s}" for s in STATUSES)
    if args.dry_run:
        print(f"{len(rows)} licences: {counts}; nothing was written")
        return 0
    new = asyncio.run(_write(rows))
    print(f"{len(rows)} licences: {counts}; {new} new, {len(rows) - new} renewed")
    return 0


def read(lines: Iterator[str], *, country: str, source: str, as_of: date) -> tuple[list[Licence], list[Problem]]:
    """The licences of a file, and what is wrong in it. Numbers are compared as `licences.number_key` does."""
    table = csv.DictReader(lines, strict=True)
    missing = [name for name in NEEDED if name not in (table.fieldnames or ())]
    if missing:
        return [], [Problem(1, f"no column {', '.join(missing)}; the first line names them: {','.join(COLUMNS)}")]
    rows: list[Licence] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    at = datetime.combine(as_of, time(), UTC)
    for row in table:
        line = table.line_num
        found = list(_wrong(row))
        key = licences.number_key(row["number"] or "")
        if key and (first := seen.setdefault(key, line)) != line:
            found.append(f"this number stands in line {first} already")
        problems += [Problem(line, message) for message in found]
        if not found:
            until = (row.get("valid_until") or "").strip()
            rows.append(
                Licence(
                    country=country,
                    number=row["number"].strip(),
                    name=" ".join(row["name"].split()),
                    status=row["status"].strip(),
                    valid_until=date.fromisoformat(until) if until else None,
                    source=source,
                    imported_at=at,
                )
            )
    if not rows and not problems:
        problems.append(Problem(1, "there is no licence in this file"))
    return rows, problems


def _wrong(row: Mapping[str | None, str | Sequence[str] | None]) -> Iterator[str]:
    cells = {name: value.strip() for name in COLUMNS if isinstance(value := row.get(name), str)}
    if None in row or any(row.get(name) is None for name in NEEDED):
        yield "more or fewer cells than the first line has columns"
        return
    if not licences.number_key(cells["number"]):
        yield "number: no letter or digit"
    if len(licences.name_key(cells["name"])) < licences.LEAST:
        yield f"name: at least {licences.LEAST} letters"
    if cells["status"] not in STATUSES:
        yield f"status: {cells['status'] or 'nothing'} is none of {', '.join(STATUSES)}"
    if cells.get("valid_until"):
        try:
            date.fromisoformat(cells["valid_until"])
        except ValueError:
            yield f"valid_until: {cells['valid_until']} is no day like 2027-07-15"


async def _write(rows: Sequence[Licence]) -> int:
    """In one transaction; returns how many were new."""
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            before = await licences.count(connection, rows[0].country)
            await licences.put(connection, rows)
            return await licences.count(connection, rows[0].country) - before
    finally:
        await database.close()


def _country(raw: str) -> str:
    code = raw.strip().upper()
    if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None:
        raise argparse.ArgumentTypeError("a country's two letters, for example NP")
    return code


def _day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise argparse.ArgumentTypeError("a day like 2026-11-20") from None
