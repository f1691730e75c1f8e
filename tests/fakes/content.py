"""Twilio's Content resource on this machine: contents by SID, pages, approval by WhatsApp.

Law: the shapes of Twilio's answers (docs: content-api-resources); a content without a type, or with an empty one, is
refused as Twilio refuses it.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.loopback import Answer, Asked
from tests.fakes.twilio import FakeTwilio, refusal


class FakeContent(FakeTwilio):
    """A Twilio that has contents too. `approvals` = status by SID; `page` = how many stand on one page."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[str, dict[str, Any]] = {}
        self.approvals: dict[str, dict[str, Any]] = {}
        self.page = 5
        self.verdict = "pending"

    async def usual(self, asked: Asked) -> Answer:
        """Content, its approvals, and what a Twilio answers besides."""
        parts = asked.path.strip("/").split("/")
        if parts[:2] != ["v1", "Content"]:
            return await super().usual(asked)
        match asked.method, parts[2:]:
            case "GET", []:
                return self._listed(int(asked.query.get("Page", "0")))
            case "POST", []:
                return self._make(json.loads(asked.body))
            case "GET", [sid, "ApprovalRequests"]:
                return Answer(200, {"sid": sid, "whatsapp": self.approvals.get(sid, {"status": "unsubmitted"})})
            case "POST", [sid, "ApprovalRequests", "whatsapp"]:
                told = json.loads(asked.body)
                if not told.get("name") or told.get("category") not in {"UTILITY", "MARKETING", "AUTHENTICATION"}:
                    return refusal(20001)
                self.approvals[sid] = told | {"status": self.verdict, "rejection_reason": ""}
                return Answer(201, self.approvals[sid])
        return refusal(20404, 404)

    def _listed(self, page: int) -> Answer:
        ordered = list(self.contents.values())
        shown = ordered[page * self.page : (page + 1) * self.page]
        following = (page + 1) * self.page < len(ordered)
        url = f"https://elsewhere.example/v1/Content?PageSize={self.page}&Page={page + 1}" if following else None
        return Answer(200, {"contents": shown, "meta": {"next_page_url": url, "page": page}})

    def _make(self, told: dict[str, Any]) -> Answer:
        types = told.get("types") or {}
        if not types or any(not body for body in types.values()) or not told.get("language"):
            return refusal(20001)
        sid = f"HX{len(self.contents) + 1:032x}"
        self.contents[sid] = {"sid": sid, "friendly_name": told["friendly_name"], **told}
        return Answer(201, self.contents[sid])
