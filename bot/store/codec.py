"""Inbound and Receipt to JSON and back: what `inbox` encrypts.

Law: plain data only; a payload written by the previous version can be read by this one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.engine.inbound import Inbound, MediaRef, Receipt


def inbound_to_json(item: Inbound) -> dict[str, Any]:
    """A plain dict."""
    return {
        "channel": item.channel,
        "account": item.account,
        "address": item.address,
        "event_id": item.event_id,
        "kind": item.kind,
        "text": item.text,
        "press": list(item.press) if item.press else None,
        "media": [[m.kind, m.ref, m.content_type] for m in item.media],
        "location": list(item.location) if item.location else None,
        "ack": item.ack,
        "group": item.group,
        "sent_at": item.sent_at.isoformat() if item.sent_at else None,
        "profile_name": item.profile_name,
        "language_hint": item.language_hint,
        "extra": item.extra,
    }


def inbound_from_json(data: dict[str, Any]) -> Inbound:
    """The inverse."""
    press, location, sent_at = data.get("press"), data.get("location"), data.get("sent_at")
    return Inbound(
        channel=data["channel"],
        account=data["account"],
        address=data["address"],
        event_id=data["event_id"],
        kind=data["kind"],
        text=data.get("text", ""),
        press=(press[0], press[1], press[2]) if press else None,
        media=tuple(MediaRef(*m) for m in data.get("media", [])),
        location=(location[0], location[1]) if location else None,
        ack=data.get("ack", ""),
        group=data.get("group", ""),
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        profile_name=data.get("profile_name", ""),
        language_hint=data.get("language_hint", ""),
        extra=data.get("extra", {}),
    )


def receipt_to_json(item: Receipt) -> dict[str, Any]:
    """A plain dict."""
    return {
        "channel": item.channel,
        "account": item.account,
        "event_id": item.event_id,
        "provider_id": item.provider_id,
        "status": item.status,
        "ref": item.ref,
        "error_code": item.error_code,
    }


def receipt_from_json(data: dict[str, Any]) -> Receipt:
    """The inverse."""
    return Receipt(**data)
