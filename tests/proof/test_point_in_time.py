"""Back to a moment: PostgreSQL's own archive by `deploy/archive.sh`, and what Saathi does after it.

Law: a real archive of a real server, from a base that was taken while it ran; the steps are those of the runbook.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from bot import app as composition
from bot.__main__ import main
from bot.databases import bring_up_to_date
from bot.settings import ROOT, Settings
from bot.store import embedded
from bot.store.backlog import backlog
from bot.store.cluster import EmbeddedError, account_for, programs
from bot.store.database import Database
from bot.store.embedded import Server
from tests.conftest import Clock
from tests.fakes.database import asked
from tests.fakes.place import new_directory
from tests.fakes.world import data_directory
from tests.wishes.people import Person, jobs
from tests.wishes.test_erase import asks, rows_of

pytestmark = pytest.mark.slow
MAYA, RAM = "+96555512987", "+96555512988"
WAITS = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'held', 'sending')"


def settings_of(directory: Path) -> Settings:
    return Settings(_env_file=None, env="development", data_dir=directory)


@dataclass
class Archive:
    """A disk beside the server, and the script as the server's user runs it; `back` is run by who owns the machine."""

    disk: Path
    server: Server

    @property
    def script(self) -> str:
        return f"ARCHIVE={self.disk} {self.disk / 'archive.sh'}"

    def run(self, *arguments: str, data: Path = Path("/none")) -> subprocess.CompletedProcess[str]:
        """With the programs of this server."""
        there = parse_qs(urlsplit(self.server.url_admin).query)
        password = urlsplit(self.server.url_admin).password or ""
        user = self.server.directory.stat()
        environment = {
            "PATH": f"{self.disk / 'bin'}:/usr/bin:/bin",
            "ARCHIVE": str(self.disk),
            "PGHOST": there["host"][0],
            "PGPASSWORD": password,
            "PGDATA": str(data),
        }
        command = [str(self.disk / "archive.sh"), *arguments]
        ours = arguments[0] == "back" or user.st_uid == os.geteuid()
        uid, gid = (None, None) if ours else (user.st_uid, user.st_gid)
        return subprocess.run(
            command, env=environment, user=uid, group=gid, capture_output=True, text=True, check=False, cwd="/"
        )


@pytest.fixture
def machine() -> Iterator[Path]:
    """A data directory with a server of its own."""
    directory = data_directory(new_directory("saathi-moment-"))
    yield directory
    embedded.remove(directory)
    shutil.rmtree(directory)


@pytest.fixture
def archive(machine: Path) -> Iterator[Archive]:
    """Turned on as the runbook says; its server has been started again."""
    disk, server = new_directory("saathi-archive-"), embedded.ensure(machine)
    shutil.copy2(ROOT / "deploy" / "archive.sh", disk)
    owner = server.directory.stat()
    for path in (disk, disk / "wal", disk / "base", disk / "bin"):
        path.mkdir(exist_ok=True)
        shutil.chown(path, owner.st_uid, owner.st_gid)
    # Not pg_verifybackup: the wheel's (18.4) ends with a segmentation fault, whatever it is given.
    (disk / "bin" / "pg_basebackup").symlink_to(programs(account_for(server.directory), None) / "pg_basebackup")
    made = Archive(disk, server)
    with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET archive_mode = on")
        admin.execute(f"ALTER SYSTEM SET archive_command = '{made.script} keep %p %f'")
    embedded.stop(machine)
    embedded.ensure(machine)
    with (server.directory / "pg_hba.conf").open("a") as file:  # a server of one's own has such a line; ours lets
        file.write("local replication all scram-sha-256\n")  # nobody copy it
    with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
        admin.execute("SELECT pg_reload_conf()")
    yield made
    shutil.rmtree(disk)


async def test_brought_back_to_a_moment(
    machine: Path, archive: Archive, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written until then is there, what was done after it is not; who was erased after it is erased again."""
    monkeypatch.setenv("SAATHI_DATA_DIR", str(machine))
    app = await composition.build(settings_of(machine), clock=clock)
    maya, ram = Person(app, clock, MAYA), Person(app, clock, RAM)
    await maya.begins(secret="4071")
    done = archive.run("base")
    assert done.returncode == 0, done.stderr
    base = Path(done.stdout.strip()).name
    await ram.begins()
    await ram.says("my salary is late")
    said = [line.body["text"] for line in await ram.thread()]
    ((moment, waits),) = asked(archive.server.url_owner, f"SELECT clock_timestamp(), ({WAITS})")
    assert waits > 0
    subject = await maya.subject()
    await asks(maya)
    clock.move(hours=48)
    assert (await jobs(app, clock))[0] == 1
    await app.after_erasing()
    await app.close()
    asked(archive.server.url_owner, "TRUNCATE messages CASCADE")  # the mistake

    await _back(machine, archive, base, moment, capsys)
    ledger = ["restore", "--in-place", "--ledger", str(machine / "erased.ledger")]
    assert await asyncio.to_thread(main, ledger) == 0
    assert "1 people who were erased since then are erased again" in capsys.readouterr().out
    assert asked(archive.server.url_owner, WAITS) == [(0,)]
    app = await composition.build(settings_of(machine), clock=clock)
    try:
        assert await rows_of(app, subject) == {}
        ram.app = app
        assert [line.body["text"] for line in await ram.thread()] == said
    finally:
        await app.close()


async def _back(
    machine: Path, archive: Archive, base: str, moment: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    """Held up on its way twice: without its archive PostgreSQL does not go on with what it has, and until it has come
    to that moment nothing is settled."""
    server = archive.server
    asked(server.url_admin, "SELECT pg_switch_wal()")
    embedded.stop(machine)
    done = archive.run("back", base, str(moment), data=server.directory)
    assert done.returncode == 0, done.stderr
    assert (server.directory.parent / f"{server.directory.name}.before").is_dir()
    again = archive.run("back", base, str(moment), data=server.directory)
    assert (again.returncode, "move it elsewhere" in again.stderr) == (1, True)

    settings = server.directory / "postgresql.auto.conf"
    whole = settings.read_text("utf-8")
    settings.write_text(whole.replace(str(moment), ""), "utf-8")  # to the newest: at a moment it would miss that
    (archive.disk / "wal").rename(archive.disk / "unplugged")
    with pytest.raises(EmbeddedError):
        await asyncio.to_thread(embedded.ensure, machine)
    (archive.disk / "unplugged").rename(archive.disk / "wal")
    settings.write_text(whole.replace("action = promote", "action = pause"), "utf-8")
    await asyncio.to_thread(embedded.ensure, machine)
    assert await asyncio.to_thread(main, ["restore", "--in-place"]) == 2
    assert "PostgreSQL has not come to that moment yet" in capsys.readouterr().err
    settings.write_text(whole, "utf-8")
    embedded.stop(machine)
    await asyncio.to_thread(embedded.ensure, machine)
    async with asyncio.timeout(120):
        while asked(server.url_admin, "SELECT pg_is_in_recovery()") == [(True,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    shutil.rmtree(server.directory.parent / f"{server.directory.name}.before")


def test_what_is_kept_already_is_never_replaced(archive: Archive, tmp_path: Path) -> None:
    """The same again is well, after a crash; another server's change of the same name is refused."""
    segment = archive.disk / "segment"
    segment.write_bytes(b"a change")
    segment.chmod(0o644)
    for wanted in (0, 0):
        assert archive.run("keep", str(segment), "000000090000000000000001").returncode == wanted
    segment.write_bytes(b"another")
    assert archive.run("keep", str(segment), "000000090000000000000001").returncode != 0
    fetched = archive.disk / "wal" / "fetched"
    assert archive.run("fetch", "000000090000000000000001", str(fetched)).returncode == 0
    assert fetched.read_bytes() == b"a change"
    assert archive.run("fetch", "000000090000000000000002", str(fetched)).returncode == 1


async def test_an_archive_that_stops_is_a_figure(machine: Path, archive: Archive) -> None:
    """PostgreSQL's own disk fills meanwhile."""
    await asyncio.to_thread(bring_up_to_date, settings_of(machine))
    database = Database(archive.server.url_app)

    async def failing() -> float:
        async with database.begin() as connection:
            return (await backlog(connection))["archive_failing"]

    try:
        assert await failing() == 0
        (archive.disk / "wal").rename(archive.disk / "unplugged")
        asked(archive.server.url_admin, "SELECT pg_switch_wal()")
        async with asyncio.timeout(120):
            while not await failing():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await database.close()


def test_nothing_older_than_a_week_is_left(archive: Archive) -> None:
    """Keys of people who were erased are in it."""
    old, week = archive.disk / "base" / "20200101T000000Z", 8 * 86_400
    (old / "pg_wal").mkdir(parents=True)
    (archive.disk / "wal" / "000000080000000000000001.gz").write_bytes(b"old")
    for path in (old / "pg_wal", old, archive.disk / "wal" / "000000080000000000000001.gz"):
        shutil.chown(path, *archive.server.directory.stat()[4:6])
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - week))
    done = archive.run("base")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (archive.disk / "base").iterdir()] == [Path(done.stdout.strip()).name]
    assert not (archive.disk / "wal" / "000000080000000000000001.gz").exists()
