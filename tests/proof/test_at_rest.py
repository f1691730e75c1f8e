"""T48, T49: what a disk tells without the secret, what is left of who was erased, and what an old backup brings back.

Law: one helpline on an embedded server of its own, as it runs; the whole data directory is read, byte by byte, with
the database's freed rows, its log and all that lies beside it. The tests go on from each other, in this order.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from bot import app as composition
from bot.app import App
from bot.settings import Settings
from bot.store import embedded, erase, shred
from bot.store.tables import audit, contacts, keys, messages
from bot.vault.keyring import Keyring
from tests.conftest import Clock
from tests.fakes.world import data_directory
from tests.proof.canaries import files, hits, plain_hashes, spellings
from tests.wishes.people import Person, jobs
from tests.wishes.test_erase import asks, rows_of

pytestmark = pytest.mark.slow
PHONE, OTHER = "+96555512987", "+96555512988"
WORDS = "ask Ramesh Zzyzx near the Qwfpgj shop"
CANARIES = {"phone": PHONE, "phone without plus": PHONE[1:], "words": WORDS, "a name": "Zzyzx", "a place": "Qwfpgj"}
WANTED = {name: spellings(canary) for name, canary in CANARIES.items()} | {"hash of the phone": plain_hashes(PHONE)}
SECRETS = ("secret.key", "postgres.secret")  # kept off the machine in production, and never in its backups


@dataclass
class Kept:
    """A helpline that somebody wrote to."""

    app: App
    clock: Clock
    directory: Path
    maya: Person
    wrapped: bytes  # her key, as the table has it

    def settings(self) -> Settings:
        return Settings(_env_file=None, env="development", data_dir=self.directory)


async def _written(app: App, clock: Clock, maya: Person) -> None:
    await maya.begins(secret="4071")
    for line in ("my passport was taken by them", "yes", WORDS, "boss", "no date", "yes"):
        await maya.says(line)
    other = Person(app, clock, OTHER)
    await other.begins()
    await other.says("my salary is late")


def _cluster(directory: Path) -> Path:
    return (directory / "postgres").resolve()


def _backup_of(directory: Path) -> Path:
    return directory.with_name(directory.name + "-backup")


def _new_directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="saathi-at-rest-"))
    directory.chmod(0o711)
    return data_directory(directory)


def _back_up(directory: Path) -> None:
    """A copy of the cluster's files, as a snapshot of the disk would be."""
    embedded.stop(directory)
    subprocess.run(["cp", "-a", _cluster(directory), _backup_of(directory)], check=True)
    embedded.ensure(directory)


def _restore(directory: Path) -> None:
    embedded.stop(directory)
    cluster = _cluster(directory)
    shutil.rmtree(cluster)
    subprocess.run(["cp", "-a", _backup_of(directory), cluster], check=True)


def _remove(directory: Path) -> None:
    embedded.remove(directory)
    shutil.rmtree(directory)
    shutil.rmtree(_backup_of(directory), ignore_errors=True)


@pytest.fixture(scope="module")
async def kept() -> AsyncIterator[Kept]:
    directory, clock = _new_directory(), Clock()
    settings = Settings(_env_file=None, env="development", data_dir=directory)
    try:
        app = await composition.build(settings, clock=clock)
        maya = Person(app, clock, PHONE)
        await _written(app, clock, maya)
        (row,) = await maya.app_rows(select(keys.c.wrapped).where(keys.c.subject_id == await maya.subject()))
        await app.database.close()
        _back_up(directory)
        made = Kept(app, clock, directory, maya, bytes(row.wrapped))
        yield made
        await made.app.close()
    finally:
        _remove(directory)


def _checkpoint(directory: Path) -> None:
    with psycopg.connect(embedded.ensure(directory).url_admin, autocommit=True) as admin:
        admin.execute("CHECKPOINT")


def test_the_search_finds_what_it_should(tmp_path: Path) -> None:
    for number, form in enumerate(spellings(PHONE)):
        (tmp_path / f"f{number}").write_bytes(b"\x00" * 9000 + form + b"\xff")
    assert len(hits(files(tmp_path), {"phone": spellings(PHONE)})) == len(spellings(PHONE))


async def test_T49_a_disk_without_the_secret_tells_nothing_of_a_number(kept: Kept) -> None:
    """The subpoena test: somebody has the whole disk and a phone number, and wants the case of whoever has it."""
    _checkpoint(kept.directory)
    image = files(kept.directory, without=SECRETS)
    assert hits(image, WANTED) == []
    assert hits(image, {"her key": [kept.wrapped]})  # what is kept is there, and it is read as it lies on the disk
    stolen = Keyring(["x" * 44])
    with pytest.raises(ValueError, match="does not list"):
        stolen.unwrap(kept.wrapped)
    print(f"{len(image)} files, {sum(map(len, image.values())) // 1024} kB: 0 hits of {len(WANTED)} canaries")


async def test_T48_after_erasing_no_byte_of_her_key_is_left_anywhere(kept: Kept) -> None:
    subject = await kept.maya.subject()
    async with kept.app.database.begin() as connection:
        sealed = (
            (await connection.execute(select(messages.c.body_enc).where(messages.c.subject_id == subject)))
            .scalars()
            .all()
        )
    await asks(kept.maya)
    kept.clock.move(hours=48)
    assert (await jobs(kept.app, kept.clock))[0] == 1
    assert await rows_of(kept.app, subject) == {}
    await kept.app.after_erasing()
    image = files(kept.directory)
    assert hits(image, WANTED) == []
    assert hits(image, {"her key": [kept.wrapped]}) == []
    left = sum(any(bytes(body) in content for content in image.values()) for body in sealed)
    print(f"of {len(sealed)} sealed texts {left} still lie in freed pages; none of them has a key any more")
    assert kept.app.ledger.read() == {subject}


async def test_T48_without_shredding_the_key_would_still_lie_there(kept: Kept) -> None:
    """The test above can fail: an erased row stays in its page and in the log until the table is rewritten."""
    async with kept.app.database.begin() as connection:
        (wrapped,) = (await connection.execute(select(keys.c.wrapped).where(keys.c.kind == "subject"))).scalars().all()
        (who,) = (await connection.execute(select(contacts.c.id))).scalars().all()
        await erase.erase(connection, who, kept.clock(), reason="asked")
    _checkpoint(kept.directory)
    assert hits(files(kept.directory), {"key": [bytes(wrapped)]})
    assert shred.shred(embedded.ensure(kept.directory).url_admin)
    assert hits(files(kept.directory), {"key": [bytes(wrapped)]}) == []
    assert await kept.app.ledger.note(kept.app.database) == 1


async def test_T48_a_restored_backup_brings_nobody_back(kept: Kept) -> None:
    gone = kept.app.ledger.read()
    assert len(gone) == 2
    await kept.app.close()
    _restore(kept.directory)
    with psycopg.connect(embedded.ensure(kept.directory).url_app) as there:
        assert there.execute("SELECT count(*) FROM keys WHERE kind = 'subject'").fetchone() == (2,)  # they are back
    kept.app = await composition.build(kept.settings(), clock=kept.clock, understanding=False)
    async with kept.app.database.begin() as connection:
        left = await connection.execute(select(func.count()).select_from(keys).where(keys.c.kind == "subject"))
        assert left.scalar_one() == 0
        told = (await connection.execute(select(audit.c.object_id).where(audit.c.reason == "ledger"))).scalars().all()
    assert sorted(told) == sorted(map(str, gone))
    assert [await rows_of(kept.app, who) for who in gone] == [{}, {}]
