"""T48 against the running process: a helpline with its own embedded database, over sockets, until an operator erases
somebody; then the whole data directory is read, byte by byte.

Law: nothing looks into the service; what is searched are the files that a disk would have.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from bot.store import embedded
from tests.fakes import database
from tests.fakes.post import deliver, text
from tests.fakes.service import command
from tests.fakes.world import World, data_directory
from tests.proof.canaries import files, hits, plain_hashes, spellings

pytestmark = pytest.mark.slow
PHONE, OTHER = "+6581512987", "+6581512988"
WORDS = "my boss has not paid my salary, ask Ramesh Zzyzx near the Qwfpgj shop"
CANARIES = {"phone": PHONE, "phone without plus": PHONE[1:], "a name": "Zzyzx", "a place": "Qwfpgj"}
WANTED = {name: spellings(canary) for name, canary in CANARIES.items()} | {"hash of the phone": plain_hashes(PHONE)}


@pytest.fixture
async def own(here: World) -> AsyncIterator[World]:
    """The same world with a database that the service starts for itself."""
    directory = Path(tempfile.mkdtemp(prefix="saathi-own-"))
    try:
        await asyncio.to_thread(directory.chmod, 0o711)
        data_directory(directory)
        server = await asyncio.to_thread(embedded.ensure, directory)
        settings = {n: v for n, v in here.settings.items() if "DATABASE" not in n}
        settings |= {"SAATHI_DATA_DIR": str(directory)}
        yield replace(here, settings=settings, directory=directory, url=server.url_app, url_owner=server.url_owner)
    finally:
        await asyncio.to_thread(embedded.remove, directory)
        shutil.rmtree(directory)


async def _says(here: World, number: str, *lines: str) -> list[str]:
    for n, line in enumerate(lines):
        await deliver(here.base, text(number, line, f"{number}-{len(here.to(number))}-{n}"))
        await here.quiet()
    return here.to(number)


async def test_T48_nothing_of_her_is_left_in_any_file(own: World) -> None:
    async with own.service() as service:
        await service.ready()
        shown = await _says(own, PHONE, WORDS, "1", "1", "1", "3 months 1800 SGD", "1")
        await _says(own, OTHER, "my boss has not paid my salary", "1", "1", "1", "3 months 1800 SGD", "1")
        (reference, subject), _ = database.asked(own.url, "SELECT reference, subject_id FROM cases ORDER BY opened_at")
        ((wrapped,),) = database.asked(own.url, "SELECT wrapped FROM keys WHERE subject_id = %s", subject)
        code, _, error = await command(own.settings, "erase", reference, "--reason", "agreed", "--yes")
        assert code == 0, error
        answer = (await _says(own, PHONE, "status"))[len(shown) :]  # she may write again, and is somebody new
        assert reference not in "".join(c for c in "".join(answer) if c.isdecimal())
        assert str(subject) in (own.directory / "erased.ledger").read_text("utf-8")
        service.terminate()
        assert await service.ended() == 0
    assert database.asked(own.url, "SELECT count(*) FROM keys WHERE subject_id = %s", subject) == [(0,)]
    admin = (await asyncio.to_thread(embedded.ensure, own.directory)).url_admin
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    image = await asyncio.to_thread(files, own.directory)
    assert hits(image, WANTED) == []
    assert hits(image, {"her key": [bytes(wrapped)]}) == []
    ((other,),) = database.asked(own.url, "SELECT wrapped FROM keys JOIN cases USING (subject_id)")
    assert hits(image, {"another key": [bytes(other)]}), "what is kept is there, and it is read as it lies on the disk"
    print(f"{len(image)} files, {sum(map(len, image.values())) // 1024} kB: 0 hits after erasing")
