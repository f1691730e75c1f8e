"""What was made at Twilio for WhatsApp: menus of buttons and lists, and approved texts; which of it may be used.

Law: one row for each name and language of an account; a text is used only once it is approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.tables import contents

ANY = ""  # the language of what holds no words of its own


@dataclass(frozen=True, slots=True)
class Made:
    """One content. `approval`: none, submitted, approved, rejected."""

    name: str
    language: str
    sid: str
    made_from: str
    approval: str = "none"
    reason: str | None = None


@dataclass(slots=True)
class Book:
    """What may be used now, for whoever sends; filled at start and refreshed by `refill`."""

    made: dict[tuple[str, str], Made] = field(default_factory=dict)

    def refill(self, rows: Sequence[Made]) -> None:
        """The newest state."""
        self.made = {(m.name, m.language): m for m in rows}

    def menu(self, name: str) -> str:
        """The SID of a menu, "" when it was not provisioned: then the menu is numbered text."""
        found = self.made.get((name, ANY))
        return found.sid if found else ""

    def text(self, name: str, language: str) -> str:
        """The SID of an approved text in a language; "" when there is none: then nothing is sent."""
        found = self.made.get((name, language))
        return found.sid if found and found.approval == "approved" else ""

    @property
    def has_menus(self) -> bool:
        """Whether buttons reach a phone on WhatsApp; if not, simulated phones show numbered text too."""
        return any(language == ANY for _, language in self.made)


async def of_account(connection: AsyncConnection, account: str) -> list[Made]:
    """All that was made for an account."""
    rows = await connection.execute(
        select(contents).where(contents.c.account == account).order_by(contents.c.name, contents.c.language)
    )
    return [Made(r.name, r.language, r.sid, r.made_from, r.approval, r.reason) for r in rows]


async def keep(connection: AsyncConnection, account: str, made: Made, now: datetime) -> None:
    """Write one content, new or changed."""
    values = {
        "sid": made.sid,
        "made_from": made.made_from,
        "approval": made.approval,
        "reason": made.reason,
        "checked_at": now,
    }
    row = {"id": uuid7(), "account": account, "name": made.name, "language": made.language, "created_at": func.now()}
    await connection.execute(
        insert(contents)
        .values(**row, **values)
        .on_conflict_do_update(index_elements=["account", "name", "language"], set_=values)
    )
