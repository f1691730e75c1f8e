"""When this installation was last alive: a file beside the database, touched each minute.

Law: a time and nothing else. Telegram keeps what nobody took for 24 hours, so whoever comes back later has lost
messages, and an operator must hear of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

NAME = "alive"
KEPT = timedelta(hours=24)  # by Telegram (Bot API, "Getting updates")
NOTEWORTHY = timedelta(hours=1)


def touch(directory: Path, now: datetime) -> None:
    """We are alive."""
    path = directory / NAME
    path.with_suffix(".new").write_text(now.isoformat(), "ascii")
    path.with_suffix(".new").replace(path)


def away(directory: Path, now: datetime) -> timedelta | None:
    """How long nobody was here; None when that is not known, or not long."""
    try:
        last = datetime.fromisoformat((directory / NAME).read_text("ascii"))
    except (OSError, ValueError):
        return None
    try:
        gone = now - last
    except TypeError:  # no zone in it: not written by us
        return None
    return gone if gone >= NOTEWORTHY else None
