"""T53: the drill. A helpline is written to, backed up while it runs, lost whole, and brought back by the two commands.

Law: real dumps of a real database, restored into a server of its own; what is compared was read before the loss.
"""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import tarfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from bot import app as composition
from bot import databases
from bot.__main__ import main
from bot.app import App
from bot.media.files import Files
from bot.settings import Settings, SettingsError
from bot.store import alive, backup, embedded, history, media_tar, programs, restore
from bot.store.database import AT_WORK, LISTENS
from bot.store.manifest import KEYS, MANIFEST, BackupError, verify
from bot.store.tables import audit, notices, outbox
from tests.conftest import Clock
from tests.fakes.database import asked
from tests.fakes.place import new_directory
from tests.fakes.world import data_directory
from tests.proof.canaries import files, hits, spellings
from tests.wishes.people import ACCOUNT, Person, jobs
from tests.wishes.test_erase import asks, rows_of

pytestmark = pytest.mark.slow
MAYA, RAM = "+96555512987", "+96555512988"
WORDS = "ask Ramesh Zzyzx near the Qwfpgj shop"
CANARIES = {"phone": spellings(MAYA), "words": spellings(WORDS), "name": spellings("Zzyzx")}


def settings_of(directory: Path) -> Settings:
    return Settings(_env_file=None, env="development", data_dir=directory)


@dataclass
class Drill:
    """What is left on the backup disks, and what the helpline held when they were written."""

    lost: Path  # the data directory of the machine that is gone; `secret.key` was kept elsewhere
    secret: bytes
    out: Path
    keys_out: Path
    maya: object  # erased after the backup
    ram: object
    said: list[str]  # Ram's history
    waiting: int  # rows of the outbox that were not sent
    photo: tuple[str, bytes]

    @property
    def place(self) -> Path:
        (found,) = [p for p in self.out.iterdir() if not p.name.startswith(".")]
        return found

    @property
    def keys(self) -> Path:
        return self.keys_out / self.place.name


async def _bodies(app: App, who: Person) -> list[str]:
    return [line.body["text"] for line in await who.thread()]


@pytest.fixture(scope="module")
async def drill(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Drill]:
    disks, directory, clock = tmp_path_factory.mktemp("disks"), data_directory(new_directory("saathi-drill-")), Clock()
    try:
        app = await composition.build(settings_of(directory), clock=clock)
        maya, ram = Person(app, clock, MAYA), Person(app, clock, RAM)
        await maya.begins(secret="4071")
        for line in ("my passport was taken by them", "yes", WORDS, "boss", "no date", "yes"):
            await maya.says(line)
        await ram.begins()
        await ram.says("my salary is late")
        async with app.database.begin() as connection:
            where = await history.home(connection, app.secrets, ram.channel, ACCOUNT, RAM)
        await app.staff.reply(where, "We read it.", case_id=None)
        photo = Files(directory / "media").write(b"sealed bytes of a photo")
        out, keys_out = disks / "data", disks / "keys"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SAATHI_DATA_DIR", str(directory))
            assert main(["backup", "--out", str(out), "--keys-out", str(keys_out)]) == 0
        said = await _bodies(app, ram)
        async with app.database.begin() as connection:
            query = select(func.count()).select_from(outbox).where(outbox.c.state.in_(restore.WAITED))
            waiting = (await connection.execute(query)).scalar_one()
        subject = await maya.subject()
        await asks(maya)
        clock.move(hours=48)
        assert (await jobs(app, clock))[0] == 1
        await app.after_erasing()
        shutil.copy2(directory / "erased.ledger", keys_out / "erased.ledger")  # as the next night's backup does
        ram_is = await ram.subject()
        await app.close()
        yield Drill(
            directory,
            (directory / "secret.key").read_bytes(),
            out,
            keys_out,
            subject,
            ram_is,
            said,
            waiting,
            (photo, b"sealed bytes of a photo"),
        )
    finally:
        embedded.remove(directory)
        shutil.rmtree(directory)


@pytest.fixture
def place(drill: Drill) -> Iterator[Path]:
    """A new machine with the secret of the old one."""
    directory = data_directory(new_directory("saathi-drilled-"))
    (directory / "secret.key").write_bytes(drill.secret)
    (directory / "secret.key").chmod(0o600)
    yield directory
    embedded.remove(directory)
    shutil.rmtree(directory)


def restored(drill: Drill, directory: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(directory))
    return main(["restore", "--from", str(drill.place), "--keys", str(drill.keys), *more])


def seen_of(directory: Path) -> dict[str, tuple[int, int, int]]:
    """All that lies there: mode, size and time."""
    return {str(p): (p.lstat().st_mode, p.lstat().st_size, p.lstat().st_mtime_ns) for p in directory.rglob("*")}


async def brought_back(drill: Drill, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by PostgreSQL itself: the data are in, and nothing that comes after them has been done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.cli.backup._settle", untouched)
        assert await asyncio.to_thread(restored, drill, directory, monkeypatch) == 0


async def test_T53_everything_is_back(
    drill: Drill, place: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drill.waiting > 0
    assert await asyncio.to_thread(restored, drill, place, monkeypatch) == 0
    told = capsys.readouterr().out
    assert "1 people who were erased since then are erased again" in told
    clock.move(hours=50)
    app = await composition.build(settings_of(place), clock=clock, understanding=True)
    try:
        ram = Person(app, clock, RAM)
        assert await _bodies(app, ram) == drill.said
        assert await rows_of(app, drill.maya) == {}
        name, content = drill.photo
        assert Files(place / "media").read(name) == content
        async with app.database.begin() as connection:
            states = (await connection.execute(select(outbox.c.state, outbox.c.reason).distinct())).all()
            assert not {state for state, _ in states} & set(restore.WAITED)
            assert ("unknown", "restored") in {tuple(row) for row in states}
            pages = select(func.count()).select_from(notices).where(notices.c.kind == "not_delivered")
            assert (await connection.execute(pages)).scalar_one() == 1  # the colleague's words
            last = select(audit.c.action).where(audit.c.object_kind == "database")
            assert (await connection.execute(last)).scalars().all() == ["restored"]
        assert await Person(app, clock, "+96555512989").says("menu")  # and the service goes on from there
    finally:
        await app.close()


def test_T53_neither_disk_tells_anything_alone(drill: Drill) -> None:
    everything = {**files(drill.out), **files(drill.keys_out)}
    assert len(everything) >= 5
    assert hits(everything, CANARIES) == []
    for path in everything:
        assert path.name == "erased.ledger" or path.stat().st_mode & 0o077 == 0, path
    wrapped = asked(embedded.ensure(drill.lost).url_app, "SELECT wrapped FROM keys WHERE kind = 'subject'")
    assert hits(files(drill.out), {"a key": [bytes(row[0]) for row in wrapped]}) == []


@pytest.mark.parametrize("name", ["data.dump", "media.tar"])
def test_a_torn_file_is_told_and_nothing_is_touched(
    drill: Drill,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    copy = tmp_path / drill.place.name
    shutil.copytree(drill.place, copy)
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    monkeypatch.setenv("SAATHI_DATA_DIR", str(place))
    assert main(["restore", "--from", str(copy), "--keys", str(drill.keys)]) == 2
    assert f"{name} is not as it was written" in capsys.readouterr().err
    assert not (place / "postgres").exists()


def test_keys_of_another_night_are_refused(
    drill: Drill, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "keys"
    shutil.copytree(drill.keys, other)
    manifest = json.loads((other / "manifest.json").read_text("ascii"))
    (other / "manifest.json").write_text(json.dumps({**manifest, "made_at": "2026-01-01T00:00:00+00:00"}), "ascii")
    monkeypatch.setenv("SAATHI_DATA_DIR", str(place))
    assert main(["restore", "--from", str(drill.place), "--keys", str(other)]) == 2
    assert "of different backups" in capsys.readouterr().err


def test_a_database_that_holds_something_is_never_overwritten(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = asked(embedded.ensure(drill.lost).url_app, "SELECT count(*) FROM messages")
    assert restored(drill, drill.lost, monkeypatch) == 2
    assert "not empty: nothing was changed" in capsys.readouterr().err
    assert asked(embedded.ensure(drill.lost).url_app, "SELECT count(*) FROM messages") == before


def test_another_secret_opens_nothing(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before anything is touched: the right one may follow at once."""
    (place / "secret.key").write_text("b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCBvdGhlciE=", "ascii")
    for more in ((), ("--check",)):
        assert restored(drill, place, monkeypatch, *more) == 2
        assert "made with another SAATHI_SECRET_KEY, and nothing was changed" in capsys.readouterr().err
    assert not (place / "postgres").exists()


async def test_half_a_restore_serves_nobody_and_the_same_command_begins_anew(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The power goes after the data are in, and before those who were erased since are erased again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.cli.backup._settle", cut_off)
        with pytest.raises(InterruptedError):
            await asyncio.to_thread(restored, drill, place, monkeypatch)
    (place / "media" / "torn").write_bytes(b"half of a ph")  # what the try that was cut off left
    with pytest.raises(SettingsError, match="was not finished"):
        await composition.build(settings_of(place), understanding=False)
    assert await asyncio.to_thread(main, ["backup", "--out", str(place / "a"), "--keys-out", str(place / "b")]) == 2
    assert "half of one is no backup" in capsys.readouterr().err
    assert await asyncio.to_thread(restored, drill, place, monkeypatch) == 0
    assert "1 people who were erased since then are erased again" in capsys.readouterr().out
    assert not (place / "media" / "torn").exists()
    assert Files(place / "media").read(drill.photo[0]) == drill.photo[1]
    app = await composition.build(settings_of(place), understanding=False)
    await app.close()


async def test_a_database_that_came_back_by_other_means_is_settled_in_place(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """To a moment, as PostgreSQL's own archive does it: whom the ledger has is back, and what has left waits again."""
    await brought_back(drill, place, monkeypatch)
    (place / "erased.ledger").unlink()
    in_place = ["restore", "--in-place", "--ledger", str(drill.keys_out / "erased.ledger")]
    assert await asyncio.to_thread(main, in_place) == 0
    told = capsys.readouterr().out
    assert "1 people who were erased since then are erased again" in told
    app = await composition.build(settings_of(place), understanding=False)
    try:
        assert await rows_of(app, drill.maya) == {}
        async with app.database.begin() as connection:
            left = select(func.count()).select_from(outbox).where(outbox.c.state.in_(restore.WAITED))
            assert (await connection.execute(left)).scalar_one() == 0
    finally:
        await app.close()


async def test_in_place_refuses_while_somebody_works_there(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typed on the living machine it would take every message that waits for one that may have left."""
    await brought_back(drill, place, monkeypatch)
    for name in (AT_WORK, LISTENS):
        url = embedded.ensure(place).url_app
        with psycopg.connect(url, application_name=name) as living:
            assert await asyncio.to_thread(main, ["restore", "--in-place"]) == 2
            told = capsys.readouterr().err
            assert "Saathi works on this database, and nothing was changed" in told
            assert "stop every web and worker process" in told
            assert living.execute("SELECT count(*) FROM outbox WHERE reason = 'restored'").fetchone() == (0,)


async def test_in_place_tries_the_secret_before_anything_changes(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await brought_back(drill, place, monkeypatch)
    (place / "secret.key").write_text("b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldCBvdGhlciE=", "ascii")
    migrated: list[object] = []
    monkeypatch.setattr(databases, "bring_up_to_date", migrated.append)
    assert await asyncio.to_thread(main, ["restore", "--in-place"]) == 2
    assert "this database was made with another SAATHI_SECRET_KEY, and nothing was changed" in capsys.readouterr().err
    assert migrated == []


def test_in_place_needs_a_database_of_ours(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(place))
    assert main(["restore", "--in-place"]) == 2
    assert "holds nothing of Saathi, and nothing was changed" in capsys.readouterr().err


async def untouched(settings: Settings) -> tuple[int, int, int]:
    return 0, 0, 0


def test_a_restore_without_its_folders_says_so(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(place))
    assert main(["restore"]) == 2
    assert "--from and --keys are needed" in capsys.readouterr().err


async def cut_off(settings: Settings) -> tuple[int, int, int]:
    raise InterruptedError


@pytest.mark.parametrize("name", ["../outside", "/outside"])
def test_a_file_that_would_lie_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "media.tar"
    with tarfile.open(source, "w") as packed:
        packed.addfile(tarfile.TarInfo(name))
    with pytest.raises(BackupError, match="no backup of ours"):
        media_tar.unpack(source, tmp_path / "media")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["media", "media.tar"]


def test_an_older_postgresql_is_told_before_anything_changes(drill: Drill, place: Path, tmp_path: Path) -> None:
    manifest = replace(verify(drill.place, drill.keys), server=990_000)
    with pytest.raises(BackupError, match="the backup is of 99: nothing was changed"):
        restore.fill(embedded.ensure(place).url_owner, drill.place, drill.keys, manifest, tmp_path / "media")
    assert asked(embedded.ensure(place).url_owner, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [
        (0,)
    ]


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder", "ascii")
    monkeypatch.setenv("SAATHI_DATA_DIR", str(drill.lost))
    assert main(["backup", "--out", str(tmp_path / "file" / "a"), "--keys-out", str(tmp_path / "b")]) == 2
    assert "Not a directory: no backup was made" in capsys.readouterr().err


def test_check_reads_and_changes_nothing(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "secret.key").chmod(0o640)  # a look mends nothing either
    before = seen_of(place)
    assert restored(drill, place, monkeypatch, "--check") == 0
    assert "is whole" in capsys.readouterr().out
    assert seen_of(place) == before


@pytest.mark.parametrize("more", [("--check",), (), ("--in-place",)])
def test_where_no_secret_is_none_is_made(
    more: tuple[str, ...],
    drill: Drill,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A new one opens nothing that was made before; lying there, it would be taken for the right one."""
    assert restored(drill, tmp_path / "new", monkeypatch, *more) == 2
    told = capsys.readouterr()
    assert "SAATHI_SECRET_KEY is not set" in told.err
    assert ("is whole" in told.out) == ("--in-place" not in more)
    assert not (tmp_path / "new").exists()


def test_a_ledger_that_is_not_there_stops_it(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong path must not bring people back with a line that scrolls by."""
    assert restored(drill, place, monkeypatch, "--ledger", str(place / "erased.leger")) == 2
    assert "who was erased would come back" in capsys.readouterr().err
    assert not (place / "postgres").exists()


def test_two_places_on_one_disk_are_said_to_be_so(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(drill.lost))
    assert main(["backup", "--out", str(tmp_path / "a"), "--keys-out", str(tmp_path / "b")]) == 0
    assert "lie on one disk" in capsys.readouterr().err


@pytest.mark.parametrize("which", ["--keep", "--keep-keys"])
def test_no_period_takes_the_backup_itself(
    which: str, drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 0 days the one that was just made was already older."""
    monkeypatch.setenv("SAATHI_DATA_DIR", str(drill.lost))
    for days in ("0", "-1", "x"):
        with pytest.raises(SystemExit) as ended:
            main(["backup", "--out", str(tmp_path / "a"), "--keys-out", str(tmp_path / "b"), which, days])
        assert ended.value.code == 2
        assert "a number of days, 1 or more" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_the_monitor_knows_of_a_backup_that_came_to_its_end_and_of_no_other(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(drill.lost))
    (drill.lost / alive.BACKED_UP).unlink(missing_ok=True)
    assert composition.backup_age(drill.lost, composition.utc_now) == math.inf
    (tmp_path / "file").write_text("no folder", "ascii")
    assert main(["backup", "--out", str(tmp_path / "file" / "a"), "--keys-out", str(tmp_path / "b")]) == 2
    assert composition.backup_age(drill.lost, composition.utc_now) == math.inf
    assert main(["backup", "--out", str(tmp_path / "a"), "--keys-out", str(tmp_path / "b")]) == 0
    made = datetime.strptime(next((tmp_path / "a").iterdir()).name, backup.STAMP).replace(tzinfo=UTC)
    assert 27 * 3600 - 1 <= composition.backup_age(drill.lost, lambda: made + timedelta(hours=27)) <= 27 * 3600


def test_data_and_keys_may_not_lie_together(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(drill.lost))
    assert main(["backup", "--out", str(tmp_path / "a"), "--keys-out", str(tmp_path / "a")]) == 2
    assert "another place" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_files_that_are_links_are_kept_as_files(tmp_path: Path) -> None:
    """Moved to another disk by an operator, or linked twice: a backup with links in it could never be restored."""
    media, moved = tmp_path / "media", tmp_path / "other disk"
    (media / "ab").mkdir(parents=True)
    moved.write_bytes(b"sealed, elsewhere")
    (media / "ab" / "one").write_bytes(b"sealed")
    (media / "ab" / "two").hardlink_to(media / "ab" / "one")
    (media / "ab" / "three").symlink_to(moved)
    (media / "ab" / "four").symlink_to(tmp_path / "nothing")
    media_tar.pack(media, tmp_path / "media.tar")
    media_tar.unpack(tmp_path / "media.tar", tmp_path / "back")
    found = {path.name: path.read_bytes() for path in (tmp_path / "back" / "ab").iterdir() if not path.is_symlink()}
    assert found == {"one": b"sealed", "two": b"sealed", "three": b"sealed, elsewhere"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("name", ["ab/one", "../one", "/tmp/one", "ab/../../one"])
def test_no_member_of_a_backup_leads_out_of_its_folder(tmp_path: Path, kind: bytes, name: str) -> None:
    """What somebody put into it is refused before anything of it is written."""
    media, packed = tmp_path / "deep" / "media", tmp_path / "media.tar"
    for odd in (kind, tarfile.REGTYPE):
        with tarfile.open(packed, "w") as made:
            good = tarfile.TarInfo("ab/good")
            made.addfile(good)
            member = tarfile.TarInfo(name)
            member.type, member.linkname = odd, "/etc/passwd"
            made.addfile(member)
        if odd == tarfile.REGTYPE and name == "ab/one":
            continue
        with pytest.raises(BackupError, match="holds what no backup of ours holds"):
            media_tar.unpack(packed, media)
        assert not (media / "ab" / "good").exists()
        assert {path.name for path in tmp_path.rglob("*")} <= {"media.tar", "deep", "media"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 1}', "\xff", '{"format": 1, "files": {"../x": [1, "a"]}, "rows": {}}', "[" * 9999],
)
def test_a_manifest_that_is_none_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / MANIFEST).write_text(text, "latin-1")
    with pytest.raises(BackupError, match="is no manifest of ours"):
        verify(tmp_path / "a", tmp_path / "b")


def test_a_manifest_names_no_other_files_or_tables(drill: Drill, tmp_path: Path) -> None:
    for name in ("place", "keys"):
        shutil.copytree(getattr(drill, name), tmp_path / name)
    told = json.loads((tmp_path / "place" / MANIFEST).read_text("ascii"))
    for odd in (
        {"files": told["files"] | {"../../etc/passwd": [1, "a"]}},
        {"rows": {"cases; DROP TABLE cases": 1}},
    ):
        for name in ("place", "keys"):
            (tmp_path / name / MANIFEST).write_text(json.dumps(told | odd), "ascii")
        with pytest.raises(BackupError, match="is no manifest of ours"):
            verify(tmp_path / "place", tmp_path / "keys")


def test_a_backup_that_was_moved_and_linked_stops_no_other_one(tmp_path: Path, clock: Clock) -> None:
    """What a link leads to is not ours to take away; the others go as ever."""
    old, older, elsewhere = (tmp_path / name for name in ("data", "halves", "elsewhere"))
    stamp = (clock() - timedelta(days=30)).strftime(backup.STAMP)
    for place in (old, older, elsewhere):
        place.mkdir()
    (elsewhere / MANIFEST).write_text("{}", "ascii")
    (old / stamp).symlink_to(elsewhere)
    (older / f".{stamp}.7").symlink_to(elsewhere)
    gone = old / (clock() - timedelta(days=31)).strftime(backup.STAMP)
    gone.mkdir()
    (gone / MANIFEST).write_text("{}", "ascii")
    assert backup.prune(old, clock() - timedelta(days=7)) == 1
    assert backup.prune_halves(older, clock()) == 0
    assert (elsewhere / MANIFEST).exists()
    assert not gone.exists()


def test_old_backups_go_and_what_is_none_stays(tmp_path: Path, clock: Clock) -> None:
    for days in (0, 6, 8, 40):
        folder = tmp_path / (clock() - timedelta(days=days)).strftime(backup.STAMP)
        folder.mkdir()
        (folder / MANIFEST).write_text("{}", "ascii")
    (tmp_path / "20200101T000000Z").mkdir()  # no manifest: not ours
    (tmp_path / "notes").mkdir()
    assert backup.prune(tmp_path, clock() - timedelta(days=7)) == 2
    assert len(list(tmp_path.iterdir())) == 4


def test_what_was_cut_off_goes_first_of_all(tmp_path: Path, clock: Clock) -> None:
    """It may hold keys of people who are erased since; also when no backup can be made any more."""
    places = out, keys_out = tmp_path / "data", tmp_path / "keys"
    halves = [f".{(clock() - timedelta(hours=hours)).strftime(backup.STAMP)}.7" for hours in (1, 25, 999)]
    for place in places:
        for name in (*halves, ".notes"):
            (place / name).mkdir(parents=True)
            (place / name / KEYS).write_bytes(b"of somebody")
    with pytest.raises(BackupError, match="cannot be read"):
        backup.make("postgresql://nobody@127.0.0.1:1/none", None, out, keys_out, clock())
    for place in places:
        assert {path.name for path in place.iterdir()} == {halves[0], ".notes"}


def test_the_password_is_in_no_list_of_processes(
    drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    seen: list[list[str]] = []
    real = programs.subprocess.run

    def listening(command: list[str], **kwargs: object) -> object:
        seen.append([str(part) for part in command])
        return real(command, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(programs.subprocess, "run", listening)
    url = embedded.ensure(drill.lost).url_owner
    backup.make(url, None, tmp_path / "a", tmp_path / "b", clock())
    password = psycopg.conninfo.conninfo_to_dict(url)["password"]
    assert any("--format=custom" in command for command in seen)
    assert not [command for command in seen if any(str(password) in part for part in command)]
