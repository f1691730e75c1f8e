"""What a backup tells of itself: its files with their sums, its rows, under which secrets its keys were wrapped.

Law: nothing is restored before every file was read and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bot.settings import CannotStart
from bot.vault.keyring import KEY_ID

DATA, KEYS, MEDIA, MANIFEST = "data.dump", "keys.dump", "media.tar", "manifest.json"
KEYS_TABLE = "public.keys"
FORMAT = 1
COUNTED = ("contacts", "cases", "messages", "outbox", "audit")  # what a restore is compared with
_WRAPPED_BY = f"SELECT DISTINCT encode(substring(wrapped FROM 1 FOR {KEY_ID}), 'hex') FROM {KEYS_TABLE} ORDER BY 1"  # noqa: S608


class BackupError(CannotStart):
    """A backup cannot be made or restored; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup: `files` by name to (bytes, SHA-256), `rows` by table to how many. Older ones have no `wrapped_by`."""

    format: int
    made_at: str
    revision: str
    server: int
    rows: Mapping[str, int]
    files: Mapping[str, Sequence[int | str]]
    wrapped_by: Sequence[str] = ()  # ids of the secrets (hex) that open the keys: they tell nothing of the secret


def verify(place: Path, keys_place: Path) -> Manifest:
    """The manifest, after every file was read and compared with it. Raises BackupError."""
    texts = []
    for folder in (place, keys_place):
        try:
            texts.append((folder / MANIFEST).read_text("latin-1"))  # whatever it is: compared before it is read
        except OSError:
            raise BackupError(f"{folder} is no backup: it has no {MANIFEST}") from None
    if texts[0] != texts[1]:
        raise BackupError(f"{place} and {keys_place} are of different backups: they were not made together")
    manifest = _read(place / MANIFEST, texts[0])
    for name, wanted in manifest.files.items():
        file = (keys_place if name == KEYS else place) / name
        if not file.is_file():
            raise BackupError(f"{file} is missing")
        if digest(file) != list(wanted):
            raise BackupError(f"{file} is not as it was written: it is torn or was changed; take another backup")
    return manifest


def _read(file: Path, text: str) -> Manifest:
    """A torn or foreign one is told, and one that names other files or tables than a backup of ours has."""
    try:
        told = json.loads(text)
        if (known := told.get("format", FORMAT)) != FORMAT:
            raise BackupError(f"{file.parent} was made by another version of Saathi (format {known})")
        manifest = Manifest(**told)
        ours = {*manifest.files} <= {DATA, KEYS, MEDIA} and {*manifest.rows} == {*COUNTED}
    except (AttributeError, RecursionError, TypeError, ValueError):
        ours = False
    if not ours:
        raise BackupError(f"{file} is no manifest of ours: it is torn or was changed; take another backup")
    return manifest


def secrets_of(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Ids of the secrets (hex) under which the keys of this database are wrapped."""
    return [str(row[0]) for row in connection.execute(_WRAPPED_BY)]


def value(connection: psycopg.Connection[tuple[object, ...]], query: str) -> str:
    """The one value that a query answers, as text; empty when it answers nothing."""
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""


def digest(file: Path) -> list[int | str]:
    """(bytes, SHA-256) of a file."""
    with file.open("rb") as opened:
        return [file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest()]
