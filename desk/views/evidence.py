"""Files and places that a person sent in a conversation, with what colleagues wrote beside them.

Law: who may see them was decided at the door; what stands around a letter about ourselves is not here, as it is not in
the conversation. Only words and hashes are opened here, never a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.media.preview import can
from bot.media.sniff import PLAYED, SHOWN
from bot.store import evidence as store
from bot.store.history import Line
from bot.store.keys import open_
from bot.store.tables import evidence, media, messages, users
from bot.vault.fields import Unopenable
from desk.views.scope import Place

KINDS = ("picture", "voice", "video", "paper", "file", "place")
MUTE = frozenset({"audio/amr", "video/3gpp"})  # browsers play these seldom or never


@dataclass(frozen=True, slots=True)
class Item:
    """One file or place. `sha256`: of the file as it arrived, empty when nobody noted it. `kind`: one of KINDS, by what
    the file is where that is known, else by what the channel said."""

    id: UUID
    message_id: UUID
    kind: str
    at: datetime
    state: str
    reason: str | None
    content_type: str | None = None
    size: int | None = None
    sha256: str = ""
    attempts: int = 0
    next_at: datetime | None = None
    fetching: bool = False
    heard: str = ""  # what an engine made of a voice, never checked
    place: tuple[float, float] | None = None
    label: str = ""
    proves: str = ""
    transcript: str = ""
    about: str | None = None
    important: bool = False
    by: str | None = None  # who wrote that
    changed_at: datetime | None = None

    def bare(self) -> Item:
        """Without what colleagues wrote of it, save the words of a voice: for who interprets what is said."""
        return replace(self, label="", proves="", about=None, important=False, by=None, changed_at=None)

    @property
    def here(self) -> bool:
        """Whether the file is with us."""
        return self.state == "stored"

    @property
    def shown(self) -> bool:
        """Whether there may be a picture of it."""
        return self.here and can(self.content_type)

    @property
    def played(self) -> bool:
        """Whether a player may be given it."""
        return self.here and self.content_type in PLAYED

    @property
    def mute(self) -> bool:
        """Whether the browser most likely cannot play it."""
        return self.content_type in MUTE

    @property
    def odd(self) -> bool:
        """Whether it is not what it was sent as, or nothing that is known: only to be saved, and with care."""
        return self.here and self.kind != "place" and not self.shown and not self.played


def kind_of(told: str, content_type: str | None) -> str:
    """Which of KINDS. A picture that is none is a file."""
    if content_type is None:
        return {"image": "picture", "sticker": "picture", "audio": "voice", "video": "video"}.get(told, "file")
    if content_type in SHOWN:
        return "picture"
    if content_type == "application/pdf":
        return "paper"
    return {"audio": "voice", "video": "video"}.get(content_type.partition("/")[0], "file")


async def items(connection: AsyncConnection, key: bytes, place: Place, thread: Iterable[Line]) -> Sequence[Item]:
    """All of a conversation: what is important first, then the newest. `thread`: its messages, for the places."""
    if place.conversation_id is None:
        return ()
    beside = await _beside(connection, key, place.conversation_id)
    rows = await connection.execute(_select(place.conversation_id))
    found = [_file(key, row, beside.get(row.id, {})) for row in rows]
    for line in thread:
        where = line.body.get("location") if line.direction == "in" else None
        if where:
            point = (float(where[0]), float(where[1]))
            told = beside.get(line.id, {})
            found.append(Item(line.id, line.id, "place", line.at, "stored", None, place=point, **told))
    found = [one for one in found if place.shows("media", one.at)]
    found.sort(key=lambda one: one.at, reverse=True)
    return sorted(found, key=lambda one: not one.important)


async def one(connection: AsyncConnection, key: bytes, place: Place, which: UUID) -> Item | None:
    """One file of this conversation; None for any other."""
    if place.conversation_id is None:
        return None
    row = (await connection.execute(_select(place.conversation_id).where(media.c.id == which))).first()
    if row is None or not place.shows("media", row.received_at):
        return None
    return _file(key, row, (await _beside(connection, key, place.conversation_id)).get(row.id, {}))


def _select(conversation_id: UUID) -> Any:
    """The columns of files of a conversation, without those beside a letter of the box."""
    spoken = and_(messages.c.id == media.c.message_id, messages.c.received_at == media.c.received_at)
    return (
        select(media)
        .join(messages, spoken)
        .where(media.c.conversation_id == conversation_id, messages.c.retention != "box")
        .order_by(media.c.received_at.desc(), media.c.id.desc())
    )


async def _beside(connection: AsyncConnection, key: bytes, conversation_id: UUID) -> Mapping[UUID, dict[str, Any]]:
    """What was written beside files and places, by their ids."""
    rows = await connection.execute(
        select(evidence, users.c.name.label("by"))
        .outerjoin(users, users.c.id == evidence.c.changed_by)
        .where(evidence.c.conversation_id == conversation_id)
    )
    return {
        row.id: {
            **store.opened(key, dict(row._mapping)),
            "about": row.about,
            "important": row.important,
            "by": row.by,
            "changed_at": row.changed_at,
        }
        for row in rows
    }


def _file(key: bytes, row: Any, beside: dict[str, Any]) -> Item:
    return Item(
        id=row.id,
        message_id=row.message_id,
        kind=kind_of(row.kind, row.content_type),
        at=row.received_at,
        state=row.state,
        reason=row.reason,
        content_type=row.content_type,
        size=row.size,
        sha256=_opened(key, row, "sha256_enc"),
        attempts=row.attempts,
        next_at=row.next_at if row.state == "waiting" else None,
        fetching=row.lease_until is not None,
        heard=_opened(key, row, "transcript_enc"),
        **beside,
    )


def _opened(key: bytes, row: Any, column: str) -> str:
    sealed = row._mapping[column]
    if sealed is None:
        return ""
    try:
        return open_(key, sealed, where=f"media.{column}.{row.id}").decode("utf-8", "replace")
    except Unopenable:
        return ""


async def fingerprint(connection: AsyncConnection, place: Place) -> tuple[Any, ...]:
    """Changes with what arrives, and with what is written beside it."""
    states = await connection.execute(
        select(media.c.state, media.c.reason, func.count())
        .where(media.c.conversation_id == place.conversation_id)
        .group_by(media.c.state, media.c.reason)
        .order_by(media.c.state, media.c.reason)
    )
    beside = await connection.execute(
        select(func.count(), func.max(evidence.c.changed_at)).where(evidence.c.conversation_id == place.conversation_id)
    )
    return tuple(tuple(row) for row in states), tuple(beside.one())
