"""Certificates for the web: from what is stored to finished words and files.

Law: joins the store, the words and the paper; the name of a person leaves only in the file that her own link opens.
"""

from __future__ import annotations

import asyncio

from bot.app import App
from bot.content.languages import FALLBACK
from bot.store import certificates as stored
from bot.store.certificates import Drawn
from bot.vault.lookup import code_form
from handlers.codes import in_fours


class Certificates:
    """What `bot/web/verify.py` asks for."""

    def __init__(self, app: App) -> None:
        self._app = app

    def languages(self) -> list[dict[str, str]]:
        """Languages that are installed, English first."""
        return self._app.content.named()

    def words(self, language: str) -> dict[str, str]:
        """The words of the pages."""
        return self._app.content.page(language, {})

    async def genuine(self, code: str, language: str) -> tuple[str, str] | None:
        """Title of the course and month of a genuine certificate, in words."""
        passed = await stored.genuine(self._app.database, self._app.secrets, code)
        if passed is None:
            return None
        said = self._app.content.said
        return said(language, _track(passed.track)), said(language, {"month": passed.at.strftime("%Y-%m")})

    async def file(self, token: str, base: str) -> bytes | None:
        """The file behind a link. `base`: where we were asked, for its own address while none is set (development)."""
        drawn = await stored.behind(self._app.database, self._app.secrets, token, self._app.clock())
        if drawn is None:
            return None
        return await asyncio.to_thread(self._paper, drawn, base)

    def _paper(self, drawn: Drawn, base: str) -> bytes:
        # in a thread, and imported here: what draws fonts takes a third of a second that no start should wait for
        from bot.documents.certificate import Words, certificate

        content = self._app.content
        language = content.languages.get(drawn.language) or content.languages[FALLBACK]
        page = content.page(language.code, {"score": drawn.score})
        code = code_form(drawn.code)
        words = Words(
            language=language.code,
            direction=language.direction,
            issuer=page["brand"],
            title=page["certificate_title"],
            given_to=page["certificate_given"],
            name=drawn.name,
            completed=page["certificate_completed"],
            track=content.said(language.code, _track(drawn.track)),
            facts=(
                (page["certificate_date"], content.said(language.code, {"day": drawn.passed_at.date().isoformat()})),
                (page["certificate_score"], page["certificate_points"]),
            ),
            check=page["certificate_check"],
            code_label=page["certificate_number"],
            code=in_fours(code),
            address=f"{(self._app.settings.public_url or base).rstrip('/')}/verify/{code}",
        )
        return certificate(words, drawn.passed_at)


def _track(track: str) -> dict[str, str]:
    return {"text": f"orientation.{track}.title"}
