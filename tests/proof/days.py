"""Simulated days for T45: people in many zones, replies that are queued, held, tried late and held again by a provider.

Law: what counts as allowed is computed here anew, from the wall clock where she is, and not by the code under test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.outgoing import Policy, decide, until
from bot.store.rows import Conversation, Person

# Where helplines' people are, and where clocks change: at midnight (Beirut), by half an hour (Lord Howe), in the south
# (Santiago), over the date line (Apia), and where they never do (Kathmandu, Kuwait).
ZONES = ("Asia/Kathmandu", "Asia/Kuwait", "Asia/Beirut", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
         "Pacific/Apia", "Europe/London", "Asia/Jerusalem")  # fmt: skip
DIRECT, MINUTE = timedelta(minutes=10), timedelta(minutes=1)
POLICY = Policy(DIRECT, timedelta(hours=24), 8 * 60, 20 * 60, {}, "Asia/Kathmandu")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
# Then it is tried at once, or later: a queue, a callback, a retry, a database that was away for days.
LATE = (timedelta(0), timedelta(0), MINUTE, timedelta(minutes=47), timedelta(hours=5), timedelta(days=3))


@dataclass(slots=True)
class Figures:
    """What came of the days."""

    days: int = 0
    sent: int = 0
    held: int = 0
    outside: list[str] = field(default_factory=list)  # sends outside what she allowed
    longer: list[str] = field(default_factory=list)  # the provider may still let it out when her window is shut


def _person(rng: random.Random) -> Person:
    hours = rng.choice(
        ((None, None), (19 * 60, 21 * 60), (22 * 60, 6 * 60), (90, 600), (rng.randrange(1440), rng.randrange(1440)))
    )
    consent = BEGIN if rng.random() < 0.8 else None
    zone = rng.choice(ZONES)
    return Person(UUID(int=1), timezone=zone, consent_contact_at=consent, safe_from=hours[0], safe_until=hours[1])


def allowed(person: Person, talk: Conversation, at: datetime, zone: ZoneInfo) -> bool:
    """Whether she may be written to at this moment."""
    if talk.last_inbound_at is not None and at <= talk.last_inbound_at + DIRECT:
        return True
    if talk.agreed_until is not None and at < talk.agreed_until:
        return True
    if person.consent_contact_at is None:
        return False
    first = 480 if person.safe_from is None else person.safe_from
    last = 1200 if person.safe_until is None else person.safe_until
    wall = at.astimezone(zone)
    return (wall.hour * 60 + wall.minute - first) % 1440 < (last - first) % 1440


def simulate(days: int, seed: int = 20261125) -> Figures:
    """One reply a day, at any moment of it; a year is 365 of them, and people change every ten."""
    rng, told = random.Random(seed), Figures(days)
    person = _person(rng)
    zone = ZoneInfo(person.timezone or "")
    talk = Conversation(UUID(int=2), "sms", "7001")
    for day in range(days):
        if day % 10 == 0:
            person = _person(rng)
            zone = ZoneInfo(person.timezone or "")
        now = BEGIN + timedelta(days=day % 730, seconds=rng.randrange(86400))
        chance = rng.random()
        talk.last_inbound_at = now - timedelta(seconds=rng.randrange(1300 if chance < 0.3 else 300_000))
        talk.agreed_until = talk.last_inbound_at + timedelta(hours=1) if chance < 0.15 else None
        _follow(rng, told, person, talk, zone, now)
    return told


def _follow(
    rng: random.Random, told: Figures, person: Person, talk: Conversation, zone: ZoneInfo, now: datetime
) -> None:
    """A reply from its first look at the door until it left, or a week passed."""
    origin = "human" if rng.random() < 0.5 else "bot"
    for _ in range(4):
        decision = decide(POLICY, person, talk, origin=origin, epoch=0, now=now)
        if decision.state == "queued":
            told.sent += 1
            if not allowed(person, talk, now, zone):
                told.outside.append(f"{now} {person}")
            valid = int((until(POLICY, person, talk, now) - now).total_seconds())
            for moment in (valid - 1, rng.randrange(valid) if valid > 0 else 0):
                if valid > 0 and not allowed(person, talk, now + timedelta(seconds=moment), zone):
                    told.longer.append(f"{now} +{moment}s of {valid} {person}")
            return
        told.held += 1
        if decision.not_before is None or decision.not_before.year == 9999:
            return
        now = decision.not_before + rng.choice(LATE)
