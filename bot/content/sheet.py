"""A content file while it is read: values of the shape that is expected, or a problem at their line.

Law: reading never stops at the first mistake and never raises; what is wrong leaves an empty value and a Problem.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.content.source import Place, Problem, Row


class Sheet:
    """One file's problems, and typed access to its mappings. `file` is relative to the checkout."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def wrong(self, line: int, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, line, message))

    def only(self, place: Place, allowed: Iterable[str], what: str) -> None:
        """Keys that `what` does not have are misspelt keys."""
        known = tuple(allowed)
        for key in place:
            if key not in known:
                self.wrong(place.at(key), f"{what} has no `{key}`; it has {', '.join(known)}")

    def text(self, place: Place, key: str, *, needed: bool = True) -> str:
        """Words, or a number as it is written; empty when there is none."""
        value = place.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
        if value is not None and not (value == "" and not needed):
            hint = f': write "{str(value).lower()}" in quotes' if isinstance(value, bool) else ""
            self.wrong(place.at(key), f"`{key}:` must be words{hint}")
        elif needed:
            self.wrong(place.at(key), f"`{key}:` is missing")
        return ""

    def one_of(self, place: Place, key: str, allowed: tuple[str, ...], default: str) -> str:
        """One word of a closed list."""
        if key not in place:
            return default
        value = place[key]
        if value in allowed:
            return str(value)
        self.wrong(place.at(key), f"`{key}:` is one of {', '.join(allowed)}, not {value}")
        return default

    def flag(self, place: Place, key: str) -> bool:
        """true or false."""
        value = place.get(key, False)
        if not isinstance(value, bool):
            self.wrong(place.at(key), f"`{key}:` is true or false")
        return value is True

    def words(self, place: Place, key: str) -> tuple[str, ...]:
        """A list of words."""
        value = place.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(place.at(key), f"`{key}:` must be a list, as in [one, two]")
            return ()
        for item in value:
            if not isinstance(item, str | int) or isinstance(item, bool) or not str(item).strip():
                self.wrong(place.at(key), f"`{key}:` holds something that is no word: {item}")
        return tuple(str(item).strip() for item in value if isinstance(item, str | int))

    def table(self, place: Place, key: str) -> Place:
        """A mapping; empty when there is none."""
        value = place.get(key)
        if isinstance(value, Place):
            return value
        if value is not None:
            self.wrong(place.at(key), f"`{key}:` must be a mapping, as in {{key: value}}")
        return Place.empty(place.at(key))

    def names(self, place: Place, key: str) -> dict[str, str]:
        """A mapping from words to words."""
        table = self.table(place, key)
        return {name: self.text(table, name) for name in table}

    def rows(self, place: Place, key: str, what: str) -> list[Place]:
        """A list of mappings; those that are something else are problems. A word alone stands for {word: null}."""
        value = place.get(key)
        if not isinstance(value, Row) or not value:
            self.wrong(place.at(key), f"`{key}:` must be a list with at least one {what}")
            return []
        made = []
        for item, line in zip(value, value.lines, strict=True):
            if isinstance(item, Place):
                made.append(item)
            elif isinstance(item, str):
                made.append(Place.empty(line, {item: None}))
            else:
                self.wrong(line, f"this is no {what}: {item}")
        return made

    def whole(self, place: Place, key: str) -> int:
        """A number from 0 on; 0 when there is none."""
        value: Any = place.get(key, 0)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(place.at(key), f"`{key}:` must be a whole number")
        return 0
