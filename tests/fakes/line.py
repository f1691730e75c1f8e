"""A line to the webhooks: a server with its real routes, a store that remembers, and a client that signs.

Law: real HTTP and real signatures; the store is the only thing that is made up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.channels.contract import Inbound, Receipt
from bot.settings import Settings
from bot.web.webhooks import TELEGRAM, TWILIO
from tests.fakes.twilio import ACCOUNT, TOKEN, sign

PUBLIC, SECRET, OLDER = "https://help.example", "a-secret_OF-tests", "an-older-token"
SAMPLES = Path(__file__).parent.parent / "channels"
FORM = "application/x-www-form-urlencoded"
NAMES = sorted(f"{p.parent.name}/{p.stem}" for p in SAMPLES.glob("*/*.json"))


def sample(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@dataclass
class Store:
    """Where messages go in these tests; `broken` = the database is down."""

    values: list[Inbound | Receipt] = field(default_factory=list)
    raw: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    async def acknowledge(self, page: str, key: str) -> str:
        if self.broken:
            raise ConnectionError("no database")
        self.keys.append((page, key))
        return "<Response><Hangup/></Response>" if key == "1" else ""

    async def receive(self, values: Sequence[Inbound | Receipt]) -> None:
        if self.broken:
            raise ConnectionError("no database for +9779812345678")
        self.values.extend(values)

    async def quarantine(self, provider: str, account: str, event_id: str, raw: bytes) -> None:
        if self.broken:
            raise ConnectionError("no database")
        self.raw.append((provider, account, event_id, raw))


@dataclass
class Line:
    """A server, its store, and a client to it."""

    store: Store
    client: httpx.AsyncClient

    async def twilio(self, fields: dict[str, str] | list[tuple[str, str]], path: str = TWILIO, **more: Any) -> int:
        """POST a signed form; returns the status code."""
        pairs = list(fields.items()) if isinstance(fields, dict) else fields
        signature = more.pop("signature", None) or sign(PUBLIC + path, pairs, more.pop("token", TOKEN))
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature} | more.pop("headers", {})
        body = urlencode(pairs, errors="surrogatepass").encode()
        return (await self.client.post(path, content=body, headers=headers)).status_code

    async def telegram(self, body: Any, secret: str = SECRET) -> int:
        """POST an update (or raw bytes) with the secret; returns the status code."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        return (await self.client.post(TELEGRAM, content=content, headers=headers)).status_code

    @property
    def empty(self) -> bool:
        return not self.store.values and not self.store.raw


def settings(**more: Any) -> Settings:
    known: dict[str, Any] = {
        "public_url": PUBLIC,
        "telegram_token": "7000:abc",
        "telegram_webhook_secret": SECRET,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": f"{TOKEN},{OLDER}",
        "sms_sender": "+447700900123,+447700900777",
        "whatsapp_sender": "whatsapp:+447700900456",
    }
    return Settings(**(known | more))
