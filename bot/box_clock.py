"""Letters about ourselves that wait: their readers are reminded once a day, by mail, with no word of a letter.

Law: nobody else hears of it. Where none of the readers may read a letter, because it names them, an address outside
the house is told that there is one (`SAATHI_SAFEGUARDING_TO`); what it says is opened with `saathi box`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from bot.content import Content
from bot.observe import logs
from bot.store import box, colleagues
from bot.store.database import Database
from bot.store.keys import Keys
from bot.transports.bell import Bell, Ring
from bot.transports.errors import SendError

log = logs.get(__name__)


async def remind(
    database: Database, secrets: Keys, content: Content, bell: Bell | None, now: datetime, outside: str
) -> int:
    """Write to whom something waits for; returns how many mails left. Who has no address sees it at the desk."""
    to: list[tuple[str, str, str]] = []  # address, language, text
    async with database.begin() as connection:
        known = {one.id: one for one in await colleagues.colleagues(connection, now, assumed=False)}
        for reader in await box.readers(connection):
            waits = [one for one in await box.letters(connection, secrets, reader) if one.outside.waits(now)]
            address = await colleagues.number(connection, secrets, reader.id, "email") if waits else None
            if address:
                reads = known[reader.id].languages if reader.id in known else ()
                to.append((address, next(iter(reads), "en"), "box_waits"))
        if outside and await box.unreadable(connection, secrets):
            to.append((outside, "en", "box_outside"))
    if bell is None:
        return 0
    sent = 0
    for address, language, text in to:
        slots = {"desk": f"{content.site}/desk/box"}
        words = content.staff(language, text, slots)
        try:
            await bell.ring(address, Ring(words, content.staff(language, "box_subject", slots), words, ()), ref=uuid4())
            sent += 1
        except SendError as error:
            log.warning("page_failed", kind=type(error).__name__, code=error.code, channel="email")
    return sent
