"""Rule: words of knowledge fit where they are shown, in every language, and their figures are those of the English.

Law: a statement has at most 320 characters; what a file names under `buttons:` fits a line of a list, is no universal
word and looks like no other there; amounts, days and articles are not a matter of taste.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.channels.limits import LIMITS, units
from bot.check.texts import at, place, translated, translated_languages
from bot.content import Content, Problem
from bot.content.knowledge import FactText
from bot.content.languages import FALLBACK

STATEMENT = 320
LABEL = min(limits.list_label for limits in LIMITS.values() if limits.list_label)
SPOKEN = 3  # below this many languages have a word of their own ("both", a dual)
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Statements and buttons that are too long, and figures that differ."""
    for language in (FALLBACK, *translated_languages(content)):
        seen: dict[tuple[str, str], str] = {}
        for fact in content.knowledge.texts.values():
            if not translated(content, language, fact.id):
                continue  # it goes out in English, which is looked at itself
            text = content.catalogue.text(language, fact.id, fact.english)
            source = place(content, root, language, fact.id, fact.source)
            for message in (*_long(content, fact, text, language, seen), *_figures(fact, text)):
                yield at(source, f"{language}: {fact.id} {message}")


def _long(
    content: Content, fact: FactText, text: str, language: str, seen: dict[tuple[str, str], str]
) -> Iterator[str]:
    if units(text) > STATEMENT:
        yield f"is longer than {STATEMENT} characters"
    name, key = fact.id.partition(".")[0], fact.id.rpartition(".")[2]
    if key not in content.knowledge.by_name[name].get("buttons", ()):
        return
    if units(text) > LABEL:
        yield f"is on a button and longer than {LABEL} characters: {text}"
    if (command := content.words(language).universal(text)) is not None:
        yield f"is on a button, and means {command} everywhere else: {text}"
    other = seen.setdefault((name, text), fact.english)
    if other != fact.english:
        yield f"looks like another button, {other}: {text}"


def _figures(fact: FactText, text: str) -> Iterator[str]:
    for figure in _counted(fact.english) - _counted(text):
        yield f"lacks the figure {figure}"


def _counted(text: str) -> Counter[str]:
    """The figures of a text from SPOKEN on, in 0-9, each once."""
    plain = "".join(c if (d := unicodedata.decimal(c, None)) is None else str(d) for c in text)
    return Counter(set(f for f in _FIGURE.findall(plain) if not (f.isdigit() and int(f) < SPOKEN)))
