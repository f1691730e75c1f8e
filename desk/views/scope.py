"""Which cases somebody may see or treat, as SQL: the cells of permissions.yml as one predicate.

Law: a statement that uses it has `cases` and `conversations` in its FROM, one of them perhaps outer-joined. The
relations and the state of a row are computed here and nowhere else: single decisions read them from the row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, not_, or_, select, true, union
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import interpreting
from bot.store.tables import case_shares, case_transfers, cases, contacts, conversations, glass_openings, interpreters
from bot.store.users import User
from desk.permissions import Permissions

MANY = frozenset({"team", "other"})  # relations to cases that are not her own
# Whatever is in another state than `closed`, as `ix_cases_present` has it.
PRESENT = or_(cases.c.closed_at.is_(None), cases.c.care.is_not(None), cases.c.draft)
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


@dataclass(frozen=True, slots=True)
class Way:
    """One way to some cases. `one_organisation`: all that it holds are of the same, or of none. `many`: with all that
    were ever closed."""

    where: ColumnElement[bool]
    one_organisation: bool = False
    many: bool = False


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
        ours = func.coalesce(or_(*self._ours()), false())
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
        found = {
            "own": own,
            "assigned": cases.c.assigned_to == user.id,
            "team": ours,
            "shared": or_(cases.c.id.in_(self._shares()), conversations.c.id.in_(self._interprets())),
            GLASS: cases.c.id.in_(self._glass()),
        }
        known: dict[str, ColumnElement[bool]] = {name: func.coalesce(c, false()) for name, c in found.items()}
        return known | {"other": not_(or_(*known.values()))}

    def _ours(self) -> list[ColumnElement[bool]]:
        """Of her organisation; what is nobody's is the main one's."""
        ours = cases.c.organisation_id == self.user.organisation_id
        return [ours, cases.c.organisation_id.is_(None)] if self.user.main else [ours]

    def _shares(self) -> Select[tuple[UUID]]:
        """Ids of cases that were shared with her or her organisation, and are still. With an interpreter's organisation
        nothing is shared: she has the one conversation she was declared for; a share would let her write in all."""
        mine = [case_shares.c.user_id == self.user.id]
        if self.user.role != interpreting.ROLE:
            mine.append(case_shares.c.organisation_id == self.user.organisation_id)
        return select(case_shares.c.case_id).where(
            or_(*mine),
            case_shares.c.accepted_at <= self.now,
            or_(case_shares.c.ends_at.is_(None), case_shares.c.ends_at > self.now),
            case_shares.c.ended_at.is_(None),
        )

    def _interprets(self) -> Select[tuple[UUID]]:
        """Ids of conversations in which she helps with the language: those who asked her, not another organisation to
        which it was handed since."""
        handed = exists(
            select(case_transfers.c.id).where(
                case_transfers.c.conversation_id == interpreters.c.conversation_id,
                case_transfers.c.state == "accepted",
                case_transfers.c.decided_at > interpreters.c.made_at,
            )
        )
        return select(interpreters.c.conversation_id).where(
            interpreters.c.user_id == self.user.id,
            interpreters.c.expires_at > self.now,
            interpreters.c.ended_at.is_(None),
            ~handed,
        )

    def _glass(self) -> Select[tuple[UUID]]:
        """Ids of cases that she opened in an emergency, and may still look at."""
        return select(glass_openings.c.case_id).where(
            glass_openings.c.user_id == self.user.id,
            glass_openings.c.opened_at <= self.now,
            glass_openings.c.ends_at > self.now,
            glass_openings.c.ended_at.is_(None),
        )

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
        if permission not in self._said:
            relations, state = self.relations, self.state
            allowed = self.permissions.allowed(self.user.role, permission)
            found = or_(false(), *(and_(relations[name], state.in_(states)) for name, states in allowed))
            self._said[permission] = found
        return self._said[permission]

    @cached_property
    def _said(self) -> dict[str, ColumnElement[bool]]:
        """Conditions that were asked for: a page asks for one of them in many statements."""
        return {}

    def ways(self, permission: str, *, but: Collection[str] = ()) -> list[Way]:
        """How the cases of `where(permission)` are reached: conditions that an index can answer, which together hold
        all of them and perhaps more. They decide nothing: `where` stands beside them. `but`: relations that are not
        looked for."""
        talks, also = conversations.alias(), cases.alias()
        own = select(talks.c.id).where(talks.c.owner_user_id == self.user.id)
        heard = select(also.c.id).where(also.c.conversation_id.in_(self._interprets()))
        found: dict[str, list[ColumnElement[bool]]] = {
            "own": [cases.c.conversation_id.in_(own)],
            "assigned": [cases.c.assigned_to == self.user.id],
            "team": self._ours(),
            "shared": [cases.c.id.in_(union(self._shares(), heard))],
            GLASS: [cases.c.id.in_(self._glass())],
            "other": [true()],
        }
        ways = []
        for name, states in self.permissions.allowed(self.user.role, permission):
            past = "closed" in states
            for where in found[name] if name not in but else ():
                if name in MANY:
                    ways.append(Way(where if past else and_(where, PRESENT), name == "team", many=past))
                else:
                    ways.append(Way(where))
        return ways

    def few(self, permission: str) -> Select[tuple[UUID]] | None:
        """Ids among which all are that may be treated so, where these are not many; else None."""
        ways = self.ways(permission)
        if any(way.many for way in ways):
            return None
        return select(union(*(select(cases.c.id).where(way.where) for way in ways or [Way(false())])).subquery().c.id)

    def _columns(self) -> tuple[Any, ...]:
        named = [condition.label(f"is_{name}") for name, condition in self.relations.items()]
        return (*named, self.state.label("state"))

    @cached_property
    def came(self) -> Any:
        """The transfer by which the user's organisation has a case that it never had before, as a row to join: by the
        case, and by the conversation, which other cases of hers and the time after them share. One that
        she took back counts too: what was not shown while it lasted is not shown for its having ended."""
        had = case_transfers.alias()
        return (
            select(
                case_transfers.c.case_id,
                case_transfers.c.conversation_id,
                case_transfers.c.decided_at.label("since"),
                case_transfers.c.parts,
            )
            .where(
                case_transfers.c.to_organisation_id == self.user.organisation_id,
                case_transfers.c.state.in_(("accepted", "recalled")),
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

    def _others_until(self) -> Any:
        """For a conversation of no open case: until when it was with other organisations, when it was never with the
        user's. What was theirs is read as their closed cases are, not as a conversation of nobody's."""
        also, gave = cases.alias(), case_transfers.alias()
        mine = func.coalesce(also.c.organisation_id == self.user.organisation_id, false())
        ours = or_(mine, also.c.organisation_id.is_(None)) if self.user.main else mine
        here = also.c.conversation_id == conversations.c.id
        gave_it = exists(
            select(gave.c.id).where(
                gave.c.conversation_id == conversations.c.id, gave.c.from_organisation_id == self.user.organisation_id
            )
        )
        had_it = exists(select(also.c.id).where(here, ours))
        until = select(func.max(also.c.closed_at)).where(here, not_(ours)).scalar_subquery()
        return case((or_(had_it, gave_it), None), else_=until)

    async def of_case(self, connection: AsyncConnection, reference: str, permission: str = "find") -> Place | None:
        """A case by its number, if it may be found; with the permission `glass`, if it may be opened in an
        emergency."""
        reach = self.where("find")
        came = self.came
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
                        came, or_(came.c.case_id == cases.c.id, came.c.conversation_id == cases.c.conversation_id)
                    )
                )
                .where(cases.c.reference == reference, or_(reach, self.where(GLASS)) if permission == GLASS else reach)
                .order_by(came.c.since.desc().nulls_last())
                .limit(1)
            )
        ).first()
        if row is None:
            return None
        place = self._place(row, row.id, row.reference, row.conversation_id)
        return _since(place, row.since, row.parts)

    async def of_conversation(self, connection: AsyncConnection, conversation_id: UUID) -> Place | None:
        """A conversation of which no case is open, if it may be found."""
        came = self.came
        row = (
            await connection.execute(
                select(
                    conversations.c.id,
                    conversations.c.subject_id,
                    came.c.since,
                    came.c.parts,
                    self._others_until().label("until"),
                    *self._columns(),
                )
                .select_from(
                    conversations.join(contacts, contacts.c.id == conversations.c.subject_id)
                    .outerjoin(cases, and_(cases.c.conversation_id == conversations.c.id, cases.c.closed_at.is_(None)))
                    .outerjoin(came, came.c.conversation_id == conversations.c.id)
                )
                .where(conversations.c.id == conversation_id, cases.c.id.is_(None), self.where("find"))
                .order_by(came.c.since.desc().nulls_last())
                .limit(1)
            )
        ).first()
        if row is None:
            return None
        place = self._place(row, None, None, row.id)
        return _since(place, row.since, row.parts) if row.since else _since(place, row.until, "")

    def _place(self, row: Any, case_id: UUID | None, reference: str | None, conversation_id: UUID | None) -> Place:
        stands = tuple(name for name in self.relations if getattr(row, f"is_{name}"))
        return Place(case_id, reference, conversation_id, row.subject_id, stands, row.state)


def _since(place: Place, since: datetime | None, parts: str | None) -> Place:
    return replace(place, since=since, parts=tuple(filter(None, (parts or "").split(","))))
