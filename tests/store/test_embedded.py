"""The embedded server survives what machines do to it: kills, reused and torn pid files, two starts at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from bot.store import cluster as files
from bot.store import embedded, postmaster
from tests.store.servers import ENSURE, count, kill, make_table, script, start

pytestmark = pytest.mark.slow


def test_is_found_again_and_keeps_its_data(data_dir: Path) -> None:
    first = start(data_dir)
    make_table(first)
    assert start(data_dir) == first
    assert embedded.stop(data_dir)
    assert not embedded.stop(data_dir)
    assert not postmaster.living(first.directory)
    assert count(start(data_dir)) == 1


def test_nothing_to_stop(data_dir: Path) -> None:
    assert not embedded.stop(data_dir)
    assert not embedded.stop(data_dir / "absent")
    assert list(data_dir.iterdir()) == []


def test_kill_9_of_every_server_process(data_dir: Path) -> None:
    server = start(data_dir)
    make_table(server)
    kill(server, everybody=True)
    assert (server.directory / "postmaster.pid").exists()
    assert count(start(data_dir)) == 1


def test_kill_9_of_the_postmaster_leaves_nobody_behind(data_dir: Path) -> None:
    """A backend that computes does not see that its postmaster is gone: two servers in one directory would ruin it."""
    server = start(data_dir)
    make_table(server)
    busy = psycopg.connect(server.url_owner, autocommit=True)
    busy.pgconn.send_query(b"DO $$ BEGIN LOOP NULL; END LOOP; END $$")
    backend = busy.pgconn.backend_pid
    kill(server)
    assert backend in postmaster.living(server.directory)
    again = start(data_dir)
    assert count(again) == 1
    assert backend not in postmaster.living(server.directory)
    busy.close()


def test_kill_9_of_its_owner(data_dir: Path) -> None:
    waiting = script(data_dir, f"{ENSURE}\nimport time; time.sleep(60)")
    with subprocess.Popen(waiting, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        owner.kill()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert start(data_dir).url_app == url


def test_kill_9_of_its_owner_during_the_first_start(data_dir: Path) -> None:
    """What is half made is made anew, and a start that was killed holds up nobody."""
    with subprocess.Popen(script(data_dir, ENSURE), stdout=subprocess.DEVNULL) as owner:
        while not any(data_dir.glob("*postgres*/**/PG_VERSION")):
            time.sleep(0.01)
        owner.kill()
    assert not (data_dir / "postgres").exists()
    make_table(start(data_dir))
    assert sorted(p.name for p in data_dir.iterdir()) == ["postgres", "postgres.lock", "postgres.secret"]


def test_reused_pid(data_dir: Path) -> None:
    """The pid in the file is now another program's, of the same user: PostgreSQL alone would refuse to start."""
    server = start(data_dir)
    make_table(server)
    pid_file = server.directory / "postmaster.pid"
    lines = pid_file.read_text("ascii").split("\n")
    kill(server, everybody=True)
    owner = server.directory.stat().st_uid
    with subprocess.Popen(["/bin/sleep", "60"], user=owner) as other:
        content = "\n".join([str(other.pid), *lines[1:]])
        files.write(pid_file, content, files.account_for(server.directory))
        assert count(start(data_dir)) == 1
        assert other.poll() is None, "the other program is left alone"
        other.kill()


def test_torn_pid_file(data_dir: Path) -> None:
    server = start(data_dir)
    make_table(server)
    for content in ("", "12", "not a number\n/nowhere\n", "\x00\x00"):
        assert embedded.stop(data_dir)
        files.write(server.directory / "postmaster.pid", content, files.account_for(server.directory))
        assert count(start(data_dir)) == 1


def test_torn_pid_file_of_a_living_server(data_dir: Path) -> None:
    """It is found, and can be stopped, without that file."""
    server = start(data_dir)
    files.write(server.directory / "postmaster.pid", "", files.account_for(server.directory))
    assert start(data_dir) == server
    assert embedded.stop(data_dir)
    assert not postmaster.living(server.directory)


@pytest.mark.parametrize("made_before", [False, True])
def test_starts_at_once_give_one_server(data_dir: Path, made_before: bool) -> None:
    if made_before:
        start(data_dir)
        embedded.stop(data_dir)
    starters = [subprocess.Popen(script(data_dir, ENSURE), stdout=subprocess.PIPE, text=True) for _ in range(3)]
    urls = {starter.communicate(timeout=120)[0].strip() for starter in starters}
    assert len(urls) == 1
    assert urls != {""}
    assert list(postmaster.living(start(data_dir).directory).values()).count(True) == 1


def test_a_server_that_lost_its_socket_is_started_anew(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(data_dir)
    make_table(server)
    monkeypatch.setattr(embedded, "DEAF_SECONDS", 3.0)  # longer than a start takes when the machine is busy
    (server.directory / postmaster.SOCKET).unlink()
    assert count(start(data_dir)) == 1


def test_a_server_that_stands_still_is_not_started_twice(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(data_dir)
    monkeypatch.setattr(embedded, "START_SECONDS", 1.0)
    monkeypatch.setattr(embedded, "KNOCK_SECONDS", 2)
    before = postmaster.living(server.directory)
    chief = next(pid for pid, is_postmaster in before.items() if is_postmaster)
    os.kill(chief, signal.SIGSTOP)
    try:
        with pytest.raises(embedded.EmbeddedError, match="does not answer"):
            start(data_dir)
    finally:
        os.kill(chief, signal.SIGCONT)
    assert list(postmaster.living(server.directory).values()).count(True) == 1


def test_a_long_path_and_a_path_with_odd_characters(data_dir: Path) -> None:
    """A socket's path has 107 bytes; an address has reserved characters."""
    for name in ("x" * 120, "O'Brien & sons? 100%"):
        inner = data_dir / name
        inner.mkdir()
        server = start(inner)
        make_table(server)
        assert count(server) == 1
        embedded.remove(inner)
        assert list(inner.iterdir()) == [inner / "postgres.lock"]


def test_a_moved_data_directory_keeps_its_database(data_dir: Path) -> None:
    (data_dir / "old").mkdir()
    make_table(start(data_dir / "old"))
    embedded.stop(data_dir / "old")
    (data_dir / "old").rename(data_dir / "new")
    assert count(start(data_dir / "new")) == 1
    embedded.remove(data_dir / "new")


def test_a_lost_secret_is_said_clearly(data_dir: Path) -> None:
    start(data_dir)
    (data_dir / "postgres.secret").unlink()
    with pytest.raises(embedded.EmbeddedError, match=r"postgres\.secret does not fit"):
        start(data_dir)


def test_another_version_s_cluster_is_said_clearly(data_dir: Path) -> None:
    server = start(data_dir)
    embedded.stop(data_dir)
    files.write(server.directory / "PG_VERSION", "9\n", files.account_for(server.directory))
    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 9"):
        start(data_dir)
    files.write(server.directory / "PG_VERSION", "18\n", files.account_for(server.directory))


def test_a_broken_cluster_is_said_clearly(data_dir: Path) -> None:
    server = start(data_dir)
    embedded.stop(data_dir)
    shutil.rmtree(server.directory / "global")
    with pytest.raises(embedded.EmbeddedError, match="started and ended"):
        start(data_dir)
    assert not embedded.stop(data_dir)
