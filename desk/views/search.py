"""Search: by reference, by number, by name, by words of notes; what is found exactly stands first, then the newest.

Law: filtered by `Scope` as every list. Words of a note are found only where the case may be read (`record`), for who
finds by a word has read it; all else where it may be found. Nothing is opened here: hashes are compared.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from sqlalchemy import ColumnElement, Select, Uuid, and_, case, func, intersect, literal, not_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.limits import LIMITS
from bot.store import search
from bot.store.keys import Keys
from bot.store.tables import addresses, cases, contacts, conversations, search_tokens, users
from desk.views.scope import Scope
from handlers.handoff import DESK

MOST = 50
CHUNK = 1000  # cases with a word that are looked at in the first statement
WORDS = 6  # of one question
# Numbers without their country code are tried as those of where people work and come from, in this order.
REGIONS = ("NP", "IN", "BD", "LK", "PK", "PH", "ID", "MM", "SA", "AE", "QA", "KW", "OM", "BH", "MY", "LB", "JO", "SG")
DIGITS = range(4, 16)  # of a reference or a number


@dataclass(frozen=True, slots=True)
class Found:
    """A case, or a conversation of which no case was made (`reference` is None); `because`: by what it was found."""

    case_id: UUID | None
    conversation_id: UUID | None
    reference: str | None
    kind: str
    severity: str
    opened_at: datetime | None
    closed_at: datetime | None
    country: str | None
    keeper: str | None
    because: str


_has = case((conversations.c.owner == "human", conversations.c.owner_user_id))
_COLUMNS = (
    cases.c.id.label("case_id"),
    conversations.c.id.label("conversation_id"),
    cases.c.reference,
    func.coalesce(cases.c.kind, "talk_to_human").label("kind"),
    func.coalesce(cases.c.severity, "medium").label("severity"),
    cases.c.opened_at,
    cases.c.closed_at,
    cases.c.country,
    users.c.name.label("keeper"),
)


async def find(connection: AsyncConnection, secrets: Keys, scope: Scope, text: str) -> list[Found]:
    """At most MOST + 1 results, each case once."""
    seek = _Seek(connection, scope, {}, {})
    digits = digits_of(text)
    if digits:
        await seek.cases("reference", cases.c.reference == digits)
        await seek.number(secrets, numbers(text, digits), digits)
    words = search.words(text)[:WORDS]
    if words and not digits:
        await seek.worded("name", _having(secrets, search.NAME, words, exactly=True))
        await seek.worded("alike", _having(secrets, search.NAME, words, exactly=False))
    for field in (search.NOTE, search.EVIDENCE) if words else ():
        await seek.worded(field, _having(secrets, field, words, exactly=True), "record")
        await seek.worded(field, _having(secrets, field, words, exactly=False), "record")
    return [*seek.found.values(), *seek.talks.values()]


def digits_of(text: str) -> str:
    """The ASCII digits of a reference or a number, however spaced, in whichever script; empty for other text."""
    folded = unicodedata.normalize("NFKC", text)
    kept = [c for c in folded if c.isalnum()]
    values = [unicodedata.digit(c, None) for c in kept]
    if len(values) not in DIGITS or any(v is None for v in values):
        return ""
    return "".join(map(str, values))


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def numbers(text: str, digits: str) -> list[str]:
    """The numbers (E.164) that digits may be: with their country code, or as dialled in one of the regions."""
    shown = "".join(_digit(c) for c in unicodedata.normalize("NFKC", text))
    tries: list[tuple[str, str | None]] = [(f"+{digits.removeprefix('00')}", None)]
    if "+" not in shown and not digits.startswith("00"):
        tries += [(digits, region) for region in REGIONS]
    found = []
    for number, region in tries:
        try:
            parsed = phonenumbers.parse(number, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            found.append(str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164)))
    return list(dict.fromkeys(found))


def _having(secrets: Keys, field: str, words: Sequence[str], *, exactly: bool) -> list[Select[tuple[UUID]]]:
    """For each of the words, the cases that have it."""
    found = []
    for word in words:
        whole = [search.readings(secrets, field, word)["whole"]]
        tokens = whole if exactly else search.alike(secrets, field, word)
        found.append(
            select(search_tokens.c.case_id).where(search_tokens.c.token.in_(tokens), search_tokens.c.field == field)
        )
    return found


@dataclass(frozen=True)
class _Seek:
    """Collects what is found, each case and conversation once, until there are enough."""

    connection: AsyncConnection
    scope: Scope
    found: dict[UUID, Found]
    talks: dict[UUID, Found]

    async def cases(self, because: str, *where: ColumnElement[bool], permission: str = "find") -> None:
        """Cases, the newest first (an id begins with its moment)."""
        query = (
            select(*_COLUMNS)
            .select_from(
                cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id).outerjoin(
                    users, users.c.id == func.coalesce(_has, cases.c.assigned_to)
                )
            )
            .where(self.scope.where(permission), *where)
            .order_by(cases.c.id.desc())
            .limit(2 * MOST + 1)  # with those that were found before
        )
        for row in await self.connection.execute(query):
            if len(self.found) <= MOST:
                self.found.setdefault(row.case_id, _found(row, because))

    async def worded(self, because: str, having: Sequence[Select[tuple[UUID]]], permission: str = "find") -> None:
        """Cases that have all the words. Their ids come from the index alone, some thousand newest ones at a time, so
        that a word of everybody's costs no more than a rare one."""
        before: UUID | None = None
        chunk = CHUNK
        while len(self.found) <= MOST:
            parts = [_before(one, before) if before else one for one in having]
            every = intersect(*parts).subquery() if len(parts) > 1 else parts[0].distinct().subquery()
            newest = select(every.c.case_id).order_by(every.c.case_id.desc()).limit(chunk)
            ids = [row.case_id for row in await self.connection.execute(newest)]
            if ids:
                here = (cases.c.id == func.any(literal(ids, ARRAY(Uuid))), self._handed_over(because))
                await self.cases(because, *here, permission=permission)
            if len(ids) < chunk:
                return
            few = self.scope.few(permission) if before is None else None
            if few is not None:  # the word is everybody's: among hers, not among all
                having = [*having, few]
            before, chunk = ids[-1], 8 * chunk  # who may see few of them is not asked for each thousand

    def _handed_over(self, because: str) -> ColumnElement[bool]:
        """Not the cases that came from another organisation without what is looked for: nothing of it is told so."""
        came = self.scope.came
        without = select(came.c.case_id)
        if because != search.NOTE:
            part = "media" if because == search.EVIDENCE else "facts"
            without = without.where(not_(came.c.parts.contains(part)))
        return cases.c.id.not_in(without)

    async def number(self, secrets: Keys, candidates: Sequence[str], digits: str) -> None:
        """Whoever writes from one of these numbers, and cases in which one was given."""
        written = [*candidates, digits]  # the simulator's numbers and Telegram's ids are digits
        lookups = [secrets.address(channel, number) for channel in (*LIMITS, DESK) for number in written]
        hers = select(addresses.c.subject_id).where(addresses.c.lookup.in_(lookups))
        ids = [row.subject_id for row in await self.connection.execute(hers)]
        told = select(search_tokens.c.case_id).where(
            search_tokens.c.field == search.PHONE,
            search_tokens.c.token.in_([search.phone(secrets, number) for number in candidates]),
        )
        if ids:
            await self.cases("phone", cases.c.subject_id.in_(ids))
            await self._talks(ids)
        await self.cases("phone", cases.c.id.in_(told), self._handed_over("phone"))

    async def _talks(self, subjects: Sequence[UUID]) -> None:
        """Conversations without an open case: whoever was found by one of her cases is not said twice."""
        known = {one.conversation_id for one in self.found.values()}
        query = (
            select(*_COLUMNS)
            .select_from(
                conversations.join(contacts, contacts.c.id == conversations.c.subject_id)
                .outerjoin(cases, and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None)))
                .outerjoin(users, users.c.id == _has)
            )
            .where(conversations.c.subject_id.in_(subjects), cases.c.id.is_(None), self.scope.where("find"))
            .order_by(conversations.c.id.desc())
            .limit(MOST)
        )
        for row in await self.connection.execute(query):
            if row.conversation_id not in known:
                self.talks[row.conversation_id] = _found(row, "phone")


def _before(ids: Select[tuple[UUID]], before: UUID) -> Select[tuple[UUID]]:
    """Of these ids the older ones."""
    (column,) = ids.selected_columns
    return ids.where(column < before)


def _found(row: Any, because: str) -> Found:
    return Found(**{name: getattr(row, name) for name in Found.__slots__ if name != "because"}, because=because)
