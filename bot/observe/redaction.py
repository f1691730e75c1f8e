"""What may be shown of a log record: an allow-list, since nobody can list everything that a person may write.

Law: an event is a text that stands in the code. A value is shown under a known key, and only if it is a number, an id
or a short code; all else is shown as its type and length. Exceptions are types and places: their texts carry values.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

OURS = frozenset({"bot", "handlers", "desk", "saathi"})
CODES = frozenset({"action", "channel", "code", "flow", "job", "kind", "language", "outcome", "provider", "reason",
                   "result", "role", "severity", "state", "step", "table"})  # fmt: skip
NUMBERS = frozenset(
    {"attempt", "count", "inbox", "messages", "port", "rows", "seconds", "sessions", "status", "subjects"}
)
IDS = frozenset({"case_id", "conversation_id", "id", "inbox_id", "outbox_id", "subject_id"})
KEYS = CODES | NUMBERS | IDS
CHANNELS = frozenset({"telegram", "twilio", "whatsapp", "sms", "sms_gateway", "simulator", "rasa"})

_CODE = re.compile(r"[a-z][a-z_.:/-]{0,47}\d{0,5}\Z|[A-Z][A-Z_]{1,31}\d{0,5}\Z|\d{1,5}\Z")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
_EXCEPTION = re.compile(r"[A-Z][A-Za-z]{1,39}\Z")
_LOGGER = re.compile(r"[A-Za-z_][A-Za-z_]*\d?(?:\.[A-Za-z_][A-Za-z_]*\d?){0,7}\Z")
_TEMPLATE = re.compile(r"%(?:\([a-z_]+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%]")
_NUMBER_LIMIT = 1_000_000  # larger ones may be phone numbers or chat ids
_FRAMES, _ERRORS = 8, 20  # places shown of one exception, exceptions shown of a tree


def value(key: str, given: object) -> str | int | float | bool | None:
    """A keyed value as it may be shown."""
    if given is None or isinstance(given, bool):
        return given
    if key in NUMBERS and isinstance(given, int | float) and abs(given) < _NUMBER_LIMIT:
        return given
    if key in IDS and (type(given) is str or type(given).__name__ == "UUID") and _UUID.match(str(given)):
        return str(given)  # of the standard library or of uuid_utils
    if key in CODES and type(given) is int and 0 <= given < 100_000:
        return given
    if key in CODES and type(given) is str and (_CODE.match(given) or _is_exception(given)):
        return given
    return _outline(given)


def _argument(given: object) -> str:
    """An argument of a %-template has no key: small counts, names of channels and of exceptions are shown."""
    if type(given) is int and 0 <= given < 1000:
        return str(given)
    if type(given) is str and (given in CHANNELS or _is_exception(given)):
        return given
    return _outline(given)


def _is_exception(name: str) -> bool:
    """Whether a loaded class of exceptions has this name: "Sita" is a name too."""
    kinds: list[type] = [BaseException] if _EXCEPTION.match(name) else []
    while kinds:
        kind = kinds.pop()
        if kind.__name__ == name:
            return True
        kinds += type.__subclasses__(kind)
    return False


def _outline(given: object) -> str:
    size = f" {len(given)}" if isinstance(given, str | bytes | list | tuple | dict | set) else ""
    return f"<{type(given).__name__}{size}>"


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """The record as it may be shown: logger, event, values, error."""
    shown: dict[str, Any] = {"logger": record.name if _LOGGER.match(record.name) else "<logger>"}
    place = f"{_short(record.pathname)}:{record.lineno}"
    if record.name.partition(".")[0] in OURS:
        shown["event"] = _event(record) or f"<text> {place}"
        given = getattr(record, "fields", None)
        if isinstance(given, Mapping):
            shown |= {key: value(key, item) for key, item in given.items() if key in KEYS}
            if unknown := len(given.keys() - KEYS):
                shown["dropped"] = unknown
    else:
        shown["event"] = "library"
        shown["place"] = place
    if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        shown["error"] = errors(record.exc_info[1])
    return shown


def _event(record: logging.LogRecord) -> str:
    """Our own words with safe arguments; nothing for a text that was put together from values."""
    if not isinstance(record.msg, str) or not _stands_in_code(record):
        return ""
    if not record.args:
        return record.msg
    values = iter(record.args.values() if isinstance(record.args, Mapping) else record.args)
    return _TEMPLATE.sub(lambda found: "%" if found[0] == "%%" else _argument(next(values, "")), record.msg)


def _stands_in_code(record: logging.LogRecord) -> bool:
    """Whether the text is a constant of the function that logs it, which f-strings and joined texts are not.

    Handlers run below that very function, so its frame is looked for among our callers.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_lineno == record.lineno and frame.f_code.co_filename == record.pathname:
            return record.msg in frame.f_code.co_consts
        frame = frame.f_back
    return False


def errors(error: BaseException) -> list[str]:
    """Types and places of an exception, its causes and its group: `KeyError store/x.py:12 f < app.py:40 g`."""
    lines: list[str] = []
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting and len(lines) < _ERRORS:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        places = list(_places(current))[-_FRAMES:]
        lines.append(f"{type(current).__name__} {' < '.join(reversed(places))}".rstrip())
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        waiting += [current.__cause__, current.__context__]
    return lines


def _places(error: BaseException) -> Iterator[str]:
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


def _short(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").split("/")[-2:])
