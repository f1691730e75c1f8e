"""`saathi paper`: blank sheets for a talk where there is no computer, as a PDF.

Law: each sheet gets a number from the database, as those of the desk do; nothing of anybody is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bot import app as composition
from bot import settings as configuration
from bot.documents.blank import VERSION
from bot.store import intake
from desk import paper

EXAMPLE = """
examples:
  saathi paper --lang ne -o sheet.pdf
  saathi paper --lang ar --count 20 -o sheets.pdf

Every sheet has a number, also in the picture on it, which opens /desk/new to type it in. Set SAATHI_PUBLIC_URL first,
so that the picture leads to your desk. Keep filled sheets locked, and destroy them when they are typed in.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--lang, --count, -o."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("--lang", required=True, metavar="xx", help="a folder of locales/")
    parser.add_argument("--count", type=int, default=1, help=f"sheets in one file, at most {paper.MOST} (default: 1)")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the PDF to write")


def run(args: argparse.Namespace) -> int:
    """Write the file; 1 when the language or the count is not one."""
    return asyncio.run(_run(args.lang, args.count, args.output))


async def _run(language: str, count: int, output: Path) -> int:
    app = await composition.build(configuration.load(), understanding=False)
    try:
        if language not in app.content.languages:
            print(f"there is no language {language}: {', '.join(app.content.languages)}", file=sys.stderr)
            return 1
        if not 1 <= count <= paper.MOST:
            print(f"--count: 1 to {paper.MOST}", file=sys.stderr)
            return 1
        now = app.clock()
        async with app.database.begin() as connection:
            sheets = await intake.print_sheets(connection, language, VERSION, count, now)
        file = await asyncio.to_thread(paper.made, app.content, language, sheets, now)
        await asyncio.to_thread(output.write_bytes, file)
        print(f"{output}: {paper.number(sheets[0])}" + (f" to {paper.number(sheets[-1])}" if count > 1 else ""))
        return 0
    finally:
        await app.close()
