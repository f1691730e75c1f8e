"""Catalogues: gettext `.po` files read directly at start, looked up by context. `messages.po` is for the flows; the
words of `knowledge/rights/` are in `rights.po`, and so on.

Law: a look-up never fails: the language, else English. A translation whose English has changed stays in use (fuzzy); an
absent one is absent, so that it is counted. English text stands in the flows and has no catalogue.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polib

from bot.content.source import ContentError, Problem
from bot.kept import kept

MESSAGES = "messages"  # the domain of the flows
LATIN = "latin"  # the domain of SMS texts in Latin letters, for a language that people also write so


def in_latin(context: str) -> str:
    """The context of a text in Latin letters."""
    return f"{context}.{LATIN}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One translation."""

    text: str
    english: str
    fuzzy: bool
    line: int
    file: str = ""


class Catalogue:
    """All languages' translations by msgctxt."""

    def __init__(self, entries: Mapping[str, Mapping[str, Entry]]) -> None:
        self._entries = entries

    def entry(self, language: str, context: str) -> Entry | None:
        """The translation of a context, or None when there is none."""
        return self._entries.get(language, {}).get(context)

    def text(self, language: str, context: str, english: str) -> str:
        """The text in this language, else in English."""
        entry = self.entry(language, context)
        return entry.text if entry else english

    def contexts(self, language: str) -> Mapping[str, Entry]:
        """Everything that a language has."""
        return self._entries.get(language, {})


def blank(language: str) -> polib.POFile:
    """A catalogue without entries; a template, of no language, has ""."""
    file = polib.POFile(wrapwidth=110)
    file.metadata = {
        **({"Language": language} if language else {}),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return file


def written(file: polib.POFile) -> str:
    """As it stands on disk: one line feed at the end."""
    return f"{file}".rstrip("\n") + "\n"


def po_path(root: Path, language: str, domain: str = MESSAGES) -> Path:
    """Where a language's catalogue of a domain is."""
    return root / "locales" / language / "LC_MESSAGES" / f"{domain}.po"


def load_catalogue(root: Path, languages: Mapping[str, object]) -> Catalogue:
    """Read every catalogue that exists. Raises ContentError for a file that is no catalogue, or says a text twice."""
    entries: dict[str, dict[str, Entry]] = {}
    problems: list[Problem] = []
    for language in languages:
        for path in sorted((root / "locales" / language / "LC_MESSAGES").glob("*.po")):
            file, found = path.relative_to(root).as_posix(), entries.setdefault(language, {})
            for context, entry in _read(path, file, problems).items():
                if context in found:
                    problems.append(Problem(file, entry.line, f"{context} stands in {found[context].file} as well"))
                found[context] = entry
    if problems:
        raise ContentError(problems)
    return Catalogue(entries)


def _read(path: Path, file: str, problems: list[Problem]) -> dict[str, Entry]:
    try:
        rows = kept(path.read_bytes(), __file__, lambda: _rows(path))
    except (OSError, ValueError) as error:  # polib raises OSError for syntax too
        at = re.search(r"line (\d+)", str(error))
        problems.append(Problem(file, int(at[1]) if at else 1, "this is no gettext catalogue"))
        return {}
    found: dict[str, Entry] = {}
    for context, text, english, fuzzy, line in rows:
        if context in found:
            problems.append(Problem(file, line, f"{context} stands here twice"))
        # The same in eleven languages: kept once.
        found[sys.intern(context)] = Entry(text, sys.intern(english), fuzzy, line, file)
    return {context: entry for context, entry in found.items() if entry.text}


def _rows(path: Path) -> list[tuple[str, str, str, bool, int]]:
    """(context, translation, English, fuzzy, line) of each entry that has a context."""
    return [
        (entry.msgctxt, entry.msgstr, entry.msgid, entry.fuzzy, entry.linenum or 1)
        for entry in polib.pofile(str(path), encoding="utf-8")
        if entry.msgctxt and not entry.obsolete
    ]
