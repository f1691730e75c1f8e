"""Rule: every text is there in every language that has a folder, and the catalogues belong to the flows of today.

Law: absent is an error; a translation of an older English is in use and is only listed by `saathi locales`, unless
nobody has marked it yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polib

from bot.check.texts import Message, catalogue_file, entries, messages, translated_languages
from bot.content import Content, Problem
from bot.content.catalogue import LATIN, po_path
from bot.content.desk_words import DESK

EXTRACT = "run `saathi locales extract`"


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Absent catalogues, absent texts, and catalogues that extraction has not been run for."""
    by_domain: dict[str, list[Message]] = {}
    for message in messages(content):
        by_domain.setdefault(message.domain, []).append(message)
    for code in sorted(p.parent.parent.name for p in (root / "locales").glob("*/LC_MESSAGES/*.po")):
        if code not in content.languages and not (root / "locales" / code / "language.yml").exists():
            yield Problem(f"locales/{code}/language.yml", 1, f"{code} has a catalogue: say here how it is spoken to")
    for language in translated_languages(content):
        for domain, wanted in by_domain.items():
            if domain == DESK and not po_path(root, language, DESK).exists():
                continue  # no language of the desk
            yield from _catalogue(root, language, domain, wanted)
        for path in sorted((root / "locales" / language / "LC_MESSAGES").glob("*.po")):
            if path.stem not in by_domain and path.stem != LATIN:
                file = path.relative_to(root).as_posix()
                yield Problem(file, 1, f"nothing has its texts here: knowledge has no words called {path.stem}")


def _catalogue(root: Path, language: str, domain: str, wanted: list[Message]) -> Iterable[Problem]:
    file = catalogue_file(root, language, domain)
    present = entries(root, language, domain)
    if present is None:
        yield Problem(file, 1, f"there is no catalogue: {EXTRACT}, then translate {len(wanted)} texts")
        return
    yield from _entries(file, present, wanted)


def _entries(file: str, present: dict[str, polib.POEntry], wanted: list[Message]) -> Iterable[Problem]:
    contexts = {m.context for m in wanted}
    for message in wanted:
        entry = present.get(message.context)
        if entry is None:
            yield Problem(file, 1, f"{message.context} is not in the catalogue: {EXTRACT}")
        elif not entry.msgstr and not message.optional:
            english = " ".join(message.english.split())  # a problem is one line
            yield Problem(file, entry.linenum or 1, f"{message.context} is not translated: {english}")
        elif entry.msgid != message.english:
            yield Problem(file, entry.linenum or 1, f"the English of {message.context} has changed: {EXTRACT}")
    for context in [c for c in present if c not in contexts]:
        yield Problem(file, present[context].linenum or 1, f"nothing has {context} any more: {EXTRACT}")
