"""The web application: route families joined, with one set of security headers.

Law: a route reads, hands over and answers; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from litestar import Litestar, Router, get
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.channels.contract import Inbound, Receipt
from bot.settings import Settings
from bot.web.health import health
from bot.web.look import Pictures, look
from bot.web.simulator import Phones, simulator
from bot.web.verify import Certificates, verify
from bot.web.webhooks import Acknowledge, webhooks

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@get("/", sync_to_thread=False)
def front() -> Redirect:
    """In development the bare address leads to the phones."""
    return Redirect("/try")


def site(
    settings: Settings,
    receive: Callable[[Sequence[Inbound | Receipt]], Awaitable[None]],
    quarantine: Callable[[str, str, str, bytes], Awaitable[None]],
    ready: Callable[[], Awaitable[str]],
    phones: Phones | None,
    certificates: Certificates | None = None,
    desk: Router | None = None,
    acknowledge: Acknowledge | None = None,
    decline: Callable[[str, str], None] | None = None,
    backlog: Callable[[], Awaitable[Mapping[str, float]]] | None = None,
    pictures: Pictures | None = None,
    engine: Callable[[], str] | None = None,
) -> Litestar:
    """The application. `phones` = None leaves the simulator out (production), `certificates` = None their pages,
    `desk` = None the caseworkers' pages."""
    routes: list[HTTPRouteHandler | Router] = [
        *webhooks(settings, receive, quarantine, acknowledge, decline),
        *health(ready, _token(settings), backlog, engine),
    ]
    if certificates is not None:
        routes += verify(certificates)
    if pictures is not None:
        routes += look(pictures)
    if phones is not None:
        routes += [front, *simulator(phones)]
    if desk is not None:
        routes.append(desk)
    return _application(routes)


def pulse(
    settings: Settings,
    ready: Callable[[], Awaitable[str]],
    backlog: Callable[[], Awaitable[Mapping[str, float]]],
    engine: Callable[[], str],
) -> Litestar:
    """What a worker answers: whether it lives, and its figures."""
    return _application(health(ready, _token(settings), backlog, engine))


def _token(settings: Settings) -> str:
    return settings.metrics_token.get_secret_value().strip() if settings.metrics_token else ""


def _application(routes: Sequence[HTTPRouteHandler | Router]) -> Litestar:
    return Litestar(
        route_handlers=routes,
        openapi_config=None,
        logging_config=None,
        debug=False,
        response_headers=[ResponseHeader(name=name, value=value) for name, value in HEADERS.items()],
    )
