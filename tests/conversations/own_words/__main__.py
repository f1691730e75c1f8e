"""How many answers in people's own words are understood: `python -m tests.conversations.own_words ne --part shown`."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter

from bot import content as content_room
from bot.app import load_understanding
from bot.settings import ROOT
from tests.conversations.own_words import MISSED, PARTS, lines, results


def main() -> None:
    """A table by language and part; with --part what was not understood, line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", help="codes; all without any")
    parser.add_argument("--part", choices=PARTS, help="print what was not understood of this part")
    args = parser.parse_args()
    content, understanding = content_room.load(ROOT), load_understanding(ROOT, ROOT / "var")
    said = [one for language in args.languages or [""] for one in lines(language)]
    found = asyncio.run(results(content, understanding, said))
    for one, made in found:
        if one.part == args.part and made != one.means:
            print(f"{one.language} {one.question} = {one.means}: {one.text!r} -> {made}")
    counts = Counter(
        (one.language, one.part, "right" if made == one.means else "missed" if made == MISSED else "wrong")
        for one, made in found
    )
    for language, part in sorted({key[:2] for key in counts}):
        right, missed, wrong = (counts[language, part, what] for what in ("right", "missed", "wrong"))
        print(f"{language} {part}: {right} of {right + missed + wrong} right, {missed} asked again, {wrong} otherwise")


if __name__ == "__main__":
    main()
