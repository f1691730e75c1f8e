"""Health and metrics: `/health/live`, `/health/ready`, `/metrics`.

Law: no figure here carries a person; readiness is a real question to the database. Figures and reasons are for the
operator only: who sees the count of alarms grow learns that somebody under his eyes has just written.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.observe import metrics

# What proxies add. A proxy on this machine is a loopback peer, and whoever it speaks for is not.
FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_operator(request: Request[Any, Any, Any], token: str) -> bool:
    """Whoever knows the token; without a token, who asks from this machine by its own name and through no proxy.

    Needs uvicorn with proxy_headers=False, so that `request.client` is the peer itself.
    """
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode())
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    return (
        request.client is not None
        and request.client.host in LOOPBACK
        and host in LOOPBACK
        and not any(name in request.headers for name in FORWARDED)
    )


def health(
    ready: Callable[[], Awaitable[str]],
    token: str = "",
    backlog: Callable[[], Awaitable[Mapping[str, float]]] | None = None,
    engine: Callable[[], str] | None = None,
) -> list[HTTPRouteHandler]:
    """Routes. `ready` returns a code, `ok` when the service can take messages; `token` = SAATHI_METRICS_TOKEN;
    `backlog` = what waits in the database, {} when it does not answer;
    `engine` = who says what a text means, `rasa` or `embedded`, where there are two: told to the operator."""

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def readiness(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
        code = await ready()
        asked_by_us = is_operator(request, token)
        told = {"status": code if code == "ok" or asked_by_us else "not_ready"}
        if asked_by_us and engine is not None and (name := engine()):
            told["understanding"] = name
        return Response(told, status_code=200 if code == "ok" else 503)

    @get("/metrics")
    async def figures(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not is_operator(request, token):
            raise NotFoundException
        if backlog is not None:
            waits = await backlog()
            metrics.database_up.set(bool(waits))
            for name, value in waits.items():
                metrics.BACKLOG[name].set(value)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [live, readiness, figures]
