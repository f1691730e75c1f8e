"""Health and metrics: `/health/live`, `/health/ready`, `/metrics`.

Law: no figure here carries a person; readiness is a real question to the database.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def health(ready: Callable[[], Awaitable[str]]) -> list[HTTPRouteHandler]:
    """Routes. `ready` returns a code, `ok` when the service can take messages."""

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def readiness() -> Response[dict[str, str]]:
        code = await ready()
        return Response({"status": code}, status_code=200 if code == "ok" else 503)

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [live, readiness, metrics]
