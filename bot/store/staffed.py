"""When somebody is there: what the shifts of each organisation come to, with what its people told of themselves.

Law: what the bot promises is computed from here (`handlers/duty.py`); a shift of somebody who is sick does not count
until somebody has taken it over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.spans import Span, joined, without
from bot.store.tables import absences, organisations, shift_breaks, shifts, user_profiles, users
from bot.store.together import Bound, Rows, Statement, ask

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
