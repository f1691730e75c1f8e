"""Backups: the database in one file, the keys of its people in another, both of one moment; files of people in a third.

Law: the data open nothing without the keys, and the keys nothing without SAATHI_SECRET_KEY: the two are kept apart.
Bringing one back is in `restore.py`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bot.store import restoring
from bot.store.manifest import (
    COUNTED,
    DATA,
    FORMAT,
    KEYS,
    KEYS_TABLE,
    MANIFEST,
    MEDIA,
    BackupError,
    Manifest,
    digest,
    secrets_of,
    value,
)
from bot.store.media_tar import pack
from bot.store.programs import run

STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = re.compile(r"\d{8}T\d{6}Z")
_HALF = re.compile(r"\.(\d{8}T\d{6}Z)\.\d+")  # by `_begun`
CUT_OFF = timedelta(days=1)  # a half one that is older is nobody's work any more
CHUNK = 1 << 20


def make(url: str, media: Path | None, out: Path, keys_out: Path, now: datetime) -> tuple[Path, Manifest]:
    """Write `out/<stamp>/` (data, files of people) and `keys_out/<stamp>/` (keys). `url`: of the owner's role.

    Nothing appears under its name before it is whole. Raises BackupError.
    """
    stamp = now.astimezone(UTC).strftime(STAMP)
    if out.resolve() == keys_out.resolve():
        raise BackupError("the keys belong in another place than the data: whoever has both can read what people wrote")
    for folder in (out, keys_out):  # first of all: halves hold keys, and room that this one needs
        prune_halves(folder, now - CUT_OFF)
    place, keys_place = _begun(out, stamp), _begun(keys_out, stamp)
    try:
        with psycopg.connect(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            if restoring.marked(connection):
                raise BackupError("a restore into this database was not finished: half of one is no backup")
            moment = value(connection, "SELECT pg_export_snapshot()")
            revision = value(connection, "SELECT version_num FROM alembic_version")
            rows = {table: int(value(connection, f"SELECT count(*) FROM {table}")) for table in COUNTED}  # noqa: S608
            wrapped_by = secrets_of(connection)
            version = connection.info.server_version
            common = ["--format=custom", "--no-owner", f"--snapshot={moment}"]
            run("pg_dump", url, version, [*common, f"--exclude-table-data={KEYS_TABLE}", f"--file={place / DATA}"])
            run(
                "pg_dump",
                url,
                version,
                [*common, "--data-only", f"--table={KEYS_TABLE}", f"--file={keys_place / KEYS}"],
            )
        if media is not None:
            pack(media, place / MEDIA)
        told = [*_in(place), *_in(keys_place)]
        files = {p.name: digest(p) for p in told}
        manifest = Manifest(FORMAT, now.astimezone(UTC).isoformat(), revision, version, rows, files, wrapped_by)
        text = json.dumps(asdict(manifest), indent=1) + "\n"
        for folder in (place, keys_place):
            (folder / MANIFEST).write_text(text, "ascii")
            for file in _in(folder):
                file.chmod(0o600)
                _to_disk(file)
        keys_place.rename(keys_out / stamp)
        place.rename(out / stamp)
    except psycopg.Error as error:
        raise BackupError(f"the database cannot be read ({type(error).__name__}): check its address") from None
    finally:
        for folder in (place, keys_place):
            shutil.rmtree(folder, ignore_errors=True)
    return out / stamp, manifest


def prune(folder: Path, before: datetime) -> int:
    """Remove backups that were made before this moment; returns how many. What is no backup of ours stays, and what a
    link leads to."""
    gone = 0
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if _STAMPED.fullmatch(path.name) and (path / MANIFEST).is_file() and not path.is_symlink():
            made = datetime.strptime(path.name, STAMP).replace(tzinfo=UTC)
            if made < before:
                shutil.rmtree(path)
                gone += 1
    return gone


def prune_halves(folder: Path, before: datetime) -> int:
    """Remove what backups left that were cut off (killed, no power) and had begun before this moment; returns how many.
    It may hold keys of people who are erased since."""
    gone = 0
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        half = _HALF.fullmatch(path.name)
        if half and not path.is_symlink() and datetime.strptime(half[1], STAMP).replace(tzinfo=UTC) < before:
            shutil.rmtree(path)
            gone += 1
    return gone


def _begun(out: Path, stamp: str) -> Path:
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (out / stamp).exists():
        raise BackupError(f"{out / stamp} is there already")
    place = out / f".{stamp}.{os.getpid()}"
    place.mkdir(mode=0o700)
    return place


def _in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file())


def _to_disk(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
