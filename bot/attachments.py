"""The worker that brings files of people here: fetch, sniff, scan, seal, keep; and hands them out again, opened.

Law: the network is outside every transaction; a file that does not come now is asked for again, a voice note longest;
what will never come leaves a note for a human. Nothing is opened that was not asked for by somebody who may.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from bot.media.fetch import MOST, Failed, Refused
from bot.media.files import Files
from bot.media.pictures import thumbnail
from bot.media.scan import NoVerdict, Scanner
from bot.media.sniff import SHOWN, sniff
from bot.media.speech import UNVERIFIED, NoSpeech, Speech
from bot.observe import logs
from bot.store import attachments, evidence, leases
from bot.store.attachments import Waiting
from bot.store.database import UNAVAILABLE, Database
from bot.store.keys import Keys, open_, seal
from bot.transports import errors
from bot.transports.contract import Transport
from bot.transports.verdict import backoff
from bot.vault.fields import Unopenable
from bot.vault.keyring import new_key

log = logs.get(__name__)
PACE = (5.0, 7200.0)  # seconds: first wait, longest
PATIENCE = timedelta(days=3)
PATIENCE_VOICE = timedelta(days=14)  # Twilio keeps files longer, Telegram's ids hold
LOOK_SECONDS = 1.0
HEARD_AT_ONCE = 20  # recordings that wait for the machine that listens; more are for ears alone


class Attachments:
    """One worker; any number may run on one database."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        transport_for: Callable[[str, str], Transport | None],
        files: Files,
        *,
        clock: Callable[[], datetime],
        scanner: Scanner | None = None,
        speech: Speech | None = None,
        judge: Callable[[str], str | None] | None = None,
    ) -> None:
        """`judge`: the kind of danger in a text for which somebody is woken."""
        self._database = database
        self._secrets = secrets
        self._transport_for = transport_for
        self._files = files
        self._clock = clock
        self._leases = attachments.held(database)
        self._scanner = scanner or Scanner()
        self._speech = speech or NoSpeech()
        self._judge = judge
        self._hearing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled. A fault of ours ends no worker, nor the process that it is a part of."""
        while True:
            done = 0
            try:
                done = await self.run_once()
            except UNAVAILABLE as error:
                log.warning("attachments_wait", kind=type(error).__name__)
            except Exception as error:
                log.error("worker_fault", kind=type(error).__name__, exc_info=True)
            if not done:
                await asyncio.sleep(LOOK_SECONDS)

    async def run_once(self) -> int:
        """Bring what waits; returns how many were tried."""
        async with self._database.begin() as connection:
            alive = leases.steady(self._database)
            claimed = await attachments.claim(connection, self._secrets, self._clock(), take_over=alive)
        async with self._leases.holding({one.id: one.attempts for one in claimed}):
            await asyncio.gather(*(self._bring(one) for one in claimed))
        return len(claimed)

    async def settled(self) -> None:
        """Until nothing is being listened to."""
        await asyncio.gather(*self._hearing)

    async def _bring(self, one: Waiting) -> None:
        """One that cannot be kept is tried again as one that did not come, and holds up no other."""
        try:
            await self._brought(one)
        except UNAVAILABLE:
            raise
        except Exception as error:
            log.error("attachment_fault", kind=type(error).__name__, exc_info=True)
            await self._later(one, errors.OutcomeUnknown(type(error).__name__))

    async def _brought(self, one: Waiting) -> None:
        try:
            transport = self._transport_for(one.channel, one.account)
            if transport is None:
                raise errors.Misconfigured("no_transport")
            data = await transport.fetch(one.ref, MOST)
            verdict = await self._scanner.scan(data)
        except (Refused, errors.BadContent) as error:
            await self._end(one, "refused", str(getattr(error, "code", "") or error))
            return
        except (Failed, NoVerdict, errors.SendError) as error:
            await self._later(one, error)
            return
        if verdict == "infected":
            await self._end(one, "refused", "infected")
            return
        await self._keep(one, data, verdict)

    async def _keep(self, one: Waiting, data: bytes, verdict: str) -> None:
        """Seal it, put it on the disk, write its row. A file whose row could not be written is swept later."""
        kind, key = sniff(data), new_key()
        picture = await asyncio.to_thread(thumbnail, data) if kind in SHOWN else None
        name = await asyncio.to_thread(self._files.write, seal(key, data, where=f"media.file.{one.id}"))
        digest = hashlib.sha256(data).hexdigest().encode()
        sealed = {
            "key_enc": seal(one.key, key, where=f"media.key_enc.{one.id}"),
            "sha256_enc": seal(one.key, digest, where=f"media.sha256_enc.{one.id}"),
        }
        if picture:
            sealed["thumbnail_enc"] = seal(one.key, picture, where=f"media.thumbnail_enc.{one.id}")
        async with self._database.begin() as connection:
            kept = await attachments.write(
                connection,
                one,
                state="stored",
                reason=verdict,
                name=name,
                content_type=kind,
                size=len(data),
                **sealed,
            )
        if not kept:
            await asyncio.to_thread(self._files.delete, name)
        elif one.kind == "audio" and not isinstance(self._speech, NoSpeech) and len(self._hearing) < HEARD_AT_ONCE:
            task = asyncio.ensure_future(self._hear(one, data, kind))  # the recording is there already: nobody waits
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    async def _hear(self, one: Waiting, data: bytes, kind: str) -> None:
        """What a machine made of a voice: put beside it, unverified. If danger is in it, somebody is woken, as by
        words; if not, that says nothing."""
        try:
            words = await self._speech.transcribe(data, kind, one.language)
            if not words:
                return
            danger = self._judge(words) if self._judge else None
            sealed = seal(one.key, words.encode(), where=f"media.transcript_enc.{one.id}")
            async with self._database.begin() as connection:
                kept = await attachments.heard(connection, one, UNVERIFIED, sealed)
                if kept and danger:
                    await attachments.wake(connection, one, danger, self._clock())
        except Exception as error:
            log.error("speech_failed", kind=type(error).__name__, exc_info=True)

    async def _later(self, one: Waiting, error: Exception) -> None:
        now = self._clock()
        voice = one.kind == "audio"
        gone = getattr(error, "gone", False) and one.attempts >= (10 if voice else 3)
        if gone or now - one.received_at > (PATIENCE_VOICE if voice else PATIENCE):
            await self._end(one, "gone", _code(error))
            return
        wait = max(getattr(error, "retry_after", None) or 0.0, backoff(one.attempts, PACE))
        log.info("attachment_waits", kind=type(error).__name__, code=_code(error))
        async with self._database.begin() as connection:
            await attachments.write(connection, one, reason=_code(error), next_at=now + timedelta(seconds=wait))

    async def _end(self, one: Waiting, state: str, code: str) -> None:
        log.warning("attachment_not_kept", code=code)
        async with self._database.begin() as connection:
            if await attachments.write(connection, one, state=state, reason=code):
                await attachments.tell(connection, one, f"file_{state}", self._clock())

    # --- for whoever may see it, and for the sweep

    async def read(self, media_id: UUID) -> tuple[str, bytes] | None:
        """(type, bytes) of a stored file. Who may see it is decided by the caller; so is that it is written down."""
        return await read(self._database, self._secrets, self._files, media_id)

    async def sweep(self) -> int:
        """Delete the files of rows that are gone: purged, erased, never finished. Returns how many."""
        async with self._database.begin() as connection:
            await attachments.without_message(connection, 1000)
            await evidence.sweep(connection, self._secrets, 1000)
            known = await attachments.names(connection)
        return await asyncio.to_thread(self._files.sweep, known)


async def read(database: Database, secrets: Keys, files: Files, media_id: UUID) -> tuple[str, bytes] | None:
    """(type, bytes) of a stored file, for whoever may see it; None when it is not here, or its file is lost."""
    async with database.begin() as connection:
        found = await attachments.opened(connection, secrets, media_id)
    if found is None:
        return None
    name, kind, key, _ = found
    return await asyncio.to_thread(_opened, files, name, kind, key, media_id)


def _opened(files: Files, name: str, kind: str, key: bytes, media_id: UUID) -> tuple[str, bytes] | None:
    try:
        return kind, open_(key, files.read(name), where=f"media.file.{media_id}")
    except (FileNotFoundError, Unopenable) as error:
        log.error("attachment_lost", kind=type(error).__name__, id=media_id)
        return None


def _code(error: Exception) -> str:
    return str(getattr(error, "code", "") or error)[:60] or type(error).__name__
