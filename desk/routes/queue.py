"""The first page: what waits, what is mine, what else I may see."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent

from desk.office import Office, TheVisit
from desk.route import SELF, show
from desk.views import news
from desk.views import queue as view

MOST_PAGES = 10_000


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    @show("/", "queue", trail="queue.view")
    async def queue(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        page = request.query_params.get("page", "1")
        number = min(int(page), MOST_PAGES) if page.isascii() and page.isdecimal() and int(page) > 0 else 1
        scope = office.scope(visit.user)
        async with office.database.begin() as connection:
            version = await view.fingerprint(connection, scope)
            told = await news.news(connection, scope)
            choices = await view.choices(connection, scope)
            asked = {name: request.query_params.get(name, "") for name in view.FILTERS}
            asked = {name: value if value in choices[name] else "" for name, value in asked.items()}
            sections = await view.queue(connection, office.secrets, scope, asked, number)
        return office.look.page(
            visit,
            "queue.html",
            sections=sections,
            filters=asked,
            choices=choices,
            page=number,
            version=f"{version}-{told.version}",
            news=told,
        )

    @show("/live", "queue", trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit) -> ServerSentEvent:
        async def look(connection: Any) -> str:
            scope = office.scope(visit.user)
            told = await news.news(connection, scope)
            return f"{await view.fingerprint(connection, scope)}-{told.version}"

        return office.live.stream(request, look)

    @show("/help", SELF, trail=None)
    async def keys(visit: TheVisit) -> Response[str]:
        return office.look.page(visit, "help.html")

    return [queue, live, keys]
