"""`deploy/archive.sh` without a server: what it says to PostgreSQL, and what it never takes away.

Law: the script as it is, run by sh; only pg_basebackup is another one, which fails.
"""

from __future__ import annotations

import gzip
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import ROOT

NAME, DAY = "000000010000000000000001", 86_400


@dataclass
class Disk:
    """A disk of the archive, and PostgreSQL's folder beside it."""

    root: Path

    @property
    def wal(self) -> Path:
        return self.root / "archive" / "wal"

    @property
    def bases(self) -> Path:
        return self.root / "archive" / "base"

    @property
    def data(self) -> Path:
        return self.root / "data"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "ARCHIVE": str(self.root / "archive"),
            "PGDATA": str(self.data),
        }
        command = ["sh", str(ROOT / "deploy" / "archive.sh"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    made = Disk(tmp_path)
    for path in (made.wal, made.bases / "one", made.data, tmp_path / "bin"):
        path.mkdir(parents=True)
    (made.bases / "one" / "backup_manifest").write_text("{}", "ascii")
    (made.data / "PG_VERSION").write_text("18", "ascii")
    for program, code in (("pg_basebackup", 1), ("pg_verifybackup", 0)):
        (tmp_path / "bin" / program).write_text(f"#!/bin/sh\nexit {code}\n", "ascii")
        (tmp_path / "bin" / program).chmod(0o755)
    return made


def test_only_what_was_never_archived_is_the_end_of_the_archive(disk: Disk) -> None:
    """Over 125 PostgreSQL stops; at less it goes on with what it has, and all that came after is lost."""
    fetched = disk.root / "fetched"
    (disk.wal / f"{NAME}.gz").write_bytes(gzip.compress(os.urandom(4096)))
    assert disk.run("fetch", NAME, str(fetched)).returncode == 0
    fetched.unlink()
    assert disk.run("fetch", f"{NAME[:-1]}2", str(fetched)).returncode == 1
    whole = (disk.wal / f"{NAME}.gz").read_bytes()
    (disk.wal / f"{NAME}.gz").write_bytes(whole[:2048])
    assert disk.run("fetch", NAME, str(fetched)).returncode == 255
    assert not fetched.exists(), "half a change is none"
    disk.wal.rename(disk.root / "unplugged")
    assert disk.run("fetch", NAME, str(fetched)).returncode == 255


@pytest.mark.parametrize("what", ["folder", "link to nothing", "link to a folder"])
def test_what_lies_in_a_change_s_place_is_neither_the_end_nor_taken_for_kept(disk: Disk, what: str) -> None:
    """PostgreSQL would throw its own copy away, and at a restore go on without all that came after."""
    kept, change = disk.wal / f"{NAME}.gz", disk.root / "change"
    change.write_bytes(b"all that was written")
    if what == "folder":
        kept.mkdir()
    else:
        (disk.root / "other").mkdir()
        kept.symlink_to(disk.root / ("other" if what == "link to a folder" else "unplugged"))
    assert disk.run("fetch", NAME, str(disk.root / "fetched")).returncode == 255
    kept_now = disk.run("keep", str(change), NAME)
    if what == "link to nothing":  # the link goes, the change is there
        assert kept_now.returncode == 0
    if kept_now.returncode == 0:
        assert disk.run("fetch", NAME, str(disk.root / "fetched")).returncode == 0
        assert (disk.root / "fetched").read_bytes() == b"all that was written"
    else:
        assert disk.run("fetch", NAME, str(disk.root / "fetched")).returncode == 255
    assert not list((disk.root / "other").glob("*"))
    assert not (kept.is_dir() and list(kept.iterdir()))


def test_a_half_that_is_a_link_leads_nowhere(disk: Disk) -> None:
    change, other = disk.root / "change", disk.root / "other"
    change.write_bytes(b"all that was written")
    other.write_bytes(b"somebody's")
    (disk.wal / f"{NAME}.gz.part").symlink_to(other)
    assert disk.run("keep", str(change), NAME).returncode == 0
    assert other.read_bytes() == b"somebody's"
    assert gzip.decompress((disk.wal / f"{NAME}.gz").read_bytes()) == b"all that was written"


def test_a_base_that_is_a_link_is_copied_and_never_worked_on(disk: Disk) -> None:
    """`newest` beside the bases: PostgreSQL would have gone on writing into the archive."""
    (disk.bases / "newest").symlink_to(disk.bases / "one")
    before = sorted(path.name for path in (disk.bases / "one").iterdir())
    assert disk.run("back", "newest").returncode == 0
    assert not disk.data.is_symlink()
    assert (disk.data / "recovery.signal").exists()
    assert sorted(path.name for path in (disk.bases / "one").iterdir()) == before


def test_what_is_old_goes_also_when_no_base_can_be_made(disk: Disk) -> None:
    """Keys of people who were erased are in it: nothing of it comes to its eighth day."""
    kept = {}
    for days in (5, 6):
        base, change = disk.bases / f"{days}", disk.wal / f"{days}.gz"
        base.mkdir()
        change.write_bytes(b"")
        kept[days] = (base, change)
        for path in (base, change):
            long_ago = path.stat().st_mtime - days * DAY - 60
            os.utime(path, (long_ago, long_ago))
    assert disk.run("base").returncode != 0
    assert [path.exists() for path in (*kept[5], *kept[6])] == [True, True, False, False]
    assert not list(disk.bases.glob("*.part"))


def test_a_copy_that_fails_takes_nothing_away(disk: Disk) -> None:
    """The disk is full in the middle of it: what was there is where it was, and the next try begins anew."""
    (disk.root / "bin" / "cp").write_text('#!/bin/sh\nmkdir "$3"; exit 1\n', "ascii")
    (disk.root / "bin" / "cp").chmod(0o755)
    for _ in range(2):
        assert disk.run("back", "one").returncode != 0
        assert (disk.data / "PG_VERSION").exists()
    (disk.root / "bin" / "cp").unlink()
    done = disk.run("back", "one")
    assert done.returncode == 0, done.stderr
    assert (disk.data / "recovery.signal").exists()
    assert [p.name for p in disk.root.glob("data*") if (p / "PG_VERSION").exists()] == ["data.before"]
    again = disk.run("back", "one")
    assert (again.returncode, "move it elsewhere" in again.stderr, "remove" in again.stderr) == (1, True, False)


def test_nothing_is_moved_under_a_server_that_runs(disk: Disk) -> None:
    (disk.data / "postmaster.pid").write_text("7", "ascii")
    done = disk.run("back", "one")
    assert (done.returncode, "stop it first" in done.stderr) == (1, True)
    assert not (disk.root / "data.before").exists()


def test_without_a_word_it_says_what_it_does(disk: Disk) -> None:
    done = disk.run()
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("keep PATH", "fetch NAME", "base", "back BASE"))
