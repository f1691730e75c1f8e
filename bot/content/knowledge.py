"""Facts from `knowledge/`, read once: `<name>.yml` is one mapping, `<name>/` is a mapping of its files.

Law: plain mappings; what a fact means is the business of who asks for it. Words for people among them are named by the
file itself (`words: [say, title]`: the keys that hold them) and have an id, by which they are translated and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.content.source import ContentError, Place, Problem, Row, files, read

WORDS = "words"
# Keys that only group: an id names what a text belongs to, not how its file is laid out.
GROUPS = frozenset(
    {
        "answers",
        "bodies",
        "contacts",
        "countries",
        "facts",
        "fields",
        "instruments",
        "kinds",
        "lessons",
        "modules",
        "needs",
        "quiz",
        "services",
        "topics",
    }
)

DISCREET = "discreet"
HEARD = {"kin": "kin", "topics": "topics", "needs": "needs", "services": "needs"}  # file -> its entries that are heard


@dataclass(frozen=True, slots=True)
class FactText:
    """Words for people inside a fact. `id` (`rights.KW.wages.say`) is their msgctxt, its first part their catalogue."""

    id: str
    english: str
    source: str  # file:line


@dataclass(frozen=True)
class Facts:
    """`get("duty")` is `knowledge/duty.yml`, `get("rights")["KW"]` is `knowledge/rights/KW.yml`."""

    by_name: Mapping[str, Mapping[str, Any]]
    texts: Mapping[str, FactText] = field(default_factory=dict)

    def get(self, name: str) -> Mapping[str, Any]:
        """A file's or folder's content. Raises KeyError: which there must be is fixed."""
        return self.by_name[name]


def with_heard(root: Path, name: str, content: Place) -> Place:
    """A file whose entries have `heard:` words by language, with those that languages keep themselves, in
    `locales/<lang>/heard.yml`, and the telling words that are there: a new language is its folder and nothing else."""
    if name not in (*HEARD, DISCREET):
        return content
    for path in sorted((root / "locales").glob("*/heard.yml")):
        if name == DISCREET:
            content.setdefault(path.parent.name, read(path, root).get(DISCREET))
            continue
        for key, phrases in read(path, root).get(name, {}).items():
            entry = content[HEARD[name]].get(key)
            if entry is None or not isinstance(phrases, list):
                where = path.relative_to(root).as_posix()
                raise ContentError(
                    [Problem(where, 1, f"{name}: {key} is no key of knowledge/{name}.yml with a list of words")]
                )
            entry.setdefault("heard", Place.empty(entry.line)).setdefault(path.parent.name, phrases)
    return content


def load_knowledge(root: Path) -> Facts:
    """All files. Raises ContentError."""
    folder = root / "knowledge"
    by_name: dict[str, Mapping[str, Any]] = {}
    texts: dict[str, FactText] = {}
    problems: list[Problem] = []
    for path in files(folder):
        content = _read(path, root, (path.stem,), texts, problems)
        by_name[path.stem] = with_heard(root, path.stem, content) if content else content
    for inner in sorted(p for p in folder.glob("*") if p.is_dir()):
        by_name[inner.name] = {
            path.stem: _read(path, root, (inner.name, path.stem), texts, problems) for path in files(inner)
        }
    if problems:
        raise ContentError(problems)
    return Facts(by_name, texts)


def _read(path: Path, root: Path, where: tuple[str, ...], texts: dict[str, FactText], problems: list[Problem]) -> Place:
    try:
        content = read(path, root)
    except ContentError as error:
        problems += error.problems
        return Place.empty(1)
    file = path.relative_to(root).as_posix()
    keys = content.get(WORDS) or ()
    if not isinstance(keys, Row) or not all(isinstance(k, str) for k in keys):
        keys = () if not keys else _wrong(problems, file, content.at(WORDS), "`words:` must be a list of keys")
    for text in _texts(content, where, frozenset(keys), file, problems):
        if texts.setdefault(text.id, text) is not text:
            line = int(text.source.rpartition(":")[2])
            problems.append(Problem(file, line, f"{text.id} is the id of another text: {texts[text.id].source}"))
    return content


def _wrong(problems: list[Problem], file: str, line: int, message: str) -> tuple[()]:
    problems.append(Problem(file, line, message))
    return ()


def _texts(
    value: Any, where: tuple[str, ...], keys: frozenset[str], file: str, problems: list[Problem]
) -> Iterator[FactText]:
    """The words at and below a value. An item of a list counts by its `id:`."""
    if isinstance(value, Row):
        for item in value:
            if isinstance(item, Place) and isinstance(item.get("id"), str):
                yield from _texts(item, (*where, item["id"]), keys, file, problems)
    if not isinstance(value, Place):
        return
    for key, inner in value.items():
        if key in keys and isinstance(inner, str | int | float):
            if str(inner).strip():
                yield FactText(".".join((*where, key)), str(inner).strip(), f"{file}:{value.at(key)}")
        elif key in keys:
            _wrong(problems, file, value.at(key), f"`{key}:` is for people and must be words")
        else:
            yield from _texts(inner, where if key in GROUPS else (*where, key), keys, file, problems)
