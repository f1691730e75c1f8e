"""Facts from `knowledge/*.yml`, read once.

Law: plain mappings; what a fact means is the business of who asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.content.source import files, read


class Facts:
    """`get("duty")` is `knowledge/duty.yml`."""

    def __init__(self, by_name: Mapping[str, Mapping[str, Any]]) -> None:
        self._by_name = by_name

    def get(self, name: str) -> Mapping[str, Any]:
        """A file's content. Raises KeyError: which files there must be is fixed."""
        return self._by_name[name]


def load_knowledge(root: Path) -> Facts:
    """All files. Raises ContentError."""
    return Facts({path.stem: read(path, root) for path in files(root / "knowledge")})
