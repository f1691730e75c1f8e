"""Which cases somebody may see or treat, as SQL: the cells of permissions.yml as one predicate.

Law: a statement that uses it has `cases` and `conversations` in its FROM, one of them perhaps outer-joined. The
relations and the state of a row are computed here and nowhere else: single decisions read them from the row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.desk_tables import case_shares
from bot.store.tables import cases, contacts, conversations, interpreters
from bot.store.users import User
from desk.permissions import Permissions


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case, or a conversation of which no case was made, stands to who asks."""

    case_id: UUID | None
    reference: str | None
    conversation_id: UUID | None
    subject_id: UUID
    relations: tuple[str, ...]
    state: str


@dataclass(frozen=True)
class Scope:
    """What a user may, at a moment. A conversation of which no case was made counts as an open case of nobody's."""

    permissions: Permissions
    user: User
    now: datetime

    @cached_property
    def relations(self) -> dict[str, ColumnElement[bool]]:
        """How a row stands to the user, each as a condition."""
        user = self.user
        own = and_(conversations.c.owner == "human", conversations.c.owner_user_id == user.id)
        ours = cases.c.organisation_id == user.organisation_id
        shares = select(case_shares.c.case_id).where(
            or_(case_shares.c.user_id == user.id, case_shares.c.organisation_id == user.organisation_id),
            case_shares.c.accepted_at <= self.now,
            or_(case_shares.c.ends_at.is_(None), case_shares.c.ends_at > self.now),
            case_shares.c.ended_at.is_(None),
        )
        interprets = select(interpreters.c.conversation_id).where(
            interpreters.c.user_id == user.id,
            interpreters.c.expires_at > self.now,
            interpreters.c.ended_at.is_(None),
        )
        found = {
            "own": own,
            "assigned": cases.c.assigned_to == user.id,
            "team": or_(ours, cases.c.organisation_id.is_(None)) if user.main else ours,
            "shared": or_(cases.c.id.in_(shares), conversations.c.id.in_(interprets)),
        }
        known: dict[str, ColumnElement[bool]] = {name: func.coalesce(c, false()) for name, c in found.items()}
        return known | {"other": not_(or_(*known.values()))}

    @cached_property
    def state(self) -> ColumnElement[str]:
        """The first state that fits a row."""
        return case(
            (cases.c.care.is_not(None), cases.c.care),
            (cases.c.draft, literal("draft")),
            (cases.c.closed_at.is_not(None), literal("closed")),
            (cases.c.severity == "critical", literal("critical")),
            else_=literal("open"),
        )

    def where(self, permission: str) -> ColumnElement[bool]:
        """The rows that the user may treat so."""
        relations, state = self.relations, self.state
        allowed = self.permissions.allowed(self.user.role, permission)
        return or_(false(), *(and_(relations[name], state.in_(states)) for name, states in allowed))

    def _columns(self) -> tuple[Any, ...]:
        named = [condition.label(f"is_{name}") for name, condition in self.relations.items()]
        return (*named, self.state.label("state"))

    async def of_case(self, connection: AsyncConnection, reference: str) -> Place | None:
        """A case by its number, if it may be found."""
        row = (
            await connection.execute(
                select(cases.c.id, cases.c.reference, cases.c.conversation_id, cases.c.subject_id, *self._columns())
                .select_from(cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id))
                .where(cases.c.reference == reference, self.where("find"))
            )
        ).first()
        return self._place(row, row.id, row.reference, row.conversation_id) if row else None

    async def of_conversation(self, connection: AsyncConnection, conversation_id: UUID) -> Place | None:
        """A conversation of which no case is open, if it may be found."""
        row = (
            await connection.execute(
                select(conversations.c.id, conversations.c.subject_id, *self._columns())
                .select_from(
                    conversations.join(contacts, contacts.c.id == conversations.c.subject_id).outerjoin(
                        cases, and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None))
                    )
                )
                .where(conversations.c.id == conversation_id, cases.c.id.is_(None), self.where("find"))
            )
        ).first()
        return self._place(row, None, None, row.id) if row else None

    def _place(self, row: Any, case_id: UUID | None, reference: str | None, conversation_id: UUID | None) -> Place:
        stands = tuple(name for name in self.relations if getattr(row, f"is_{name}"))
        return Place(case_id, reference, conversation_id, row.subject_id, stands, row.state)
