"""What is wrong with the words of a broadcast before anybody agrees to them: too long, telling on a locked screen, or
holding braces that would be taken for a slot.

Law: the same lists as for danger texts (`discreet.py`): a phone shows the first line to whoever looks at it. No rule
over files: the words come from the desk and from `saathi broadcast`.
"""

from __future__ import annotations

from bot.broadcasting import Broadcasting
from bot.check.discreet import LEXICON, PREVIEW, found, lexicon_of
from bot.content import Content

LONGEST = 1000  # characters, whatever the channel


def problems(content: Content, room: Broadcasting, language: str, words: str) -> list[tuple[str, str]]:
    """(code, what it is about): `braces`, `long`, `telling`; [] = they may be agreed to."""
    wrong = [("braces", c) for c in "{}" if c in words]
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
