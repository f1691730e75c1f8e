"""How often the machine answers one conversation: a flood costs so much, and no more (reliability.md A7, T26).

Law: what is written is kept and read whatever its number, and danger is heard in every line; only our own answers are
counted, in the session, by the minute and by the hour of the clock. Who is over it is asked once an hour to wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from bot.engine.session import Session

PACE = "pace"  # in the session: [minute, answers in it, hour, answers in it, the hour in which she was asked to wait]
WAIT = "system.slowly"
Verdict = Literal["answer", "wait", "silent"]


def answered(
    session: Session, channel: str, now: datetime, limits: Mapping[str, Mapping[str, int]]
) -> tuple[Session, Verdict]:
    """The session after one more message, and whether it is answered. `limits`: per channel or `other`, the answers
    per `minute` and per `hour` (contact_policy.yml)."""
    most = limits.get(channel) or limits["other"]
    minute = int(now.timestamp()) // 60
    hour = minute // 60
    kept: list[Any] = session.shared.get(PACE) or [minute, 0, hour, 0, None]
    of_minute = kept[1] if kept[0] == minute else 0
    of_hour = kept[3] if kept[2] == hour else 0
    asked = kept[4]
    verdict: Verdict = "answer"
    if of_minute >= most["minute"] or of_hour >= most["hour"]:
        verdict, asked = ("silent" if asked == hour else "wait"), hour
    else:
        of_minute, of_hour = of_minute + 1, of_hour + 1
    shared = {**session.shared, PACE: [minute, of_minute, hour, of_hour, asked]}
    return replace(session, shared=shared), verdict
