"""Search: what is looked for comes in a form's body, so that no name stands in an address, a history or a log."""

from __future__ import annotations

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from desk.office import Office, TheVisit
from desk.route import act, show
from desk.views import search as view

LONGEST = 200  # characters
LEAST = 2


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    @show("/search", "search", trail=None)
    async def form(visit: TheVisit) -> Response[str]:
        return office.look.page(visit, "search.html", sought="", results=None, more=False, problem="", number="")

    @act("/search", "search", trail="search.run")
    async def found(visit: TheVisit) -> Response[str]:
        sought = visit.form.get("q", "").strip()[:LONGEST]
        if sum(c.isalnum() for c in sought) < LEAST:
            return office.look.page(
                visit, "search.html", status=400, sought=sought, results=[], more=False, problem="too_short", number=""
            )
        async with office.database.begin() as connection:
            results = await view.find(connection, office.secrets, office.scope(visit.user), sought)
        return office.look.page(
            visit,
            "search.html",
            sought=sought,
            results=results[: view.MOST],
            more=len(results) > view.MOST,
            problem="",
            number=view.digits_of(sought),
        )

    return [form, found]
