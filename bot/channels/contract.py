"""The contract of a channel: Inbound and Receipt come in, Parts go out.

Law: values and one Protocol; everything that differs between channels is said here or in `limits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from bot.engine.inbound import Inbound, MediaRef, Receipt
from bot.engine.messages import Reply

__all__ = [
    "Button",
    "Channel",
    "Chrome",
    "Inbound",
    "MediaRef",
    "Part",
    "Receipt",
    "Unreadable",
    "pack_press",
    "unpack_press",
]


@dataclass(frozen=True, slots=True)
class Button:
    """A thing to tap. `payload` comes back in `Inbound.press` (see `pack_press`)."""

    label: str
    payload: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One provider message: the unit a transport sends.

    `kind`: text; buttons (tap below the message); list (a button that opens a list, `list_label` on it); template (a
    text that the provider has approved: `text` is its name, `language` its language).
    """

    kind: str
    text: str
    buttons: tuple[Button, ...] = ()
    list_label: str = ""
    language: str = ""
    urgent: bool = False  # before what waits in the provider's own queue, where it has such a lane


@dataclass(frozen=True, slots=True)
class Chrome:
    """The channel's own words in the person's language (from the catalogue). `templates`: whether the account has the
    templates that WhatsApp's provider wants for buttons and lists."""

    list_label: str = ""
    more: str = ""
    templates: bool = False


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
    """What a button sends back. At most 64 bytes (Telegram callback_data); `saathi check` proves it per
    flow."""
    return f"{step}|{option}|{version}"


def unpack_press(payload: str) -> tuple[str, str, str] | None:
    """The inverse; None when it is not one of ours."""
    parts = payload.split("|")
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 and all(parts) else None
