"""`saathi export`: all that is kept of one person, as JSON.

Law: for whoever runs the service and was asked for it by the person; it is written to the file or pipe that is named,
never to the log. A file is readable by its owner only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from uuid import UUID

from bot import app as composition
from bot import settings as configuration
from bot.store import export

EXAMPLE = """
examples:
  saathi export 482 917 3 --out copy.json
  saathi export --subject 0199c0de-7000-7000-8000-000000000001 > copy.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """REFERENCE, or --subject ID; --out FILE."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("reference", nargs="*", help="the number of one of her cases, with or without spaces: 4829173")
    parser.add_argument("--subject", type=UUID, help="her internal id, where there is no case")
    parser.add_argument("--out", type=Path, help="the file to write (0600); without it: standard output")


def run(args: argparse.Namespace) -> int:
    """0 = written; 1 = there is nobody; 2 = it was not said who."""
    digits = "".join(c for c in "".join(args.reference) if c.isdecimal())
    if bool(digits) == bool(args.subject):
        print("saathi export: name a case or --subject, one of them", file=sys.stderr)
        return 2
    return asyncio.run(_export(digits, args.subject, args.out))


async def _export(digits: str, subject: UUID | None, out: Path | None) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        async with app.database.begin() as connection:
            who = subject or await export.subject_of(connection, digits)
            found = await export.person(connection, app.secrets, who, app.clock()) if who else None
        if found is None:
            print("saathi export: there is nobody", file=sys.stderr)
            return 1
        text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        if out is None:
            sys.stdout.write(text)
            return 0
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        print(f"written: {out}")
        return 0
    finally:
        await app.close()
