"""Names of people that look like words of danger: what is left of a text without them.

Law: the danger floor reads the whole text; only what the classifier saw alone is asked again without the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.nlu.data import at, compose, fields, scalar, sequence
from bot.nlu.normalise import normalise


@dataclass(frozen=True, slots=True)
class Names:
    """`names`: normalised, one word each."""

    names: frozenset[str] = frozenset()

    @classmethod
    def load(cls, file: Path) -> Names:
        """`names:` of the file; without the file there are none. Raises DataError."""
        root = compose(file) if file.exists() else None
        if root is None:
            return cls()
        node = fields(file, root, file.name).get("names", root)
        found = set()
        for child in sequence(file, node, "names"):
            name = normalise(scalar(file, child, "a name"))
            if len(name.split()) != 1:
                raise at(file, child, f"a name is one word: {name}")
            found.add(name)
        return cls(frozenset(found))

    def without(self, text: str) -> str | None:
        """The text without the names in it; None when it holds none."""
        words = text.split()
        left = [word for word in words if normalise(word) not in self.names]
        return " ".join(left) if len(left) < len(words) else None
