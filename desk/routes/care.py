"""Care for whoever answers: a pause, a talk after a hard case, and how pictures and sound begin.

Law: about herself only. A pause takes her out of routing in the same moment; whoever waits for an answer of hers within
it is passed on, so that nobody waits for somebody who rests.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.store import colleagues, debriefs, pauses, rota, users
from bot.store.database import OUTBOX_CHANNEL
from desk.office import Office, TheVisit, Visit
from desk.route import SELF, act, show
from desk.routes.case import actor
from desk.views import care as view
from desk.views import case as case_view
from handlers import care, duty

TOLD = frozenset({"hard", "paused", "back", "chosen", "talked", "none"})
MEDIA = ("grey", "veil", "quiet")  # how pictures and sound begin


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules: Any = office.content.knowledge.get("targets")["care"]
    hours: Any = office.content.knowledge.get("duty")

    async def until(visit: Visit, length: str) -> datetime:
        async with office.database.begin() as connection:
            planned = await rota.of_user(connection, visit.user.id, visit.now, days=2)
        return care.pause_until(visit.now, length, planned, duty.opening_hours(hours, visit.now), rules)

    @show("/care", SELF, trail=None)
    async def own(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        opens = duty.promise(hours, "medium", visit.now).on_duty
        async with office.database.begin() as connection:
            talks = await view.talks(connection, visit.user.id)
            held = await pauses.held(connection, office.secrets, visit.user.id)
            there = await colleagues.colleagues(connection, visit.now, assumed=opens)
            listens = await case_view.colleagues(connection, visit.user.organisation_id, view.LISTENS)
        house = None if visit.user.main else visit.user.organisation_id
        besides = [one for one in there if one.id != visit.user.id and one.organisation_id == house]
        others = [one for one in besides if one.on_duty and one.role in colleagues.ANSWERS]
        return office.look.page(
            visit,
            "care.html",
            told=told if told in TOLD else "",
            talks=talks,
            held=len(held),
            others=len(others),
            shift=await until(visit, "shift"),
            minutes=int(rules["pause_minutes"]),
            listens=[(id_, name) for id_, name in listens if id_ != visit.user.id],
            chosen=str(visit.user.settings.get(debriefs.WITH, "")),
        )

    @act("/care/pause", SELF, trail="care.pause")
    async def pause(visit: TheVisit) -> Response[Any]:
        ends = await until(visit, visit.form.get("length", ""))
        async with office.database.begin() as connection:
            await pauses.begin(connection, visit.user.id, ends, visit.now)
            held = await pauses.held(connection, office.secrets, visit.user.id)
        every = visit.form.get("all") == "yes"
        for one in held:
            if every or (one.reply_due_at is not None and one.reply_due_at <= ends):
                await office.staff.escalate(one.where, actor(visit), reason=pauses.PAUSE)
        await office.database.notify(OUTBOX_CHANNEL)
        await office.live.tell()
        return Redirect("/desk/care?told=paused", status_code=303)

    @act("/care/back", SELF, trail="care.back")
    async def back(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            await pauses.end(connection, visit.user.id, visit.now)
        await office.database.notify(OUTBOX_CHANNEL)
        return Redirect("/desk/care?told=back", status_code=303)

    @act("/care/with", SELF, trail="care.choose")
    async def choose(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            listens = await case_view.colleagues(connection, visit.user.organisation_id, view.LISTENS)
            known = {str(id_): id_ for id_, _ in listens if id_ != visit.user.id}
            to: UUID | None = known.get(visit.form.get("to", ""))
            if to is None and visit.form.get("to"):
                return Redirect("/desk/care?told=none", status_code=303)
            await users.prefer(connection, visit.user.id, **{debriefs.WITH: str(to or "")})
            await debriefs.choose(connection, visit.user.id, to)
        return Redirect("/desk/care?told=chosen", status_code=303)

    @act("/care/talked", SELF, trail="care.talked")
    async def talked(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            done = await debriefs.finish(connection, visit.user.id, visit.now)
        return Redirect(f"/desk/care?told={'talked' if done else 'none'}", status_code=303)

    @act("/settings/media", SELF, trail="settings.change")
    async def media(visit: TheVisit) -> Response[Any]:
        chosen = {name: "yes" if visit.form.get(name) == "yes" else "" for name in MEDIA}
        async with office.database.begin() as connection:
            await users.prefer(connection, visit.user.id, **chosen)
        return Redirect("/desk/settings", status_code=303)

    return [own, pause, back, choose, talked, media]
