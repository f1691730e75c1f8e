"""What `saathi serve` tells whoever started it: where it listens, how long it was away, what is missing.

Law: an operator must not believe that somebody is called when nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.app import App
from bot.media.speech import LocalSpeech
from bot.observe import logs
from bot.settings import Settings
from bot.store import alive
from desk.first import First

log = logs.get(__name__)


def base_of(host: str, port: int) -> str:
    """The address of this machine that a browser takes."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say_at_work(settings: Settings, host: str = "", port: int = 0) -> None:
    """A worker has begun; `port`: where it answers of its health, 0 = nowhere."""
    print("Saathi works. Stop it with Ctrl+C.", flush=True)
    if port:
        print(f"  health: {base_of(host, port)}/health/ready   figures: {base_of(host, port)}/metrics", flush=True)
    say_what_is_missing(settings)


def say_hello(app: App, host: str, newcomers: Sequence[First], known: str | None, port: int) -> None:
    """The server listens. `newcomers`: who may sign in for the first time, shown once; `known`: who could before."""
    base = base_of(host, port)
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
    say_what_is_missing(app.settings)


def say_how_long_away(app: App) -> None:
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


def say_what_is_missing(settings: Settings) -> None:
    """What is set without effect, and what was not set."""
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
