"""One case on paper: chosen on a page of its own, made as a file, and written down in the trail."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from bot.conductor.typed import NOBODY
from bot.documents.record import record
from desk.case_page import facts, gather
from desk.case_paper import Wish, compose
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import REASONS, address
from desk.routes.paper import pdf
from desk.views import case as view
from desk.views import print as files_view
from desk.views import talk

PATH = "/case/{reference:str}/print"


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    def may_unmask(visit: Visit) -> bool:
        place = visit.here
        return office.permissions.may(visit.user.role, "unmask", place.relations, place.state)

    def page(visit: Visit, form: Mapping[str, str], told: str = "", status: int = 200) -> Response[str]:
        return office.look.page(
            visit,
            "print.html",
            status=status,
            here=address(visit.here),
            form=defaultdict(str, form),
            told=told,
            reasons=REASONS,
            may_unmask=may_unmask(visit),
        )

    @show(PATH, "print", trail="case.print_form")
    async def chosen(visit: TheVisit) -> Response[str]:
        return page(visit, {})

    @act(PATH, "print", trail="case.print")
    async def printed(visit: TheVisit) -> Response[Any]:
        form, number = visit.form, ""
        if form.get("number") and not may_unmask(visit):
            return page(visit, form, "number_may_not", 403)
        if form.get("number") and form.get("reason_code") not in REASONS:
            return page(visit, form, "number_reason", 400)
        shown = await gather(office, visit, most=talk.ALL)
        async with office.database.begin() as connection:
            files = await files_view.files(connection, shown.head)
            if form.get("number"):
                number = (await view.number(connection, office.secrets, visit.here)).removeprefix(NOBODY)
        wish = Wish(talk=bool(form.get("talk")), notes=bool(form.get("notes")), number=number)
        made = await compose(office, visit, shown, facts(office, visit, shown), files, wish)
        return pdf(await asyncio.to_thread(record, made, visit.now), f"saathi-{visit.here.reference}")

    return [chosen, printed]
