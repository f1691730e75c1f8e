"""T8, T54: what an operator changes while people write: the secret, Twilio's token, the schema. Nobody notices.

Law: running processes over real sockets, one release after the other as a rolling restart does it. A message counts as
written once it was acknowledged; a refusal (403) of a genuine one is a fault, a 503 is only tried again.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from alembic import command as alembic
from sqlalchemy import create_engine

from bot.store import migrate as room
from bot.vault.keyring import Keyring, WrappedByAnother
from bot.web.webhooks import TWILIO
from tests.fakes import database
from tests.fakes.post import PUBLIC, Letter, message, post, text, update
from tests.fakes.service import PATIENCE, Service, command, free_port
from tests.fakes.twilio import TOKEN, sign
from tests.fakes.world import World

pytestmark = pytest.mark.slow
OLD, NEW = "an-old-secret-of-tests-that-is-long", "a-new-secret-of-tests-that-is-long-enough"
NEXT_TOKEN = "the-next-token-of-tests"
PEOPLE = 9
LINES = ("my boss has not paid my salary", "1", "menu", "2", "help")
WHEN = 12  # messages of the traffic at least, between one change and the next


class Traffic:
    """People of three channels who write on and on, until they are told to stop. `base`: where the helpline is now."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.tokens = (TOKEN,)  # what Twilio signs with, in turn
        self.written = 0
        self.refused: list[str] = []
        self.slowest = 0.0  # seconds until an acknowledgement
        self._stop = False
        self._taken = asyncio.Event()

    async def __aenter__(self) -> Traffic:
        self._client = httpx.AsyncClient(trust_env=False, timeout=30)
        self._people = [asyncio.create_task(self._writes(person)) for person in range(PEOPLE)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop = True
        await asyncio.gather(*self._people)
        await self._client.aclose()

    async def more(self, count: int = WHEN) -> None:
        """Until so many more were taken."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(count):
                self._taken.clear()
                await self._taken.wait()

    async def _writes(self, person: int) -> None:
        number = 0
        while not self._stop:
            number += 1
            await self._tells(self._letter(person, number))
            await asyncio.sleep(0.2)

    def _letter(self, person: int, number: int) -> Letter:
        line = LINES[number % len(LINES)]
        if person % 3 == 0:
            return update(message(5_000_000 + person, line, person * 10_000 + number))
        who = f"+9655{person:07}" if person % 3 == 1 else f"whatsapp:+97798{person:08}"
        return signed(text(who, line, str(number)), self.tokens[number % len(self.tokens)])

    async def _tells(self, letter: Letter) -> None:
        began = time.monotonic()
        while True:
            try:
                code = await post(self._client, self.base, letter)
            except httpx.TransportError:
                code = 0  # that process is gone
            if code == 200:
                self.written += 1
                self._taken.set()
                self.slowest = max(self.slowest, time.monotonic() - began)
                return
            if code == 403:
                self.refused.append(letter.path)
                return
            await asyncio.sleep(0.1)


def signed(letter: Letter, token: str) -> Letter:
    """The same form, signed with another token of the account."""
    pairs = parse_qsl(letter.body.decode(), keep_blank_values=True)
    return letter.with_header("X-Twilio-Signature", sign(PUBLIC + TWILIO, pairs, token))


class Releases:
    """A rolling restart: the next process is ready before the one before it is told to end."""

    def __init__(self, here: World, traffic: Traffic, stack: AsyncExitStack) -> None:
        self._here, self._traffic, self._stack = here, traffic, stack
        self._service: Service | None = None

    async def then(self, **settings: str) -> None:
        """The next one."""
        service = await self._stack.enter_async_context(self._here.service(port=free_port(), **settings))
        await service.ready()
        self._traffic.base = service.url
        old, self._service = self._service, service
        if old is not None:
            old.terminate()
            assert await old.ended() == 0
        await self._traffic.more()


async def test_T8_T54_secret_and_token_are_rotated_while_people_write(here: World) -> None:
    """The order that `saathi keys --help` and docs/operations.md give, with both tokens listed for a while."""
    traffic = Traffic("http://127.0.0.1:1")
    both = f"{NEW},{OLD}"
    async with AsyncExitStack() as stack:
        release = Releases(here, traffic, stack)
        async with traffic:
            await release.then(secret_key=OLD)
            await release.then(secret_key=f"{OLD},{NEW}", twilio_auth_token=f"{NEXT_TOKEN},{TOKEN}")
            traffic.tokens = (TOKEN, NEXT_TOKEN)  # the provider changes over
            await release.then(secret_key=both, twilio_auth_token=f"{NEXT_TOKEN},{TOKEN}")
            code, told, wrong = await command(here.settings | {"SAATHI_SECRET_KEY": both}, "keys", "rotate")
            assert (code, wrong) == (0, "")
            assert "none is left" in told
            traffic.tokens = (NEXT_TOKEN,)
            await release.then(secret_key=NEW, twilio_auth_token=NEXT_TOKEN)
        await here.quiet()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            assert await post(client, traffic.base, text("+96550009999", "hello", "late")) == 403  # the old token
            late = signed(text("+96550009998", "hello", "late"), NEXT_TOKEN)
            assert await post(client, traffic.base, late) == 200
        await here.quiet()
    assert traffic.refused == []
    assert here.effects()["inbox.done"] == traffic.written + 1
    assert "inbox.quarantined" not in here.effects()
    new, old = Keyring([NEW]), Keyring([OLD])
    wrapped = [bytes(key) for (key,) in database.asked(here.url, "SELECT wrapped FROM keys")]
    assert len(wrapped) > PEOPLE
    for key in wrapped:
        assert len(new.unwrap(key)) == 32
        with pytest.raises(WrappedByAnother):
            old.unwrap(key)
    print(f"{traffic.written} messages while secret and token were rotated: refused 0, lost 0")


NEXT = '''"""What a next release may bring: a column that it needs, and an index beside everybody's work.

Revision ID: next
Revises: {head}
"""

from alembic import op

revision = "9999"
down_revision = "{head}"
INDEX = "ix_inbox_of_the_next_release"


def upgrade() -> None:
    for table in ("inbox", "outbox", "messages", "conversations"):
        op.execute(f"ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS of_the_next_release text")
    with op.get_context().autocommit_block():
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {{INDEX}} ON inbox (of_the_next_release)")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {{INDEX}}")
    for table in ("inbox", "outbox", "messages", "conversations"):
        op.execute(f"ALTER TABLE {{table}} DROP COLUMN of_the_next_release")
'''


def _back(owner_url: str, to: str) -> None:
    engine = create_engine(room.sqlalchemy_url(owner_url))
    with engine.connect() as connection:
        alembic.downgrade(room.config_of(connection), to)
    engine.dispose()


async def test_T54_the_schema_of_the_next_release_comes_and_goes_while_people_write(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release that runs is the old one then: it stays ready, takes and answers, and keeps what came in between."""
    head = room.newest()
    scripts = tmp_path / "migrations"
    shutil.copytree(room.MIGRATIONS, scripts)
    (scripts / "versions" / "9999_next_release.py").write_text(NEXT.format(head=head))
    monkeypatch.setattr(room, "MIGRATIONS", scripts)
    traffic = Traffic(here.base)
    async with here.service() as service:
        await service.ready()
        async with traffic, httpx.AsyncClient(trust_env=False, timeout=30) as client:
            await traffic.more()
            assert await asyncio.to_thread(room.migrate, here.url_owner) == "9999"
            await traffic.more()
            assert (await client.get(f"{here.base}/health/ready")).status_code == 200
            between = traffic.written
            await asyncio.to_thread(_back, here.url_owner, head)
            await traffic.more()
        await here.quiet()
    assert traffic.refused == []
    assert between > WHEN
    assert here.effects()["inbox.done"] == traffic.written
    assert "inbox.quarantined" not in here.effects()
    columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'of_the_next_release'"
    assert database.asked(here.url_owner, columns) == [(0,)]
    print(f"{traffic.written} messages, slowest {traffic.slowest * 1000:.0f} ms, over a schema that came and went")
