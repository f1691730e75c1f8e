"""The embedded server survives what machines do to it: kills, reused and torn pid files, two starts at once, root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.store import cluster as cluster_room
from bot.store import embedded
from bot.store.cluster import USER, EmbeddedError, choose

pytestmark = pytest.mark.slow


@pytest.fixture
def data_dir() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="saathi-embedded-"))
    directory.chmod(0o711)
    yield directory
    embedded.stop(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM t").fetchone()
        assert row is not None
        return int(row[0])


def _table(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")


def _kill_tree(process: psutil.Process) -> None:
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.kill()
    psutil.wait_procs(family, timeout=20)


def test_is_found_again_and_keeps_its_data(data_dir: Path) -> None:
    first = embedded.ensure(data_dir)
    _table(first.url_owner)
    assert embedded.ensure(data_dir) == first
    assert embedded.stop(data_dir)
    assert not embedded.stop(data_dir)
    assert _count(embedded.ensure(data_dir).url_owner) == 1


def test_kill_9_of_every_server_process(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    _table(server.url_owner)
    process = embedded.postmaster(server.directory)
    assert process is not None
    _kill_tree(process)
    assert (server.directory / "postmaster.pid").exists()
    assert _count(embedded.ensure(data_dir).url_owner) == 1


def test_kill_9_of_the_postmaster_alone(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    _table(server.url_owner)
    process = embedded.postmaster(server.directory)
    assert process is not None
    process.kill()
    assert _count(embedded.ensure(data_dir).url_owner) == 1


def _script(data_dir: Path, then: str = "") -> list[str]:
    code = f"""
    from pathlib import Path
    from bot.store import cluster as cluster_room
from bot.store import embedded
    print(embedded.ensure(Path({str(data_dir)!r})).url_app, flush=True)
    {then}
    """
    return [sys.executable, "-c", textwrap.dedent(code)]


def test_kill_9_of_its_owner(data_dir: Path) -> None:
    with subprocess.Popen(_script(data_dir, "import time; time.sleep(60)"), stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
    assert embedded.ensure(data_dir).url_app == url, "the server outlives the process that started it"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_reused_pid(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    _table(server.url_owner)
    pid_file = server.directory / "postmaster.pid"
    lines = pid_file.read_text("ascii").split("\n")
    assert embedded.stop(data_dir)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]), "ascii")
        _give_away(pid_file)
        assert embedded.postmaster(server.directory) is None
        assert _count(embedded.ensure(data_dir).url_owner) == 1
        assert other.poll() is None, "the other process is left alone"
        other.kill()


@pytest.mark.parametrize("content", ["", "12", "not a number\n/nowhere\n", "\x00\x00"])
def test_torn_pid_file(data_dir: Path, content: str) -> None:
    server = embedded.ensure(data_dir)
    _table(server.url_owner)
    assert embedded.stop(data_dir)
    pid_file = server.directory / "postmaster.pid"
    pid_file.write_text(content, "ascii")
    _give_away(pid_file)
    assert _count(embedded.ensure(data_dir).url_owner) == 1


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, USER, USER)


def test_two_starts_at_once_give_one_server(data_dir: Path) -> None:
    starters = [subprocess.Popen(_script(data_dir), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    urls = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert urls[0] == urls[1] != ""
    cluster = choose(data_dir)
    servers = [
        p
        for p in psutil.process_iter()
        if (words := _words(p)) and "-D" in words and str(cluster.directory) in words
    ]
    assert len(servers) == 1


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_password_is_needed_and_files_are_private(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    wrong = server.url_app.replace("saathi_app:", "saathi_app:x")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(wrong)
    assert server.directory.stat().st_mode & 0o777 == 0o700
    assert (data_dir / "postgres.json").stat().st_mode & 0o777 == 0o600


def test_the_application_role_cannot_change_the_schema(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    with psycopg.connect(server.url_app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (x int)")


def test_the_log_holds_no_values(data_dir: Path) -> None:
    server = embedded.ensure(data_dir)
    with psycopg.connect(server.url_owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (phone text UNIQUE)")
        for _ in range(2):
            try:
                connection.execute("INSERT INTO people VALUES ('+96550001234')")
            except psycopg.errors.UniqueViolation:
                time.sleep(0)
        with pytest.raises(psycopg.DataError):
            connection.execute("SELECT 'salmiya canary'::int")
    log = (server.directory / "server.log").read_text("utf-8", "replace")
    assert "96550001234" not in log
    assert "canary" not in log


def test_lost_passwords_are_said_clearly(data_dir: Path) -> None:
    embedded.ensure(data_dir)
    assert embedded.stop(data_dir)
    (data_dir / "postgres.json").unlink()
    with pytest.raises(EmbeddedError, match=r"postgres\.json is missing"):
        embedded.ensure(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: only root needs a system user for the server")
def test_as_root_it_runs_as_a_user_of_its_own(data_dir: Path) -> None:
    data_dir.chmod(0o700)  # the system user cannot go in here: the cluster must live elsewhere, and 0700 must stay
    server = embedded.ensure(data_dir)
    process = embedded.postmaster(server.directory)
    assert process is not None
    assert process.username() == USER
    assert not server.directory.is_relative_to(data_dir)
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert embedded.stop(data_dir)
    shutil.rmtree(server.directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: every other test here already runs as an ordinary user")
def test_not_as_root(tmp_path: Path) -> None:
    """The same as an ordinary user, in a child that has given root away."""
    programs = choose(tmp_path).programs  # where an ordinary user can run them
    home = Path(tempfile.mkdtemp(prefix="saathi-ordinary-"))
    shutil.chown(home, USER, USER)
    uid, gid = home.stat().st_uid, home.stat().st_gid
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            cluster_room._programs = lambda: programs
            server = embedded.ensure(home)
            with psycopg.connect(server.url_app) as connection:
                answered = connection.execute("SELECT 1").fetchone() == (1,)
            code = 0 if answered and server.directory == home / "postgres" and embedded.stop(home) else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    shutil.rmtree(home, ignore_errors=True)
    assert os.waitstatus_to_exitcode(status) == 0
