"""`saathi serve`: the web server, the workers, or both.

Law: stops cleanly on SIGTERM and SIGINT: readiness goes first, what is in hand is finished.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvicorn

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.observe import logs
from bot.simulated import Phones
from bot.transports.telegram import Telegram
from bot.web.site import site
from bot.web.webhooks import polled

STOP_SECONDS = 25.0  # a request to a provider may take 15, and a webhook 20
HELP = "run the service: webhooks, conductor and sender (and the simulator, in development)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host, --port, --role."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="web: webhooks only; worker: conductor, sender and jobs only; any number of each (default: all)",
    )


def run(args: argparse.Namespace) -> int:
    """Until a signal comes. 0 = stopped as told; 1 = the port was taken."""
    return asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> int:
    settings = configuration.load()
    app = await composition.build(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.quiet_loop(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = None
    try:
        async with asyncio.TaskGroup() as group:
            finishing = [group.create_task(work) for work in _finishing(app, args.role)]
            endless = [group.create_task(work) for work in _endless(app, args.role)]
            if args.role != "worker":
                server = _server(app, args.host, args.port)
                finishing.append(group.create_task(_serve_until(server, stop)))
                _say_hello(app, args.host, args.port)
            else:
                print("Saathi works. Stop it with Ctrl+C.", flush=True)
            await stop.wait()
            app.wake.stop()
            if server is not None:
                server.should_exit = True
            await asyncio.wait(finishing, timeout=STOP_SECONDS)
            for task in (*finishing, *endless):
                task.cancel()
    finally:
        await app.close()
    return 0 if server is None or server.started else 1


def _finishing(app: App, role: str) -> list[Coroutine[Any, Any, None]]:
    """Work that ends by itself when it is time to stop: what a provider has taken is written down first."""
    return [] if role == "web" else [app.conductor.run(app.wake), app.sender.run(app.wake)]


def _endless(app: App, role: str) -> list[Coroutine[Any, Any, None]]:
    """Work that may be cut off anywhere."""
    if role == "web":
        return []
    from bot import jobs  # procrastinate takes a while to import: only workers need it

    work = [app.wake.run(), jobs.run(app.database, app.clock)]
    telegram = app.transports.get("telegram")
    if isinstance(telegram, Telegram) and app.settings.telegram_mode == "polling":
        work.append(telegram.poll(polled(app.settings, app.receive, app.quarantine)))
    return work


def _server(app: App, host: str, port: int) -> uvicorn.Server:
    phones = Phones(app) if app.settings.env == "development" else None
    config = uvicorn.Config(
        site(app.settings, app.receive, app.quarantine, app.ready, phones),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
    )
    return uvicorn.Server(config)


async def _serve_until(server: uvicorn.Server, stop: asyncio.Event) -> None:
    with contextlib.suppress(SystemExit):
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        await server.serve()
    stop.set()
    if not server.started:
        print("The port is taken: choose another with --port.", file=sys.stderr)


def _say_hello(app: App, host: str, port: int) -> None:
    base = f"http://{host}:{port}"
    print(f"Saathi listens on {base}")
    if app.settings.env == "development":
        print(f"  three phones to try it: {base}/try")
    print(f"  health: {base}/health/ready   figures: {base}/metrics")
    print("Stop it with Ctrl+C. The database goes on running: `saathi db stop` ends it.", flush=True)
