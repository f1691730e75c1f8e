"""What colleagues type up: drafts, what was made of them, and the numbers of printed sheets.

Law: a form makes one case, by the key of its draft (a primary key); a sheet is marked and never counted as proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.keys import Keys, open_json, seal_json
from bot.store.tables import addresses, cases, intake_drafts, intakes, paper_sheets


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody began to type. `id` is the key under which it becomes a case once."""

    id: UUID
    changed_at: datetime
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A printed sheet. `typed_at`: it was typed in then."""

    serial: int
    language: str
    version: int
    typed_at: datetime | None


def _where(draft_id: UUID) -> str:
    return f"intake_drafts.body_enc.{draft_id}"


async def keep(
    connection: AsyncConnection, secrets: Keys, draft_id: UUID, user_id: UUID, form: Mapping[str, str], now: datetime
) -> None:
    """Keep what was typed so far; it takes the place of this colleague's earlier draft."""
    values = {
        "id": draft_id,
        "body_enc": seal_json(secrets.system_key, dict(form), where=_where(draft_id)),
        "changed_at": now,
    }
    await connection.execute(
        pg_insert(intake_drafts)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
    )


async def draft(connection: AsyncConnection, secrets: Keys, user_id: UUID) -> Draft | None:
    """The draft of this colleague; None when there is none, or when it cannot be opened any more."""
    row = (await connection.execute(select(intake_drafts).where(intake_drafts.c.user_id == user_id))).first()
    if row is None:
        return None
    try:
        form: dict[str, Any] = open_json(secrets.system_key, row.body_enc, where=_where(row.id))
    except ValueError:
        return None
    return Draft(row.id, row.changed_at, form)


async def drop(connection: AsyncConnection, user_id: UUID) -> None:
    """Throw the draft of this colleague away."""
    await connection.execute(delete(intake_drafts).where(intake_drafts.c.user_id == user_id))


async def made(connection: AsyncConnection, draft_id: UUID) -> str | None:
    """The reference of the case that was made of this draft; None when none was."""
    return (
        await connection.execute(
            select(cases.c.reference).join(intakes, intakes.c.case_id == cases.c.id).where(intakes.c.id == draft_id)
        )
    ).scalar_one_or_none()


async def note(
    connection: AsyncConnection,
    draft_id: UUID,
    *,
    subject_id: UUID,
    case_id: UUID,
    user_id: UUID,
    organisation_id: UUID | None,
    sheet: int | None,
    now: datetime,
) -> None:
    """This case was made of this draft and sheet. `organisation_id`: whose case it is, when not the main one's."""
    await connection.execute(
        insert(intakes).values(id=draft_id, subject_id=subject_id, case_id=case_id, user_id=user_id, made_at=now)
    )
    if organisation_id is not None:
        await connection.execute(update(cases).where(cases.c.id == case_id).values(organisation_id=organisation_id))
    if sheet is not None:
        await connection.execute(update(paper_sheets).where(paper_sheets.c.serial == sheet).values(typed_at=now))


async def is_known(connection: AsyncConnection, secrets: Keys, number: str, channels: Iterable[str]) -> bool:
    """Whether anybody writes, or wrote, from this number on one of these channels."""
    lookups = [secrets.address(channel, number) for channel in channels]
    return bool((await connection.execute(select(exists().where(addresses.c.lookup.in_(lookups))))).scalar())


async def print_sheets(
    connection: AsyncConnection, language: str, version: int, count: int, now: datetime
) -> list[Sheet]:
    """So many new sheets, each with a number that no other one has."""
    rows = await connection.execute(
        insert(paper_sheets).returning(paper_sheets.c.serial),
        [{"language": language, "version": version, "printed_at": now} for _ in range(count)],
    )
    return [Sheet(serial, language, version, None) for serial in sorted(row.serial for row in rows)]


async def sheet(connection: AsyncConnection, serial: int) -> Sheet | None:
    """A sheet by its number."""
    row = (await connection.execute(select(paper_sheets).where(paper_sheets.c.serial == serial))).first()
    return Sheet(row.serial, row.language, row.version, row.typed_at) if row else None


async def printed(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """By language: how many sheets were printed, and how many of them were typed in."""
    rows = await connection.execute(
        select(paper_sheets.c.language, func.count(), func.count(paper_sheets.c.typed_at)).group_by(
            paper_sheets.c.language
        )
    )
    return {language: (count, typed) for language, count, typed in rows}
