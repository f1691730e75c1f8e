"""Logs: one sink for everybody in this process, and nothing of a person gets through it.

Law: whatever is logged, by us or by a library, at whatever level, is shown only as far as `redaction.py` allows.
Libraries' own words are not shown at all, only that, where and how grave.
"""

from __future__ import annotations

import asyncio
import json as jsons
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from bot.observe import redaction

LIBRARIES = (
    "aiohttp", "alembic", "asyncio", "fontTools", "fpdf", "httpcore", "httpx", "procrastinate", "psycopg", "sqlalchemy",
    "telegram", "twilio", "urllib3", "uvicorn",
)  # fmt: skip


class Redacting(logging.Formatter):
    """One line per record: JSON, or for a terminal `12:00:00 warning bot.sender turn_failed kind=KeyError`."""

    def __init__(self, *, json: bool) -> None:
        super().__init__()
        self._json = json

    def format(self, record: logging.LogRecord) -> str:
        """See the law of this module."""
        at = datetime.fromtimestamp(record.created, UTC)
        shown = redaction.fields(record)
        level = logging.getLevelName(record.levelno).lower()
        if self._json:
            return jsons.dumps({"at": at.isoformat(timespec="milliseconds"), "level": level} | shown, ensure_ascii=True)
        error = "".join(f"\n    {line}" for line in shown.pop("error", ()))
        rest = "".join(f" {key}={item}" for key, item in shown.items() if key not in {"logger", "event"})
        return f"{at:%H:%M:%S} {level} {shown['logger']} {shown['event']}{rest}{error}"


class Sink(logging.StreamHandler[TextIO]):
    """The only handler that is ever asked. A record that cannot be shown is said to exist, never shown otherwise."""

    def handleError(self, record: logging.LogRecord) -> None:
        """logging's own way prints the message and its arguments."""
        try:
            self.stream.write(f"a log record could not be shown: line {record.lineno}\n")
        except (OSError, ValueError):  # standard error is closed: there is nobody to tell
            return


class Log:
    """`log.info("turn_failed", kind="KeyError", attempt=2)`: an event of fixed words, fields of redaction.KEYS."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def _log(self, level: int, event: str, exc_info: bool, fields: dict[str, object]) -> None:
        self._logger.log(level, event, exc_info=exc_info, extra={"fields": fields}, stacklevel=3)

    def debug(self, event: str, **fields: object) -> None:
        """For developers."""
        self._log(logging.DEBUG, event, False, fields)

    def info(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """What happens."""
        self._log(logging.INFO, event, exc_info, fields)

    def warning(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """What passes by itself."""
        self._log(logging.WARNING, event, exc_info, fields)

    def error(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """What somebody should look at."""
        self._log(logging.ERROR, event, exc_info, fields)


def get(name: str) -> Log:
    """The log of a module."""
    return Log(name)


def configure(level: str = "INFO", *, json: bool | None = None) -> None:
    """Send everything that is logged in this process through the sink to standard error, for good; may be called again.

    `json` None = JSON unless standard error is a terminal. Raises ValueError for a level that does not exist.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"SAATHI_LOG_LEVEL: choose one of {', '.join(logging.getLevelNamesMapping())}")
    sink = Sink(sys.stderr)
    sink.setFormatter(Redacting(json=not sys.stderr.isatty() if json is None else json))
    logging.getLogger().handlers[:] = [sink]
    logging.getLogger().setLevel(number)
    # Handlers that somebody adds to a logger, before or after, are never asked: SQLAlchemy's echo adds one that prints
    # parameters, Litestar's default replaces those of the root.
    logging.Logger.callHandlers = _into(sink)  # type: ignore[method-assign, assignment]
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(max(logging.WARNING, number))
    logging.captureWarnings(False)  # in case it was on: it remembers the function that it replaces
    warnings.showwarning = _warned
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread_died


def _into(sink: Sink) -> Callable[[logging.Logger, logging.LogRecord], None]:
    def call_handlers(_: logging.Logger, record: logging.LogRecord) -> None:
        sink.handle(record)

    return call_handlers


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Errors of forgotten tasks come through the sink with their places."""
    loop.set_exception_handler(_loop_error)


def _saathi(level: int, event: str, error: BaseException | None, **fields: object) -> None:
    info = (type(error), error, error.__traceback__) if error is not None else None
    logging.getLogger("saathi").log(level, event, exc_info=info, extra={"fields": fields}, stacklevel=2)


def _warned(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    _saathi(logging.WARNING, "python_warning", None, kind=category.__name__)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _saathi(logging.CRITICAL, "uncaught", error or kind())


def _unraisable(given: sys.UnraisableHookArgs) -> None:
    _saathi(logging.ERROR, "unraisable", given.exc_value)


def _thread_died(given: threading.ExceptHookArgs) -> None:
    if given.exc_type is not SystemExit:
        _saathi(logging.CRITICAL, "uncaught_in_thread", given.exc_value)


def _loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    _saathi(logging.ERROR, "loop_error", error if isinstance(error, BaseException) else None)
