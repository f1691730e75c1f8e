"""Pictures that volunteers may look at while somebody is looked for.

Law: what leaves is a new picture without what the file carries besides, made anew each time, and only while the search
is open: with it the link ends, for everybody at once.
"""

from __future__ import annotations

from bot import attachments
from bot.app import App
from bot.media.files import Files
from bot.media.preview import Previews
from bot.store import search_copies


class Looking:
    """What `bot/web/look.py` asks for."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._files = Files(app.settings.data_dir / "media")
        self._previews = Previews()

    def languages(self) -> list[dict[str, str]]:
        """Languages that are installed, English first."""
        return self._app.content.named()

    def words(self, language: str) -> dict[str, str]:
        """The words of the pages."""
        return self._app.content.page(language, {})

    async def known(self, code: str) -> bool:
        """Whether there is something to look at by this code, now."""
        app = self._app
        async with app.database.begin() as connection:
            return await search_copies.looked_at(connection, app.secrets, code, app.clock()) is not None

    async def picture(self, code: str) -> bytes | None:
        """A JPEG; None when there is nothing to look at any more."""
        app = self._app
        async with app.database.begin() as connection:
            which = await search_copies.looked_at(connection, app.secrets, code, app.clock())
        found = await attachments.read(app.database, app.secrets, self._files, which) if which else None
        return await self._previews.make(found[1], found[0]) if found else None
