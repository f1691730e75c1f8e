"""Sealed files on the disk: `<data>/media/<2 letters>/<32 letters>`.

Law: a name is drawn at random and says nothing; a file is whole or not there; its key is elsewhere, so that a file
without its row is noise. Another storage has these four methods.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{32}")
LEFT_OVER = 3600.0  # seconds after which a file without a row is no longer one that is just being written


@dataclass(frozen=True, slots=True)
class Files:
    """The directory. Made at the first file, for this user alone."""

    directory: Path

    def write(self, data: bytes) -> str:
        """Keep sealed bytes; returns the name. On the disk when it returns."""
        name = secrets.token_hex(16)
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = path.with_suffix(".part")
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        return name

    def read(self, name: str) -> bytes:
        """Sealed bytes. Raises FileNotFoundError."""
        return self._path(name).read_bytes()

    def delete(self, name: str) -> None:
        """Take a file away; one that is not there is no fault."""
        self._path(name).unlink(missing_ok=True)

    def sweep(self, known: Collection[str]) -> int:
        """Delete what no row knows and nobody is writing; returns how many."""
        gone = 0
        if not self.directory.is_dir():
            return 0
        for path in self.directory.glob("??/*"):
            old = time.time() - path.stat().st_mtime > LEFT_OVER
            if old and path.name not in known:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise FileNotFoundError(name)
        return self.directory / name[:2] / name
