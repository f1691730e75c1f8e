"""The box of letters about ourselves: who reads it lists, opens and answers; no row leads to a person.

Law: sealed under the system's key; opening one from the command line marks it read, answering needs the words only
once. A letter is kept from whom it names: from who is named by its words, and from whom another reader named. What was
done with it stands in `box_entries`, for its readers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Text, cast, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store import search
from bot.store.filing import from_row
from bot.store.keys import Keys, open_, seal, seal_json
from bot.store.records import BoxLetter
from bot.store.tables import box_entries, box_hidden, box_letters, users

READER = "safeguarding"  # the role
PROMISED = timedelta(days=30)  # "within 30 days there is an answer" (flows/complain.yml)
SEEN_WITHIN = timedelta(hours=48)  # a letter has a day and no hour: within the day after it, somebody has looked
SOON = timedelta(days=7)  # so long before its day a letter is called to mind
NAME = 3  # letters of a name that tell somebody from others
OVER = frozenset({"answered", "closed"})
STILL = frozenset({"new", "read", "looked_into"})
MOST = 500  # letters of a list; what is asked for by its id is found anyway


@dataclass(frozen=True, slots=True)
class Outside:
    """A letter as it lies there: the day, not the hour; `numbered` = its writer can read an answer."""

    id: UUID
    received_at: datetime
    state: str
    numbered: bool

    @property
    def due_at(self) -> datetime | None:
        """By when an answer was promised, while it is missing."""
        return self.received_at + PROMISED if self.numbered and self.state not in OVER else None

    def waits(self, now: datetime) -> bool:
        """Whether its readers are to be reminded: nobody looked, or its day comes near."""
        unseen = self.state == "new" and self.received_at + SEEN_WITHIN <= now
        return unseen or (self.due_at is not None and self.due_at - SOON <= now)


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, opened."""

    outside: Outside
    body: str
    about: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads letters; by these words a letter names her."""

    id: UUID
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done with a letter."""

    kind: str
    state: str | None
    text: str
    by: str | None
    at: datetime


_COLUMNS = (
    box_letters.c.id,
    box_letters.c.received_at,
    box_letters.c.state,
    box_letters.c.lookup.is_not(None).label("numbered"),
)


async def lying(connection: AsyncConnection) -> list[Outside]:
    """What waits for something, oldest first, and after it the newest of what is over; of each so many (`MOST`)."""
    by = (box_letters.c.received_at, box_letters.c.id)
    open_ = select(*_COLUMNS).where(box_letters.c.state.in_(STILL)).order_by(*by).limit(MOST)
    over = select(*_COLUMNS).where(box_letters.c.state.in_(OVER)).order_by(*(one.desc() for one in by)).limit(MOST)
    return [Outside(**row) for query in (open_, over) for row in (await connection.execute(query)).mappings()]


async def starting(connection: AsyncConnection, digits: str) -> list[Outside]:
    """Letters whose id begins so, two at most."""
    begins = cast(box_letters.c.id, Text).startswith(digits, autoescape=True)
    rows = await connection.execute(select(*_COLUMNS).where(begins).limit(2))
    return [Outside(**row) for row in rows.mappings()]


async def unread(connection: AsyncConnection) -> int:
    """How many nobody has opened."""
    query = select(func.count()).select_from(box_letters).where(box_letters.c.state == "new")
    return int((await connection.execute(query)).scalar_one())


async def read(connection: AsyncConnection, secrets: Keys, letter_id: UUID) -> BoxLetter | None:
    """Open a letter; it counts as read from now on. None when it is not there."""
    query = select(box_letters).where(box_letters.c.id == letter_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    if row.state == "new":
        await connection.execute(update(box_letters).where(box_letters.c.id == letter_id).values(state="read"))
    return from_row(BoxLetter, row, secrets.system_key)


async def answer(connection: AsyncConnection, secrets: Keys, letter_id: UUID, words: str) -> bool:
    """Lay an answer to a letter, in place of an earlier one; False when it is not there or has no number."""
    sealed = seal_json(secrets.system_key, words, where=f"box_letters.answer_enc.{letter_id}")
    done = await connection.execute(
        update(box_letters)
        .where(box_letters.c.id == letter_id, box_letters.c.lookup.is_not(None))
        .values(answer_enc=sealed, state="answered")
    )
    return done.rowcount > 0


# --- for one reader


async def readers(connection: AsyncConnection) -> list[Reader]:
    """Everybody who reads letters."""
    rows = await connection.execute(
        select(users.c.id, users.c.login, users.c.name)
        .where(users.c.role == READER, users.c.active)
        .order_by(users.c.name, users.c.id)
    )
    return [Reader(**row) for row in rows.mappings()]


async def letters(connection: AsyncConnection, secrets: Keys, reader: Reader) -> list[Letter]:
    """Of `lying`, in its order, what this reader may read."""
    return await _readable(connection, secrets, reader, await lying(connection))


async def _readable(
    connection: AsyncConnection, secrets: Keys, reader: Reader, found: Sequence[Outside]
) -> list[Letter]:
    outside = {one.id: one for one in found}
    kept = await _kept_from(connection, outside)
    rows = await connection.execute(select(box_letters).where(box_letters.c.id.in_(outside)))
    opened = {row.id: from_row(BoxLetter, row, secrets.system_key) for row in rows}
    return [
        Letter(one, opened[one.id].body, opened[one.id].about or "", opened[one.id].answer or "")
        for one in outside.values()
        if one.id in opened and reader.id not in kept.get(one.id, ()) and not names(opened[one.id].body, reader)
    ]


async def letter(connection: AsyncConnection, secrets: Keys, reader: Reader, letter_id: UUID) -> Letter | None:
    """One of them; None for one that is not there, or is kept from this reader: nobody can tell which."""
    row = (await connection.execute(select(*_COLUMNS).where(box_letters.c.id == letter_id))).mappings().first()
    return next(iter(await _readable(connection, secrets, reader, [Outside(**row)])), None) if row else None


def names(body: str, reader: Reader) -> bool:
    """Whether a letter speaks of this reader, by login or by a word of the name, in whichever script. Rather once too
    often: another reader sees it."""
    said = {form for word in search.words(body) for form in _forms(word)}
    hers = {form for word in search.words(f"{reader.name} {reader.login}") for form in _forms(word)}
    long = tuple(form for form in hers if len(form) > NAME)  # also with what languages write behind a name
    return bool(said & hers) or any(word.startswith(long) for word in said)


def _forms(word: str) -> list[str]:
    """How a name may be met: whole, and without vowels; m and n before a lip's sound are one (Dambar, दम्बर)."""
    return [form.replace("m", "n") for form in (word, search.bones(word)) if len(form) >= NAME]


async def unreadable(connection: AsyncConnection, secrets: Keys) -> list[Outside]:
    """Letters that wait and that none of the readers may read."""
    everybody = await readers(connection)
    seen: set[UUID] = set()
    for reader in everybody:
        seen |= {one.outside.id for one in await letters(connection, secrets, reader)}
    return [one for one in await lying(connection) if one.state not in OVER and one.id not in seen]


async def _kept_from(connection: AsyncConnection, letter_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    kept: dict[UUID, set[UUID]] = {}
    for row in await connection.execute(select(box_hidden).where(box_hidden.c.letter_id.in_(letter_ids))):
        kept.setdefault(row.letter_id, set()).add(row.user_id)
    return kept


async def hide(
    connection: AsyncConnection, secrets: Keys, letter_id: UUID, from_user: UUID, by: UUID, now: datetime
) -> None:
    """It is about this reader, or too near: from now on she cannot find it."""
    await connection.execute(
        pg_insert(box_hidden).values(letter_id=letter_id, user_id=from_user).on_conflict_do_nothing()
    )
    await note(connection, secrets, letter_id, by, now, kind="hidden")


async def set_state(
    connection: AsyncConnection, secrets: Keys, letter_id: UUID, state: str, by: UUID, now: datetime
) -> None:
    """How far it is."""
    await connection.execute(update(box_letters).where(box_letters.c.id == letter_id).values(state=state))
    await note(connection, secrets, letter_id, by, now, kind="state", state=state)


async def note(
    connection: AsyncConnection,
    secrets: Keys,
    letter_id: UUID,
    by: UUID,
    now: datetime,
    *,
    kind: str,
    state: str | None = None,
    text: str = "",
) -> None:
    """Write down what was done."""
    new = uuid7()
    await connection.execute(
        insert(box_entries).values(
            id=new,
            letter_id=letter_id,
            user_id=by,
            kind=kind,
            state=state,
            text_enc=seal(secrets.system_key, text.encode(), where=f"box_entries.text_enc.{new}") if text else None,
            made_at=now,
        )
    )


async def entries(connection: AsyncConnection, secrets: Keys, letter_id: UUID) -> Sequence[Entry]:
    """What was done with a letter, the newest first."""
    rows = await connection.execute(
        select(box_entries, users.c.name)
        .outerjoin(users, users.c.id == box_entries.c.user_id)
        .where(box_entries.c.letter_id == letter_id)
        .order_by(box_entries.c.made_at.desc(), box_entries.c.id.desc())
    )
    return [
        Entry(
            row.kind,
            row.state,
            open_(secrets.system_key, row.text_enc, where=f"box_entries.text_enc.{row.id}").decode()
            if row.text_enc
            else "",
            row.name,
            row.made_at,
        )
        for row in rows
    ]
