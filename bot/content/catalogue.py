"""Catalogues: gettext `.po` files read directly at start, looked up by context. `messages.po` is for the flows; the
words of `knowledge/rights/` are in `rights.po`, and so on.

Law: a look-up never fails: the language, else English. A translation whose English has changed stays in use (fuzzy); an
absent one is absent, so that it is counted. English text stands in the flows and has no catalogue.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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


class _Entries:
    """The entries of one language, by the numbers of their contexts, in a few pieces of memory: as values they would
    take three times as much, and most are hardly ever said."""

    def __init__(self, entries: Mapping[int, Entry], englishes: dict[str, int]) -> None:
        self._files = tuple(dict.fromkeys(entry.file for entry in entries.values()))
        self._fuzzy = frozenset(number for number, entry in entries.items() if entry.fuzzy)
        self._ends = array("I", [0])  # of the texts
        self._rest = array("I")  # of each: number of its English, line, number of its file
        texts = []
        for number in range(max(entries, default=-1) + 1):
            entry = entries.get(number)
            texts.append(entry.text.encode() if entry else b"")
            self._ends.append(self._ends[-1] + len(texts[-1]))
            english = englishes.setdefault(entry.english, len(englishes)) if entry else 0
            self._rest.extend((english, entry.line, self._files.index(entry.file)) if entry else (0, 0, 0))
        self._texts = b"".join(texts)

    def text(self, number: int) -> str:
        """Nothing when there is none."""
        if number + 1 >= len(self._ends):
            return ""
        return self._texts[self._ends[number] : self._ends[number + 1]].decode()

    def entry(self, number: int, englishes: Sequence[str]) -> Entry | None:
        """All of it."""
        if not (text := self.text(number)):
            return None
        english, line, file = self._rest[3 * number : 3 * number + 3]
        return Entry(text, englishes[english], number in self._fuzzy, line, self._files[file])


class Catalogue:
    """All languages' translations by msgctxt."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}  # of contexts and English texts, which are the same in all languages
        self._englishes: dict[str, int] = {}
        self._languages: dict[str, _Entries] = {}

    def put(self, language: str, entries: Mapping[str, Entry]) -> None:
        """All that a language has."""
        numbered = {self._numbers.setdefault(context, len(self._numbers)): e for context, e in entries.items()}
        self._languages[language] = _Entries(numbered, self._englishes)
        self.__dict__.pop("_english", None)  # more of them than when it was asked last

    def entry(self, language: str, context: str) -> Entry | None:
        """The translation of a context, or None when there is none."""
        entries, number = self._languages.get(language), self._numbers.get(context)
        return None if entries is None or number is None else entries.entry(number, self._english)

    def text(self, language: str, context: str, english: str) -> str:
        """The text in this language, else in English."""
        entries, number = self._languages.get(language), self._numbers.get(context)
        return (entries.text(number) if entries is not None and number is not None else "") or english

    def contexts(self, language: str) -> list[str]:
        """Of everything that a language has."""
        entries = self._languages.get(language)
        return [context for context, number in self._numbers.items() if entries is not None and entries.text(number)]

    @cached_property
    def _english(self) -> Sequence[str]:
        return tuple(self._englishes)


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
    catalogue = Catalogue()
    problems: list[Problem] = []
    for language in languages:
        found: dict[str, Entry] = {}
        for path in sorted((root / "locales" / language / "LC_MESSAGES").glob("*.po")):
            file = path.relative_to(root).as_posix()
            for context, entry in _read(path, file, problems).items():
                if context in found:
                    problems.append(Problem(file, entry.line, f"{context} stands in {found[context].file} as well"))
                found[context] = entry
        catalogue.put(language, found)
    if problems:
        raise ContentError(problems)
    return catalogue


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
        found[context] = Entry(text, english, fuzzy, line, file)
    return {context: entry for context, entry in found.items() if entry.text}


def _rows(path: Path) -> list[tuple[str, str, str, bool, int]]:
    """(context, translation, English, fuzzy, line) of each entry that has a context."""
    return [
        (entry.msgctxt, entry.msgstr, entry.msgid, entry.fuzzy, entry.linenum or 1)
        for entry in polib.pofile(str(path), encoding="utf-8")
        if entry.msgctxt and not entry.obsolete
    ]
