"""A Twilio on this machine: the Messages resource, and the signing of webhooks.

Law: answers have the shape of Twilio's; signatures are computed here, not by the library that checks them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from tests.fakes.loopback import Answer, Asked, Loopback

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-of-tests"  # not a credential of anything

# What people wrote, by SID, as the resource would show it: `tests/fakes/post.py` fills it. A form that somebody cut
# anew is not among them.
WRITTEN: dict[str, dict[str, str]] = {}


def sign(url: str, fields: Iterable[tuple[str, str]] = (), token: str = TOKEN) -> str:
    """The X-Twilio-Signature of a form: base64(HMAC-SHA1(token, url + sorted names and values)).

    Source: twilio.com/docs/usage/webhooks/webhooks-security."""
    told = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()).decode()


def refusal(code: int, status: int = 400) -> Answer:
    """An error answer; its message quotes a number, as the real ones do."""
    told = {"code": code, "message": "The 'To' number +9779812345678 is not valid", "status": status}
    return Answer(status, told | {"more_info": f"https://www.twilio.com/docs/errors/{code}"})


def _shown(sid: str, form: dict[str, str]) -> dict[str, Any]:
    """An incoming message as the resource shows it."""
    return {
        "account_sid": ACCOUNT,
        "body": form.get("Body", ""),
        "direction": "inbound",
        "from": form["From"],
        "num_media": form.get("NumMedia", "0"),
        "sid": sid,
        "status": "received",
        "to": form["To"],
    }


class FakeTwilio(Loopback):
    """Takes messages and calls; `messages` holds what was taken, by SID, as the resource would show it."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, dict[str, str]] = {}
        self.questions: Answer | None = None  # how it answers whoever asks about a message, if not as usual

    async def usual(self, asked: Asked) -> Answer:
        """POST Messages.json creates, GET and DELETE Messages/<sid>.json work on what was created."""
        root = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
        if asked.method == "POST" and asked.path == f"{root}.json":
            return Answer(201, self._create(asked.form))
        if asked.method == "POST" and asked.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json":
            call = f"CA{len(self.calls) + 1:032x}"
            self.calls[call] = asked.form
            return Answer(201, {"sid": call, "account_sid": ACCOUNT, "status": "queued", "to": asked.form.get("To")})
        sid = asked.path.removeprefix(f"{root}/").removesuffix(".json")
        if asked.method == "GET" and self.questions is not None:
            return self.questions
        if asked.method == "GET" and sid in WRITTEN:
            return Answer(200, _shown(sid, WRITTEN[sid]))
        if sid not in self.messages:
            return refusal(20404, 404)
        if asked.method == "DELETE":
            del self.messages[sid]
            return Answer(204)
        return Answer(200, self.messages[sid])

    def _create(self, form: dict[str, str]) -> dict[str, Any]:
        sid = f"SM{len(self.messages) + 1:032x}"
        self.messages[sid] = {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": form.get("Body", ""),
            "date_created": "Tue, 24 Nov 2026 09:00:00 +0000",
            "date_sent": None,
            "date_updated": "Tue, 24 Nov 2026 09:00:00 +0000",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "queued",
            "subresource_uris": {},
            "to": form.get("To", ""),
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        }
        return self.messages[sid]
