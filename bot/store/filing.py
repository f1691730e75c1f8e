"""Records to rows and back, and the writing of what a batch left on the shelf.

Law: by the table's columns. `<field>_enc` is sealed JSON under the owner's key (the system's for what is nobody's),
`lookup` the keyed hash of the code, `subject_id` the owner. One statement per table and kind of change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables
from bot.store.bulk import insert_rows, update_rows
from bot.store.drawers import Drawers
from bot.store.keys import Keys, open_json, seal_json
from bot.store.records import (
    BoxLetter,
    CaseCheck,
    Certificate,
    CertificateLink,
    CodeTry,
    CodeUse,
    Consent,
    FamilyCode,
    Feedback,
    LinkCode,
    Referral,
    Reminder,
    Share,
    Subscription,
    Transfer,
)
from bot.store.shelved import Record
from bot.store.volunteer_records import SearchAnswer, SearchCopy, VolunteerCode, VolunteerLink
from bot.vault.lookup import code_form

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Kind:
    """Where records of a kind lie; `at` is the field of their time, `code` the one that is looked up. `part_of`: whose
    they are is read from what they point at (field, table): it may have moved to another subject meanwhile."""

    table: Table
    at: str
    code: str = ""
    part_of: tuple[str, Table] | None = None

    @property
    def owned(self) -> bool:
        """Whether the rows are somebody's."""
        return "subject_id" in self.table.c

    def of(self, subject_id: UUID) -> ColumnElement[bool]:
        """Which rows are hers."""
        if self.part_of is None:
            return self.table.c["subject_id"] == subject_id
        field, whole = self.part_of
        return self.table.c[field].in_(select(whole.c["id"]).where(whole.c["subject_id"] == subject_id))


# In this order they are written: what is pointed at comes first.
KINDS: dict[type[Any], Kind] = {
    FamilyCode: Kind(tables.family_codes, "made_at", "digits"),
    CodeUse: Kind(tables.code_uses, "used_at", part_of=("code_id", tables.family_codes)),
    CodeTry: Kind(tables.code_tries, "tried_at"),
    CaseCheck: Kind(tables.case_checks, "made_at"),
    Consent: Kind(tables.consents, "made_at"),
    Subscription: Kind(tables.subscriptions, "made_at"),
    Referral: Kind(tables.referrals, "made_at"),
    Share: Kind(tables.case_shares, "created_at"),
    Transfer: Kind(tables.case_transfers, "made_at"),
    Reminder: Kind(tables.reminders, "made_at"),
    Certificate: Kind(tables.certificates, "passed_at", "code"),
    CertificateLink: Kind(tables.certificate_links, "made_at", "token"),
    LinkCode: Kind(tables.link_codes, "made_at", "digits"),
    VolunteerLink: Kind(tables.volunteer_links, "made_at"),
    SearchCopy: Kind(tables.search_copies, "made_at"),
    SearchAnswer: Kind(tables.search_answers, "said_at"),
    BoxLetter: Kind(tables.box_letters, "received_at", "reply_code"),
    Feedback: Kind(tables.feedback, "month"),
    VolunteerCode: Kind(tables.volunteer_codes, "made_at", "digits"),
}


def has_code(row: Record) -> bool:
    """Whether a row that needs a code has one. A letter may have none."""
    kind = KINDS[type(row)]
    given = getattr(row, kind.code) if kind.code else None
    return not kind.code or bool(code_form(given or "")) or (isinstance(row, BoxLetter) and given is None)


def to_row(secrets: Keys, row: Record, key: bytes) -> dict[str, Any]:
    """The columns of a record. `key` is its owner's."""
    kind = KINDS[type(row)]
    table, values = kind.table, {}
    for name, value in ((f.name, getattr(row, f.name)) for f in fields(row)):
        if name == "owner":
            values["subject_id"] = value
        elif name in table.c:
            values[name] = value
        elif (column := f"{name}_enc") in table.c:
            sealing = key if kind.owned else secrets.system_key
            where = f"{table.name}.{column}.{row.id}"
            values[column] = None if value is None else seal_json(sealing, value, where=where)
    if kind.code:
        code = getattr(row, kind.code)
        values["lookup"] = None if code is None else secrets.code(table.name, code)
    return values


def from_row(of: type[R], row: Row[Any], key: bytes | None, code: str = "") -> R:
    """A record. Without `key`, what only its owner may read stays shut, and the code is the one that was typed."""
    kind = KINDS[of]
    values: dict[str, Any] = {}
    for name in (f.name for f in fields(of)):
        sealed = row._mapping.get(f"{name}_enc")
        if name == "owner":
            values[name] = row.subject_id
        elif name in kind.table.c:
            values[name] = row._mapping[name]
        elif sealed is not None and key is not None:
            values[name] = open_json(key, sealed, where=f"{kind.table.name}.{name}_enc.{row.id}")
        elif name == kind.code:
            values[name] = code
    return of(**values)


async def save(connection: AsyncConnection, secrets: Keys, batch: Sequence[tuple[bytes, Drawers]]) -> None:
    """Write what is new and what changed; a batch that used no shelf costs nothing."""
    used = [(key, drawers) for key, drawers in batch if drawers]
    if not used:
        return
    for of, kind in KINDS.items():
        changed = [to_row(secrets, row, key) for key, drawers in used for row in drawers.changed(of)]
        await update_rows(connection, kind.table, changed)  # first: what is new may stand in the place of what is over
        new = [to_row(secrets, row, key) for key, drawers in used for row in drawers.added(of)]
        await insert_rows(connection, kind.table, new)
