"""Twilio, as a bell: a voice call without content, acknowledged by a key.

Law: the call says one neutral sentence and waits for a key; the key comes to the webhook, which is signed. What is said
is in the request itself, so no page of ours has to be fetched. Source: twilio.com/docs/voice/api/call-resource (Twiml).
"""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from twilio.twiml.voice_response import Gather, VoiceResponse

from bot.settings import Settings
from bot.transports.bell import Ring
from bot.transports.errors import Misconfigured, OutcomeUnknown, SendError
from bot.transports.twilio import Twilio, error_of

KEY_PATH = "/webhooks/twilio/voice"
KEY = "1"
RINGS_SECONDS = 40  # a voice box usually answers later
WAIT_SECONDS = 10  # for the key, after each time it was said
TIMES = 3


class Voice:
    """Calls a number."""

    def __init__(self, settings: Settings, twilio: Twilio) -> None:
        self._settings = settings
        self._twilio = twilio

    def _says(self, ring: Ring, ref: UUID) -> str:
        """What the phone hears: the sentence, three times, until the key is pressed."""
        base = self._settings.public_url.rstrip("/")
        answer = VoiceResponse()
        gather = Gather(
            num_digits=1, timeout=WAIT_SECONDS, action=f"{base}{KEY_PATH}?{urlencode({'ref': str(ref)})}", method="POST"
        )
        for _ in range(TIMES):
            gather.say(ring.spoken)
            gather.pause(length=3)
        answer.append(gather)
        return str(answer)

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Call; returns the CallSid. Raises a SendError."""
        sender = self._settings.voice_number
        if not sender or not self._settings.public_url:
            raise Misconfigured("no_voice_number" if not sender else "no_public_url")
        client = self._twilio.client()
        try:
            call = await client.calls.create_async(
                to=to, from_=sender, twiml=self._says(ring, ref), timeout=RINGS_SECONDS
            )
            if call.sid:
                return str(call.sid)
            error: SendError = OutcomeUnknown("no_sid")
        except Exception as caught:
            error = error_of(caught)
        raise error  # out here, so that it does not carry the client's exception, which quotes the request


def heard(says: str) -> str:
    """What the call answers to a key: a word, and it ends."""
    answer = VoiceResponse()
    answer.say(says)
    answer.hangup()
    return str(answer)
