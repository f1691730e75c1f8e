"""The desk's own words: `desk/words/<page>.yml`, one mapping each, `name: English`. `title` of queue.yml is
`desk.queue.title`; its translations are in `locales/<lang>/LC_MESSAGES/desk.po`.

The questions of `knowledge/intake.yml` are words of the desk too (`desk.asks.<field>`): what a specialist signs there
is what a colleague reads.

Law: a language that has a desk.po is a language of the desk; all of it is translated then, or the check says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.content.catalogue import po_path
from bot.content.knowledge import FactText
from bot.content.languages import FALLBACK
from bot.content.source import ContentError, Problem, files, read

DESK = "desk"
INTAKE = "knowledge/intake.yml"
ASKS = "asks"  # the page of the questions of INTAKE


def load_desk_words(root: Path) -> dict[str, FactText]:
    """By id. Raises ContentError."""
    texts: dict[str, FactText] = {}
    problems: list[Problem] = []
    for path in files(root / DESK / "words"):
        file = path.relative_to(root).as_posix()
        try:
            words = read(path, root)
        except ContentError as error:
            problems += error.problems
            continue
        for name, english in words.items():
            if not isinstance(english, str) or not english.strip():
                problems.append(Problem(file, words.at(name), f"`{name}:` must be words"))
                continue
            text_id = f"{DESK}.{path.stem}.{name}"
            texts[text_id] = FactText(text_id, english.strip(), f"{file}:{words.at(name)}")
    if problems:
        raise ContentError(problems)
    return texts | _asks(root)


def _asks(root: Path) -> dict[str, FactText]:
    """The questions of intake: of a field that is asked otherwise elsewhere, the name says where."""
    texts: dict[str, FactText] = {}
    intake = read(root / INTAKE, root) if (root / INTAKE).exists() else {}
    rooms = {"frame": intake.get("frame", {}), **intake.get("sets", {}), **intake.get("kinds", {})}
    for room, entry in rooms.items():
        for field in (one for one in entry.get("fields", ()) if one.get("ask")):
            text_id = f"{DESK}.{ASKS}.{field['key']}"
            known = texts.get(text_id)
            if known is not None and known.english != field["ask"]:
                text_id = f"{text_id}_{room}"
            texts.setdefault(text_id, FactText(text_id, field["ask"], f"{INTAKE}:{field.line}"))
    return texts


def desk_languages(root: Path, languages: Mapping[str, object]) -> list[str]:
    """English, and those that have a catalogue of the desk."""
    return [code for code in languages if code == FALLBACK or po_path(root, code, DESK).exists()]
