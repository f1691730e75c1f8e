"""The witness: asks a provider whether it knows a message as it stands, before something is deleted or disclosed on its
word. One signature of Twilio's fits more than one form (W7), so the form alone is not believed for that.

Law: the network is outside every transaction, and nobody waits longer than SECONDS; who cannot be asked has said
nothing (`unknown`), which is told to the person honestly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.channels.contract import Inbound
from bot.observe import logs
from bot.store import vouched
from bot.store.database import INBOX_CHANNEL, VOUCH_CHANNEL, Database
from bot.store.keys import Keys
from bot.store.vouched import Asking
from bot.store.wake import Wake
from bot.transports.errors import SendError, Unreachable

log = logs.get(__name__)
SECONDS = 4.0
TRIES, PAUSE = 2, 0.3  # a connection that is refused is tried once more
LOOK_SECONDS = 0.5


class Witness:
    """One worker. `vouch`: whether the provider knows this message; raises a SendError when it cannot say."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        vouch: Callable[[Inbound], Awaitable[bool]],
        *,
        clock: Callable[[], datetime],
        seconds: float = SECONDS,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._vouch = vouch
        self._clock = clock
        self._seconds = seconds

    async def run(self, wake: Wake) -> None:
        """Work until told to stop."""

        async def once() -> int:
            asked = await self.run_once()
            if asked:
                wake.set(INBOX_CHANNEL)
            return asked

        await wake.work(once, VOUCH_CHANNEL, LOOK_SECONDS)

    async def run_once(self) -> int:
        """Ask about what waits; returns how many."""
        async with self._database.begin() as connection:
            claimed = await vouched.claim(connection, self._secrets, self._clock())
        await asyncio.gather(*(self._one(asking) for asking in claimed))
        return len(claimed)

    async def _one(self, asking: Asking) -> None:
        told = await self._told(asking.inbound) if asking.inbound else vouched.NO
        async with self._database.begin() as connection:
            await vouched.answered(connection, asking.id, told, self._clock())

    async def _told(self, inbound: Inbound) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                return vouched.YES if await self._asked(inbound) else vouched.NO
        except (SendError, TimeoutError) as error:
            log.warning("message_not_vouched", channel=inbound.channel, kind=type(error).__name__)
        except Exception as error:  # an answer that cannot be read is none
            log.error("message_not_vouched", channel=inbound.channel, kind=type(error).__name__, exc_info=True)
        return vouched.UNKNOWN

    async def _asked(self, inbound: Inbound) -> bool:
        for _ in range(TRIES - 1):
            try:
                return await self._vouch(inbound)
            except Unreachable:
                await asyncio.sleep(PAUSE)
        return await self._vouch(inbound)
