"""Backups: the database in one file, the keys of its people in another, both of one moment; files of people in a third.

Law: the data open nothing without the keys, and the keys nothing without SAATHI_SECRET_KEY: the two are kept apart. A
restore goes into an empty database only, whole or not at all, and nothing that waited to be sent is sent from it, told
to one or to many: it may have been sent after the backup was made, so a human decides.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import select

from bot.settings import CannotStart
from bot.store import audit, broadcasts, cluster, outbox, restoring
from bot.store.database import AT_WORK, LISTENS, Database
from bot.store.tables import outbox as outbox_table
from bot.vault.keyring import KEY_ID, Keyring

DATA, KEYS, MEDIA, MANIFEST = "data.dump", "keys.dump", "media.tar", "manifest.json"
KEYS_TABLE = "public.keys"
STAMP = "%Y%m%dT%H%M%SZ"
_STAMPED = re.compile(r"\d{8}T\d{6}Z")
FORMAT = 1
CHUNK = 1 << 20
COUNTED = ("contacts", "cases", "messages", "outbox", "audit")  # what a restore is compared with
WAITED = ("queued", "sending", "held", "lane")
AT_ONCE = 500
_WRAPPED_BY = f"SELECT DISTINCT encode(substring(wrapped FROM 1 FOR {KEY_ID}), 'hex') FROM {KEYS_TABLE} ORDER BY 1"  # noqa: S608

# By the names under which `Database` connects: everybody may see them, of another role too.
_AT_WORK = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name IN (%s, %s) LIMIT 1"


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


def make(url: str, media: Path | None, out: Path, keys_out: Path, now: datetime) -> tuple[Path, Manifest]:
    """Write `out/<stamp>/` (data, files of people) and `keys_out/<stamp>/` (keys). `url`: of the owner's role.

    Nothing appears under its name before it is whole. Raises BackupError.
    """
    stamp = now.astimezone(UTC).strftime(STAMP)
    if out.resolve() == keys_out.resolve():
        raise BackupError("the keys belong in another place than the data: whoever has both can read what people wrote")
    place, keys_place = _begun(out, stamp), _begun(keys_out, stamp)
    try:
        with psycopg.connect(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            if restoring.marked(connection):
                raise BackupError("a restore into this database was not finished: half of one is no backup")
            moment = _one(connection, "SELECT pg_export_snapshot()")
            revision = _one(connection, "SELECT version_num FROM alembic_version")
            rows = {table: int(_one(connection, f"SELECT count(*) FROM {table}")) for table in COUNTED}  # noqa: S608
            wrapped_by = _wrapped_by(connection)
            version = connection.info.server_version
            common = ["--format=custom", "--no-owner", f"--snapshot={moment}"]
            _run("pg_dump", url, version, [*common, f"--exclude-table-data={KEYS_TABLE}", f"--file={place / DATA}"])
            _run(
                "pg_dump",
                url,
                version,
                [*common, "--data-only", f"--table={KEYS_TABLE}", f"--file={keys_place / KEYS}"],
            )
        if media is not None:
            _pack(media, place / MEDIA)
        told = [*_in(place), *_in(keys_place)]
        files = {p.name: _digest(p) for p in told}
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


def verify(place: Path, keys_place: Path) -> Manifest:
    """The manifest, after every file was read and compared with it. Raises BackupError."""
    texts = []
    for folder in (place, keys_place):
        try:
            texts.append((folder / MANIFEST).read_text("ascii"))
        except OSError:
            raise BackupError(f"{folder} is no backup: it has no {MANIFEST}") from None
    if texts[0] != texts[1]:
        raise BackupError(f"{place} and {keys_place} are of different backups: they were not made together")
    manifest = Manifest(**json.loads(texts[0]))
    if manifest.format != FORMAT:
        raise BackupError(f"{place} was made by another version of Saathi (format {manifest.format})")
    for name, wanted in manifest.files.items():
        file = (keys_place if name == KEYS else place) / name
        if not file.is_file():
            raise BackupError(f"{file} is missing")
        if _digest(file) != list(wanted):
            raise BackupError(f"{file} is not as it was written: it is torn or was changed; take another backup")
    return manifest


def fits(manifest: Manifest, keyring: Keyring) -> None:
    """Raises BackupError when the backup's keys were wrapped under a secret that the keyring has not."""
    _fits("backup", manifest.wrapped_by, keyring)


def settles(url: str, keyring: Keyring) -> None:
    """Whether a database that came back by other means may be settled; nothing is changed. `url`: of the owner's role.

    Raises BackupError: somebody works on it, PostgreSQL is still at it, or its keys were wrapped under a secret that
    the keyring has not.
    """
    try:
        with psycopg.connect(url) as connection:
            if connection.execute(_AT_WORK, (AT_WORK, LISTENS)).fetchone() is not None:
                raise BackupError(
                    "Saathi works on this database, and nothing was changed: all that waits to be sent would be held"
                    " for good. Is it the one that was brought back? Then stop every web and worker process and every"
                    " other `saathi` command first, and run the same again"
                )
            if _one(connection, "SELECT pg_is_in_recovery()") == "True":
                raise BackupError(
                    "PostgreSQL has not come to that moment yet (pg_is_in_recovery), and nothing was changed: run the"
                    " same again when it has; its log says how far it is"
                )
            wrapped_by = _wrapped_by(connection)
    except psycopg.errors.UndefinedTable:
        raise BackupError("this database holds nothing of Saathi, and nothing was changed: check its address") from None
    except psycopg.Error as error:
        raise BackupError(f"the database cannot be used ({type(error).__name__}): check its address") from None
    _fits("database", wrapped_by, keyring)


def _fits(what: str, wrapped_by: Sequence[str], keyring: Keyring) -> None:
    if not all(keyring.has(bytes.fromhex(key_id)) for key_id in wrapped_by):
        raise BackupError(
            f"SAATHI_SECRET_KEY: this {what} was made with another SAATHI_SECRET_KEY, and nothing was changed. Set the"
            " one that it was made with; if it was made while the secret was renewed, list both with a comma"
        )


def fill(url: str, place: Path, keys_place: Path, manifest: Manifest, media: Path) -> None:
    """Restore into an empty database, or where a restore was cut off, which begins anew. `url`: of the owner's role.

    The database is marked as unfinished until `restoring.end`. Raises BackupError.
    """
    try:
        with psycopg.connect(url) as connection:
            version, again = connection.info.server_version, restoring.marked(connection)
        if version // 10_000 < manifest.server // 10_000:
            raise BackupError(
                f"this is PostgreSQL {version // 10_000}, and the backup is of {manifest.server // 10_000}: nothing was"
                " changed. Restore into the same version or a newer one"
            )
        if not again and media.exists() and any(media.iterdir()):
            raise BackupError(f"{media} is not empty: nothing was changed. Move it away first")
        if not restoring.begin(url):
            raise BackupError("this database is not empty: nothing was changed. Restore into an empty one")
    except psycopg.Error as error:
        raise BackupError(f"the database cannot be used ({type(error).__name__}): check its address") from None
    if again and media.exists():  # files of the try that was cut off: the folder was empty before it
        shutil.rmtree(media)
    whole = ["--no-owner", "--exit-on-error", "--single-transaction"]
    # The constraints of what is restored name no keys, so that the data may come first.
    _run("pg_restore", url, version, [*whole, f"--dbname={_database(url)}", str(place / DATA)])
    _run("pg_restore", url, version, [*whole, "--data-only", f"--dbname={_database(url)}", str(keys_place / KEYS)])
    with psycopg.connect(url) as connection:
        for table, wanted in manifest.rows.items():
            found = int(_one(connection, f"SELECT count(*) FROM {table}"))  # noqa: S608
            if found != wanted:
                raise BackupError(f"{table} has {found} rows, the backup had {wanted}: do not use this database")
    if (place / MEDIA).exists():
        _unpack(place / MEDIA, media)


async def hold(database: Database, now: datetime) -> tuple[int, int]:
    """What waited is of unknown outcome now, with a page where it is urgent or a human's; what was being told to many
    is stopped before that, so that nothing more is put into the lane. Returns how many messages, how many broadcasts.
    """
    held = 0
    async with database.begin() as connection:
        stopped = await broadcasts.stop_all(connection, now)
    while True:
        async with database.begin() as connection:
            query = select(outbox_table.c.id).where(outbox_table.c.state.in_(WAITED)).limit(AT_ONCE).with_for_update()
            ids = list((await connection.execute(query)).scalars())
            await outbox.change(connection, ids, now, state="unknown", reason="restored", lease_until=None)
            held += len(ids)
        if len(ids) < AT_ONCE:
            break
    async with database.begin() as connection:
        await audit.write(
            connection,
            user_id=None,
            action="restored",
            object_kind="database",
            object_id="",
            now=now,
            actor="system",
        )
    return held, stopped


def prune(folder: Path, before: datetime) -> int:
    """Remove backups that were made before this moment; returns how many. What is no backup of ours stays."""
    gone = 0
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if _STAMPED.fullmatch(path.name) and (path / MANIFEST).is_file():
            made = datetime.strptime(path.name, STAMP).replace(tzinfo=UTC)
            if made < before:
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


def _wrapped_by(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    return [str(row[0]) for row in connection.execute(_WRAPPED_BY)]


def _one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""


def _digest(file: Path) -> list[int | str]:
    with file.open("rb") as opened:
        return [file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest()]


def _to_disk(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _pack(media: Path, target: Path) -> None:
    """Files are written once under names of their own, and sealed: no lock is needed, and compressing gains nothing."""
    with tarfile.open(target, "w") as packed:
        for path in sorted(media.rglob("*")) if media.is_dir() else []:
            if path.is_file():
                try:
                    packed.add(path, arcname=path.relative_to(media).as_posix(), recursive=False)
                except FileNotFoundError:
                    continue  # erased while we read


def _unpack(source: Path, media: Path) -> None:
    """File by file: what Debian 12 has as Python 3.11 cannot be told to take plain files inside the folder only."""
    media.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(source) as packed:
        for member in packed:
            target, content = media / member.name, packed.extractfile(member) if member.isfile() else None
            if content is None or not target.resolve().is_relative_to(media.resolve()):
                raise BackupError(f"{source} holds what no backup of ours holds: {member.name!r}")
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with content, target.open("wb") as written:
                shutil.copyfileobj(content, written)
            target.chmod(0o600)


def _database(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname") or "")


_NAMES = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
_NAMES |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


def _run(program: str, url: str, server_version: int, arguments: Sequence[str]) -> None:
    """The address goes by the environment: a list of processes would show its password."""
    found = _program(program, server_version // 10_000)
    given = conninfo_to_dict(url)
    address = {variable: str(given[name]) for name, variable in _NAMES.items() if given.get(name) is not None}
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith(("PG", "SAATHI_"))}, **address}
    done = subprocess.run(  # noqa: S603
        [found, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {lines[0] if lines else f'code {done.returncode}'}")


def _program(name: str, major: int) -> Path:
    """That of the newest PostgreSQL at hand: a dump is made by a program that is not older than the server."""
    for path in _programs(name):
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        number = re.search(r"(\d+)", answer.stdout)
        if answer.returncode == 0 and number and int(number[1]) >= major:
            return path
    raise BackupError(f"no {name} of PostgreSQL {major} or newer is here: install PostgreSQL's client programs")


def _programs(name: str) -> Iterator[Path]:
    if (installed := shutil.which(name)) is not None:
        yield Path(installed)
    if (package := cluster.wheel()) is not None:
        yield from sorted(package.glob(f"pginstall*/bin/{name}"), reverse=True)
