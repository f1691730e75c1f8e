"""What may be kept of a line that nobody understood: the words that stand in our own examples, and no others.

Law: an allow-list, since nobody can list every name. A name, a number, a place, a code, an address or a rare word
becomes `_`; a line of which too little is left, or that is a story, is not kept at all. Best effort all the same: a
name that is also a common word may stay, so whoever reads these lines reads them as if they were somebody's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
import yaml

from bot.kept import kept
from bot.nlu.data import LOADER, DataError, data_files, read_examples, state_of
from bot.nlu.normalise import normalise
from bot.packed import Packed

GONE = "_"
FILE = "private.yml"
MOST = 20  # words; what is longer tells a story, and a story is somebody's
HALF = 0.5  # of the words at least must be known
STEM = 4  # letters of a place before an ending: "kuwaitma", "दुबईबाट"
PART = 5  # letters of a word of a longer name, so that "new" of "New Delhi" is no place
_EDGE = regex.compile(r"^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$")
_WORD = regex.compile(r"[\p{L}\p{M}'’-]+")  # no address, no code, no mark-up


@dataclass(frozen=True, slots=True)
class Unnamed:
    """`known`: normalised words of our examples. `private`, `places`, `cues`: what goes all the same."""

    known: Container[str]
    private: frozenset[str]
    places: frozenset[str]
    cues: frozenset[str]
    after: int

    def strip(self, text: str) -> str:
        """The line as it may be kept; empty when it may not be."""
        words = [part for part in text.split() if _EDGE.sub("", part)]
        if not words or len(words) > MOST:
            return ""
        kept: list[str] = []
        hidden = 0  # words still to be taken out behind a cue
        for word in words:
            bare = _EDGE.sub("", word)
            plain = normalise(bare)
            stays = not hidden and self._may_stay(bare, plain)
            hidden = self.after if plain in self.cues else max(0, hidden - 1)
            kept.append(unicodedata.normalize("NFC", bare).lower() if stays else GONE)
        known = sum(word != GONE for word in kept)
        if known == 0 or known < HALF * len(kept) or (known == 1 and len(kept) > 1):
            return ""
        return " ".join(word for place, word in enumerate(kept) if word != GONE or kept[place - 1 : place] != [GONE])

    def _may_stay(self, word: str, plain: str) -> bool:
        return bool(plain) and bool(_WORD.fullmatch(word)) and all(self._is_ours(part) for part in plain.split())

    def _is_ours(self, word: str) -> bool:
        if word not in self.known or word in self.private or word in self.places:
            return False
        return not any(word[:n] in self.places for n in range(STEM, len(word)))


@lru_cache(maxsize=4)
def load(root: Path) -> Unnamed:
    """From `nlu_data/` and the names of places in `locales/`. Half a second, once for each state of these files; then
    a hundredth. Raises DataError."""
    folder, languages = root / "nlu_data", sorted((root / "locales").glob("*/language.yml"))
    told = _mapping(folder / FILE)
    state = state_of([*data_files(folder), *languages])
    known, private, places, cues = kept(state, __file__, lambda: _read(folder, languages, told))
    return Unnamed(
        Packed((word, "") for word in known), frozenset(private), frozenset(places), frozenset(cues), int(told["after"])
    )


def _read(folder: Path, languages: Sequence[Path], told: Mapping[str, Any]) -> list[list[str]]:
    """The sets of an Unnamed, in its order."""
    known = {word for example in read_examples(folder) for word in normalise(example.text).split()}
    spelled = [name for path in languages for name in _countries(_mapping(path))]
    sets = (known, _words(told["names"]), _words([*told["places"], *spelled]), _words(told["cues"]))
    return [sorted(words) for words in sets]


def _mapping(path: Path) -> dict[str, Any]:
    try:
        found = yaml.load(path.read_text("utf-8"), Loader=LOADER)  # noqa: S506 (a safe one)
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"{path}:1: cannot be read: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}:1: a mapping is expected here")
    return found


def _countries(table: dict[str, Any]) -> Iterable[str]:
    for names in (table.get("countries") or {}).values():
        yield from names


def _words(names: Iterable[object]) -> frozenset[str]:
    """Words of names; of a name of several words only those that are long enough to say something."""
    found: set[str] = set()
    for name in names:
        parts = normalise(str(name)).split()
        found.update(part for part in parts if len(parts) == 1 or len(part) >= PART)
    return frozenset(found)
