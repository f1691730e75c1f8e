"""What the tests of the desk work with: the real site on a loopback socket, people who sign in, cases of each state.

Law: nothing is asserted here. `Desk.enter` makes a session without the half second of argon2; the sign-in itself is
tested where it is the subject.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from litestar import Litestar
from sqlalchemy import insert, select
from sqlalchemy import text as sql
from uuid_utils.compat import uuid7

from bot.app import App
from bot.store import case_tables, sign_ins, tables, users
from bot.store.keys import seal
from bot.vault.keyring import new_key
from desk.door import SESSION
from desk.mount import desk, make_office
from desk.office import Office, csrf_of
from desk.permissions import RELATIONS, STATES
from tests.fakes.server import application, served

OURS, THEIRS = None, "Shelter"  # the organisation of the installation, and a partner
ON_SCREEN = "Rose house"  # how people read the partner's name, which would tell too much


@dataclass
class Person:
    """A signed-in browser."""

    user_id: UUID
    token: str
    client: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(f"/desk{path}", **more)

    async def post(self, path: str, *, csrf: str | None = None, **form: str) -> httpx.Response:
        """A form of our own page, unless another `csrf` is given."""
        word = csrf_of(self.token) if csrf is None else csrf
        return await self.client.post(f"/desk{path}", data={"csrf": word, **form})


@dataclass
class Desk:
    """The desk of one test."""

    app: App
    office: Office
    url: str
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def browser(self) -> httpx.AsyncClient:
        """Somebody's browser, with its own cookies."""
        client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20)
        self.clients.append(client)
        return client

    async def user(self, role: str, *, organisation: str | None = OURS, login: str = "") -> UUID:
        """Somebody new of this role."""
        async with self.app.database.begin() as connection:
            return await users.add(
                connection,
                login=login or f"{role}-{uuid7()}",
                name=role.capitalize(),
                role=role,
                password_hash="none",
                organisation_name=organisation,
            )

    async def enter(self, user_id: UUID) -> Person:
        """A whole session of this user."""
        async with self.app.database.begin() as connection:
            token = await sign_ins.begin(connection, self.app.secrets, user_id, "full", self.app.clock())
        client = self.browser()
        client.cookies.set(SESSION, token, path="/desk")
        return Person(user_id, token, client)

    async def person(self, role: str, **more: Any) -> Person:
        """A new user of this role, signed in."""
        return await self.enter(await self.user(role, **more))

    async def trail(self) -> list[tuple[str, str, str]]:
        """(action, object kind, object id) of every line, in order."""
        rows = await self.rows("SELECT action, object_kind, object_id FROM audit ORDER BY received_at, id")
        return [tuple(row) for row in rows]

    async def rows(self, query: str, **values: Any) -> list[Any]:
        """Rows of any question to the database."""
        async with self.app.database.begin() as connection:
            return list((await connection.execute(sql(query), values)).all())

    async def rows_changed(self, statement: str, **values: Any) -> None:
        """Change rows as no page does."""
        async with self.app.database.begin() as connection:
            await connection.execute(sql(statement), values)

    async def case(self, relation: str, state: str, viewer: UUID) -> str:
        """A case that stands so to the viewer; returns its reference."""
        assert relation in RELATIONS
        assert state in STATES
        now, subject, conversation, case_id = self.app.clock(), uuid7(), uuid7(), uuid7()
        reference = str(case_id.int % 10**10).zfill(10)
        async with self.app.database.begin() as connection:
            own = (
                await connection.execute(select(tables.users.c.organisation_id).where(tables.users.c.id == viewer))
            ).scalar_one()
            foreign = await users.organisation(connection, "Elsewhere")
            await self._someone(connection, subject, conversation, viewer if relation == "own" else None)
            await connection.execute(
                insert(tables.cases).values(
                    id=case_id,
                    subject_id=subject,
                    reference=reference,
                    organisation_id=own if relation == "team" else foreign,
                    conversation_id=conversation,
                    draft=state == "draft",
                    kind="report_unpaid_wages",
                    severity="critical" if state == "critical" else "medium",
                    care=state if state in case_tables.CARES else None,
                    stage="new",
                    assigned_to=viewer if relation == "assigned" else None,
                    opened_at=now,
                    closed_at=now if state == "closed" else None,
                )
            )
            if relation == "shared":
                await self._share(connection, subject, case_id, viewer, now)
            if relation == "glass":
                await self._opened(connection, subject, case_id, viewer, now)
        return reference

    async def _someone(self, connection: Any, subject: UUID, conversation: UUID, owner: UUID | None) -> None:
        key, address = new_key(), uuid7()
        await connection.execute(
            insert(tables.keys).values(
                id=uuid7(), kind="subject", subject_id=subject, wrapped=self.app.secrets.keyring.wrap(key)
            )
        )
        await connection.execute(insert(tables.contacts).values(id=subject, subject_id=subject, language="ne"))
        await connection.execute(
            insert(tables.addresses).values(
                id=address,
                subject_id=subject,
                channel="sms",
                account="7001",
                lookup=address.bytes,
                address_enc=seal(key, b"+96550001234", where=f"addresses.address_enc.{address}"),
            )
        )
        await connection.execute(
            insert(tables.conversations).values(
                id=conversation,
                subject_id=subject,
                address_id=address,
                active_contact_id=subject,
                owner="human" if owner else "bot",
                owner_user_id=owner,
            )
        )

    async def _share(self, connection: Any, subject: UUID, case_id: UUID, viewer: UUID, now: datetime) -> None:
        await connection.execute(
            insert(tables.case_shares).values(
                id=uuid7(), subject_id=subject, case_id=case_id, user_id=viewer, consented_at=now, accepted_at=now
            )
        )

    async def _opened(self, connection: Any, subject: UUID, case_id: UUID, viewer: UUID, now: datetime) -> None:
        await connection.execute(
            insert(tables.glass_openings).values(
                id=uuid7(),
                subject_id=subject,
                case_id=case_id,
                user_id=viewer,
                reason="life",
                words_enc=b"",
                opened_at=now,
                ends_at=now + timedelta(hours=1),
            )
        )


def plain(page: str) -> str:
    """A page without the marks that keep the direction of values."""
    return page.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069")))


def word_of(page: str) -> str:
    """The form's own word in a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return found[1] if found else ""


class Standing:
    """Stands where an office is asked for, for the one that is open now: to put a hundred pages together takes longer
    than most of what is tested on them. While they are put together it gives only what `_alike` looks at."""

    FIXED = frozenset({"content", "look", "permissions"})

    def __init__(self, office: Office) -> None:
        self.office = office
        self.pages: Litestar | None = None
        self.pages = application([desk(self)])  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        assert self.pages is not None or name in self.FIXED, f"a page holds {name} of the office that was open first"
        return getattr(self.office, name)


_STANDING: dict[object, list[Standing]] = {}


def _alike(office: Office) -> object:
    """Equal for offices whose pages are put together in the same way: of the same content for the same site."""
    content = office.content
    parts = (content.flows, content.texts, content.languages, content.catalogue, content.knowledge, content.desk)
    return (*map(id, parts), content.site, content.strict)


@asynccontextmanager
async def opened(app: App) -> AsyncIterator[Desk]:
    """The desk of an application, served."""
    office = make_office(app.settings, app.database, app.secrets, app.content, app.staff, app.policy, app.clock, uuid7)
    free = _STANDING.setdefault(_alike(office), [])
    standing = free.pop() if free else Standing(office)
    standing.office = office
    assert standing.pages is not None
    async with served(standing.pages) as url:
        made = Desk(app, office, url)
        try:
            yield made
        finally:
            office.live.stop()
            for client in made.clients:
                await client.aclose()
    free.append(standing)
