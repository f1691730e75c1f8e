"""The contract of a channel: Inbound and Receipt come in, Parts go out.

Law: values and one Protocol; everything that differs between channels is said here or in `limits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.engine.messages import Reply


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file at the provider; fetched later by a worker."""

    kind: str  # image, audio, video, document, sticker
    ref: str  # provider's URL or file id
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a person sent. `event_id` is the provider's stable id: the same event always has the same one.

    `kind`: text, edited, press, media, location, contact, command_start, blocked, unblocked, unknown.
    `press` is (flow.step, option id, flow version). `ack` is what must be acknowledged to the provider (Telegram's
    callback query id). `group` joins the parts of an album. `sent_at` is the provider's clock, if it tells.
    """

    channel: str
    account: str
    address: str
    event_id: str
    kind: str
    text: str = ""
    press: tuple[str, str, str] | None = None
    media: tuple[MediaRef, ...] = ()
    location: tuple[float, float] | None = None
    ack: str = ""
    group: str = ""
    sent_at: datetime | None = None
    profile_name: str = ""
    language_hint: str = ""  # the app's language, if the provider tells
    extra: dict[str, Any] = field(default_factory=dict)  # small provider facts worth keeping, e.g. message_id


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message of ours. `ref` is our own outbox id from the callback address, if it was there.

    `status` is one of queued, sent, delivered, read, failed.
    """

    channel: str
    account: str
    event_id: str
    provider_id: str
    status: str
    ref: str = ""
    error_code: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A thing to tap. `payload` comes back in `Inbound.press` (see `pack_press`)."""

    label: str
    payload: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One provider message: the unit a transport sends.

    `kind`: text; buttons (tap below the message); list (a button that opens a list, `list_label` on it).
    """

    kind: str
    text: str
    buttons: tuple[Button, ...] = ()
    list_label: str = ""


@dataclass(frozen=True, slots=True)
class Chrome:
    """The channel's own words in the person's language (from the catalogue)."""

    list_label: str = ""
    more: str = ""


class Unreadable(ValueError):
    """An authentic payload that `parse` cannot make sense of: stored raw and quarantined, never lost."""


class Channel(Protocol):
    """One file in this folder implements this as a module-level `channel`."""

    name: str

    def parse(self, payload: dict[str, Any], account: str) -> list[Inbound | Receipt]:
        """The provider's payload as values; [] for what concerns nobody; raises Unreadable."""

    def layout(self, reply: Reply, chrome: Chrome) -> tuple[Part, ...]:
        """The Reply as this channel shows it, within its limits."""


def pack_press(step: str, option: str, version: str) -> str:
    """What a button sends back. At most 64 bytes (Telegram callback_data); `saathi check` proves it per flow."""
    return f"{step}|{option}|{version}"


def unpack_press(payload: str) -> tuple[str, str, str] | None:
    """The inverse; None when it is not one of ours."""
    parts = payload.split("|")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(parts) else None
