"""The closed list of ways in which sending can fail. The sender decides by class alone.

Law: no other exception leaves a transport. Sources: Twilio error pages and Bot API errors, see docs/channels.md.
"""

from __future__ import annotations

from math import isfinite

LONGEST_WAIT = 3600.0  # seconds for which a provider is believed: then it is asked again, an hour is nothing to it


class SendError(Exception):
    """Base of the list. `code` is the provider's code, for the desk; never text of the provider (it may echo ours)."""

    def __init__(self, code: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(f"{type(self).__name__}({code})")
        self.code = code
        # Seconds. What is no number is as if nothing was said.
        self.retry_after = max(0.0, min(retry_after, LONGEST_WAIT)) if retry_after and isfinite(retry_after) else None


class Throttled(SendError):
    """Too many requests; never processed. Retry after `retry_after`, or with backoff."""


class Unreachable(SendError):
    """The provider could not be reached or refused before taking the message. Retry with backoff."""


class OutcomeUnknown(SendError):
    """Cut or timed out after sending: it may have been accepted. Reconcile; then by class of message."""


class PersonBlocked(SendError):
    """The person stopped, blocked or left us. No more sends until they write again."""


class BadAddress(SendError):
    """This address cannot get messages on this channel. Permanent."""


class AddressMoved(SendError):
    """Telegram: the chat has a new id, in `code`. Store it, send once more."""


class WindowClosed(SendError):
    """WhatsApp: outside the 24-hour window. Hold until the person writes."""


class Filtered(SendError):
    """A carrier or provider refused the content. Not retried; the operator is told."""


class Undeliverable(SendError):
    """The phone is off or the carrier failed. A few retries, hours apart."""


class BadContent(SendError):
    """Our message breaks the provider's rules: our bug. Not retried; alarm."""


class Misconfigured(SendError):
    """Credentials, sender or account are wrong. Held, alarm."""


ALL: tuple[type[SendError], ...] = (
    Throttled,
    Unreachable,
    OutcomeUnknown,
    PersonBlocked,
    BadAddress,
    AddressMoved,
    WindowClosed,
    Filtered,
    Undeliverable,
    BadContent,
    Misconfigured,
)
