"""What is wrong with the words of a broadcast before anybody agrees to them: too long, telling on a locked screen,
holding braces that would be taken for a slot, or signs that nobody sees.

Law: the same lists as for danger texts (`discreet.py`): a phone shows the first line to whoever looks at it. What is
read is what leaves: no sign may move, hide or turn around what a terminal or a page shows. No rule over files: the
words come from the desk and from `saathi broadcast`.
"""

from __future__ import annotations

import unicodedata

from bot.broadcasting import Broadcasting
from bot.check.discreet import LEXICON, PREVIEW, found, lexicon_of
from bot.content import Content

LONGEST = 1000  # characters, whatever the channel
# Control and format characters, halves of characters, separators of lines and paragraphs.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINERS = "\u200c\u200d"  # they join and part letters in several of our scripts


def problems(content: Content, room: Broadcasting, language: str, words: str) -> list[tuple[str, str]]:
    """(code, what it is about): `braces`, `long`, `telling`, `signs`; [] = they may be agreed to."""
    hidden = signs(words, allowed="\n")
    if hidden:  # alone: what such words are, nobody can measure
        return [("signs", hidden)]
    wrong = [("braces", "")] if "{" in words or "}" in words else []
    lexicon = lexicon_of(content.knowledge.get(LEXICON), language)
    first = words[:PREVIEW]
    telling = dict.fromkeys(
        stem for stems in (lexicon.never, lexicon.start) for stem in found(first, stems, lexicon.prefixes)
    )
    wrong += [("telling", stem) for stem in telling]
    most = int(room.rules["most_segments"])
    if len(words) > LONGEST or room.length(language, words) > most:
        wrong.append(("long", str(most)))
    return wrong


def signs(words: str, *, allowed: str = "") -> str:
    """The signs in it that nobody sees, by number ("U+001B, U+202E"), but those `allowed` and what joins letters."""
    return ", ".join(dict.fromkeys(_number(c) for c in words if _unseen(c, allowed)))


def laid_open(words: str, *, allowed: str = "") -> str:
    """As a terminal may print it: each such sign by its number. Words of before this rule may hold some."""
    return "".join(f"<{_number(c)}>" if _unseen(c, allowed) else c for c in words)


def _unseen(c: str, allowed: str) -> bool:
    return c not in allowed and c not in JOINERS and unicodedata.category(c) in UNSEEN


def _number(c: str) -> str:
    return f"U+{ord(c):04X}"
