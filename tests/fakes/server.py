"""Serves a Litestar application on a loopback socket, with the server that production uses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler


def application(routes: Sequence[HTTPRouteHandler | Router]) -> Litestar:
    """With these routes and nothing else."""
    return Litestar(list(routes), openapi_config=None, logging_config=None)


@asynccontextmanager
async def served(routes: Sequence[HTTPRouteHandler] | Litestar) -> AsyncIterator[str]:
    """The base address of an application, or of one with these routes; stopped at the end."""
    app = routes if isinstance(routes, Litestar) else application(routes)
    # Said to be TCP, else asyncio leaves small packets waiting for 40 ms each.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server._serve(sockets=[listener]))  # serve() would take over signal handling
    while not server.started:  # noqa: ASYNC110 (the server has no event for it)
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()
