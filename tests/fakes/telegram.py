"""A Telegram on this machine: sendMessage, answerCallbackQuery, setWebhook, getUpdates, getMe.

Law: answers have the shape of the Bot API's; getUpdates forgets what is below the offset, as Telegram does, and
nothing else, so that a test can see what was confirmed.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.fakes.loopback import Answer, Asked, Loopback

TOKEN = "7000:a-token-of-tests"  # not a credential of anything


def refusal(status: int, description: str, **parameters: Any) -> Answer:
    """An error answer of the Bot API."""
    told: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return Answer(status, told | ({"parameters": parameters} if parameters else {}))


def taken(result: Any) -> Answer:
    """A yes."""
    return Answer(200, {"ok": True, "result": result})


class FakeTelegram(Loopback):
    """`waiting` = updates not confirmed yet; `sent` = parameters of each sendMessage; `webhook` = what was set;
    `blocked_by` = chats that nothing can be sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.webhook: dict[str, Any] = {}
        self.told: list[tuple[str, dict[str, str]]] = []  # what else was asked: method, parameters
        self.blocked_by: set[int] = set()
        self._news = asyncio.Event()

    def bring(self, *updates: dict[str, Any]) -> None:
        """People wrote."""
        self.waiting.extend(updates)
        self._news.set()

    async def usual(self, asked: Asked) -> Answer:
        """What the Bot API answers."""
        if not asked.path.startswith(f"/bot{TOKEN}/"):
            return refusal(401, "Unauthorized")
        match asked.path.rpartition("/")[2]:
            case "sendMessage" if int(asked.form["chat_id"]) in self.blocked_by:
                return refusal(403, "Forbidden: bot was blocked by the user")
            case "sendMessage":
                return taken(self._send(asked.form))
            case "answerCallbackQuery" | "deleteWebhook":
                return taken(True)
            case "deleteMessages" | "leaveChat" | "setMyCommands" | "setMyDescription" | "setMyShortDescription":
                self.told.append((asked.path.rpartition("/")[2], asked.form))
                return taken(True)
            case "setWebhook":
                self.webhook = asked.form
                return taken(True)
            case "getMe":
                return taken(
                    {"id": int(TOKEN.partition(":")[0]), "is_bot": True, "first_name": "S", "username": "s_bot"}
                )
            case "getUpdates":
                return taken(await self._updates(asked.query | asked.form))
            case _:
                return refusal(404, "Not Found")

    def _send(self, form: dict[str, str]) -> dict[str, Any]:
        self.sent.append({**form, "reply_markup": json.loads(form.get("reply_markup", "null"))})
        chat = {"id": int(form["chat_id"]), "type": "private", "first_name": "Sita"}
        return {"message_id": 500 + len(self.sent), "date": 1795500000, "chat": chat, "text": form["text"]}

    async def _updates(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        offset = int(asked.get("offset", 0))
        self.waiting = [u for u in self.waiting if u.get("update_id", offset) >= offset]
        if not self.waiting and int(asked.get("timeout", 0)):
            self._news.clear()
            await self._news.wait()
        return self.waiting[:100]
