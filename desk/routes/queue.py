"""The first page: what waits, what is mine, what else I may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent

from desk.choices import Choices
from desk.office import Office, TheVisit
from desk.route import SELF, show
from desk.views import news, order
from desk.views import queue as view
from desk.views.order import Wish

LONGEST = 120  # of a place in an address


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    choices = Choices(office.content, office.look)

    def read(query: Mapping[str, str]) -> Wish:
        asked = {name: query.get(name, "") for name in order.FILTERS}
        kept = {name: value if choices.known(name, value) else "" for name, value in asked.items()}
        part, after, before = (query.get(name, "")[:LONGEST] for name in ("part", "after", "before"))
        return Wish(kept, part, after, before)

    @show("/", "queue", trail="queue.view")
    async def queue(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        wish = read(request.query_params)
        async with office.database.begin() as connection:
            scope = office.scope(visit.user)
            sections, version = await view.queue(connection, office.secrets, scope, wish)
            told = await news.news(connection, scope)
        filters = {name: value for name, value in wish.filters.items() if value}
        return office.look.page(
            visit,
            "queue.html",
            sections=sections,
            filters=wish.filters,
            choices=choices.of(visit.language, order.FILTERS),
            address=lambda **more: "?" + urlencode({**filters, **more}),
            live="?" + urlencode({**filters, **_place(wish)}),
            part=wish.part if len(sections) == 1 else "",
            version=f"{version}-{told.version}",
            news=told,
        )

    @show("/live", "queue", trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit) -> ServerSentEvent:
        wish = read(request.query_params)

        async def look(connection: Any) -> str:
            scope = office.scope(visit.user)
            told = await news.news(connection, scope)
            return f"{await view.fingerprint(connection, scope, wish)}-{told.version}"

        return office.live.stream(request, look)

    @show("/help", SELF, trail=None)
    async def keys(visit: TheVisit) -> Response[str]:
        return office.look.page(visit, "help.html")

    return [queue, live, keys]


def _place(wish: Wish) -> dict[str, str]:
    found = {"part": wish.part, "after": wish.after, "before": wish.before}
    return {name: value for name, value in found.items() if value}
