"""Catalogues as rows that a translator fills in: out as CSV or PO, and back in.

Law: nothing is lost and nothing breaks: a row that fits goes in, one that does not is told with its reason and stays
out, and what nobody filled in stays as it was. No cell of a table is a formula; the mark against it goes on the way in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polib

from bot.channels.limits import units
from bot.channels.segments import count
from bot.check import placeholders
from bot.check.extract import fill, notes, wanted
from bot.check.phone import shown
from bot.check.texts import LABEL, SMS, Message, entries, room_for_label
from bot.content import Content
from bot.content.catalogue import blank, po_path, written
from bot.content.knowledge import HEARD
from bot.content.languages import COMMANDS
from bot.documents.cells import guarded, unguarded

COLUMNS = ("context", "english", "translation", "notes", "where", "on_the_phone")


@dataclass(frozen=True, slots=True)
class Row:
    """One text for a translator. `doubtful`: made from an older English, or marked by a translator."""

    message: Message
    translation: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One row that came back. `english`: what it was made from, if the file says so; `line`: where it stands."""

    line: int
    context: str
    translation: str
    english: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a language is: counts of texts."""

    texts: int
    translated: int
    doubtful: int
    long: int


def rows(content: Content, root: Path, language: str) -> list[Row]:
    """Every text of a language, in the order of the catalogues."""
    found = []
    for domain, messages in wanted(content, root, language).items():
        present = entries(root, language, domain) or {}
        for message in messages:
            entry = present.get(message.context)
            text = entry.msgstr if entry else ""
            old = bool(entry and text and (entry.fuzzy or entry.msgid != message.english))
            found.append(Row(message, text, old))
    return found


def figures(found: Sequence[Row]) -> Figures:
    """Counted; what may be left empty counts as translated."""
    return Figures(
        len(found),
        sum(bool(r.translation) or r.message.optional for r in found),
        sum(r.doubtful for r in found),
        sum(too_long(r.message, r.translation) for r in found),
    )


def too_long(message: Message, text: str) -> bool:
    """Whether a label does not fit its button, or an SMS takes more than it should; where a flow has a budget,
    `saathi check` holds it, with the longest values and options."""
    if message.kind == LABEL:
        room = room_for_label(message.options)
        return bool(room) and units(text) > room
    return message.kind == SMS and count(text).segments > max(1, message.segments)


def length(message: Message, text: str) -> str:
    """How long it is, and how long it may be."""
    if message.kind == LABEL:
        return f"{units(text)} characters, {room_for_label(message.options)} fit the button"
    cost = count(text)
    return f"{cost.segments} SMS ({cost.units} of {cost.encoding}), {max(1, message.segments)} fit"


def as_csv(found: Iterable[Row], content: Content, language: str) -> str:
    """For a spreadsheet; the last column is what a phone shows now."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in found:
        m = row.message
        screen = shown(content, language, m)
        cells = (m.context, m.english, row.translation, " | ".join(notes(m)), m.source, screen)
        writer.writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def as_po(language: str, found: Iterable[Row], content: Content) -> str:
    """For a translator's editor: all catalogues in one; what a phone shows now is a comment."""
    file = blank(language)
    for row in found:
        m = row.message
        screen = [f"Saathi-Phone: {line}" for line in shown(content, language, m).splitlines()]
        told = "\n".join([*notes(m), *screen])
        entry = polib.POEntry(msgctxt=m.context, msgid=m.english, msgstr=row.translation, comment=told)
        name, _, line = m.source.rpartition(":")
        entry.occurrences = [(name, line)]
        file.append(entry)
    return written(file)


def from_file(path: Path) -> list[Given]:
    """The rows of a CSV file with at least `context` and `translation`, or of a PO file. Raises ValueError."""
    text = path.read_bytes().decode("utf-8-sig")  # line ends inside a cell are its own
    if path.suffix == ".po":
        try:
            return [Given(e.linenum or 0, e.msgctxt or "", e.msgstr, e.msgid) for e in polib.pofile(text)]
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise ValueError(f"no catalogue: {error}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not {"context", "translation"} <= set(reader.fieldnames or ()):
        raise ValueError("the first line has to name the columns context and translation")

    def cell(row: Mapping[str, str | None], name: str) -> str:
        return unguarded(row.get(name) or "")

    return [
        Given(reader.line_num, cell(r, "context"), cell(r, "translation"), cell(r, "english") or None) for r in reader
    ]


def take(content: Content, root: Path, language: str, given: Iterable[Given]) -> tuple[int, list[str]]:
    """Write what fits into the catalogues; returns how many, and `line: reason` of each row that stays out."""
    by_domain = wanted(content, root, language)
    known = {m.context: m for messages in by_domain.values() for m in messages}
    fits: dict[str, str] = {}
    refused = []
    for row in given:
        if not row.translation.strip():
            continue
        reason = next(_faults(known.get(row.context), row), None)
        if reason:
            refused.append(f"{row.line}: {row.context}: {reason}")
        else:
            fits[row.context] = row.translation.strip()
    for domain, messages in by_domain.items():
        if any(m.context in fits for m in messages):
            fill(po_path(root, language, domain), language, messages, fits)
    return len(fits), refused


def _faults(message: Message | None, row: Given) -> Iterator[str]:
    if message is None:
        yield "there is no such text"
        return
    if row.english is not None and row.english != message.english:
        yield f"its English has changed meanwhile: {message.english}"
    yield from placeholders.faults(message, row.translation)
    if message.kind == LABEL and too_long(message, row.translation):
        yield f"too long for a button: {units(row.translation)} characters, at most {room_for_label(message.options)}"


def first_heard(content: Content) -> str:
    """A `heard.yml` to begin with: what people write for relatives, topics and needs, which speakers fill in."""
    lines = ["# What people write for these, native and in Latin letters; the English of each stands in knowledge/."]
    for name, under in HEARD.items():
        entries = content.knowledge.by_name.get(name, {}).get(under, {})
        lines += [f"{name}:", *(f"  {key}: []" for key in entries)]
    lines += [
        "# Words that tell over a shoulder what this is about (knowledge/discreet.yml): never said, not at the start."
    ]
    lines += ["discreet:", "  never: []", "  start: []"]
    return "\n".join(lines) + "\n"


def first_sheet(name: str, english_name: str, direction: str) -> str:
    """A `language.yml` to begin with: whole, and not for people yet."""
    lines = [
        f"# How people write {english_name}: in its own script, in Latin letters, and mixed with English.",
        f"name: {name}",
        f"english_name: {english_name}",
        f"direction: {direction}",
        f"also: [{english_name.casefold()}]",
        "status: machine-drafted, not yet reviewed   # or who wrote it",
        "reviewer: null",
        "in_translation: true   # take this line away when `saathi locales status` says that nothing is missing",
        "# How likely a number of a country speaks it, for the order of the list: 9 = its own language, ZZ = anywhere.",
        "likely: {ZZ: 3}",
        "",
        "# Whole messages only, native and in Latin letters. A word that may be a cry for help is never a command.",
        "universal:",
        *(f"  {command}: []" for command in COMMANDS),
    ]
    return "\n".join(lines) + "\n"
