"""The port that a process listens on: taken, announced, and given back when it is told to stop.

Law: nobody is turned away by a restart that can help it: a socket that the system holds for us is taken over as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from litestar import Litestar

FIRST_GIVEN = 3  # sd_listen_fds(3): the number of the first


class Server(uvicorn.Server):
    """Says hello once the port is ours, and not before."""

    def __init__(self, config: uvicorn.Config, hello: Callable[[int], None]) -> None:
        super().__init__(config)
        self._hello = hello

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then say where. Ends with SystemExit, as uvicorn's own, when the port cannot be had."""
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]  # another one than asked for, if that was 0
            self._hello(port)


def config(pages: Litestar, host: str, port: int) -> uvicorn.Config:
    """How we serve."""
    return uvicorn.Config(
        pages,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
    )


def given() -> socket.socket | None:
    """The socket that systemd holds, if it gave us one. While we are replaced it goes on holding it: who connects then
    waits for the next process, and is not refused."""
    return socket.socket(fileno=FIRST_GIVEN) if _is_given() else None


def _is_given() -> bool:
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1"


def refused(host: str, port: int, option: str) -> str:
    """Why nobody may listen there, and what to do, for an operator; empty when it may be had. `option`: of the port.

    Told before anything is begun. It may still be taken in between: `serve_until` tells that.
    """
    if _is_given():
        return ""
    at = f"Saathi cannot listen on {host}:{port}:"
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            _try(socket.socket(family, kind, protocol), address)
    except PermissionError:
        return f"{at} this user may not. Choose a port over 1023 with {option}."
    except socket.gaierror:
        return f"{at} that is no address of this machine. Choose another with --host."
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"{at} another program listens there. Choose another with {option}, or end that one."
        return f"{at} that is no address of this machine. Choose another with --host."
    return ""


def _try(tried: socket.socket, address: tuple[Any, ...]) -> None:
    """Taken as the loop takes it, and given back."""
    with tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if tried.family == socket.AF_INET6:
            tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        tried.bind(address)


async def serve_until(server: uvicorn.Server, stop: asyncio.Event) -> None:
    """Until it ends; then everything else stops too."""
    held = given()
    with contextlib.suppress(SystemExit):
        await server.serve([held] if held else None)
    stop.set()
    if not server.started:
        at = f"{server.config.host}:{server.config.port}"
        print(
            f"Saathi cannot listen on {at}: the port is taken, or not for this user. Choose another with --port.",
            file=sys.stderr,
        )
