"""The rota: who works when. Supervisors plan; everybody may give a shift away, take one, and say that she is ill.

Law: what may be is decided by `bot/rostering.py`, as for `saathi rota`; what became of it is told by a code in the
address. What was filled in wrongly comes back as it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.rostering import Refused, Roster
from bot.store import shifts
from bot.store.colleagues import SKILLS
from bot.store.staff_tables import SHIFT_ROLES as ROLES_PLANNED
from bot.store.staffed import ANSWERING
from desk.look import fields
from desk.moments import Clock, number, of_day, of_field, of_moments
from desk.office import Office, TheVisit, Visit
from desk.rota_page import AHEAD, VIEWS, Asked, chosen, gather, may_take
from desk.route import act, show
from desk.views import rota as view

SHIFT = "/rota/shift/{which:uuid}"
LONGEST = timedelta(hours=24)  # a shift
WEEKS = 26  # that a shift may be repeated
KINDS = ("sick", "leave")
DONE = ("added", "repeated", "changed", "ended", "paused", "copied", "offered", "taken", "agreed", "confirmed",
        "declined", "withdrawn", "ill", "away_noted", "well")  # fmt: skip
REFUSED = ("overlaps", "nights", "away", "not_offered", "unknown_reason", "outside", "over", "not_there", "unclear",
           "offered_before", "nobody", "past", "too_long")  # fmt: skip
TOLD = frozenset({*DONE, *REFUSED})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    roster = Roster(office.content)

    def edits(visit: Visit) -> bool:
        return office.permissions.may_page(visit.user.role, "rota_edit")

    async def page(
        visit: Visit,
        asked: Asked,
        told: str = "",
        *,
        status: int = 200,
        at: str = "",
        n: int = 0,
        left: int = 0,
        asking: Mapping[str, str] | None = None,
    ) -> Response[str]:
        shown = await gather(office, visit, asked)
        return office.look.page(
            visit,
            "rota.html",
            status=status,
            shown=shown,
            asked=asked,
            told=told,
            good=told in DONE,
            at=at,
            n=n,
            left=left,
            form=visit.form if told in REFUSED else {},
            edits=edits(visit),
            may_take=may_take,
            chosen=chosen(shown),
            skills=SKILLS,
            views=VIEWS,
            kinds=KINDS,
            weeks=WEEKS,
            reasons=office.content.knowledge.get("targets")["care"]["overrides"],
            day=office.look.day,
            clock=Clock(ZoneInfo(shown.zone), visit.language),
            days_ahead=AHEAD.days,
            asking=asking or {},
            theirs=lambda moment: office.look.when(replace(visit, session=None), moment),
        )

    def here(visit: Visit) -> Asked:
        return Asked.read({name.removeprefix("page_"): value for name, value in visit.form.items()})

    def back(visit: Visit, told: str, **more: int) -> Redirect:
        extra = {name: str(value) for name, value in more.items()}
        return Redirect(here(visit).address(told=told, **extra), status_code=303)

    async def refused(visit: Visit, code: str, at: str) -> Response[str]:
        return await page(visit, here(visit), code, status=400 if code in ("unclear", "nobody") else 409, at=at)

    @show("/rota", "rota", trail="rota.view")
    async def rota(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        n, left = (number(request.query_params.get(name, "")) for name in ("n", "left"))
        asked = Asked.read(dict(request.query_params))
        prefilled = {name: request.query_params.get(name, "")[:10] for name in ("day", "start", "end")}
        told = told if told in TOLD else ""
        return await page(visit, asked, told, n=n or 0, left=left or 0, asking=prefilled)

    @act("/rota/shift", "rota_edit", trail="rota.add")
    async def add(visit: TheVisit) -> Response[Any]:
        who, role, weeks, reason = fields(visit.form, "who", "role", "weeks", "reason_code")
        span = of_day(visit.form, office.look.zone_of(visit))
        many = number(weeks or "1")
        if span is None or role not in ROLES_PLANNED or many is None or not 1 <= many <= WEEKS:
            return await refused(visit, "unclear", "add")
        if span[1] <= visit.now:
            return await refused(visit, "past", "add")
        try:
            async with office.database.begin() as connection:
                user = await _mate(connection, who)
                made, left = await roster.repeat(connection, user, role, span, many, visit.now, override=reason or None)
        except Refused as error:
            return await refused(visit, error.code, "add")
        await office.live.tell()
        return back(visit, "repeated" if many > 1 else "added", n=made, left=left)

    @act(f"{SHIFT}/change", "rota_edit", trail="rota.change")
    async def change(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        who, role, reason = fields(visit.form, "who", "role", "reason_code")
        span = of_moments(visit.form, office.look.zone_of(visit))
        if span is None or role not in ROLES_PLANNED:
            return await refused(visit, "unclear", str(which))
        if span[1] - span[0] > LONGEST:
            return await refused(visit, "too_long", str(which))
        try:
            async with office.database.begin() as connection:
                user = await _mate(connection, who)
                await roster.change(connection, which, user, role, span, visit.now, override=reason or None)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "changed")

    @act(f"{SHIFT}/end", "rota_edit", trail="rota.end")
    async def end(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        try:
            async with office.database.begin() as connection:
                n = await roster.end(connection, which, visit.now, following=visit.form.get("following") == "yes")
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "ended", n=n)

    @act(f"{SHIFT}/break", "rota_edit", trail="rota.break")
    async def pause(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        span = of_moments(visit.form, office.look.zone_of(visit))
        if span is None:
            return await refused(visit, "unclear", str(which))
        try:
            async with office.database.begin() as connection:
                await roster.pause(connection, which, span, visit.now)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "paused")

    @act("/rota/break/{which:uuid}/end", "rota_edit", trail="rota.break_end")
    async def unpause(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            done = await shifts.drop_break(connection, which)
        await office.live.tell()
        return back(visit, "changed" if done else "not_there")

    @act("/rota/copy", "rota_edit", trail="rota.copy")
    async def copy(visit: TheVisit) -> Response[Any]:
        start, to = (of_field(visit.form.get(name, ""), office.look.zone_of(visit)) for name in ("start", "to"))
        if start is None or to is None or start == to:
            return await refused(visit, "unclear", "copy")
        async with office.database.begin() as connection:
            n, left = await roster.copy(connection, start, to, visit.now)
        await office.live.tell()
        return back(visit, "copied", n=n, left=left)

    @act(f"{SHIFT}/offer", "rota", trail="rota.offer")
    async def offer(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        to = visit.form.get("to", "")
        try:
            async with office.database.begin() as connection:
                user = await _mate(connection, to) if to else None
                by = None if edits(visit) else visit.user.id
                made = await roster.offer(connection, which, visit.now, by=by, to=user)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "offered" if made else "offered_before")

    @act(f"{SHIFT}/take", "rota", trail="rota.take")
    async def take(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        if visit.user.role not in ANSWERING:
            return back(visit, "nobody")
        reason = visit.form.get("reason_code") or None
        try:
            async with office.database.begin() as connection:
                done = await roster.accept(connection, which, visit.user.id, visit.now, override=reason)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "taken" if done else "agreed")

    @act(f"{SHIFT}/confirm", "rota_edit", trail="rota.confirm")
    async def confirm(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        yes = visit.form.get("answer") == "yes"
        try:
            async with office.database.begin() as connection:
                if yes:
                    await roster.confirm(connection, which, visit.now)
                else:
                    await roster.withdraw(connection, which, visit.now, by=None)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "confirmed" if yes else "declined")

    @act(f"{SHIFT}/keep", "rota", trail="rota.keep")
    async def keep(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        try:
            async with office.database.begin() as connection:
                by = None if edits(visit) else visit.user.id
                await roster.withdraw(connection, which, visit.now, by=by)
        except Refused as error:
            return await refused(visit, error.code, str(which))
        await office.live.tell()
        return back(visit, "withdrawn")

    @act("/rota/ill", "rota", trail="rota.ill")
    async def ill(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            hit = await roster.ill_today(connection, visit.user.id, visit.now, office.look.zone_of(visit))
        await office.live.tell()
        return back(visit, "ill", n=len(hit))

    @act("/rota/away", "rota_edit", trail="rota.away")
    async def away(visit: TheVisit) -> Response[Any]:
        who, kind = fields(visit.form, "who", "kind")
        span = of_moments(visit.form, office.look.zone_of(visit))
        if span is None or kind not in KINDS or span[1] <= visit.now:
            return await refused(visit, "unclear", "away")
        try:
            async with office.database.begin() as connection:
                hit = await roster.away(connection, await _mate(connection, who), kind, span, visit.now)
        except Refused as error:
            return await refused(visit, error.code, "away")
        await office.live.tell()
        return back(visit, "away_noted", n=len(hit))

    @act("/rota/away/{which:uuid}/end", "rota", trail="rota.well")
    async def well(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            mine = edits(visit) or await shifts.whose(connection, which) == visit.user.id
            done = mine and await shifts.well(connection, which, visit.now) is not None
        await office.live.tell()
        return back(visit, "well" if done else "not_there")

    return [rota, add, change, end, pause, unpause, copy, offer, take, confirm, keep, ill, away, well]


async def _mate(connection: Any, told: str) -> UUID:
    """Somebody who may be planned. Raises Refused."""
    known = {str(one.id): one.id for one in await view.team(connection)}
    if told not in known:
        raise Refused("nobody")
    return known[told]
