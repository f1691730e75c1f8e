"""The rota: shifts, breaks, swaps, who is sick; and the spans of time in which somebody reads.

Law: times are moments with a zone, whichever zone they were written in. What the bot promises is computed from here
(`handlers/duty.py`); a shift of somebody who is sick does not count until somebody has taken it over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.store.short_ids import by_end
from bot.store.tables import (
    absences,
    organisations,
    shift_breaks,
    shift_swaps,
    shifts,
    staff_notices,
    user_profiles,
    users,
)
from bot.store.together import Bound, Rows, Statement, ask

Span: TypeAlias = tuple[datetime, datetime]
LOOK_BACK, LOOK_AHEAD = timedelta(days=1), timedelta(days=10)
ANY = ""  # the language of who told none: may be any
ASKED_FOR = ("woman", "man")  # a person may wish one or the other
ANSWERING = ("caseworker", "specialist", "supervisor")  # who writes to people


# Shifts of active colleagues between two moments, with what is cut out of them.
_SPANS = Statement(
    select(
        shifts.c.id,
        users.c.organisation_id,
        shifts.c.role,
        shifts.c.starts_at,
        shifts.c.ends_at,
        user_profiles.c.languages,
        user_profiles.c.gender,
        users.c.role.label("user_role"),
        absences.c.starts_at.label("away_from"),
        absences.c.ends_at.label("away_until"),
        shift_breaks.c.starts_at.label("pause_from"),
        shift_breaks.c.ends_at.label("pause_until"),
    )
    .join(users, and_(users.c.id == shifts.c.user_id, users.c.active.is_(True)))
    .outerjoin(user_profiles, user_profiles.c.user_id == shifts.c.user_id)
    .outerjoin(
        absences,
        and_(
            absences.c.user_id == shifts.c.user_id,
            absences.c.ends_at > shifts.c.starts_at,
            absences.c.starts_at < shifts.c.ends_at,
        ),
    )
    .outerjoin(shift_breaks, shift_breaks.c.shift_id == shifts.c.id)
    .where(shifts.c.ends_at > bindparam("since"), shifts.c.starts_at < bindparam("before"))
)
_LAST = (
    select(func.max(shifts.c.ends_at))
    .where(shifts.c.role == "duty", shifts.c.user_id == users.c.id)
    .correlate(users)
    .scalar_subquery()
)
# What colleagues told of themselves, and until when each is planned.
_TOLD = Statement(
    select(
        users.c.organisation_id,
        func.coalesce(organisations.c.settings["main"].as_boolean(), False).label("main"),
        users.c.active,
        users.c.role,
        user_profiles.c.gender,
        user_profiles.c.languages,
        _LAST.label("until"),
    )
    .select_from(users.join(organisations, organisations.c.id == users.c.organisation_id))
    .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
)


@dataclass(frozen=True, slots=True)
class Planned:
    """What the shifts say. `until`: the end of the last duty shift that is planned. `readers`: the languages that are
    read here, and when who reads them is on duty. `shifts`: whether any was ever planned. `genders`: woman or man, as
    colleagues who answer told it -> language (`ANY`: of who told none) -> when they are on duty."""

    duty: tuple[Span, ...]
    on_call: tuple[Span, ...]
    until: datetime
    readers: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    shifts: bool = True
    genders: Mapping[str, Mapping[str, tuple[Span, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rotas:
    """What is planned, by organisation. `main`: of the one that runs this installation, whose every conversation is
    that no other one has; `main_id`: its id, None while nobody works there."""

    main: Planned | None = None
    main_id: UUID | None = None
    others: Mapping[UUID, Planned] = field(default_factory=dict)

    def of(self, organisation: UUID | None) -> Planned | None:
        """Of whoever has the conversation: nobody is promised a reader who may not read it."""
        mine = organisation is None or organisation == self.main_id
        return self.main if mine or organisation is None else self.others.get(organisation)


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift as the supervisor sees it."""

    id: UUID
    user_id: UUID
    login: str
    name: str
    role: str
    starts_at: datetime
    ends_at: datetime
    languages: tuple[str, ...]
    absent: bool
    offered: str | None  # swap or sick, while somebody is looked for


async def planned(
    connection: AsyncConnection, now: datetime, *, ahead: timedelta = LOOK_AHEAD, back: timedelta = LOOK_BACK
) -> Planned | None:
    """Spans in which somebody of the main organisation is there, from yesterday to ten days ahead; None while nothing
    was planned or told."""
    return (await rotas(connection, now, ahead=ahead, back=back)).main


async def rotas(
    connection: AsyncConnection, now: datetime, *, ahead: timedelta = LOOK_AHEAD, back: timedelta = LOOK_BACK
) -> Rotas:
    """What every organisation has planned, and what its people told."""
    return read(now, await ask(connection, *questions(now, ahead=ahead, back=back)))


def questions(now: datetime, *, ahead: timedelta = LOOK_AHEAD, back: timedelta = LOOK_BACK) -> list[Bound]:
    """What `read` reads the answers of."""
    return [_SPANS(since=now - back, before=now + ahead), _TOLD()]


def read(now: datetime, answers: Sequence[Rows]) -> Rotas:
    """What these rows come to."""
    rows, told = answers
    found: dict[UUID, Planned] = {}
    for organisation in {row.organisation_id for row in told}:
        theirs = [row for row in rows if row.organisation_id == organisation]
        plan = _planned(theirs, [row for row in told if row.organisation_id == organisation], now)
        if plan is not None:
            found[organisation] = plan
    main = next((row.organisation_id for row in told if row.main), None)
    return Rotas(found.pop(main, None) if main else None, main, found)


def _planned(rows: Sequence[Any], told: Sequence[Any], now: datetime) -> Planned | None:
    """Of one organisation: its shifts, and what its people told. Shifts of who has left it were planned all the same:
    nobody is there then."""
    until = max((row.until for row in told if row.until is not None), default=None)
    told = [row for row in told if row.active]
    read = {language for row in told for language in row.languages or ()}
    genders = _genders(told)
    if until is None and not rows and not read and not genders:
        return None
    found: dict[str, list[Span]] = {"duty": [], "on_call": []}
    reading: dict[str, list[Span]] = {language: [] for language in read}
    for shift_id in {row.id for row in rows}:
        mine = [row for row in rows if row.id == shift_id]
        spans = [(mine[0].starts_at, mine[0].ends_at)]
        for row in mine:
            for gap in ((row.away_from, row.away_until), (row.pause_from, row.pause_until)):
                if gap[0] is not None:
                    spans = without(spans, gap)
        found[mine[0].role] += spans
        for language in mine[0].languages or () if mine[0].role == "duty" else ():
            reading[language] += spans
        if mine[0].role == "duty" and mine[0].user_role in ANSWERING and mine[0].gender in ASKED_FOR:
            for language in mine[0].languages or (ANY,):
                genders[mine[0].gender][language] += spans
    return Planned(
        tuple(joined(found["duty"])),
        tuple(joined(found["on_call"])),
        until or now,
        {language: tuple(joined(spans)) for language, spans in reading.items()},
        shifts=until is not None or bool(rows),
        genders={
            gender: {language: tuple(joined(spans)) for language, spans in by.items()} for gender, by in genders.items()
        },
    )


def _genders(told: Sequence[Any]) -> dict[str, dict[str, list[Span]]]:
    """Woman and man, as those who answer told it, with the languages that each reads; no spans yet."""
    found: dict[str, dict[str, list[Span]]] = {}
    for row in told:
        if row.role in ANSWERING and row.gender in ASKED_FOR:
            found.setdefault(row.gender, {}).update({language: [] for language in row.languages or (ANY,)})
    return found


def without(spans: Sequence[Span], gap: Span) -> list[Span]:
    """The spans with a gap cut out of them."""
    left: list[Span] = []
    for start, end in spans:
        left += [(a, b) for a, b in ((start, min(end, gap[0])), (max(start, gap[1]), end)) if a < b]
    return left


def joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that touch or overlap made one, in order."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


async def shown(connection: AsyncConnection, start: datetime, end: datetime) -> list[Shift]:
    """The shifts between two moments, in order."""
    away = exists(
        select(absences.c.id).where(
            absences.c.user_id == shifts.c.user_id,
            absences.c.kind != "pause",  # half an hour of rest leaves no shift empty
            absences.c.starts_at < shifts.c.ends_at,
            absences.c.ends_at > shifts.c.starts_at,
        )
    )
    rows = await connection.execute(
        select(
            shifts.c.id,
            shifts.c.user_id,
            users.c.login,
            users.c.name,
            shifts.c.role,
            shifts.c.starts_at,
            shifts.c.ends_at,
            user_profiles.c.languages,
            away.label("absent"),
            select(shift_swaps.c.reason)
            .where(shift_swaps.c.shift_id == shifts.c.id, shift_swaps.c.state.in_(("offered", "agreed")))
            .scalar_subquery()
            .label("offered"),
        )
        .join(users, users.c.id == shifts.c.user_id)
        .outerjoin(user_profiles, user_profiles.c.user_id == users.c.id)
        .where(shifts.c.starts_at < end, shifts.c.ends_at > start)
        .order_by(shifts.c.starts_at, users.c.name)
    )
    return [Shift(**{**row, "languages": tuple(row["languages"] or ())}) for row in rows.mappings()]


async def of_user(
    connection: AsyncConnection, user_id: UUID, around: datetime, days: int, *, besides: UUID | None = None
) -> list[tuple[str, Span]]:
    """(role, span) of a colleague's shifts within so many days of a moment; the colleague is locked. `besides`: a shift
    that is left out, since it is being changed."""
    await connection.execute(select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True))
    reach = timedelta(days=days)
    rows = await connection.execute(
        select(shifts.c.role, shifts.c.starts_at, shifts.c.ends_at)
        .where(shifts.c.user_id == user_id, shifts.c.ends_at > around - reach, shifts.c.starts_at < around + reach)
        .where(shifts.c.id.is_distinct_from(besides))
        .order_by(shifts.c.starts_at)
    )
    return [(row.role, (row.starts_at, row.ends_at)) for row in rows]


async def add(
    connection: AsyncConnection,
    user_id: UUID,
    role: str,
    span: Span,
    now: datetime,
    *,
    override: str | None = None,
    series: UUID | None = None,
) -> UUID:
    """A new shift; returns its id."""
    shift_id = uuid7()
    await connection.execute(
        insert(shifts).values(
            id=shift_id,
            user_id=user_id,
            role=role,
            starts_at=span[0],
            ends_at=span[1],
            override=override,
            series_id=series,
            made_at=now,
        )
    )
    return shift_id


async def pause(connection: AsyncConnection, shift_id: UUID, span: Span) -> None:
    """A break within a shift."""
    await connection.execute(
        insert(shift_breaks).values(id=uuid7(), shift_id=shift_id, starts_at=span[0], ends_at=span[1])
    )


async def away(connection: AsyncConnection, user_id: UUID, kind: str, span: Span, now: datetime) -> list[UUID]:
    """Somebody is sick or on leave: their shifts in that time are offered to whoever takes them. Returns those."""
    await connection.execute(
        insert(absences).values(id=uuid7(), user_id=user_id, kind=kind, starts_at=span[0], ends_at=span[1], made_at=now)
    )
    hit = await connection.execute(
        select(shifts.c.id)
        .where(shifts.c.user_id == user_id, shifts.c.starts_at < span[1], shifts.c.ends_at > max(span[0], now))
        .order_by(shifts.c.starts_at)
    )
    ids = [row.id for row in hit]
    for shift_id in ids:
        await offer(connection, shift_id, now, reason="sick")
    return ids


async def offer(
    connection: AsyncConnection, shift_id: UUID, now: datetime, *, to: UUID | None = None, reason: str = "swap"
) -> bool:
    """Look for somebody to take a shift: one colleague, or whoever will. False when somebody is looked for already, or
    there is no such shift."""
    owner = (await connection.execute(select(shifts.c.user_id).where(shifts.c.id == shift_id))).scalar_one_or_none()
    if owner is None:
        return False
    made = await connection.execute(
        pg_insert(shift_swaps)
        .values(
            id=uuid7(),
            shift_id=shift_id,
            from_user_id=owner,
            to_user_id=to,
            reason=reason,
            state="offered",
            made_at=now,
        )
        .on_conflict_do_nothing()
        .returning(shift_swaps.c.id)
    )
    return made.first() is not None


async def offered(connection: AsyncConnection, shift_id: UUID, by: UUID) -> Shift | None:
    """The shift that this colleague may take over, locked; None when it is not offered (to them, or any more)."""
    row = (
        await connection.execute(
            select(
                shifts.c.id,
                shifts.c.role,
                shifts.c.starts_at,
                shifts.c.ends_at,
                shifts.c.user_id,
                shift_swaps.c.reason,
            )
            .join(shift_swaps, shift_swaps.c.shift_id == shifts.c.id)
            .where(
                shifts.c.id == shift_id,
                shift_swaps.c.state == "offered",
                shift_swaps.c.from_user_id != by,
                or_(shift_swaps.c.to_user_id.is_(None), shift_swaps.c.to_user_id == by),
            )
            .with_for_update()
        )
    ).first()
    if row is None:
        return None
    return Shift(row.id, row.user_id, "", "", row.role, row.starts_at, row.ends_at, (), False, row.reason)


async def accept(
    connection: AsyncConnection, shift_id: UUID, by: UUID, now: datetime, *, override: str | None = None
) -> None:
    """The shift is theirs from now on."""
    await connection.execute(
        update(shift_swaps)
        .where(shift_swaps.c.shift_id == shift_id, shift_swaps.c.state.in_(("offered", "agreed")))
        .values(state="accepted", to_user_id=by, decided_at=now)
    )
    await connection.execute(update(shifts).where(shifts.c.id == shift_id).values(user_id=by, override=override))


async def tell(
    connection: AsyncConnection, kind: str, key: str, now: datetime, *, audience: str = "supervisor", **codes: Any
) -> bool:
    """A notice for colleagues, once for each key; False when it was there."""
    made = await connection.execute(
        pg_insert(staff_notices)
        .values(id=uuid7(), kind=kind, key=key, audience=audience, codes=codes, raised_at=now)
        .on_conflict_do_nothing()
        .returning(staff_notices.c.id)
    )
    return made.first() is not None


async def by_short_id(connection: AsyncConnection, short: str) -> UUID | None:
    """A shift by the last characters of its id, as `saathi rota show` prints them; None when not exactly one."""
    return await by_end(connection, shifts, short, 1)
