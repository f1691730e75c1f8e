"""Cases between two organisations: what is offered to the reader's own, what it sent, what came of it.

Law: an offer shows what stands in its row and the kind and gravity of the case, and only to roles that may have such a
case afterwards. Summaries and answers are read by the two organisations and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.homes import Home
from bot.store.keys import Keys, open_json
from bot.store.tables import case_transfers, cases, contacts, conversations, keys, organisations, users
from desk.permissions import Permissions
from desk.views.scope import Place, Scope

MOST = 100
NEWS = timedelta(days=14)  # so long an answer stands in the sender's list
OVER = ("declined", "refused", "accepted", "recalled", "expired")
_sender, _receiver = organisations.alias("sender"), organisations.alias("receiver")
_maker, _taker = users.alias("maker"), users.alias("taker")


@dataclass(frozen=True, slots=True)
class Moved:
    """One transfer. `state` is as it is now; `ours`: the reader's organisation sent it."""

    id: UUID
    reference: str
    kind: str
    severity: str
    language: str | None
    state: str
    sender: str
    receiver: str
    by: str
    taken_by: str | None
    ours: bool
    parts: tuple[str, ...]
    summary: str
    how: str
    consented_at: datetime | None
    made_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    reason: str | None
    answer: str


def shown_name(row: Any) -> str:
    """An organisation's name as a person reads it on a phone: the one that it wants to be seen."""
    return str((row.settings or {}).get("on_screen") or row.name)


async def receivers(connection: AsyncConnection, scope: Scope) -> list[tuple[UUID, str]]:
    """Other organisations in which somebody works: id and name."""
    works = select(users.c.organisation_id).where(users.c.active)
    rows = await connection.execute(
        select(organisations.c.id, organisations.c.name)
        .where(organisations.c.id != scope.user.organisation_id, organisations.c.id.in_(works))
        .order_by(organisations.c.name)
    )
    return [(row.id, row.name) for row in rows]


async def on_screen(connection: AsyncConnection, organisation_id: UUID) -> str:
    """The name of an organisation that may stand on her phone."""
    query = select(organisations.c.name, organisations.c.settings).where(organisations.c.id == organisation_id)
    return shown_name((await connection.execute(query)).one())


async def somebody(connection: AsyncConnection, permissions: Permissions, organisation: UUID, state: str) -> bool:
    """Whether anybody there may have a case in this state."""
    rows = await connection.execute(
        select(users.c.role).where(users.c.organisation_id == organisation, users.c.active).distinct()
    )
    return any(permissions.may(row.role, "reply", ("assigned",), state) for row in rows)


def _select(scope: Scope) -> Any:
    return select(
        case_transfers,
        cases.c.reference,
        cases.c.kind,
        cases.c.severity,
        func.coalesce(contacts.c.language, contacts.c.language_guess).label("language"),
        _sender.c.name.label("sender"),
        _receiver.c.name.label("receiver"),
        _maker.c.name.label("by"),
        _taker.c.name.label("taken_by"),
        keys.c.wrapped,
        scope.state.label("case_state"),
    ).select_from(
        case_transfers.join(cases, cases.c.id == case_transfers.c.case_id)
        .outerjoin(conversations, conversations.c.id == cases.c.conversation_id)
        .join(contacts, contacts.c.id == cases.c.subject_id)
        .join(keys, keys.c.subject_id == cases.c.subject_id)
        .join(_sender, _sender.c.id == case_transfers.c.from_organisation_id)
        .join(_receiver, _receiver.c.id == case_transfers.c.to_organisation_id)
        .join(_maker, _maker.c.id == case_transfers.c.made_by)
        .outerjoin(_taker, _taker.c.id == case_transfers.c.decided_by)
    )


def _moved(secrets: Keys, scope: Scope, row: Any) -> Moved:
    key = secrets.keyring.unwrap(row.wrapped)

    def opened(name: str) -> str:
        sealed = row._mapping[f"{name}_enc"]
        return str(open_json(key, sealed, where=f"case_transfers.{name}_enc.{row.id}")) if sealed else ""

    late = row.state in ("asked", "offered") and row.expires_at <= scope.now
    return Moved(
        id=row.id,
        reference=row.reference,
        kind=row.kind,
        severity=row.severity,
        language=row.language,
        state="expired" if late else row.state,
        sender=row.sender,
        receiver=row.receiver,
        by=row.by,
        taken_by=row.taken_by if row.state == "accepted" else None,
        ours=row.from_organisation_id == scope.user.organisation_id,
        parts=tuple(filter(None, row.parts.split(","))),
        summary=opened("summary"),
        how=row.how,
        consented_at=row.consented_at,
        made_at=row.made_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        reason=row.reason,
        answer=opened("answer"),
    )


def _offered(scope: Scope) -> Any:
    return (
        case_transfers.c.to_organisation_id == scope.user.organisation_id,
        case_transfers.c.state == "offered",
        case_transfers.c.expires_at > scope.now,
        cases.c.closed_at.is_(None),
        scope.state.in_(_states(scope)),
    )


def _states(scope: Scope) -> list[str]:
    """The states of cases that the reader's role may have."""
    role, cells = scope.user.role, scope.permissions.cells
    return [
        state for (r, relation, state), cell in cells.items() if (r, relation) == (role, "assigned") and "reply" in cell
    ]


async def incoming(connection: AsyncConnection, secrets: Keys, scope: Scope) -> Sequence[Moved]:
    """What waits for an answer of the reader's organisation, the gravest that ends first on top."""
    rows = await connection.execute(
        _select(scope).where(*_offered(scope)).order_by(cases.c.severity != "critical", case_transfers.c.expires_at)
    )
    return [_moved(secrets, scope, row) for row in rows]


async def sent(connection: AsyncConnection, secrets: Keys, scope: Scope) -> Sequence[Moved]:
    """What the reader's organisation sent and may find itself: what still waits, and what was answered lately."""
    rows = await connection.execute(
        _select(scope)
        .where(
            case_transfers.c.from_organisation_id == scope.user.organisation_id,
            scope.where("find"),
            or_(
                case_transfers.c.state.in_(("asked", "offered")),
                func.coalesce(case_transfers.c.decided_at, case_transfers.c.made_at) > scope.now - NEWS,
            ),
        )
        .order_by(case_transfers.c.made_at.desc())
        .limit(MOST)
    )
    return [_moved(secrets, scope, row) for row in rows]


async def of_case(connection: AsyncConnection, secrets: Keys, scope: Scope, place: Place) -> Sequence[Moved]:
    """The transfers of a case that the reader's organisation sent or got, the newest first."""
    mine = scope.user.organisation_id
    got = (case_transfers.c.to_organisation_id == mine) & case_transfers.c.state.in_(("accepted", "recalled"))
    rows = await connection.execute(
        _select(scope)
        .where(
            case_transfers.c.case_id == place.case_id,
            or_(case_transfers.c.from_organisation_id == mine, got),
        )
        .order_by(case_transfers.c.made_at.desc())
        .limit(5)
    )
    return [_moved(secrets, scope, row) for row in rows]


@dataclass(frozen=True, slots=True)
class Offer:
    """What an answer of the receiver is done to."""

    home: Home
    case_id: UUID
    receiver_id: UUID


async def offer(connection: AsyncConnection, secrets: Keys, scope: Scope, which: UUID) -> Offer | None:
    """An offer that waits for the reader's organisation; None for every other one."""
    row = (await connection.execute(_select(scope).where(case_transfers.c.id == which, *_offered(scope)))).first()
    if row is None or row.conversation_id is None:
        return None
    home = Home(row.subject_id, row.conversation_id, secrets.keyring.unwrap(row.wrapped))
    return Offer(home, row.case_id, row.to_organisation_id)


async def held_back(connection: AsyncConnection, key: bytes, place: Place) -> Mapping[str, Any]:
    """The facts that were not handed over with a case."""
    row = (
        await connection.execute(
            select(case_transfers.c.id, case_transfers.c.held_back_enc)
            .where(
                case_transfers.c.case_id == place.case_id,
                case_transfers.c.state == "accepted",
                case_transfers.c.decided_at == place.since,
            )
            .limit(1)
        )
    ).first()
    if row is None or row.held_back_enc is None:
        return {}
    found = open_json(key, row.held_back_enc, where=f"case_transfers.held_back_enc.{row.id}")
    return found if isinstance(found, dict) else {}


def newer(facts: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What was told since then: new facts, and of lists what was added."""
    found: dict[str, Any] = {}
    for name, value in facts.items():
        had = before.get(name)
        if isinstance(value, list) and isinstance(had, list):
            value = [one for one in value if one not in had]
            if value:
                found[name] = value
        elif name not in before or value != had:
            found[name] = value
    return found


async def waiting(connection: AsyncConnection, scope: Scope) -> int:
    """How many offers wait for the reader's organisation."""
    query = select(func.count()).select_from(_select(scope).where(*_offered(scope)).subquery())
    return int((await connection.execute(query)).scalar_one())


async def fingerprint(connection: AsyncConnection, scope: Scope) -> str:
    """Changes with every transfer of the reader's organisation."""
    mine = scope.user.organisation_id
    row = (
        await connection.execute(
            select(
                func.count(),
                func.count(case_transfers.c.consented_at),
                func.count(case_transfers.c.decided_at),
                func.max(case_transfers.c.made_at),
                func.max(case_transfers.c.decided_at),
                func.count().filter(case_transfers.c.state == "offered", case_transfers.c.expires_at > scope.now),
                func.count().filter(case_transfers.c.state == "recalled"),
                func.count().filter(case_transfers.c.state == "refused"),
            ).where(or_(case_transfers.c.from_organisation_id == mine, case_transfers.c.to_organisation_id == mine))
        )
    ).one()
    return "-".join(str(value) for value in row)


async def reference(connection: AsyncConnection, case_id: UUID) -> str:
    """The number of a case."""
    return str((await connection.execute(select(cases.c.reference).where(cases.c.id == case_id))).scalar_one())
