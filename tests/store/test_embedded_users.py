"""Who may do what with the embedded server: users of the machine, roles of the database, readers of its log."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import psycopg
import pytest

from bot.store import cluster as files
from bot.store import embedded, postmaster
from bot.store.embedded import Server
from tests.store.servers import count, make_table, owners, script, start

pytestmark = pytest.mark.slow
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root: only root can be and make other users")

CANARIES = ("+9779801234567", "Sita Canary", "salmiya canary")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("shared")
    os.environ["SAATHI_SECRET_KEY"] = CANARIES[1]
    try:
        yield start(data_dir)
    finally:
        del os.environ["SAATHI_SECRET_KEY"]
        embedded.remove(data_dir)


def test_every_connection_needs_the_right_password(server: Server) -> None:
    for url in (server.url_app, server.url_owner, server.url_admin):
        user, password = url.split("//")[1].split("@")[0].split(":")
        for wrong in ("", ":", ":wrong", f":{password[:-1]}x"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(url.replace(f"{user}:{password}", f"{user}{wrong}"), passfile="/nonexistent")
    passwords = {url.split("@")[0].split(":")[2] for url in (server.url_app, server.url_owner, server.url_admin)}
    assert len(passwords) == 3


def test_passwords_stay_out_of_sight(server: Server) -> None:
    password = server.url_app.split("@")[0].split(":")[2]
    assert password not in repr(server)
    with psycopg.connect(server.url_admin) as connection:
        stored = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolcanlogin").fetchall()
    assert len(stored) == 3
    assert all(str(row[0]).startswith("SCRAM-SHA-256$") for row in stored)
    for path in [
        Path(f"/proc/{p}/{name}") for p in postmaster.living(server.directory) for name in ("cmdline", "environ")
    ]:
        content = path.read_bytes() if path.exists() else b""  # workers of a server come and go
        assert password.encode() not in content
        assert CANARIES[1].encode() not in content, "our own environment, which holds secrets, is not inherited"


def test_no_port_is_open(server: Server) -> None:
    with psycopg.connect(server.url_admin) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)


def test_files_are_private(server: Server) -> None:
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    files_below = [path for path in server.directory.rglob("*") if not path.is_socket()]
    assert len(files_below) > 100
    assert [path for path in files_below if path.lstat().st_mode & 0o077 and not path.is_symlink()] == []


def test_the_secret_is_private_even_if_it_was_not(data_dir: Path) -> None:
    start(data_dir)
    secret = data_dir / "postgres.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    secret.chmod(0o644)
    start(data_dir)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_application_role_cannot_change_the_schema(server: Server) -> None:
    with psycopg.connect(server.url_app, autocommit=True) as connection:
        for statement in (
            "CREATE TABLE mine (x int)",
            "CREATE TEMPORARY TABLE mine (x int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
            "SET ROLE saathi_owner",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_durable_is_durable(data_dir: Path) -> None:
    with psycopg.connect(embedded.ensure(data_dir).url_app) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute("SELECT current_setting(%s)", [setting]).fetchone() == ("on",), setting
        shown = connection.execute("SELECT lower('ÄÉ'), current_setting('server_encoding')").fetchone()
    assert shown == ("äé", "UTF8")


def test_the_log_holds_no_values(data_dir: Path) -> None:
    """Errors quote values in their text, their DETAIL and their statement; a killed backend has its query shown."""
    phone, name, sentence = CANARIES
    server = start(data_dir)
    with psycopg.connect(server.url_owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (phone text UNIQUE, age int CHECK (age < 200))")
        connection.execute("INSERT INTO people VALUES (%s, 1)", [phone])
        for statement, parameters in (
            ("INSERT INTO people VALUES (%s, 1)", [phone]),
            ("INSERT INTO people VALUES (%s, 900)", [name]),
            (f"SELECT '{sentence}'::int", None),
            (f"SELECT 1 FROM people WHERE '{sentence}' = phone +", None),
            (f'SELECT "{name}" FROM people', None),
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement, parameters)
        connection.execute(f"DO $$ BEGIN RAISE WARNING '{sentence}'; RAISE NOTICE '{name}'; END $$")
        connection.pgconn.send_query(f"SELECT '{sentence}', pg_sleep(60)".encode())
        os.kill(connection.info.backend_pid, 9)
        assert connection.pgconn.get_result() is not None
    start(data_dir)  # it recovers by itself from a backend that was killed
    embedded.stop(data_dir)
    logs = [*server.directory.glob("log/*"), server.directory / "startup.log"]
    text = "".join(path.read_text("utf-8", "replace") for path in logs)
    assert "terminated by signal 9" in text, "what an operator needs is there"
    assert [canary for canary in (phone, sentence, "people", "INSERT", "SELECT") if canary in text] == []


@as_root
def test_as_root_it_runs_as_a_user_of_its_own(data_dir: Path) -> None:
    """In a place that user cannot enter nothing is opened for it: the cluster lives elsewhere, and is found again."""
    inner = data_dir / "closed"
    inner.mkdir(mode=0o700)
    server = start(inner)
    make_table(server)
    assert owners(server) == {pwd.getpwnam(files.USER).pw_uid} != {0}
    assert server.directory.parent == files.SYSTEM_DIR
    assert stat.S_IMODE(inner.stat().st_mode) == 0o700
    assert embedded.stop(inner)
    inner.rename(data_dir / "moved")
    assert count(start(data_dir / "moved")) == 1
    embedded.remove(data_dir / "moved")
    assert not server.directory.exists()


@as_root
def test_a_lost_cluster_is_said_clearly(data_dir: Path) -> None:
    (data_dir / "postgres").symlink_to(files.SYSTEM_DIR / "gone")
    with pytest.raises(embedded.EmbeddedError, match="which is gone"):
        start(data_dir)
    (data_dir / "postgres").unlink()


@as_root
def test_programs_in_a_closed_place_are_copied(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout below /root: the database's user can run nothing of it, nor load its libraries."""
    package = files.programs(files.Account(), None).parents[1]
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{files.WHEEL}.libs")):
        if part.exists():
            shutil.copytree(part, closed / part.name, symlinks=True)
    spec = ModuleSpec(files.WHEEL, None, is_package=True)
    spec.submodule_search_locations = [str(closed / files.WHEEL)]
    monkeypatch.setattr(files.importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(files, "SYSTEM_DIR", data_dir / "system")
    (data_dir / "inner").mkdir()
    server = start(data_dir / "inner")
    make_table(server)
    with psycopg.connect(server.url_admin) as connection:
        connection.execute("CREATE TABLE old (x int)")
    assert embedded.stop(data_dir / "inner")
    assert count(start(data_dir / "inner")) == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    embedded.remove(data_dir / "inner")


@as_root
def test_an_ordinary_user_starts_a_server_that_root_then_finds(data_dir: Path) -> None:
    """Root runs it on as its owner; a third user is told whose it is."""
    nobody = pwd.getpwnam("nobody")
    inner = data_dir / "inner"
    inner.mkdir(mode=0o711)
    os.chown(inner, nobody.pw_uid, nobody.pw_gid)
    # modules are loaded first: the interpreter may lie where only root can read
    (data_dir / "warm").mkdir()
    become = f"""
import os
embedded.ensure(Path({str(data_dir / "warm")!r}), durable=False)
embedded.remove(Path({str(data_dir / "warm")!r}))
os.setgroups([])
os.setgid({nobody.pw_gid})
os.setuid({{}})
"""

    def as_user(uid: int, then: str) -> str:
        command = script(inner, become.format(uid) + then)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    url = as_user(nobody.pw_uid, "print(embedded.ensure(data_dir).url_app)")
    server = start(inner)
    assert server.url_app == url
    assert owners(server) == {nobody.pw_uid}
    make_table(server)
    assert embedded.stop(inner)
    assert count(start(inner)) == 1
    assert owners(server) == {nobody.pw_uid}
    assert "belongs to another user: run Saathi as that user" in as_user(65533, "embedded.ensure(data_dir)")
    assert as_user(nobody.pw_uid, "print(embedded.stop(data_dir))") == "True"
