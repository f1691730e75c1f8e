"""Referrals: a service is offered to the person of a case; she agrees; it is sent; what the service answers is kept.

Law: the handlers of `handlers/referral.py` decide in which order. What a service is told is what she was told that it
would be, and nothing before her yes. A partner of this desk sees the case once it has accepted, and no longer than it
goes on.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.engine.inputs import Outcome
from bot.store import directory as store
from bot.store import history, notes, shares
from bot.store.database import Connection
from bot.store.directory import Entry
from bot.store.homes import Home
from desk import case_directory
from desk import directory as list_of
from desk.case_page import gather
from desk.directory import Wanted
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import actor, address, back
from desk.views import referrals as view
from desk.views.referrals import Referred
from handlers import referral

CASE = "/case/{reference:str}"
LONGEST = 60  # characters of a name to use
MORNING = time(9, 0)
ACTS = {
    "agreed": referral.agree,
    "declined": referral.decline,
    "sent": referral.send,
    "accepted": referral.accept,
    "rejected": referral.reject,
    "completed": referral.complete,
    "withdrawn": referral.withdraw,
}
OVER = ("rejected", "completed", "withdrawn")


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    content = office.content

    async def services(visit: Visit, by: Wanted) -> list[Entry]:
        """What may be offered: what staff keep, and what knowledge/ is sure of."""
        async with office.database.begin() as connection:
            kept = await store.everything(connection, office.secrets)
        found = list_of.wanted(content, list_of.together(content, visit.language, kept), by, ended=False)
        return [one for one in found if one.offered]

    async def page(visit: Visit, by: Wanted, status: int = 200, trouble: str = "", **form: str) -> Response[str]:
        shown = await gather(office, visit)
        entries = await services(visit, by)
        named = sorted((office.look.country(visit.language, code), code) for code in list_of.countries(content))
        return office.look.page(
            visit,
            "refer.html",
            status=status,
            here=address(visit.here),
            shown=shown,
            by=by,
            entries=[
                (
                    one,
                    {
                        "stale": list_of.stale(content, one, visit.now),
                        "unchecked": list_of.unchecked(content, one, visit.now),
                    },
                )
                for one in entries
            ],
            kinds=list(list_of.kinds(content)),
            countries=named,
            trouble=trouble,
            form={"service": "", "name": "", "way": "bot", **form},
        )

    @show(f"{CASE}/refer", "transfer", trail="referral.form")
    async def choose(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        query = request.query_params
        shown = await gather(office, visit)
        country = str(query.get("country", shown.head.country or ""))[:2]
        return await page(visit, Wanted(country, str(query.get("kind", ""))[:40]))

    @act(f"{CASE}/refer", "transfer", trail="referral.offer")
    async def offer(visit: TheVisit) -> Response[Any]:
        service, name, way, country, kind = fields(visit.form, "service", "name", "way", "country", "kind")
        by, shown = Wanted(country[:2], kind[:40]), await gather(office, visit)
        entry = next((one for one in await services(visit, Wanted()) if service in (str(one.id), one.knowledge)), None)
        where = shown.head.where
        if entry is None or len(name) > LONGEST or way not in ("bot", "me"):
            trouble = "choose" if entry is None else "too_long"
            return await page(visit, by, 400, trouble, service=service, name=name, way=way)
        if where is None or visit.here.case_id is None or shown.head.closed_at is not None:
            return back(visit.here, "none")
        facts = {"name": name, "language": shown.head.language, "need": entry.kind}
        told = case_directory.told(office, shown.head.language, facts)
        text_id = f"{entry.knowledge}.receiver"
        receiver: object = {"text": text_id} if text_id in content.knowledge.texts else entry.name
        outcome = await office.staff.act(
            where,
            actor(visit),
            partial(
                referral.offer,
                case_id=visit.here.case_id,
                service=entry.kind,
                receiver=receiver,
                facts=facts,
                told=told,
                entry_id=entry.id,
                organisation_id=entry.organisation_id,
                by_bot=way == "bot" and shown.most > 0,
            ),
        )
        await office.live.tell()
        return back(visit.here, "referral_offered" if outcome.name == "offered" else "none")

    @act(f"{CASE}/referral", "transfer", trail="referral.move")
    async def move(visit: TheVisit) -> Response[Any]:
        how, shown = visit.form.get("reason_code", ""), await gather(office, visit)
        row = await _one(visit, visit.form.get("referral", ""))
        if how not in ACTS or row is None or shown.head.where is None:
            return back(visit.here, "none")
        return back(visit.here, "referral_moved" if await _moved(visit, shown.head.where, row, how) else "none")

    async def _one(visit: Visit, which: str) -> Referred | None:
        if visit.here.case_id is None:
            return None
        async with office.database.begin() as connection:
            rows = await view.of_case(connection, office.secrets, visit.here)
        return next((one for one in rows if str(one.id) == which), None)

    async def _moved(visit: Visit, where: Home, row: Referred, how: str) -> bool:
        """Run the handler with what hangs on it: the share with a partner, a task for who waits for an answer. In one
        transaction: a partner whose referral is over must not go on reading because something stopped in between."""

        def moved(outcome: Outcome) -> bool:
            return outcome.name in (how, "agreed", "declined")

        async def then(connection: Connection, outcome: Outcome) -> None:
            if not moved(outcome):
                return
            partner = row.organisation_id
            if partner is not None and row.case_id is not None:
                if how == "sent" and row.agreed_at is not None:
                    await shares.offer(connection, row.case_id, partner, row.agreed_at)
                elif how == "accepted":
                    await shares.accept(connection, row.case_id, partner, visit.now)
                elif how in OVER:
                    await shares.end(connection, row.case_id, partner, visit.now)
            if how == "sent" and row.case_id is not None:
                text = office.look.word(visit.language, "referrals.silent_task", service=_name(visit, row))
                await notes.add_task(
                    connection, where, row.case_id, visit.user.id, visit.user.id, text, _later(visit), visit.now
                )

        outcome = await office.staff.act(where, actor(visit), partial(ACTS[how], referral=str(row.id)), then=then)
        await office.live.tell()
        return moved(outcome)

    def _later(visit: Visit) -> datetime:
        days = int(content.knowledge.get(list_of.RULES)["silent_days"])
        zone = office.look.zone_of(visit)
        return datetime.combine((visit.now.astimezone(zone) + timedelta(days=days)).date(), MORNING, zone)

    def _name(visit: Visit, row: Referred) -> str:
        return row.name or (content.said(visit.language, {"text": row.receiver}) if row.receiver else row.service)

    @show("/referrals", "referrals", trail="referrals.view")
    async def incoming(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        async with office.database.begin() as connection:
            rows = await view.to(connection, office.secrets, visit.user.organisation_id)
        told = str(request.query_params.get("told", ""))
        return office.look.page(visit, "referrals.html", rows=rows, told=told if told in ("done", "none") else "")

    @act("/referrals/{which:uuid}/answer", "referrals", trail="referral.answer")
    async def answer(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        how = visit.form.get("reason_code", "")
        async with office.database.begin() as connection:
            rows = await view.to(connection, office.secrets, visit.user.organisation_id)
            row = next((one for one in rows if one.id == which), None)
            if row is None:
                raise NotFoundException
            home = await history.home_of_case(connection, office.secrets, row.reference) if row.reference else None
        if how not in ("accepted", "rejected", "completed") or home is None:
            return Redirect("/desk/referrals?told=none", status_code=303)
        done = await _moved(visit, home[0], row, how)
        return Redirect(f"/desk/referrals?told={'done' if done else 'none'}", status_code=303)

    return [choose, offer, move, incoming, answer]
