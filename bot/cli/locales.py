"""`saathi locales extract | status | export | import | new | sign | proposals`: languages, for whoever translates.

Law: tells what stays out and why; a catalogue is written whole, or stays as it was.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from babel import Locale, UnknownLocaleError

from bot import databases
from bot import settings as configuration
from bot.check import budget, exchange
from bot.check.extract import write_pot
from bot.check.texts import messages
from bot.content import Content, load, signatures
from bot.content.languages import FALLBACK, in_translation
from bot.content.proposed import as_po
from bot.settings import ROOT
from bot.store import marks
from bot.store.marks import Proposal

DIRECTIONS = {"right-to-left": "rtl", "left-to-right": "ltr"}  # of CLDR
EPILOG = """examples:
  saathi locales new bn                          a folder for Bengali, not for people yet
  saathi locales export bn -o bn.csv             what is not translated yet, with limits and hints (or bn.po)
  saathi locales import bn bn.csv                back in; what does not fit is told and stays out
  saathi locales status                          how far each language is
  saathi locales status --long                   what is too long, text by text
  saathi locales sign bn                         the danger texts, to be read by two people and signed
  saathi check                                   what is left to mend before people may choose it"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The commands."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    commands = parser.add_subparsers(dest="what", required=True, metavar="command")
    commands.add_parser("extract", help="write messages.pot from the flows and bring every catalogue up to it")
    far = commands.add_parser("status", help="how far each language is: translated, in doubt, too long, budget, signed")
    far.add_argument("--long", action="store_true", help="also each text that is too long, with its length")
    out = commands.add_parser("export", help="write a language's texts for a translator, CSV or PO")
    out.add_argument("language", help="for example bn")
    out.add_argument(
        "-o", "--output", type=Path, required=True, help="the file: .csv for a spreadsheet, .po for an editor"
    )
    out.add_argument(
        "--all", action="store_true", help="also what is translated (default: what is missing or in doubt)"
    )
    back = commands.add_parser("import", help="take a filled-in file; rows that do not fit are told and stay out")
    back.add_argument("language", help="for example bn")
    back.add_argument("file", type=Path, help="CSV with the columns context and translation, or PO")
    signed = commands.add_parser(
        "sign", help="sign the danger and self-harm texts of a language, after reading them all"
    )
    signed.add_argument("language", help="for example ne")
    signed.add_argument("--name", help="who signs; without a name the texts are printed, to be read")
    signed.add_argument("--role", default="", help="what she or he is, for example caseworker, native speaker")
    signed.add_argument("--digest", default="", help="the digest that stood under the texts as they were read")
    new = commands.add_parser("new", help="make the folder of a language, to be translated")
    new.add_argument("language", help="its code, for example bn")
    better = commands.add_parser("proposals", help="print what reviewers proposed on the desk, as a catalogue to merge")
    better.add_argument("language", help="for example ne")


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = some rows stayed out; 2 = it could not be done."""
    match args.what:
        case "extract":
            write_pot(ROOT)
            print("locales/messages.pot and the catalogues are up to date")
            return 0
        case "status":
            return status(ROOT, long=args.long)
        case "export":
            return export(ROOT, args.language, args.output, everything=args.all)
        case "import":
            return take(ROOT, args.language, args.file)
        case "sign":
            return sign(ROOT, args.language, args.name or "", args.role, args.digest, day=date.today())
        case "proposals":
            return proposals(ROOT, args.language)
    return new(ROOT, args.language)


def status(root: Path, *, long: bool = False) -> int:
    """One line per language: coverage, the SMS budget, what is too long, who signed the danger texts; with `long`, the
    texts that are too long."""
    content = load(root)
    over = Counter(problem.message.partition(":")[0].split()[0] for problem in budget.check(content, root))
    print(f"{'':<5} {'translated':>17} {'in doubt':>9} {'too long':>9} {'SMS budget':>11}  {'signed':<7} state")
    for code in (*content.languages, *in_translation(root)):
        if code == FALLBACK:
            continue
        rows = exchange.rows(content, root, code)
        found = exchange.figures(rows)
        share = 100 * found.translated / found.texts if found.texts else 100.0
        language = content.languages.get(code)
        state = (
            "being translated"
            if language is None
            else f"reviewed by {language.reviewer}"
            if language.reviewer
            else "not reviewed"
        )
        of = f"{found.translated}/{found.texts}"
        budgeted = "-" if language is None else f"{over[code]} over" if over[code] else "held"
        print(
            f"{code:<5} {of:>10} {share:5.1f}% {found.doubtful:>9} {found.long:>9} {budgeted:>11}"
            f"  {_signed(content, code):<7} {state}"
        )
        for row in rows if long else ():
            if exchange.too_long(row.message, row.translation):
                print(
                    f"      {row.message.context}: {exchange.length(row.message, row.translation)}: {row.translation}"
                )
    return 0


def _signed(content: Content, code: str) -> str:
    """How many people have signed the danger texts as they are now; `void`: they signed other ones."""
    seal = signatures.digest(signatures.danger_texts(content.flows, content.catalogue, code))
    had = content.signatures.get(code, ())
    now = signatures.valid(had, seal)
    return "void" if had and not now else f"{len(now)} of {signatures.NEEDED}"


def export(root: Path, language: str, output: Path, *, everything: bool) -> int:
    """Write the rows of a language."""
    if not _is_there(root, language):
        return 2
    content = load(root)
    found = exchange.rows(content, root, language)
    if not everything:
        found = [r for r in found if r.doubtful or not (r.translation or r.message.optional)]
    if output.suffix not in {".csv", ".po"}:
        print("saathi locales export: the file ends in .csv or .po", file=sys.stderr)
        return 2
    table = output.suffix == ".csv"
    text = exchange.as_csv(found, content, language) if table else exchange.as_po(language, found, content)
    output.write_text(text, "utf-8", newline="\n")
    print(f"{len(found)} texts in {output}")
    return 0


def take(root: Path, language: str, file: Path) -> int:
    """Bring a file in."""
    if not _is_there(root, language):
        return 2
    try:
        given = exchange.from_file(file)
    except (OSError, ValueError) as error:
        print(f"saathi locales import: {file} cannot be read: {error}", file=sys.stderr)
        return 2
    taken, refused = exchange.take(load(root), root, language, given)
    for line in refused:
        print(f"{file}:{line}", file=sys.stderr)
    print(f"{taken} translations taken, {len(refused)} stayed out")
    return 1 if refused else 0


def new(root: Path, language: str) -> int:
    """Make a folder with a first `language.yml` and empty catalogues."""
    folder = root / "locales" / language
    try:
        locale = Locale.parse(language)
    except (ValueError, UnknownLocaleError):
        print(f"saathi locales new: {language} is no language that CLDR knows, for example bn", file=sys.stderr)
        return 2
    if (folder / "language.yml").exists():
        print(f"saathi locales new: {language} is there already", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    direction = DIRECTIONS[locale.character_order]
    sheet = exchange.first_sheet(locale.get_display_name() or language, locale.english_name or language, direction)
    (folder / "language.yml").write_text(sheet, "utf-8")
    (folder / "heard.yml").write_text(exchange.first_heard(load(root)), "utf-8")
    write_pot(root)
    print(
        f"locales/{language}: say in language.yml and heard.yml how people write, then"
        f" `saathi locales export {language} -o {language}.csv`"
    )
    return 0


def sign(root: Path, language: str, name: str, role: str, digest: str, *, day: date) -> int:
    """Print the texts with their digest; with a name, write that this person has read these very texts."""
    content = load(root)
    if language not in content.languages or language == FALLBACK:
        print(f"saathi locales sign: {language} is no language that people may choose", file=sys.stderr)
        return 2
    texts = signatures.danger_texts(content.flows, content.catalogue, language)
    seal = signatures.digest(texts)
    if not name.strip():
        for context, english, text in texts:
            print(f"{context}\n  {english}\n  {text or '(nothing: English is said)'}")
        print(
            f"\n{len(texts)} texts. Who has read them all signs:\n"
            f"  saathi locales sign {language} --digest {seal} --name ... --role ..."
        )
        return 0
    if not role.strip() or digest != seal:
        why = (
            "say what you are, --role"
            if not role.strip()
            else "these are not the texts that you read: their digest is another"
        )
        print(f"saathi locales sign: {why}", file=sys.stderr)
        return 2
    valid = signatures.valid(content.signatures.get(language, ()), seal)
    mine = signatures.Signature(" ".join(name.split()), " ".join(role.split()), day.isoformat(), seal)
    if len(signatures.valid([*valid, mine], seal)) == len(valid):
        print(f"saathi locales sign: {mine.name} has signed these texts already", file=sys.stderr)
        return 2
    signatures.add(root, language, mine)
    print(f"locales/{language}/{signatures.FILE}: signed by {mine.name}, {len(valid) + 1} of {signatures.NEEDED}")
    return 0


def proposals(root: Path, language: str) -> int:
    """Print the proposals of a language as a catalogue."""
    content = load(root)
    if language not in content.languages or language == FALLBACK:
        known = ", ".join(code for code in content.languages if code != FALLBACK)
        print(f"saathi locales proposals: one of {known}", file=sys.stderr)
        return 2
    found = asyncio.run(_proposed(language))
    print(as_po(language, found, content.catalogue, {m.context: m.english for m in messages(content)}), end="")
    return 0


async def _proposed(language: str) -> Sequence[Proposal]:
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            return await marks.proposals(connection, language)
    finally:
        await database.close()


def _is_there(root: Path, language: str) -> bool:
    if language != FALLBACK and any(p.name == language and p.is_dir() for p in (root / "locales").iterdir()):
        return True
    print(f"saathi locales: there is no language {language}: saathi locales new {language}", file=sys.stderr)
    return False
