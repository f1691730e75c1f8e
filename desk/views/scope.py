"""Which cases somebody may see or treat, as SQL: the cells of permissions.yml as one predicate.

Law: a statement that uses it has `cases` and `conversations` in its FROM, one of them perhaps outer-joined. The
relations and the state of a row are computed here and nowhere else: single decisions read them from the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.desk_tables import case_shares
from bot.store.sharing_tables import case_transfers, glass_openings
from bot.store.tables import cases, contacts, conversations, interpreters
from bot.store.users import User
from desk.permissions import Permissions

GLASS = "glass"  # a permission, and the relation that it leads to


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case, or a conversation of which no case was made, stands to who asks.

    `since`: it was handed over then, and of before there are only the `parts` that she agreed to; None for all others.
    """

    case_id: UUID | None
    reference: str | None
    conversation_id: UUID | None
    subject_id: UUID
    relations: tuple[str, ...]
    state: str
    since: datetime | None = None
    parts: tuple[str, ...] = ()

    def shows(self, part: str, at: datetime) -> bool:
        """Whether something of then may be seen: `conversation`, `facts`, `media`; notes of before are in no part."""
        return self.since is None or at >= self.since or part in self.parts


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
        ours = cases.c.organisation_id == user.organisation_id
        ours = func.coalesce(or_(ours, cases.c.organisation_id.is_(None)) if user.main else ours, false())
        # A conversation that came with one case opens no other one of hers.
        came = select(case_transfers.c.conversation_id).where(
            case_transfers.c.to_organisation_id == user.organisation_id,
            case_transfers.c.state == "accepted",
            case_transfers.c.conversation_id.is_not(None),
        )
        with_another = and_(cases.c.id.is_not(None), not_(ours), conversations.c.id.in_(came))
        own = and_(
            conversations.c.owner == "human",
            conversations.c.owner_user_id == user.id,
            not_(func.coalesce(with_another, false())),
        )
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
        opened = select(glass_openings.c.case_id).where(
            glass_openings.c.user_id == user.id,
            glass_openings.c.opened_at <= self.now,
            glass_openings.c.ends_at > self.now,
            glass_openings.c.ended_at.is_(None),
        )
        found = {
            "own": own,
            "assigned": cases.c.assigned_to == user.id,
            "team": ours,
            "shared": or_(cases.c.id.in_(shares), conversations.c.id.in_(interprets)),
            GLASS: cases.c.id.in_(opened),
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

    def came(self) -> Any:
        """The transfer by which the user's organisation has a case that it never had before, as a row to join."""
        had = case_transfers.alias()
        return (
            select(case_transfers.c.case_id, case_transfers.c.decided_at.label("since"), case_transfers.c.parts)
            .where(
                case_transfers.c.to_organisation_id == self.user.organisation_id,
                case_transfers.c.state == "accepted",
                ~exists(
                    select(had.c.id).where(
                        had.c.case_id == case_transfers.c.case_id,
                        had.c.from_organisation_id == self.user.organisation_id,
                    )
                ),
            )
            .ext(distinct_on(case_transfers.c.case_id))
            .order_by(case_transfers.c.case_id, case_transfers.c.decided_at.desc())
            .subquery("came")
        )

    async def of_case(self, connection: AsyncConnection, reference: str, permission: str = "find") -> Place | None:
        """A case by its number, if it may be found; with the permission `glass`, if it may be opened in an
        emergency."""
        reach = self.where("find")
        came = self.came()
        row = (
            await connection.execute(
                select(
                    cases.c.id,
                    cases.c.reference,
                    cases.c.conversation_id,
                    cases.c.subject_id,
                    came.c.since,
                    came.c.parts,
                    *self._columns(),
                )
                .select_from(
                    cases.outerjoin(conversations, conversations.c.id == cases.c.conversation_id).outerjoin(
                        came, came.c.case_id == cases.c.id
                    )
                )
                .where(cases.c.reference == reference, or_(reach, self.where(GLASS)) if permission == GLASS else reach)
            )
        ).first()
        if row is None:
            return None
        place = self._place(row, row.id, row.reference, row.conversation_id)
        return replace(place, since=row.since, parts=tuple((row.parts or "").split(",")))

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
