"""`saathi facts export | apply`: what colleagues said of facts on the desk, and signatures into the files.

Law: nothing is decided here (`bot/content/marks.py`); a fact that has changed since is not signed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bot import databases
from bot import settings as configuration
from bot.content import Content, load, signing
from bot.content import marks as rules
from bot.content.signing import Signature
from bot.settings import ROOT
from bot.store import marks
from bot.store.marks import Mark

EXAMPLE = """
examples:
  saathi facts export > words.yml      what stands now: checked, wrong, needs a change, with names and notes
  saathi facts apply words.yml         writes checked_on and reviewer of what is checked; then look, check, commit
"""
TOLD = {
    "gone": "there is no such fact",
    "changed": "the fact has changed since it was checked: have it checked again",
    "by_hand": "could not be changed safely: write checked_on and reviewer by hand",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`export`, `apply FILE`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("what", choices=("export", "apply"))
    parser.add_argument("file", nargs="?", type=Path, help="what `export` wrote")


def run(args: argparse.Namespace) -> int:
    """0, also when there is nothing; 1 when something could not be applied; 2 for a file that is none of ours."""
    if args.what == "export":
        print(export(load(ROOT), asyncio.run(_words())), end="")
        return 0
    if args.file is None:
        print("saathi facts: apply wants the file that `saathi facts export` wrote", file=sys.stderr)
        return 2
    try:
        told = yaml.safe_load(args.file.read_text("utf-8"))["facts"]
        return apply(ROOT, told)
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        print(f"saathi facts: {args.file} cannot be used: {type(error).__name__}", file=sys.stderr)
        return 2


def export(content: Content, words: Sequence[Mark]) -> str:
    """What stands now, as YAML."""
    return yaml.safe_dump({"facts": standing(content, words)}, allow_unicode=True, sort_keys=False, width=110)


def standing(content: Content, words: Sequence[Mark]) -> list[dict[str, Any]]:
    """Each fact of which something is said that still counts."""
    found = []
    for fact_id, said in sorted(rules.of(words).by_fact().items()):
        fact = rules.find(content.knowledge, fact_id)
        if fact is None:
            continue
        now = rules.content_hash(fact)
        stands = rules.standing(said, fact, rules.needed(content.knowledge, fact_id, fact))
        if stands.verdict and stands.day:
            notes = [f"{w.name}: {w.note}" for w in words if w.fact == fact_id and w.hash == now and w.note]
            found.append(
                {
                    "fact": fact_id,
                    "verdict": stands.verdict,
                    "checked_on": stands.day.isoformat(),
                    "reviewer": ", ".join(stands.by),
                    "hash": now,
                    "notes": notes,
                }
            )
    return found


def apply(root: Path, told: Sequence[dict[str, Any]]) -> int:
    """Sign what is checked; say what is left to a person."""
    failed = 0
    for entry in told:
        if entry["verdict"] != rules.CHECKED:
            print(f"{entry['fact']}: {entry['verdict']}: change it by hand: {'; '.join(entry['notes'])}")
            continue
        signature = Signature(entry["fact"], entry["hash"], str(entry["checked_on"]), entry["reviewer"])
        result = signing.sign(root, signature)
        failed += result != "done"
        print(f"{entry['fact']}: {TOLD.get(result, 'signed')}")
    return 1 if failed else 0


async def _words() -> Sequence[Mark]:
    database = await databases.open_database(configuration.load(), migrating=False)
    try:
        async with database.begin() as connection:
            return await marks.marks(connection)
    finally:
        await database.close()
