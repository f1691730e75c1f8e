"""An "SMS Gateway for Android" on this machine: its messages and webhooks resources, and the signing of webhooks.

Law: answers have the shape and the status codes of the project's own server (handlers/messages/3rdparty.go); signatures
are computed here, as the app's PayloadSigningPlugin does, not by what checks them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.fakes.loopback import Answer, Asked, Loopback

LOGIN, PASSWORD, KEY = "phone", "a-password-of-tests", "a-signing-key-of-tests"  # not credentials of anything
NUMBER = "+96550009999"
STAMP = "1795500000"


def sign(body: bytes, key: str = KEY, stamp: str = STAMP) -> dict[str, str]:
    """The headers that the app adds to a webhook."""
    mac = hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    return {"X-Signature": mac, "X-Timestamp": stamp, "Content-Type": "application/json"}


def hook(event: str, payload: dict[str, Any], hook_id: str = "Ey6ECgOkVVFjz3CL48B8C") -> bytes:
    """The body of a webhook."""
    told = {"deviceId": "ffffffffceb0b1db0000018e937c815b", "event": event, "id": hook_id, "payload": payload}
    return json.dumps(told | {"webhookId": "LreFUt-Z3sSq0JufY9uWB"}).encode()


def received(sender: str, words: str, at: str = "2026-11-24T15:46:11.000+03:00") -> dict[str, Any]:
    """The payload of `sms:received`."""
    return {
        "messageId": "abc123",
        "message": words,
        "phoneNumber": sender,
        "sender": sender,
        "simNumber": 1,
        "receivedAt": at,
    }


class FakeGateway(Loopback):
    """`messages` = what was taken, by id, as the resource shows it; `hooks` = registered webhooks; `full` = the phone's
    queue is full."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.taken: list[dict[str, Any]] = []
        self.hooks: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.full = False

    async def usual(self, asked: Asked) -> Answer:
        """What the server answers."""
        login = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return Answer(401, {"message": "Unauthorized"})
        match asked.method, asked.path.split("/")[1:]:
            case "POST", ["messages"]:
                return self._take(json.loads(asked.body))
            case "GET", ["messages", name]:
                known = self.messages.get(name)
                return Answer(200, known) if known else Answer(404, {"message": "message not found"})
            case "GET", ["webhooks"]:
                return Answer(200, self.hooks)
            case "POST", ["webhooks"]:
                told = json.loads(asked.body)
                self.hooks.append({"id": f"h{len(self.hooks)}", "url": told["url"], "event": told["event"]})
                return Answer(201, self.hooks[-1])
            case "GET", ["inbox", message, "attachments", part]:
                found = self.files.get(f"{message}/{part}")
                return Answer(200, text=found.decode()) if found else Answer(404, {"message": "not found"})
            case _:
                return Answer(404, {"message": "Not Found"})

    def _take(self, told: dict[str, Any]) -> Answer:
        if self.full:
            return Answer(503, {"message": "queue limit exceeded"})
        if len(told.get("id", "")) > 36:
            return Answer(400, {"message": "id must be at most 36 characters"})
        name = told.get("id") or f"m{len(self.messages)}"
        if name in self.messages:
            return Answer(409, {"message": "duplicate id"})
        self.taken.append(told)
        self.messages[name] = {
            "id": name,
            "deviceId": "ffffffffceb0b1db0000018e937c815b",
            "state": "Pending",
            "isHashed": False,
            "isEncrypted": False,
            "recipients": [{"phoneNumber": told["phoneNumbers"][0], "state": "Pending", "error": None}],
            "states": {},
        }
        return Answer(202, self.messages[name])
