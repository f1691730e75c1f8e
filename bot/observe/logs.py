"""Logs: one sink, and nothing of a person gets through it.

Law: an allow-list, not a filter of known evils. Event names are fixed words; values are numbers, ids and short codes;
anything else is shown as its type and length. Exceptions are their type and the places in code, never their text, since
texts of exceptions carry values. Libraries' own messages are not shown at all, only that, where and how grave.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

OURS = ("bot", "handlers", "saathi")
# What may stand in a value: a code or a name in code, short, with few digits (a phone number never fits).
_CODE = re.compile(r"[A-Za-z][A-Za-z_.:/-]{0,63}(?:\d{1,5})?\Z")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
_TEMPLATE = re.compile(r"%(?:\([a-z_]+\))?[-+ #0]*\d*(?:\.\d+)?[sdrfgx]")
NUMBER_LIMIT = 1_000_000  # larger integers may be phone numbers or chat ids


def safe(value: object) -> str | int | float | bool | None:
    """A value as it may be logged."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < NUMBER_LIMIT else "<int>"
    text = str(value) if isinstance(value, str) or type(value).__module__ == "uuid" else ""
    if text and (_CODE.match(text) or _UUID.match(text)):
        return text
    if isinstance(value, BaseException):
        return type(value).__name__
    size = len(value) if isinstance(value, str | bytes | list | tuple | dict) else ""
    return f"<{type(value).__name__}{size and ' '}{size}>"


def frames(error: BaseException | None) -> list[str]:
    """Types and places of an exception and its causes: `KeyError bot/x.py:12 f`."""
    lines: list[str] = []
    while error is not None and len(lines) < 40:
        places = traceback.extract_tb(error.__traceback__)[-8:]
        where = " < ".join(f"{_short(f.filename)}:{f.lineno} {f.name}" for f in reversed(places))
        lines.append(f"{type(error).__name__} {where}")
        error = error.__cause__ or error.__context__
    return lines


def _short(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").split("/")[-2:])


class Redacting(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """See the law of this module."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.partition(".")[0] in OURS:
            line["event"] = self._event(record)
            line |= {k: safe(v) for k, v in getattr(record, "fields", {}).items()}
        else:
            line["event"] = "library"
            line["place"] = f"{_short(record.pathname)}:{record.lineno}"
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = frames(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)

    @staticmethod
    def _event(record: logging.LogRecord) -> str:
        """Our own template with its arguments made safe; a template that was put together from values is not shown."""
        template = record.msg if isinstance(record.msg, str) else ""
        if not record.args:
            return template if re.fullmatch(r"[a-z_]+", template) else f"<text {record.funcName}:{record.lineno}>"
        values = list(record.args.values() if isinstance(record.args, Mapping) else record.args)
        rest = iter(values)
        return _TEMPLATE.sub(lambda _: str(safe(next(rest, ""))), template)


class Log:
    """`log.info("turn_failed", kind="KeyError", attempt=2)`: an event of fixed words and its fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def _log(self, level: int, event: str, exc_info: bool, fields: dict[str, object]) -> None:
        self._logger.log(level, event, exc_info=exc_info, extra={"fields": fields}, stacklevel=3)

    def debug(self, event: str, **fields: object) -> None:
        """For developers."""
        self._log(logging.DEBUG, event, False, fields)

    def info(self, event: str, **fields: object) -> None:
        """What happens."""
        self._log(logging.INFO, event, False, fields)

    def warning(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """What passes by itself."""
        self._log(logging.WARNING, event, exc_info, fields)

    def error(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """What somebody should look at."""
        self._log(logging.ERROR, event, exc_info, fields)


def get(name: str) -> Log:
    """The log of a module."""
    return Log(name)


def configure(level: str = "INFO") -> None:
    """Everything that is logged in this process, by anybody, goes through the redacting sink to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redacting())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in list(logging.root.manager.loggerDict):  # loggers that made handlers of their own lose them
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in (
        "httpx",
        "httpcore",
        "telegram",
        "twilio",
        "sqlalchemy",
        "procrastinate",
        "psycopg",
        "aiohttp",
        "asyncio",
    ):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("saathi").critical("uncaught", exc_info=(kind, error or kind(), trace))


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Errors of forgotten tasks come through the sink too."""

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        info = (type(error), error, error.__traceback__) if isinstance(error, BaseException) else None
        logging.getLogger("saathi").error("loop_error", exc_info=info)

    loop.set_exception_handler(handle)
