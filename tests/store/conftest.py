"""A place for an embedded server, and its end."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store import embedded


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory that the database's user can enter, unlike pytest's own; the server in it is removed."""
    directory = Path(tempfile.mkdtemp(prefix="saathi-test-"))
    directory.chmod(0o711)
    yield directory
    for lock in directory.rglob("postgres.lock"):
        embedded.remove(lock.parent)
    shutil.rmtree(directory)
