"""A backup brought into a database, and what may not be sent from it.

Law: a restore goes into an empty database only, whole or not at all (`restoring.py`), and nothing that waited to be
sent is sent from it, told to one or to many: it may have been sent after the backup was made, so a human decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import select

from bot.store import audit, broadcasts, outbox, restoring
from bot.store.database import AT_WORK, LISTENS, Database
from bot.store.manifest import DATA, KEYS, MEDIA, BackupError, Manifest, secrets_of, value
from bot.store.media_tar import unpack
from bot.store.programs import run
from bot.store.tables import outbox as outbox_table
from bot.vault.keyring import Keyring

WAITED = ("queued", "sending", "held", "lane")
AT_ONCE = 500
# By the names under which `Database` connects: everybody may see them, of another role too.
_AT_WORK = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name IN (%s, %s) LIMIT 1"


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
            if value(connection, "SELECT pg_is_in_recovery()") == "True":
                raise BackupError(
                    "PostgreSQL has not come to that moment yet (pg_is_in_recovery), and nothing was changed: run the"
                    " same again when it has; its log says how far it is"
                )
            wrapped_by = secrets_of(connection)
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
    run("pg_restore", url, version, [*whole, f"--dbname={_database(url)}", str(place / DATA)])
    run("pg_restore", url, version, [*whole, "--data-only", f"--dbname={_database(url)}", str(keys_place / KEYS)])
    with psycopg.connect(url) as connection:
        for table, wanted in manifest.rows.items():
            found = int(value(connection, f"SELECT count(*) FROM {table}"))  # noqa: S608
            if found != wanted:
                raise BackupError(f"{table} has {found} rows, the backup had {wanted}: do not use this database")
    if (place / MEDIA).exists():
        unpack(place / MEDIA, media)


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


def _database(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname") or "")
