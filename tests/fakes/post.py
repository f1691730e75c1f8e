"""How messages reach us: requests as Twilio and Telegram make them, repeated until they are acknowledged.

Law: the bytes of a delivery never change between tries; a provider stops only at a 2xx.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.web.webhooks import STATUS, TELEGRAM, TWILIO
from tests.fakes.twilio import ACCOUNT, WRITTEN, sign

PUBLIC = "https://help.example"
SECRET = "a-secret_OF-tests"
SMS_NUMBER, WHATSAPP_NUMBER = "+447700900123", "+447700900456"
FORM = "application/x-www-form-urlencoded"
TRIES_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One request of a provider."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)

    def with_header(self, name: str, value: str | None) -> Letter:
        """The same, with another header; None takes it away."""
        kept = {n: v for n, v in self.headers.items() if n != name}
        return replace(self, headers=kept if value is None else kept | {name: value})


def _sid(*parts: str) -> str:
    return "SM" + sha256("|".join(parts).encode()).hexdigest()[:32]


def form(pairs: Mapping[str, str], path: str = TWILIO, query: str = "") -> Letter:
    """A signed form."""
    address = path + (f"?{query}" if query else "")
    signature = sign(PUBLIC + address, pairs.items())
    return Letter(address, urlencode(pairs).encode(), {"Content-Type": FORM, "X-Twilio-Signature": signature})


def text(sender: str, words: str, event: str, **more: str) -> Letter:
    """An SMS, or a WhatsApp message when the sender is `whatsapp:+...`. One event, one MessageSid."""
    ours = f"whatsapp:{WHATSAPP_NUMBER}" if sender.startswith("whatsapp:") else SMS_NUMBER
    sid = _sid(sender, event)
    told = (
        {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT, "From": sender, "To": ours, "Body": words}
        | {"NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "ApiVersion": "2010-04-01"}
        | more
    )
    WRITTEN[told["MessageSid"]] = told
    return form(told)


def status(sent: Mapping[str, str], sid: str, told: str = "delivered") -> Letter:
    """What Twilio tells of a message of ours: `sent` is the form that we asked it with."""
    query = sent["StatusCallback"].partition("?")[2]
    pairs = {"MessageSid": sid, "MessageStatus": told, "AccountSid": ACCOUNT, "To": sent["To"], "From": sent["From"]}
    return form(pairs, STATUS, query)


def _telegram(update: Mapping[str, Any]) -> Letter:
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
    return Letter(TELEGRAM, json.dumps(update).encode(), headers)


def message(chat: int, words: str, number: int, name: str = "Sita") -> dict[str, Any]:
    """A Telegram update: somebody wrote, just now. `number` is unique in a test."""
    person = {"id": chat, "is_bot": False, "first_name": name, "language_code": "en"}
    where = {"id": chat, "type": "private", "first_name": name}
    told = {"message_id": number, "date": int(time.time()), "chat": where, "from": person, "text": words}
    return {"update_id": 880_000 + number, "message": told}


def tap(chat: int, data: str, number: int) -> dict[str, Any]:
    """A Telegram update: somebody tapped a button."""
    where = {"id": chat, "type": "private", "first_name": "Sita"}
    shown = {"message_id": 1, "date": 1795500000, "chat": where, "text": "?"}
    query = {"id": str(910_000 + number), "chat_instance": "-77", "data": data, "message": shown}
    query["from"] = {"id": chat, "is_bot": False, "first_name": "Sita"}
    return {"update_id": 880_000 + number, "callback_query": query}


def update(told: Mapping[str, Any]) -> Letter:
    """A Telegram update as a request with our secret."""
    return _telegram(told)


async def post(client: httpx.AsyncClient, base: str, letter: Letter) -> int:
    """One try; returns the status code."""
    answer = await client.post(base + letter.path, content=letter.body, headers=dict(letter.headers))
    return answer.status_code


async def deliver(base: str, letter: Letter, *, within: float = TRIES_SECONDS, pause: float = 0.1) -> int:
    """Try until it is acknowledged, as providers do; returns the number of tries."""
    tries = 0
    plain = httpx.AsyncClient(
        trust_env=False, timeout=10, verify=False
    )  # no TLS here: the authorities are not read for nothing
    async with asyncio.timeout(within), plain as client:
        while True:
            tries += 1
            try:
                if (await post(client, base, letter)) // 100 == 2:
                    return tries
            except httpx.TransportError:
                pass
            await asyncio.sleep(pause)
