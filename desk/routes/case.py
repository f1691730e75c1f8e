"""A case and its conversation: read it, take it, answer, give it back. Both addresses show the same page:
`/case/<reference>`, and `/talk/<id>` for a conversation of which no case was made."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect, ServerSentEvent

from bot.engine.messages import Reply
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.views import case as view
from desk.views.scope import Place
from handlers.context import Actor

PATHS = ["/case/{reference:str}", "/talk/{talk:uuid}"]
ACTS = ("reply", "take", "assign", "note", "close", "transfer", "unmask", "print", "erase")


def address(place: Place) -> str:
    """The page of a case or conversation."""
    return f"/desk/case/{place.reference}" if place.reference else f"/desk/talk/{place.conversation_id}"


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, told: str = "", status: int = 200, text: str = "") -> Response[str]:
        place = visit.here
        async with office.database.begin() as connection:
            version = await view.fingerprint(connection, place)
            shown = await view.head(connection, office.secrets, place)
            lines = await view.lines(connection, shown)
        may = {one for one in ACTS if office.permissions.may(visit.user.role, one, place.relations, place.state)}
        return office.look.page(
            visit,
            "case.html",
            status=status,
            head=shown,
            lines=lines,
            said=lambda line: Reply.from_json(line.body) if line.direction == "out" else None,
            may=may,
            told=told,
            text=text,
            here=address(place),
            version=version,
        )

    @show(PATHS, "view", trail="case.view")
    async def case(visit: TheVisit) -> Response[str]:
        return await page(visit)

    @show([f"{path}/live" for path in PATHS], "view", trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit) -> ServerSentEvent:
        async def look(connection: Any) -> str:
            return await view.fingerprint(connection, visit.here)

        return office.live.stream(request, look)

    @act([f"{path}/take" for path in PATHS], "take", trail="case.take")
    async def take(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            shown = await view.head(connection, office.secrets, visit.here)
        if shown.where is not None:
            await office.staff.take(shown.where, Actor("staff", visit.user.id, (visit.user.role,)))
            await office.live.tell()
        return Redirect(address(visit.here), status_code=303)

    @act([f"{path}/release" for path in PATHS], "take", trail="case.release")
    async def release(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            shown = await view.head(connection, office.secrets, visit.here)
        if shown.where is not None:
            await office.staff.release(shown.where, user_id=visit.user.id)
            await office.live.tell()
        return Redirect(address(visit.here), status_code=303)

    @act([f"{path}/reply" for path in PATHS], "reply", trail="case.reply")
    async def reply(visit: TheVisit) -> Response[Any]:
        text = visit.form.get("text", "").strip()
        async with office.database.begin() as connection:
            shown = await view.head(connection, office.secrets, visit.here)
        if not text or shown.where is None:
            return await page(visit, "empty", 400)
        await office.staff.reply(shown.where, text, case_id=visit.here.case_id, user_id=visit.user.id)
        await office.live.tell()
        return Redirect(address(visit.here), status_code=303)

    return [case, live, take, release, reply]
