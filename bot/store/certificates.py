"""Certificates as the public sees them: by their number, and by a link to the file.

Law: reads only. A number is answered at one cost, one statement, whatever it is: wrong, revoked, never given or of
somebody who was erased are one and the same None, so that nobody learns more by asking often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.store.database import Database
from bot.store.keys import Keys, open_json
from bot.store.tables import certificate_links, certificates, keys
from bot.vault.lookup import code_form

MOST_CHARACTERS = 80  # of a number or token; what is longer was not made here


@dataclass(frozen=True, slots=True)
class Passed:
    """What anybody may know of a genuine certificate. No name, no score."""

    track: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands on the file."""

    track: str
    code: str
    score: int
    passed_at: datetime
    name: str
    language: str


async def genuine(database: Database, secrets: Keys, code: str) -> Passed | None:
    """The certificate of a number, however it is spaced."""
    query = (
        select(certificates.c.track, certificates.c.passed_at)
        .join(keys, keys.c.subject_id == certificates.c.subject_id)
        .where(
            certificates.c.lookup == secrets.code(certificates.name, code_form(code[:MOST_CHARACTERS])),
            certificates.c.revoked_at.is_(None),
        )
    )
    async with database.engine.connect() as connection:
        row = (await connection.execute(query)).first()
    return Passed(row.track, row.passed_at) if row else None


async def behind(database: Database, secrets: Keys, token: str, now: datetime) -> Drawn | None:
    """What a link leads to, while it is valid."""
    query = (
        select(
            certificates.c.id,
            certificates.c.track,
            certificates.c.code_enc,
            certificates.c.score,
            certificates.c.passed_at,
            certificate_links.c.id.label("link_id"),
            certificate_links.c.name_enc,
            certificate_links.c.language,
            keys.c.wrapped,
        )
        .join(certificates, certificates.c.id == certificate_links.c.certificate_id)
        .join(keys, keys.c.subject_id == certificate_links.c.subject_id)
        .where(
            certificate_links.c.lookup == secrets.code(certificate_links.name, code_form(token[:MOST_CHARACTERS])),
            certificate_links.c.expires_at > now,
            certificates.c.subject_id == certificate_links.c.subject_id,
            certificates.c.revoked_at.is_(None),
        )
    )
    async with database.engine.connect() as connection:
        row = (await connection.execute(query)).first()
    if row is None:
        return None
    key = secrets.keyring.unwrap(row.wrapped)
    named = row.name_enc and open_json(key, row.name_enc, where=f"certificate_links.name_enc.{row.link_id}")
    return Drawn(
        track=row.track,
        code=open_json(key, row.code_enc, where=f"certificates.code_enc.{row.id}"),
        score=row.score,
        passed_at=row.passed_at,
        name=named or "",
        language=row.language,
    )
