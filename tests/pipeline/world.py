"""What the tests of the pipeline work with: people who write, a look into the tables, a provider that obeys a script.

Law: nothing is asserted here. The provider stands where a network is; everything else is the real thing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy import text as sql
from uuid_utils.compat import uuid7

from bot.app import App, draw_reference
from bot.channels.contract import Inbound, Part
from bot.conductor import Conductor
from bot.engine.inputs import Danger, Meaning
from bot.outgoing import Policy
from bot.sender import Sender
from bot.store import tables
from bot.store.database import Database
from bot.store.history import Line, home, thread
from bot.store.homes import Home
from bot.store.inbox import input_row
from tests.conftest import Clock

ACCOUNT = "7001"
INTENTS = {
    "wages": "report_unpaid_wages",
    "human": "talk_to_human",
    "status": "ask_case_status",
    "thanks": "thank",
    "rules": "ask_rights",
    "number": "ask_contacts",
    "missing": "report_missing",
}
DANGERS = {
    "knife": "report_violence",
    "locked": "report_confinement",
    "rope": "express_self_harm",
    "jail": "report_detention",
}


class Table:
    """An understanding that knows a few words; what it does not know it does not understand."""

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        """One Meaning per text, by the first known word in it."""
        return [self._one(text.lower()) for text in texts]

    def _one(self, text: str) -> Meaning:
        for word, kind in DANGERS.items():
            if word in text:
                return Meaning(kind, 0.99, danger=Danger(kind, "page", word))
        for word, intent in INTENTS.items():
            if word in text.split():
                return Meaning(intent, 0.99)
        return Meaning()


@dataclass(slots=True)
class Provider:
    """A transport that does what its script says for an address: raise, or take. It keeps what it took."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)  # address, ref, text
    parts: list[Part] = field(default_factory=list)  # the same, as they were given
    acked: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    wiped: list[tuple[str, list[str]]] = field(default_factory=list)
    valid: list[int] = field(default_factory=list)  # seconds, beside `sent`
    script: dict[str, deque[Exception | Callable[[], Any] | None]] = field(default_factory=lambda: defaultdict(deque))
    count: Any = field(default_factory=itertools.count)

    async def send(self, *, channel: str, account: str, address: str, part: Part, ref: str, valid: int) -> str:
        """Take one part, or fail as told."""
        await self._obey(address)
        self.valid.append(valid)
        self.sent.append((address, ref, part.text))
        self.parts.append(part)
        return f"p{next(self.count)}"

    async def acknowledge(self, *, account: str, ack: str) -> None:
        """Take an acknowledgement."""
        await self._obey(ack)
        self.acked.append(ack)

    async def fetch(self, ref: str, most: int) -> bytes:
        """A file, or what its script says."""
        await self._obey(ref)
        return self.files[ref]

    async def wipe(self, *, account: str, address: str, ids: Sequence[str]) -> None:
        """Take messages off both sides."""
        await self._obey(address)
        self.wiped.append((address, list(ids)))

    async def close(self) -> None:
        """Nothing to let go of."""

    async def _obey(self, whom: str) -> None:
        told = self.script[whom].popleft() if self.script[whom] else None
        if isinstance(told, Exception):
            raise told
        if told is not None:
            await told()


class World:
    """People, workers and tables of one database."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app, self.clock, self.provider = app, clock, Provider()
        self.policy = Policy.read(app.content.knowledge.get("contact_policy"), app.content.knowledge.get("duty"))
        self.numbers = itertools.count(1)
        self._others: list[Database] = []
        self.sender = self.new_sender()

    async def close(self) -> None:
        """Let go of all connections."""
        for database in self._others:
            await database.close()
        await self.app.close()

    def database(self) -> Database:
        """Connections of another process's own, as it were."""
        self._others.append(Database(self.app.database.url, pool_size=4))
        return self._others[-1]

    def new_sender(self, database: Database | None = None, provider: Provider | None = None) -> Sender:
        """Another sender, on connections of its own if given."""
        transport = provider or self.provider
        return Sender(
            database or self.app.database,
            self.app.secrets,
            self.app.layouts,
            self.policy,
            lambda channel, account: transport,
            clock=self.clock,
        )

    def new_conductor(self) -> Conductor:
        """Another worker, on connections of its own."""
        return Conductor(
            self.database(),
            self.app.secrets,
            self.app.content,
            Table(),
            self.policy,
            clock=self.clock,
            new_id=uuid7,
            draw_reference=draw_reference,
        )

    # --- people

    def inbound(self, address: str, text: str = "", *, channel: str = "telegram", **more: Any) -> Inbound:
        """Something that a person sent; each has a number of its own unless one is given."""
        values = {"account": ACCOUNT, "event_id": f"e{next(self.numbers)}", "kind": "text", **more}
        return Inbound(channel=channel, address=address, text=text, **values)

    async def writes(self, address: str, *texts: str, **more: Any) -> None:
        """One message after the other, each received by itself."""
        for text in texts:
            await self.app.receive([self.inbound(address, text, **more)])

    async def says(self, address: str, *texts: str, **more: Any) -> None:
        """One message after the other, each answered and the answers sent, three seconds apart."""
        for text in texts:
            await self.writes(address, text, **more)
            await self.turns()
            await self.sends()
            self.clock.move(seconds=3)

    async def turns(self) -> int:
        """Handle what waits, until nothing is handled any more."""
        total = 0
        for _ in range(100):
            done = await self.app.conductor.run_once()
            if done == 0:
                return total
            total += done
        raise RuntimeError("turns without end")

    async def sends(self) -> int:
        """Send what may leave, a second between the messages of a conversation."""
        total = 0
        while done := await self.sender.run_once():
            total += done
            self.clock.move(seconds=1)
        return total

    # --- a look inside

    async def given(self, home: Home, kind: str, data: dict[str, Any], *, at: datetime | None = None) -> None:
        """A job or the desk makes this happen to a conversation, now or `at` another moment."""
        async with self.app.database.begin() as connection:
            await connection.execute(insert(tables.inbox).values(input_row(home, kind, data, at or self.now)))

    async def where(self, address: str, channel: str = "telegram") -> Home:
        """Where an address lives."""
        async with self.app.database.begin() as connection:
            found = await home(connection, self.app.secrets, channel, ACCOUNT, address)
        if found is None:
            raise LookupError(address)
        return found

    async def lines(self, address: str, channel: str = "telegram") -> list[Line]:
        """The history of a person's conversation."""
        where = await self.where(address, channel)
        async with self.app.database.begin() as connection:
            return await thread(connection, where)

    async def said(self, address: str, channel: str = "telegram") -> list[str]:
        """Ids of what was said to a person, in order."""
        return [line.body["text_id"] for line in await self.lines(address, channel) if line.direction == "out"]

    async def heard(self, address: str, channel: str = "telegram") -> list[str]:
        """What a person wrote, in order, as the history has it."""
        return [line.body["text"] for line in await self.lines(address, channel) if line.direction == "in"]

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows of any question to the database."""
        async with self.app.database.begin() as connection:
            return list((await connection.execute(sql(query), values)).all())

    async def one(self, query: str, **values: Any) -> Any:
        """The single value of a question."""
        async with self.app.database.begin() as connection:
            return (await connection.execute(sql(query), values)).scalar_one()

    async def leases_run_out(self, table: str = "outbox") -> None:
        """As if whoever holds a claim had been deaf for longer than its lease: they end by the database's clock."""
        await self.run(f"UPDATE {table} SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL")

    async def run(self, query: str, **values: Any) -> None:
        """Change something, as another process would have."""
        async with self.app.database.begin() as connection:
            await connection.execute(sql(query), values)

    async def set_person(self, subject_id: UUID, **values: Any) -> None:
        """Change a contact."""
        await self._set(tables.contacts, subject_id, values)

    async def set_conversation(self, conversation_id: UUID, **values: Any) -> None:
        """Change a conversation."""
        await self._set(tables.conversations, conversation_id, values)

    async def _set(self, table: Any, row_id: UUID, values: dict[str, Any]) -> None:
        async with self.app.database.begin() as connection:
            await connection.execute(update(table).where(table.c.id == row_id).values(**values))

    @property
    def now(self) -> datetime:
        """The time on the clock."""
        return self.clock.at
