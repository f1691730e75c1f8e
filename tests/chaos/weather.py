"""Providers in bad weather: they hang, cut before or after they took a message, answer 429, 500 or nonsense.

Law: what was taken is counted whatever was answered, for that is what a phone shows.
"""

from __future__ import annotations

import random
from collections import Counter

from tests.fakes.loopback import CUT, HANG, Answer, Asked
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram import refusal as telegram_refusal
from tests.fakes.twilio import FakeTwilio, refusal

# How likely each is, of a hundred requests; the others are answered as usual.
FATES = {"cut before": 3, "cut after": 4, "429": 4, "500": 4, "nonsense": 3, "hang": 1}


class Weather:
    """Decides, and counts what it did. `calm`: from now on all goes well."""

    def __init__(self, seed: int, *, hanging: bool = True) -> None:
        self._rng = random.Random(seed)
        self._fates = {name: share for name, share in FATES.items() if hanging or name != "hang"}
        self.calm = False
        self.did: Counter[str] = Counter()

    def fate(self) -> str:
        """What happens to the next request; "" = nothing."""
        drawn = self._rng.randrange(100)
        for name, share in self._fates.items():
            if drawn < share and not self.calm:
                self.did[name] += 1
                return name
            drawn -= share
        return ""


class StormyTwilio(FakeTwilio):
    """Twilio; `accepted`: (ref, body) of every message that it took, in order; `told`: forms and SIDs to call back."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather
        self.accepted: list[tuple[str, str]] = []
        self.told: list[tuple[dict[str, str], str]] = []

    async def usual(self, asked: Asked) -> Answer:
        """As the weather is."""
        if asked.method != "POST":
            return await super().usual(asked)
        match self._weather.fate():
            case "cut before":
                return CUT
            case "429":
                return Answer(429, text="", headers={"Retry-After": "1"})
            case "500":
                return refusal(20500, 500)
            case "nonsense":
                return Answer(200, text="<html>gateway</html>")
            case "hang":
                return HANG
            case fate:
                answer = await super().usual(asked)
                self.accepted.append((asked.form.get("StatusCallback", "").partition("?ref=")[2], asked.form["Body"]))
                self.told.append((asked.form, answer.json["sid"]))
                return CUT if fate else answer


class StormyTelegram(FakeTelegram):
    """Telegram; `sent` holds every message that it took."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    async def usual(self, asked: Asked) -> Answer:
        """As the weather is."""
        if not asked.path.endswith("/sendMessage"):
            return await super().usual(asked)
        match self._weather.fate():
            case "cut before":
                return CUT
            case "429":
                return telegram_refusal(429, "Too Many Requests", retry_after=1)
            case "500":
                return telegram_refusal(500, "Internal Server Error")
            case "nonsense":
                return Answer(200, text="<html>gateway</html>")
            case "hang":
                return HANG
            case fate:
                answer = await super().usual(asked)
                return CUT if fate else answer
