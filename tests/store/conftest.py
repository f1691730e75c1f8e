"""A place for an embedded server, and its end; people in a database."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.store import embedded
from bot.store.database import Database
from bot.store.keys import Keys
from bot.vault.keyring import Keyring
from tests.fakes.place import new_directory
from tests.store.shelves import Stored


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory that the database's user can enter, unlike pytest's own; the server in it is removed."""
    directory = new_directory("saathi-test-")
    yield directory
    for lock in directory.rglob("postgres.lock"):
        embedded.remove(lock.parent)
    shutil.rmtree(directory)


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[Stored]:
    """People in a database of the test's own."""
    database = Database(database_url)
    yield Stored(database, await Keys.load(database, Keyring(("0123456789abcdef0123456789abcdef",))))
    await database.close()
