"""Reading of provider payloads, shared by the channels: strict where a value is used, deaf to the rest.

Law: what cannot be read raises Unreadable, never anything else; no message of an exception carries a value.
Providers add fields without notice, so unknown ones are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.channels.contract import Unreadable

SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
# From 2026 WhatsApp may name a person by a business-scoped id instead of a number (country, dot, letters and
# digits).
WHATSAPP_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
REF = re.compile(r"[A-Za-z0-9_-]{1,64}")

_UNSTORABLE = {0: "\ufffd", **dict.fromkeys(range(0xD800, 0xE000), "\ufffd")}


def clean(value: object) -> str:
    """A text that can be stored: NUL and lone surrogates become U+FFFD, all else stays as it was written."""
    if not isinstance(value, str):
        raise Unreadable("text expected")
    return value.translate(_UNSTORABLE)


def text(form: Mapping[str, Any], name: str) -> str:
    """A field as clean text, "" when absent. Raises Unreadable when it is repeated or no text."""
    return clean(form.get(name, ""))


def matching(form: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """A field that must look like `pattern` from end to end."""
    value = text(form, name)
    if not pattern.fullmatch(value):
        raise Unreadable(f"{name} is malformed")
    return value


def address(form: Mapping[str, Any], name: str, prefix: str) -> str:
    """A phone number (or WhatsApp id) without the provider's channel prefix.

    Short codes, alphanumeric senders and hidden numbers are machines, or nobody that can be answered:
    Unreadable.
    """
    value = text(form, name)
    bare = value.removeprefix(prefix)
    known = NUMBER.fullmatch(bare) or (prefix and WHATSAPP_ID.fullmatch(bare))
    if not value.startswith(prefix) or not known:
        raise Unreadable(f"{name} is malformed")
    return bare


def count(form: Mapping[str, Any], name: str, most: int) -> int:
    """A small whole number, 0 when absent."""
    value = text(form, name) or "0"
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > most:
        raise Unreadable(f"{name} is malformed")
    return int(value)


def place(latitude: object, longitude: object) -> tuple[float, float]:
    """Two finite coordinates in degrees. Raises Unreadable."""
    try:
        pair = float(str(latitude)), float(str(longitude))
    except ValueError:
        raise Unreadable("coordinates are malformed") from None
    if not (-90 <= pair[0] <= 90 and -180 <= pair[1] <= 180):  # also refuses NaN
        raise Unreadable("coordinates are out of range")
    return pair


def media_kind(content_type: str) -> str:
    """The MediaRef kind of a MIME type."""
    family = content_type.partition("/")[0].strip().lower()
    return family if family in {"image", "audio", "video"} else "document"
