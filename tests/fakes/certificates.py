"""Certificates in memory behind the pages, with the words of the real content."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.content import Content

GENUINE, REVOKED, FILE = "4829173050617284", "7301884620957716", b"%PDF-1.4 a certificate"
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f901"


@dataclass
class MemoryCertificates:
    """One genuine number and one link. `broken` = the database is down."""

    content: Content
    broken: bool = False
    asked: list[str] = field(default_factory=list)

    def languages(self) -> list[dict[str, str]]:
        return [
            {"code": code, "name": language.name, "direction": language.direction}
            for code, language in self.content.languages.items()
        ]

    def words(self, language: str) -> dict[str, str]:
        return self.content.page(language, {})

    async def genuine(self, code: str, language: str) -> tuple[str, str] | None:
        self.asked.append(code)
        if self.broken:
            raise ConnectionError("no database for 4829173050617284")
        if code.replace(" ", "") != GENUINE:
            return None
        said = self.content.said
        return said(language, {"text": "orientation.pre_departure.title"}), said(language, {"month": "2026-11"})

    async def file(self, token: str, base: str) -> bytes | None:
        if self.broken:
            raise ConnectionError("no database")
        return FILE if token == TOKEN else None
