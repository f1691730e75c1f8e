"""Twilio's Content API: menus and texts for WhatsApp, made once, found again by name, handed in for approval.

Law: what is there already is never made twice: the name of a content holds a hash of its words. No retry of our own.
Source: twilio.com/docs/content (v1/Content, ApprovalRequests/whatsapp).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.channels.contract import Button, Part
from bot.channels.limits import LIMITS
from bot.settings import Settings, is_loopback
from bot.transports.errors import Misconfigured, OutcomeUnknown, SendError, Unreachable
from bot.transports.twilio_errors import refused

# httpx takes 5 MB with what it needs itself: it is imported where contents are asked for.
if TYPE_CHECKING:
    import httpx

CONTENT = "https://content.twilio.com"
_LIMIT, _CONNECT = 15.0, 5.0  # seconds of silence, and until there is a line
_PAGE = 100
_PAGES = 50  # more contents than any account of ours has
# Twilio's states of an approval -> ours.
APPROVALS = {
    "unsubmitted": "none",
    "received": "submitted",
    "pending": "submitted",
    "approved": "approved",
    "rejected": "rejected",
    "paused": "rejected",
    "disabled": "rejected",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A content that there should be. `category` is empty for menus, which need no approval in a conversation."""

    name: str
    language: str
    types: Mapping[str, Any]
    variables: Mapping[str, str]
    category: str = ""

    @property
    def made_from(self) -> str:
        """A hash of the words."""
        told = json.dumps([self.types, self.variables, self.language], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    @property
    def friendly_name(self) -> str:
        """Its name at Twilio and WhatsApp: small letters, digits and _."""
        return f"saathi_{self.name}_{self.language or 'any'}_{self.made_from}".lower()


def menu_name(part: Part) -> str:
    """The menu that carries a Part; "" when none can (descriptions are not in a menu of ours)."""
    if part.kind not in {"buttons", "list"} or any(b.description for b in part.buttons):
        return ""
    return f"{part.kind}_{len(part.buttons)}"


def variables(part: Part) -> str:
    """ContentVariables of a menu, as JSON: the words are values, so that nothing in them is read as structure."""
    listed = [part.text, *([part.list_label] if part.kind == "list" else [])]
    for button in part.buttons:
        listed += [button.label, button.payload]
    return json.dumps({str(n): value for n, value in enumerate(listed, 1)}, ensure_ascii=False)


def menus() -> list[Wanted]:
    """Every menu that a conversation may need: buttons, and lists."""
    limits = LIMITS["whatsapp"]
    return [
        *(_menu("buttons", count) for count in range(1, limits.buttons + 1)),
        *(_menu("list", count) for count in range(1, limits.list_items + 1)),
    ]


def _menu(kind: str, count: int) -> Wanted:
    sample = Part(kind, "?", tuple(Button(f"{n}", f"a.b|{n}|1") for n in range(1, count + 1)), "...")
    first = 3 if kind == "list" else 2
    pairs = [(f"{{{{{first + 2 * n}}}}}", f"{{{{{first + 2 * n + 1}}}}}") for n in range(count)]
    if kind == "list":
        items = [{"item": item, "id": payload} for item, payload in pairs]
        types: dict[str, Any] = {"twilio/list-picker": {"body": "{{1}}", "button": "{{2}}", "items": items}}
    else:
        actions = [{"type": "QUICK_REPLY", "title": title, "id": payload} for title, payload in pairs]
        types = {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    return Wanted(f"{kind}_{count}", "", types, json.loads(variables(sample)))


def text(name: str, language: str, words: str, category: str) -> Wanted:
    """A text without values."""
    return Wanted(name, language, {"twilio/text": {"body": words}}, {}, category)


class ContentApi:
    """The resource, for one account."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = (settings.twilio_api_url or CONTENT).rstrip("/")

    def _line(self) -> httpx.AsyncClient:
        import httpx

        if not self._settings.may_send(self._url):
            raise Misconfigured("not_live")
        if not self._settings.twilio_account_sid or not self._settings.twilio_tokens:
            raise Misconfigured("no_credentials")
        login = (self._settings.twilio_account_sid, self._settings.twilio_tokens[0])
        limit = httpx.Timeout(_LIMIT, connect=_CONNECT)
        return httpx.AsyncClient(base_url=self._url, auth=login, timeout=limit, trust_env=not is_loopback(self._url))

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer as JSON. Raises a SendError."""
        import httpx

        try:
            async with self._line() as line:
                answer = await line.request(method, path, json=body)
            told = answer.json() if answer.content else {}
        except SendError:
            raise
        except httpx.ConnectError as error:
            raise Unreachable(type(error).__name__) from None
        except (httpx.HTTPError, ValueError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        if answer.status_code >= 300 or not isinstance(told, dict):
            raise refused(answer.status_code, told.get("code") if isinstance(told, dict) else None)
        return told

    async def present(self) -> dict[str, str]:
        """friendly_name -> SID of all that is there. Pages are asked for by their path alone: the address in an answer
        is not followed to another host."""
        found: dict[str, str] = {}
        path = f"/v1/Content?PageSize={_PAGE}"
        for _ in range(_PAGES):
            told = await self._ask("GET", path)
            for one in told.get("contents") or ():
                found.setdefault(str(one.get("friendly_name")), str(one.get("sid")))
            following = urlsplit(str((told.get("meta") or {}).get("next_page_url") or ""))
            if not following.path:
                break
            path = f"{following.path}?{following.query}"
        return found

    async def make(self, wanted: Wanted) -> str:
        """Make one; returns its SID."""
        told = await self._ask(
            "POST",
            "/v1/Content",
            {
                "friendly_name": wanted.friendly_name,
                "language": wanted.language or "en",
                "variables": dict(wanted.variables),
                "types": dict(wanted.types),
            },
        )
        if not told.get("sid"):
            raise OutcomeUnknown("no_sid")
        return str(told["sid"])

    async def hand_in(self, sid: str, wanted: Wanted) -> None:
        """Ask WhatsApp to approve it."""
        body = {"name": wanted.friendly_name, "category": wanted.category}
        await self._ask("POST", f"/v1/Content/{sid}/ApprovalRequests/whatsapp", body)

    async def approval(self, sid: str) -> tuple[str, str | None]:
        """(state, code of the reason): none, submitted, approved, rejected."""
        told = (await self._ask("GET", f"/v1/Content/{sid}/ApprovalRequests")).get("whatsapp") or {}
        state = APPROVALS.get(str(told.get("status", "unsubmitted")), "submitted")
        return state, str(told.get("rejection_reason") or "")[:80] or None


async def provision(
    api: ContentApi, wanted: Sequence[Wanted], known: Mapping[tuple[str, str], tuple[str, str]]
) -> list[tuple[Wanted, str, str, str | None]]:
    """Bring the account up to `wanted`; `known`: (name, language) -> (made_from, SID) of the last time. Returns what is
    there now, each with SID, approval and reason. Twice is once, also when the first time was cut off."""
    present = await api.present()
    done = []
    for one in wanted:
        had = known.get((one.name, one.language))
        sid = present.get(one.friendly_name) or (had[1] if had and had[0] == one.made_from else "")
        sid = sid or await api.make(one)
        state, reason = "none", None
        if one.category:
            state, reason = await api.approval(sid)
            if state == "none":
                await api.hand_in(sid, one)
                state, reason = await api.approval(sid)
        done.append((one, sid, state, reason))
    return done
