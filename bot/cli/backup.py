"""`saathi backup` and `saathi restore`.

Law: data and keys go to two places; a restore says what it will not do, and serves nothing before erased people are
erased again.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import databases
from bot import settings as configuration
from bot.cli import numbers
from bot.settings import Settings
from bot.store import alive, backup, restore, restoring
from bot.store.ledger import NAME as LEDGER
from bot.store.ledger import Ledger
from bot.store.manifest import BackupError, verify
from bot.vault.keyring import Keyring

KEEP = 7  # days, of data as of keys: data without their keys are opened by nobody
MAKING = """
every night, for example (the service goes on running):
  saathi backup --out /srv/backup/data --keys-out /mnt/other/keys

Data and keys belong on different machines: the data open nothing without the keys, and both nothing without
SAATHI_SECRET_KEY, which is in neither. Whoever is erased is gone from every backup when the newest copy of the keys
that still has hers is removed: so copies of keys are kept for 7 days only. The ledger of erasures
(SAATHI_DATA_DIR/erased.ledger) is copied beside the keys: it must outlive all backups."""
RESTORING = """
into an empty database and an empty data directory, with the same SAATHI_SECRET_KEY, while nothing else runs:
  saathi restore --from /srv/backup/data/20261126T020000Z --keys /mnt/other/keys/20261126T020000Z

Messages that waited when the backup was made may have been sent after it: they are not sent again; a human finds the
urgent ones and those of colleagues in the queue. Broadcasts that ran are stopped. What people wrote after the
backup is not in it: see docs/operations.md.

after PostgreSQL itself was brought back to a moment, before any worker starts (refused while one works there):
  saathi restore --in-place --ledger /mnt/other/keys/erased.ledger"""


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = MAKING
    parser.add_argument("--out", type=Path, required=True, help="folder for the data; one folder in it for each backup")
    parser.add_argument("--keys-out", type=Path, required=True, help="folder for the keys: another disk or machine")
    parser.add_argument("--no-media", action="store_true", help="without files of people (they are copied otherwise)")
    parser.add_argument(
        "--keep", type=numbers.days, default=KEEP, metavar="DAYS", help=f"older data go (default {KEEP})"
    )
    parser.add_argument(
        "--keep-keys", type=numbers.days, default=KEEP, metavar="DAYS", help=f"older keys go (default {KEEP})"
    )


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """Where from."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = RESTORING
    parser.add_argument("--from", dest="place", type=Path, help="the folder of one backup: data")
    parser.add_argument("--keys", type=Path, help="the folder of the same backup: keys")
    parser.add_argument("--ledger", type=Path, help="the newest ledger of erasures (default: the one beside the keys)")
    parser.add_argument("--check", action="store_true", help="only read the files and compare them with their digests")
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="the database was brought back by other means (to a moment, from a snapshot): only what comes after that",
    )


def run_backup(args: argparse.Namespace) -> int:
    """0 = made, and older ones removed."""
    settings, began = configuration.load(), time.monotonic()
    now = datetime.now(UTC)
    print("reading the database ...", flush=True)
    media = None if args.no_media else settings.data_dir / "media"
    with _told_of_disks("no backup was made"):
        place, manifest = backup.make(databases.owner_url(settings), media, args.out, args.keys_out, now)
        ledger = settings.data_dir / LEDGER
        if ledger.exists():
            shutil.copy2(ledger, args.keys_out / LEDGER)
    size = sum(int(file[0]) for file in manifest.files.values())
    print(f"{place}: {manifest.rows['messages']} messages, {manifest.rows['cases']} cases, {size / 1e6:.1f} MB")
    print(f"{args.keys_out / place.name}: the keys; keep them elsewhere")
    with _told_of_disks("the backup is made, and the monitor does not know of it"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        alive.touch(settings.data_dir, now, alive.BACKED_UP)
    if args.out.stat().st_dev == args.keys_out.stat().st_dev:
        print(
            "warning: data and keys lie on one disk: whoever takes it has both, and who loses it has none",
            file=sys.stderr,
        )
    gone = backup.prune(args.out, now - timedelta(days=args.keep))
    gone_keys = backup.prune(args.keys_out, now - timedelta(days=args.keep_keys))
    print(f"{gone} older backups and {gone_keys} older keys removed; {time.monotonic() - began:.1f} s")
    return 0


def run_restore(args: argparse.Namespace) -> int:
    """0 = restored (or, with --check, whole)."""
    settings, began = configuration.load(), time.monotonic()
    if args.ledger is not None and not args.ledger.is_file():
        raise BackupError(f"{args.ledger} is not there, and nothing was changed: who was erased would come back")
    if args.in_place:
        return _in_place(settings, args.ledger)
    if args.place is None or args.keys is None:
        raise BackupError("--from and --keys are needed: the two folders of one backup")
    print("comparing the files with their digests ...", flush=True)
    with _told_of_disks("nothing was changed"):
        manifest = verify(args.place, args.keys)
    print(f"{args.place} is whole: made {manifest.made_at}, {manifest.rows['messages']} messages")
    restore.fits(manifest, _secret(settings))  # told before hours of work, and before anything changes
    if args.check:
        print("SAATHI_SECRET_KEY opens it")
        return 0
    print("restoring the database ...", flush=True)
    url = databases.owner_url(settings)
    with _told_of_disks("the restore is not finished; run the same again, it begins anew"):
        restore.fill(url, args.place, args.keys, manifest, settings.data_dir / "media")
        _bring_ledger(settings, args.ledger or args.keys.parent / LEDGER)
    databases.bring_up_to_date(settings)
    settled = asyncio.run(_settle(settings))
    restoring.end(url)
    print(f"made {manifest.made_at}: {manifest.rows['messages']} messages, {manifest.rows['cases']} cases")
    _say_settled(*settled)
    print(f"restored in {time.monotonic() - began:.1f} s; now start the service, and read docs/operations.md")
    return 0


def _in_place(settings: Settings, ledger: Path | None) -> int:
    """The last steps alone, for a database that PostgreSQL itself brought back. Before anything changes: that nobody
    works on it (it may be the living one), and that the secret is its own."""
    keyring = _secret(settings)
    restore.settles(databases.owner_url(settings), keyring)
    databases.bring_up_to_date(settings)
    asyncio.run(_opened(settings))
    with _told_of_disks("nothing was erased again, nothing is held; run the same again"):
        _bring_ledger(settings, ledger or settings.data_dir / LEDGER)
    _say_settled(*asyncio.run(_settle(settings)))
    print("now start the service, and read docs/operations.md")
    return 0


def _secret(settings: Settings) -> Keyring:
    """The secret of what was made before; none is made here: it would open nothing. Raises BackupError."""
    keyring = databases.known_keyring(settings)
    if keyring is None:
        raise BackupError(
            f"SAATHI_SECRET_KEY is not set, {settings.data_dir}/secret.key is not there, and nothing was changed: set"
            " the one with which this was made; nothing is opened without it"
        )
    return keyring


def _say_settled(erased: int, held: int, stopped: int) -> None:
    print(f"{erased} people who were erased since then are erased again")
    print(f"{held} messages that waited to be sent are not sent; what is urgent or a colleague's waits in the queue")
    if stopped:
        print(f"{stopped} broadcasts that ran are stopped: `saathi broadcast start` may tell some people again")


@contextmanager
def _told_of_disks(so: str) -> Iterator[None]:
    """A disk that is full, read-only or not there is told in a sentence. Raises BackupError."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or 'a file'}: {error.strerror}: {so}") from None


def _bring_ledger(settings: Settings, newest: Path) -> None:
    """Of two ledgers the longer one: lines are only ever added."""
    ours = settings.data_dir / LEDGER
    if newest.exists() and (not ours.exists() or ours.stat().st_size < newest.stat().st_size):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy2(newest, ours)
    if not ours.exists():
        print(f"no ledger of erasures: if somebody was erased after this backup, erase her again ({ours})")


async def _opened(settings: Settings) -> None:
    """Raises SettingsError when SAATHI_SECRET_KEY is not the one of this database."""
    database = await databases.open_database(settings, migrating=False)
    try:
        await databases.open_keys(database, settings)
    finally:
        await database.close()


async def _settle(settings: Settings) -> tuple[int, int, int]:
    """Erase again, hold what waited, stop what was told to many; returns how many of each."""
    database = await databases.open_database(settings, migrating=False, half_restored=True)
    try:
        now = datetime.now(UTC)
        ledger = Ledger(settings.data_dir / LEDGER)
        erased = await ledger.carry_out(database, now)
        return erased, *await restore.hold(database, now)
    finally:
        await database.close()
