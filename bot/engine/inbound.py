"""What a person sent, and what became of a message of ours, as values: channels make them, the store keeps them.

Law: values only; no provider's type gets past `bot/channels/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file at the provider; fetched later by a worker."""

    kind: str  # image, audio, video, document, sticker
    ref: str  # provider's URL or file id
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a person sent. `event_id` is the provider's stable id: the same event always has the
    same one.

    `kind`: text, edited, press, media, location, contact, command_start, blocked, unblocked, rang (a missed call, or an
    SMS without words), unknown.
    `press` is (flow.step, option id, flow version). `ack` is what must be acknowledged to the provider
    (Telegram's callback query id). `group` joins the parts of an album. `sent_at` is the provider's clock, if
    it tells.
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
    """What became of a message of ours. `ref` is our own outbox id from the callback address, if it was
    there.

    `status` is one of queued, sent, delivered, read, failed.
    """

    channel: str
    account: str
    event_id: str
    provider_id: str
    status: str
    ref: str = ""
    error_code: str = ""
