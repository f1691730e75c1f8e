"""Phones in memory, on the real layouts: for the simulator's page only; no engine and no database.

Law: what is said here goes through the same channel as in the service, so the page gets real Parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels import segments, sms, telegram, whatsapp
from bot.channels.contract import Channel, Chrome, Part
from bot.engine.messages import Reply

CHANNELS: dict[str, Channel] = {"sms": sms.channel, "whatsapp": whatsapp.channel, "telegram": telegram.channel}
LANGUAGES = [
    {"code": "en", "name": "English", "direction": "ltr"},
    {"code": "ne", "name": "नेपाली", "direction": "ltr"},
    {"code": "ar", "name": "العربية", "direction": "rtl"},
]
LIST_LABELS = {"en": "Choose", "ne": "छान्नुहोस्", "ar": "اختر"}
_START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def _part(channel: str, part: Part) -> dict[str, Any]:
    counted = segments.count(part.text) if channel == "sms" else None
    return {
        "kind": part.kind,
        "text": part.text,
        "buttons": [{"label": b.label, "payload": b.payload, "description": b.description} for b in part.buttons],
        "list_label": part.list_label,
        "segments": counted.segments if counted else None,
        "encoding": counted.encoding if counted else None,
        "units": counted.units if counted else None,
    }


@dataclass
class MemoryPhones:
    """`broken` = nothing can be taken or read, as when the database is down. `joins` = so many lines become one
    message, as when they come quickly. Of a tap the thread tells the option's id, as the service does."""

    threads: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    taken: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    chosen: list[tuple[str, str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    broken: bool = False
    joins: int = 1
    tells_kind: bool = True

    async def send(self, channel: str, address: str, *, text: str = "", press: str = "", media_kind: str = "") -> None:
        if self.broken:
            raise ConnectionError("no database")
        self.taken.append((channel, address, text, press, media_kind))
        kind = "press" if press else "media" if media_kind else "text"
        if kind == "text":
            self.lines.append(text)
            if len(self.lines) < self.joins:
                return
            text, self.lines = "\n".join(self.lines), []
        words = {"text": text, "press": press.split("|")[1] if press else "", "media": kind}[kind]
        head = {"direction": "in", "author": "person", "language": "", "dir": "auto"}
        self._add(channel, address, head | ({"kind": kind} if self.tells_kind else {}), Part("text", words))

    async def set_language(self, channel: str, address: str, language: str) -> None:
        self.chosen.append((channel, address, language))

    async def thread(self, channel: str, address: str, after: int = 0, *, routes: bool = False) -> list[dict[str, Any]]:
        if self.broken:
            raise ConnectionError("no database")
        return [message for message in self.threads.get((channel, address), []) if message["seq"] > after]

    def languages(self) -> list[dict[str, str]]:
        return LANGUAGES

    def say(self, channel: str, address: str, reply: Reply, **more: Any) -> dict[str, Any]:
        """The helpline speaks. `more` overrides fields of the message (state, reason, author). Returns the message."""
        chrome = Chrome(list_label=LIST_LABELS[reply.language], more="", templates=True)
        direction = {"code": "", **{known["code"]: known["direction"] for known in LANGUAGES}}[reply.language]
        head = {
            "direction": "out",
            "author": "bot",
            "language": reply.language,
            "dir": direction,
            "text_id": reply.text_id,
        }
        return self._add(channel, address, head | more, *CHANNELS[channel].layout(reply, chrome))

    def _add(self, channel: str, address: str, head: dict[str, Any], *parts: Part) -> dict[str, Any]:
        thread = self.threads.setdefault((channel, address), [])
        seq = len(thread) + 1
        message = {
            "id": f"{channel}-{address}-{seq}",
            "seq": seq,
            "at": (_START + timedelta(minutes=seq)).isoformat(),
            "state": "sent" if head["direction"] == "out" else "received",
            "reason": None,
            "text_id": "",
            **head,
            "parts": [_part(channel, part) for part in parts],
        }
        thread.append(message)
        return message
