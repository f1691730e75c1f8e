"""What parsing or reckoning gave of files of ours, kept beside the checkout: the next start reads it instead.

Law: only a convenience: the key is the file's bytes and the parser's code, so nothing stale can be read; a folder that
cannot be written, or a torn file, costs time and nothing else. What another account of this machine left there is not
read: danger is known by it. Holds content alone, never anything of a person.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.settings import ROOT

FOLDER = ROOT / "var" / "parsed"
MOST = 3000  # files; some hundreds are in use, the rest is of earlier content
ROOT_ACCOUNT = 0  # who prepares a machine or an image for the account of the service


def kept(source: bytes, parser: str, parse: Callable[[], Any]) -> Any:
    """The JSON value that `parse` makes of `source`. `parser`: the file whose code it is (`__file__`)."""
    key = hashlib.sha256(_code(parser) + source).hexdigest()
    file = FOLDER / f"{key[:40]}.json"
    with suppress(OSError, ValueError):
        return _read(file)
    made = parse()
    with suppress(OSError):
        _write(file, made)
    return made


@lru_cache
def _code(parser: str) -> bytes:
    return hashlib.sha256(Path(parser).read_bytes()).digest()


def _read(file: Path) -> Any:
    """The value, which is in use by that. OSError or ValueError when there is none, or none of ours."""
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_uid not in (os.geteuid(), ROOT_ACCOUNT):
            raise PermissionError(file)
        value = json.load(opened)
    with suppress(OSError):  # of root's, or where nothing can be written
        os.utime(file)
    return value


def _write(file: Path, value: Any) -> None:
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), "utf-8")
    part.replace(file)
    present = list(FOLDER.iterdir())
    if len(present) > MOST:
        for old in sorted(present, key=lambda p: p.stat().st_mtime)[: MOST // 2]:
            old.unlink(missing_ok=True)
