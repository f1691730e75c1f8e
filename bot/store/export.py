"""All that is kept of one person, opened, as plain values: for her, or for a human who must see it.

Law: reads only, and leaves a line in the audit trail. The copy may be read by whoever made her ask for it. So what she
hides is not in it: her words and codes, which code is the one that always says yes, that her second word paged
somebody, and what the bot told her of these. What a caseworker wrote to her is in it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.engine.messages import Sensitivity
from bot.store.keys import Keys, key_of, open_, open_json
from bot.store.tables import audit, case_events, cases, messages, metadata, outbox

_LEFT_OUT = frozenset({"keys", "search_tokens", "inbox"})  # no words, or the history has them
_CODES = frozenset({"link_codes", "code_tries", "family_codes", "code_uses", "certificate_links", "notices"})
# What volunteers were asked, and that they answered, is told to nobody who reported: the one who is found decides.
_CODES |= {"search_requests", "search_copies", "search_answers"}
_UNTOLD = frozenset({"search_sent", "search_ended", "volunteer_answer"})  # events of a case
_CODES |= {
    "pages",
    "case_checks",
    "evidence",
}  # who was called, and what a human made sure of, is not for whoever holds the phone
_CODES |= {"pages", "case_checks"}  # who was called, and what a human made sure of, is not for whoever holds the phone
_CODES |= {"disclosures"}  # what was said of her to others: a colleague tells her, when it is safe
# What colleagues wrote for each other, and what names the case of somebody else.
_CODES |= {"case_transfers", "glass_openings", "case_links", "merge_asks", "merges"}
# `reason`: why a reply was held. A session may hold a word that was just typed.
_HIDDEN = frozenset({"lookup", "subject_id", "seized_at", "reason", "session_enc", "link_code_id"})
_PROOFS = frozenset({"word", "duress", "exit", "word_tries"})  # of the profile
_TECHNICAL = frozenset({"text_id", "step", "version", "press", "sensitivity", "numbered", "urgent"})  # of a message
_TELLING = frozenset({"decoy"})  # options that say which code she chose
_MASK = "****"
_BY_A_HUMAN = "human"  # author of a message, origin of a reply
_WORDS = frozenset({"address_enc", "sha256_enc", "transcript_enc"})  # sealed as text, not as JSON


async def subject_of(connection: AsyncConnection, reference: str) -> UUID | None:
    """Whose case this is; None for a number that no case has."""
    return (
        await connection.execute(select(cases.c.subject_id).where(cases.c.reference == reference))
    ).scalar_one_or_none()


async def person(connection: AsyncConnection, secrets: Keys, subject_id: UUID, now: datetime) -> dict[str, Any] | None:
    """Rows by table, oldest first; None when there is nobody, or nobody any more. ValueError for a spoilt key."""
    key = await key_of(connection, secrets, subject_id)
    if key is None:
        return None
    found: dict[str, Any] = {}
    for table in metadata.sorted_tables:
        if "subject_id" not in table.c or table.name in _LEFT_OUT | _CODES:
            continue
        rows = await connection.execute(
            select(table).where(table.c.subject_id == subject_id).order_by(*table.primary_key.columns)
        )
        if opened := [_opened(table, row, key) for row in rows if not (table is case_events and row.kind in _UNTOLD)]:
            found[table.name] = opened
    await connection.execute(
        insert(audit).values(
            id=uuid7(),
            received_at=now,
            actor="system",
            action="exported",
            object_kind="subject",
            object_id=str(subject_id),
            reason="asked",
        )
    )
    return {"exported_at": now.isoformat(), **found}


def _opened(table: Table, row: Row[Any], key: bytes) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if name in _HIDDEN or value is None:
            continue
        if name.endswith("_enc"):
            values[name.removesuffix("_enc")] = _sealed(table, row, name, key)
        else:
            values[name] = _plain(value)
    return values


def _sealed(table: Table, row: Row[Any], column: str, key: bytes) -> Any:
    where = f"{table.name}.{column}.{row.id}"
    try:
        if column in _WORDS:
            return open_(key, row._mapping[column], where=where).decode()
        value = open_json(key, row._mapping[column], where=where)
    except ValueError:
        return None  # spoilt: the rest is still hers
    if column == "profile_enc" and isinstance(value, dict):
        return {name: kept for name, kept in value.items() if name not in _PROOFS}
    if table in (messages, outbox) and isinstance(value, dict):
        return _safe(value, ours=_BY_A_HUMAN not in (row._mapping.get("author"), row._mapping.get("origin")))
    return value


def _safe(body: dict[str, Any], *, ours: bool) -> dict[str, Any]:
    """A message as it was read, without names of flows and options, and without what only she may know: what the bot
    said of her codes and words (`ours`). A caseworker's answer is hers to have."""
    if ours and body.get("sensitivity") == Sensitivity.SECRET.value:
        return {"text": _MASK}
    safe = {name: value for name, value in body.items() if name not in _TECHNICAL}
    if not safe.get("text") and body.get("press") not in _TELLING:
        safe["text"] = body.get("press")  # a button without words
    return {**safe, "options": [option[1] for option in body["options"]]} if "options" in body else safe


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
