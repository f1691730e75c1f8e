"""A caseworker notes whom a person would rather talk with: by the handler that hears it from herself."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from bot.store.staffed import ASKED_FOR
from desk.case_page import gather
from desk.look import fields
from desk.office import Office, TheVisit
from desk.route import act
from desk.routes.case import actor, back
from handlers import whom


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The route."""

    @act("/case/{reference:str}/whom", "note", trail="case.whom")
    async def note(visit: TheVisit) -> Response[Any]:
        gender, waits = fields(visit.form, "gender", "waits")
        shown = await gather(office, visit)
        if shown.head.where is None or gender not in ("", whom.ANY, *ASKED_FOR):
            return back(visit.here, "none")
        outcome = await office.staff.act(
            shown.head.where,
            actor(visit),
            lambda ctx: whom.record(ctx, gender=gender, waits=bool(waits), reference=visit.here.reference),
        )
        await office.live.tell()
        return back(visit.here, "done" if outcome.name == "noted" else "none")

    return [note]
