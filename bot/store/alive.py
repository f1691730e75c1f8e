"""When this installation was last alive, and last backed up: two files beside the database.

Law: a time and nothing else. Telegram keeps what nobody took for 24 hours, so whoever comes back later has lost
messages, and an operator must hear of it; as of a night without a backup.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

NAME = "alive"  # touched each minute
BACKED_UP = "backed-up"  # by `saathi backup`, when all is in its place
KEPT = timedelta(hours=24)  # by Telegram (Bot API, "Getting updates")
NOTEWORTHY = timedelta(hours=1)


def touch(directory: Path, now: datetime, name: str = NAME) -> None:
    """We are alive (or what else the name says)."""
    path = directory / name
    path.with_suffix(".new").write_text(now.isoformat(), "ascii")
    path.with_suffix(".new").replace(path)


def away(directory: Path, now: datetime) -> timedelta | None:
    """How long nobody was here; None when that is not known, or not long."""
    gone = since(directory, now)
    return gone if gone is not None and gone >= NOTEWORTHY else None


def since(directory: Path, now: datetime, name: str = NAME) -> timedelta | None:
    """How long ago it was touched; None when that is not known."""
    try:
        return now - datetime.fromisoformat((directory / name).read_text("ascii"))
    except (OSError, ValueError, TypeError):  # the last one: no zone in it, not written by us
        return None
