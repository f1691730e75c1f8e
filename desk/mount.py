"""The desk put together: every file of `routes/` behind the door, with one set of headers.

Law: the build refuses a handler that says no permission, or one that permissions.yml does not know.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.response import Redirect

from bot.conductor.act import Staff
from bot.content import Content
from bot.observe import logs
from bot.outgoing import Policy
from bot.settings import Settings
from bot.store.database import Database
from bot.store.keys import Keys
from desk import permissions as rules
from desk import routes as pages
from desk.door import PATH, Door, SignInFirst
from desk.live import Live
from desk.look import Look
from desk.office import Office, Visit
from desk.route import CODE, OPEN, SELF, Rule

log = logs.get(__name__)
MOST_BYTES = 256 * 1024
HEADERS = {  # with those of bot/web/site.py
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src"
    " 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Robots-Tag": "noindex, nofollow",
}


class Undeclared(RuntimeError):
    """A route of the desk that does not say who may use it."""


def make_office(
    settings: Settings,
    database: Database,
    secrets: Keys,
    content: Content,
    staff: Staff,
    policy: Policy,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> Office:
    """What the pages work with. Raises ContentError when permissions.yml is wrong."""
    permissions = rules.load(settings.root)
    look = Look.make(content, policy.default_zone, permissions.may_page)
    return Office(
        settings=settings,
        database=database,
        secrets=secrets,
        content=content,
        staff=staff,
        policy=policy,
        permissions=permissions,
        look=look,
        live=Live(database),
        clock=clock,
        new_id=new_id,
    )


def handlers(office: Office) -> list[HTTPRouteHandler]:
    """Every handler of the desk, each with its Rule. Raises Undeclared."""
    found: list[HTTPRouteHandler] = []
    for module in sorted(pkgutil.iter_modules(pages.__path__), key=lambda m: m.name):
        found += importlib.import_module(f"{pages.__name__}.{module.name}").routes(office)
    for handler in found:
        _declared(office, handler)
    return found


def _declared(office: Office, handler: HTTPRouteHandler) -> None:
    rule, paths = handler.opt.get("rule"), "".join(handler.paths)
    if not isinstance(rule, Rule):
        raise Undeclared(f"{paths}: say who may use it, with desk.route.show or act")
    if rule.permission in (OPEN, CODE, SELF):
        return
    if not office.permissions.known(rule.permission):
        raise Undeclared(f"{paths}: permissions.yml has no {rule.permission}")
    about_case = "{reference" in paths or "{talk" in paths
    if about_case != (rule.permission in office.permissions.on_cases):
        raise Undeclared(f"{paths}: {rule.permission} and the address do not agree whether this is about one case")
    if handler.http_methods != {"GET"} and not rule.trail and not rule.quiet:
        raise Undeclared(f"{paths}: an act leaves a line in the trail")


def _dressed(answer: Response[Any]) -> Response[Any]:
    """With the headers: those of a router are not put on what its exception handlers answer."""
    answer.headers.update(HEADERS)
    return answer


def desk(office: Office) -> Router:
    """The router for `site(...)`."""
    door = Door(office)

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await door.guard(connection, handler)  # a bound method would be copied, and the whole office with it

    def visit(request: Request[Any, Any, Any]) -> Visit:
        found: Visit = request.scope["visit"]  # type: ignore[typeddict-item]
        return found

    def refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        known = request.scope.get("visit")
        shown = known if isinstance(known, Visit) else Visit("", door.language(request, None), office.clock())
        shown = replace(shown, again="")  # nothing was looked at; the word of a case would tell that there is one
        kind = {403: "refused", 404: "absent", 413: "too_much"}.get(error.status_code, "failed")
        asked = str(request.path_params.get("reference", "")) if error.status_code in (403, 404) else ""
        number = asked if asked.isascii() and asked.isdecimal() else ""
        return _dressed(office.look.page(shown, "trouble.html", status=error.status_code, kind=kind, number=number))

    def failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        log.error("desk_failed", kind=type(error).__name__, exc_info=True)
        return refused(request, HTTPException(status_code=500))

    def sign_in(request: Request[Any, Any, Any], error: SignInFirst) -> Response[Any]:
        return _dressed(Redirect(error.at, status_code=303))

    return Router(
        path=PATH,
        route_handlers=handlers(office),
        guards=[guard],
        dependencies={"visit": Provide(visit, sync_to_thread=False)},
        exception_handlers={HTTPException: refused, SignInFirst: sign_in, Exception: failed},
        response_headers=[ResponseHeader(name=name, value=value) for name, value in HEADERS.items()],
        request_max_body_size=MOST_BYTES,
    )
