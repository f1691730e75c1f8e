"""What a failure means for a reply: tried again and when, held, ended; for an answer and a later callback alike.

Law: one pure function, decided by the class of the SendError, the age and the weight of the reply. Nothing that may
still arrive is given up within an hour, and nothing is sent more than twice when it may have arrived.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from bot.transports import errors

PATIENCE = timedelta(hours=6)  # with an ordinary reply of the bot
PATIENCE_IMPORTANT = timedelta(hours=24)  # with danger, and with what a human wrote
PATIENCE_ACK = timedelta(minutes=2)  # a press that was not acknowledged by then spins no longer
FEWEST, FEWEST_SLOW = 20, 5  # tries, whatever the age: a row may have been held for a day before its first one
MOST = 400  # tries of any kind; more than the patience above needs
FAST = (1.0, 300.0)  # seconds: first wait, longest
SLOW = (600.0, 7200.0)  # the phone is off, or out of reach
SETTING = (60.0, 300.0)  # a person has to mend something first
AGAIN_UNSURE = 5.0  # seconds until the one repetition of what may have arrived


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state`: queued (again in `wait` seconds), held, failed, unknown. `block`: nothing else leaves either."""

    state: str
    reason: str
    wait: float = 0.0
    block: bool = False


def judge(
    error: errors.SendError, *, kind: str, important: bool, doubtful: bool, attempts: int, age: timedelta
) -> Verdict:
    """`kind`: reply or ack. `doubtful`: an earlier try may have arrived. `age`: since it was queued.

    An unknown outcome is tried once more: a reply unanswered is worse than one read twice; more than twice is not.
    """
    reason = error.code or type(error).__name__
    patience = PATIENCE_ACK if kind == "ack" else PATIENCE_IMPORTANT if important else PATIENCE
    match error:
        case errors.Throttled() | errors.Unreachable() | errors.Misconfigured() | errors.Undeliverable():
            slow = isinstance(error, errors.Undeliverable)
            fewest = 0 if kind == "ack" else FEWEST_SLOW if slow else FEWEST
            if attempts >= MOST or (age >= patience and attempts >= fewest):
                return Verdict("failed", reason)
            pace = SLOW if slow else SETTING if isinstance(error, errors.Misconfigured) else FAST
            if doubtful:  # it stays so, whatever came in between
                reason = "unknown"
            elif isinstance(error, errors.Misconfigured):
                reason = "misconfigured"
            return Verdict("queued", reason, max(error.retry_after or 0.0, backoff(attempts, pace)))
        case errors.OutcomeUnknown():
            return Verdict("unknown", reason) if doubtful else Verdict("queued", "unknown", AGAIN_UNSURE)
        case errors.PersonBlocked() | errors.BadAddress():
            return Verdict("failed", type(error).__name__, block=True)
        case errors.WindowClosed():
            return Verdict("held", "window")
        case _:
            return Verdict("failed", reason)


def backoff(attempt: int, pace: tuple[float, float] = FAST) -> float:
    """Seconds to wait after the attempt of this number (from 1): doubling up to the longest, with jitter below it, so
    that retries spread."""
    first, longest = pace
    return min(first * 2.0 ** min(attempt - 1, 30), longest) * random.uniform(0.7, 1.0)  # noqa: S311 - no secret
