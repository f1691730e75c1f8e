"""`saathi serve`: the web server, the workers, or both.

Law: stops cleanly on SIGTERM and SIGINT: readiness goes first, what is in hand is finished.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import signal
import sys
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

from uuid_utils.compat import uuid7

from bot import app as composition
from bot import box_clock
from bot import settings as configuration
from bot.app import App
from bot.certified import Certificates
from bot.cli import numbers
from bot.looking import Looking
from bot.media.speech import LocalSpeech
from bot.observe import logs
from bot.rostering import Roster
from bot.settings import Settings
from bot.simulated import Phones
from bot.store import alive
from bot.web.listening import Server, config, refused, serve_until
from bot.web.site import pulse, site
from bot.web.webhooks import polled
from desk import first
from desk.first import First
from desk.mount import desk, make_office
from desk.office import Office

log = logs.get(__name__)
YOUNG = 20_000  # values made since the last look for garbage
STOP_SECONDS = 25.0  # a request to a provider may take 15, and a webhook 20
HELP = "run the service: webhooks, conductor and sender (and the simulator, in development)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host, --port, --role."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=numbers.port, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument(
        "--health-port",
        type=numbers.port,
        metavar="PORT",
        help="with --role worker: answer /health and /metrics there (default: a worker listens nowhere)",
    )
    parser.add_argument(
        "--role",
        choices=("all", "web", "worker"),
        default="all",
        help="web: webhooks only; worker: conductor, sender and jobs only; any number of each (default: all)",
    )


def run(args: argparse.Namespace) -> int:
    """Until a signal comes. 0 = stopped as told; 1 = the port was taken; 2 = a port for nobody."""
    worker = args.role == "worker"
    if args.health_port is not None and not worker:
        print("saathi serve: --health-port belongs to --role worker: the others answer on --port", file=sys.stderr)
        return 2
    port = args.health_port if worker else args.port
    # Before anything is begun: an operator reads what to do first, and nothing beside it.
    if port is not None and (told := refused(args.host, port, "--health-port" if worker else "--port")):
        print(told, file=sys.stderr)
        return 1
    _one_heap()
    return asyncio.run(_serve(args))


def _one_heap() -> None:
    """glibc gives each thread a heap of its own, which stays: 3 MB here, for threads that wait for each other anyhow.
    mallopt(3): -8 is M_ARENA_MAX; other C libraries have none."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 1)


async def _serve(args: argparse.Namespace) -> int:
    settings = configuration.load()
    app = await composition.build(settings, understanding=args.role != "web")
    gc.collect()
    gc.freeze()  # flows and words stay: to look through them for garbage stops everybody for a quarter of a second
    gc.set_threshold(YOUNG)  # a batch makes thousands of values that end with it: to look sooner costs a twentieth
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.quiet_loop(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _say_how_long_away(app)
    server, office = None, None
    try:
        async with asyncio.TaskGroup() as group:
            finishing = [group.create_task(work) for work in _finishing(app, args.role)]
            endless = [group.create_task(work) for work in _endless(app, args.role)]
            if args.role != "worker":
                office = _office(app)
                endless.append(group.create_task(office.live.run()))
                server = _server(app, office, args.host, args.port, *await _first(app))
                finishing.append(group.create_task(serve_until(server, stop)))
            elif args.health_port is not None:
                server = _pulse(app, args.host, args.health_port)
                finishing.append(group.create_task(serve_until(server, stop)))
            else:
                _say_at_work(settings)
            await stop.wait()
            app.wake.stop()
            if office is not None:
                office.live.stop()
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
    if role == "web":
        return []
    workers = (app.conductor, app.sender, app.pager, app.digests, app.witness)
    return [worker.run(app.wake) for worker in workers if worker is not None]


async def _remind_box(app: App) -> int:
    """Letters about us that wait are told to their readers."""
    mail = composition.make_bells(app.settings, app.transports).get("email")
    outside = app.settings.safeguarding_to.strip()
    return await box_clock.remind(app.database, app.secrets, app.content, mail, app.clock(), outside)


def _endless(app: App, role: str) -> list[Coroutine[Any, Any, None]]:
    """Work that may be cut off anywhere."""
    if role == "web":
        return [app.look_again()]
    from bot import jobs  # procrastinate takes a while to import: only workers need it

    roster = Roster(app.content)
    work = [
        app.look_again(),
        app.wake.run(),
        app.attachments.run(),
        jobs.run(
            app.database,
            app.secrets,
            app.policy,
            roster,
            app.clock,
            jobs.Others(
                after_erasing=app.after_erasing,
                files=app.attachments.sweep,
                digest=app.digests.plan,
                box=partial(_remind_box, app),
                broadcast=app.broadcasting.run_once,
            ),
        ),
    ]
    telegram = composition.telegram_of(app.transports)
    if telegram is not None and app.settings.telegram_mode == "polling":
        work.append(telegram.poll(polled(app.settings, app.receive, app.quarantine, app.decline)))
    return work


def _office(app: App) -> Office:
    """The desk's share of the application."""
    return make_office(app.settings, app.database, app.secrets, app.content, app.staff, app.policy, app.clock, uuid7)


async def _first(app: App) -> tuple[Sequence[First], str | None]:
    """In development the desk has somebody to sign in as, told once; who it has already, for who forgot how."""
    if app.settings.env != "development":
        return (), None
    made = await first.people(app.database, app.secrets)
    return made, None if made else await first.somebody(app.database)


def _server(app: App, office: Office, host: str, port: int, newcomers: Sequence[First], known: str | None) -> Server:
    phones = Phones(app) if app.settings.env == "development" else None
    pages = site(
        app.settings,
        app.receive,
        app.quarantine,
        app.ready,
        phones,
        Certificates(app),
        desk(office),
        app.acknowledge,
        app.decline,
        app.backlog,
        Looking(app),
        app.engine,
    )
    return Server(config(pages, host, port), partial(_say_hello, app, host, newcomers, known))


def _pulse(app: App, host: str, port: int) -> Server:
    pages = pulse(app.settings, app.ready, app.backlog, app.engine)
    return Server(config(pages, host, port), partial(_say_at_work, app.settings, host))


def _base(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say_at_work(settings: Settings, host: str = "", port: int = 0) -> None:
    print("Saathi works. Stop it with Ctrl+C.", flush=True)
    if port:
        print(f"  health: {_base(host, port)}/health/ready   figures: {_base(host, port)}/metrics", flush=True)
    _say_what_is_missing(settings)


def _say_hello(app: App, host: str, newcomers: Sequence[First], known: str | None, port: int) -> None:
    base = _base(host, port)
    print(f"Saathi listens on {base}")
    if app.settings.env == "development":
        print(f"  three phones to try it: {base}/try")
    print(f"  the caseworkers' desk: {base}/desk")
    for one in newcomers:
        print(f"    sign in as {one.login} ({one.role}), password {one.password}: shown once")
        print(f"      codes for your phone: {one.address}")
    if known is not None:
        print(f"    forgot the first sign-in? `saathi users password {known}`, `saathi users reset-totp {known}`")
    print(f"  health: {base}/health/ready   figures: {base}/metrics")
    print("  alarms and what else waits for a human: `saathi queue` (--watch), answered with `saathi reply`")
    own = " The database goes on running: `saathi db stop` ends it." if app.settings.database_url is None else ""
    print(f"Stop it with Ctrl+C.{own}", flush=True)
    _say_what_is_missing(app.settings)


def _say_how_long_away(app: App) -> None:
    """What was written meanwhile may be lost: an operator looks."""
    gone = alive.away(app.settings.data_dir, app.clock())
    if gone is None:
        return
    hours = round(gone.total_seconds() / 3600)
    log.warning("was_away", seconds=min(int(gone.total_seconds()), 999_999))
    print(f"Nobody was here for {hours} hours.", flush=True)
    if gone >= alive.KEPT:
        log.error("messages_lost_while_away")
        print(
            "  Telegram keeps messages for 24 hours: what was written before that is lost. Twilio gives up within"
            " seconds: look at its log for messages that came meanwhile.",
            flush=True,
        )


def _say_what_is_missing(settings: Settings) -> None:
    """An operator must not believe that somebody is called when nobody is."""
    for name in settings.without_effect:
        log.warning("setting_without_effect", code=name)
        print(f"  {name} is set, and does nothing: not built yet", flush=True)
    if settings.speech_command and not LocalSpeech(settings.speech_command).found:
        log.error("speech_not_found")
        print("  SAATHI_SPEECH_COMMAND: there is no such program; voice notes wait for an ear", flush=True)
    if settings.env == "production" and not settings.metrics_token:
        print(
            "  /metrics answers this machine only; set SAATHI_METRICS_TOKEN if a proxy here sends no X-Forwarded-For",
            flush=True,
        )
