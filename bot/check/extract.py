"""Extraction: the template for translators from the flows, and every catalogue brought up to it.

Law: the same content gives the same bytes; a translation is never thrown away because its English changed: it stays,
fuzzy, with the English that it was made from. Only texts that are gone go. Every folder of `locales/` but English is a
language, also before it has a `language.yml`, so that translators need not wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polib

from bot.check import latin
from bot.check.texts import LABEL, PHRASES, SHORT, SMS, SYNONYMS, WRITTEN, Message, messages, room_for_label
from bot.content import Content, load
from bot.content.catalogue import LATIN, MESSAGES, blank, po_path, written
from bot.content.desk_words import DESK
from bot.content.languages import FALLBACK
from bot.content.wording import PLACEHOLDER
from bot.engine.messages import Sensitivity

TEMPLATES = Path("locales")  # <domain>.pot
POT = TEMPLATES / f"{MESSAGES}.pot"
_UCS2_PART = 67  # of each part of a longer one
_UCS2_SEGMENT = 70  # 3GPP TS 23.038: one message in a script outside the GSM alphabet


def write_pot(root: Path) -> Path:
    """Write `locales/messages.pot` (and one for each name of knowledge/ that has words for people) and bring the
    catalogues of each language up to them; returns the first template's path.

    Raises ContentError when the content cannot be loaded.
    """
    content = load(root)
    for domain, own in _by_domain(content).items():
        _write(root / TEMPLATES / f"{domain}.pot", "", "", [_entry(m) for m in own])
    for language in _folders(root):
        for domain, own in wanted(content, root, language).items():
            _update(po_path(root, language, domain), language, own)
    return root / POT


def wanted(content: Content, root: Path, language: str) -> dict[str, list[Message]]:
    """What each catalogue of a language has to hold. An empty desk.po makes it one of the desk's languages, an empty
    latin.po one that is also written in Latin letters."""
    found = _by_domain(content)
    if not po_path(root, language, DESK).exists():
        found.pop(DESK, None)
    if language in latin.languages(root):
        found[LATIN] = [Message(t.context, t.english, t.source, SMS, danger=t.danger) for t in latin.wanted(content)]
    return found


def _by_domain(content: Content) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {}
    for message in messages(content):
        found.setdefault(message.domain, []).append(message)
    return found


def update(old: polib.POEntry | None, message: Message) -> polib.POEntry:
    """The entry of a message with the translation that there was."""
    entry = _entry(message)
    if old is None or not old.msgstr:
        return entry
    made_from = old.previous_msgid if old.fuzzy and old.previous_msgid else old.msgid
    entry.msgstr, entry.tcomment = old.msgstr, old.tcomment
    if made_from != message.english:
        entry.flags, entry.previous_msgid = ["fuzzy"], made_from
    elif old.fuzzy and old.msgid == message.english:
        entry.flags = ["fuzzy"]  # a translator's own mark of doubt
    return entry


def _folders(root: Path) -> list[str]:
    return sorted(p.name for p in (root / "locales").iterdir() if p.is_dir() and p.name != FALLBACK)


def _update(path: Path, language: str, wanted: Iterable[Message]) -> None:
    fill(path, language, wanted, {})


def fill(path: Path, language: str, wanted: Iterable[Message], translations: Mapping[str, str]) -> None:
    """Bring one catalogue up to its messages, with these new translations by context."""
    had = polib.pofile(str(path), encoding="utf-8") if path.exists() else polib.POFile()
    by_context = {e.msgctxt: e for e in had if not e.obsolete}
    made = []
    for message in wanted:
        entry = update(by_context.get(message.context), message)
        if new := translations.get(message.context):
            entry.msgstr, entry.flags, entry.previous_msgid = new, [], None
        made.append(entry)
    _write(path, language, had.header, made)


def _entry(message: Message) -> polib.POEntry:
    file, _, line = message.source.rpartition(":")
    return polib.POEntry(
        msgctxt=message.context,
        msgid=message.english,
        msgstr="",
        occurrences=[(file, line)],
        comment="\n".join(notes(message)),
    )


def _room_of_sms(segments: int) -> str:
    if segments == 1:
        return f"Saathi-Sms: with its options and values at most {_UCS2_SEGMENT} characters in this script, one segment"
    most = segments * _UCS2_PART
    return f"Saathi-Sms: with its options and values at most {most} characters in this script, {segments} segments"


def notes(message: Message) -> Iterable[str]:
    """What a translator must know, as comments."""
    if message.kind == SMS or message.also_sms:
        yield _room_of_sms(message.segments)
        if "{options}" in message.english:
            yield "{options} is replaced by the numbered options, as in: 1 yes 2 no"
    elif message.kind == LABEL and (room := room_for_label(message.options)):
        yield f"Saathi-Label: on a button, at most {room} characters"
    elif message.kind == SHORT:
        yield "Saathi-Sms: the option's name in an SMS, one or two words"
    elif message.kind == SYNONYMS:
        yield "Saathi-Synonyms: what people also write for this option, in this language's script and in Latin"
        yield "letters, parted by commas; not a translation; may be left empty"
    elif message.kind == PHRASES:
        yield "Saathi-Heard: what people say for this inside a sentence, in this language's script and in Latin"
        yield "letters, parted by commas; a/b = either word, * = any ending, ... = words between"
    if names := sorted(set(PLACEHOLDER.findall(message.english)) - {"options"}):
        yield f"Saathi-Keep: {' '.join('{' + n + '}' for n in names)}"
    if message.safety:
        yield "Saathi-Safety: must be reviewed before it is used again after a change"
    if message.danger and message.kind not in WRITTEN:
        yield "Saathi-Discreet: anybody may read it; none of the words of knowledge/discreet.yml"
    if message.sensitivity is not Sensitivity.NEUTRAL:
        yield f"Saathi-Sensitivity: {message.sensitivity}"


def _write(path: Path, language: str, header: str, entries: Iterable[polib.POEntry]) -> None:
    file = blank(language)
    file.header = header
    file.extend(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = written(file)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8", newline="\n")
