"""Reads examples from Rasa NLU YAML: ours and anybody's.

Law: an author's slip is an error that says file:line; what is no intent (synonym, regex, stories) is left alone.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from bot.engine import folding
from bot.settings import CannotStart

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENTITY = re.compile(r"\[([^\]\[]+)\](?:\([^)]*\)|\{[^}]*\}|\[\s*\{[^\]]*\}\s*\])")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r"}


class DataError(CannotStart):
    """Data that cannot be used; the text begins with file:line."""


@dataclass(frozen=True, slots=True)
class Example:
    """One line that an author wrote. `language` is the name of its folder where that is a language code, else empty."""

    text: str
    intent: str
    language: str
    source: str  # file:line


def read_examples(paths: Path | Iterable[Path]) -> list[Example]:
    """Examples of files and folders (searched for .yml and .yaml), in a fixed order.

    Raises DataError: no such file, not YAML, not Rasa NLU data, no example. A file in a folder without `nlu:`
    is skipped; a file that is named must have it. `intent: faq/ask_x` keeps its whole name.
    Format: https://rasa.com/docs/rasa/training-data-format (version 3.1; 2.0 reads the same).
    """
    found: list[Example] = []
    roots = [paths] if isinstance(paths, Path) else list(paths)
    for root in roots:
        if root.is_dir():
            for file in data_files(root):
                found += _read_file(file, named=False)
        else:
            found += _read_file(root, named=True)
    if not found:
        raise DataError(f"{', '.join(map(str, roots))}:1: no examples found")
    return found


def data_files(folder: Path) -> list[Path]:
    """Every YAML file of a folder, in a fixed order."""
    return sorted(p for p in folder.rglob("*") if p.suffix in {".yml", ".yaml"} and p.is_file())


def state_of(files: Iterable[Path]) -> bytes:
    """What everything depends on that this room reckons of files: they, all of its code, and what it spells letters
    by. Raises DataError for a file that cannot be read."""
    code = (*sorted(Path(__file__).parent.glob("*.py")), Path(folding.__file__))
    letters = f"{version('anyascii')} {version('regex')} {unicodedata.unidata_version}".encode()
    return b"\0".join([letters, *(hashlib.sha256(_bytes(path)).digest() for path in (*code, *files))])


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}:1: cannot be read: {error}") from None


def content_hash(examples: Iterable[Example]) -> str:
    """SHA-256 (hex) over intents, texts and languages in order; where they were written does not matter."""
    digest = hashlib.sha256()
    for e in examples:
        for part in (e.language, e.intent, e.text):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def plain_text(line: str) -> str:
    """A line without its entity annotations: `to [Doha](city)` is `to Doha`."""
    text = _ENTITY.sub(r"\1", line)
    for written, meant in _ESCAPES.items():
        text = text.replace(written, meant)
    return text.strip()


def compose(file: Path) -> yaml.Node | None:
    """The YAML nodes of a file, which know their lines. Raises DataError for an unreadable file."""
    try:
        return yaml.compose(file.read_text("utf-8-sig"), Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise DataError(f"{file}:{mark.line + 1 if mark else 1}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise DataError(f"{file}:1: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}:1: cannot be read: {error}") from None


def at(file: Path, node: yaml.Node, problem: str) -> DataError:
    """A DataError that points at a node."""
    return DataError(f"{file}:{node.start_mark.line + 1}: {problem}")


def fields(file: Path, node: yaml.Node, what: str) -> dict[str, yaml.Node]:
    """The children of a mapping node by key. Raises DataError for anything else and for a key that stands twice."""
    if not isinstance(node, yaml.MappingNode):
        raise at(file, node, f"{what} must be a mapping of keys to values")
    children: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if str(key.value) in children:
            raise at(file, key, f"{what}: {key.value} stands twice")
        children[str(key.value)] = value
    return children


def scalar(file: Path, node: yaml.Node, what: str) -> str:
    """The text of a scalar node. Raises DataError for lists and mappings."""
    if not isinstance(node, yaml.ScalarNode):
        raise at(file, node, f"{what} must be a text")
    return str(node.value)


def sequence(file: Path, node: yaml.Node, what: str) -> list[yaml.Node]:
    """The children of a list node. Raises DataError for anything else."""
    if not isinstance(node, yaml.SequenceNode):
        raise at(file, node, f"{what} must be a list")
    return list(node.value)


def _read_file(file: Path, *, named: bool) -> list[Example]:
    root = compose(file)
    if not isinstance(root, yaml.MappingNode) or not any(key.value == "nlu" for key, _ in root.value):
        if named:
            raise DataError(f"{file}:1: no `nlu:` here, this is not Rasa NLU data")
        return []
    language = file.parent.name if _LANGUAGE.fullmatch(file.parent.name) else ""
    found: list[Example] = []
    for item in sequence(file, fields(file, root, "the file")["nlu"], "nlu"):
        entry = fields(file, item, "an entry of nlu")
        if "intent" not in entry:
            if not entry.keys() & {"synonym", "regex", "lookup"}:
                raise at(file, item, "an entry of nlu needs intent, synonym, regex or lookup")
            continue
        intent = scalar(file, entry["intent"], "intent").strip()
        if not intent:
            raise at(file, entry["intent"], "intent is empty")
        if "examples" not in entry:
            raise at(file, item, f"{intent} has no examples")
        for line, text in _examples(file, entry["examples"]):
            if text:
                found.append(Example(text, intent, language, f"{file}:{line}"))
    return found


def _examples(file: Path, node: yaml.Node) -> Iterator[tuple[int, str]]:
    """(line, text) of a block of `- text` lines or of a list of texts or of mappings with `text`."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            if isinstance(child, yaml.MappingNode):
                entry = fields(file, child, "an example")
                if "text" not in entry:
                    raise at(file, child, "an example needs text")
                child = entry["text"]
            # `text: |` followed by `- hello` is how Rasa itself writes examples with metadata
            text = scalar(file, child, "an example").strip()
            yield child.start_mark.line + 1, plain_text(re.sub(r"^-\s+", "", text))
        return
    first = node.start_mark.line + (2 if getattr(node, "style", None) in {"|", ">"} else 1)
    for offset, raw in enumerate(scalar(file, node, "examples").split("\n")):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith("-"):
            raise DataError(f"{file}:{first + offset}: an example begins with `- `: {line[:40]}")
        yield first + offset, plain_text(line[1:])
