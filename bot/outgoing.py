"""The only door to the outbox: whether something may leave now, must wait, or must not leave at all.

Law: `decide` is one pure function, asked when a reply is queued and again when the sender claims it; who wants to send
goes through here. Owner, stop, block, consent, safe hours, agreed hour and WhatsApp window are judged nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from bot.engine.messages import Reply
from bot.store import hours
from bot.store.keys import seal_json
from bot.store.reached import Reached
from bot.store.rows import Conversation, Person, zone_name
from bot.store.subject import Subject
from handlers.languages import FALLBACK, UNSCRIPTED

RANG = timedelta(hours=24)  # so long a human may answer somebody who rang once
APART = timedelta(hours=1)  # so far the clocks of our machines may be apart, and no answer is late for it
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
BROADCAST = "broadcast"  # what is asked about; in the outbox it is a reply that belongs to one


@dataclass(frozen=True, slots=True)
class Policy:
    """`knowledge/contact_policy.yml` and the zones of `knowledge/duty.yml`, read once."""

    direct_reply: timedelta
    whatsapp_window: timedelta
    default_from: int  # minutes after local midnight
    default_until: int
    zones: Mapping[str, str]
    default_zone: str

    @classmethod
    def read(cls, contact: Mapping[str, Any], duty: Mapping[str, Any]) -> Policy:
        """From the two files."""
        usual = contact["default_safe_hours"]
        return cls(
            direct_reply=timedelta(minutes=contact["direct_reply_minutes"]),
            whatsapp_window=timedelta(hours=contact["whatsapp_window_hours"]),
            default_from=hours.minutes(usual["from"]),
            default_until=hours.minutes(usual["until"]),
            zones=duty["zones"],
            default_zone=duty["timezone"],
        )

    def zone(self, person: Person, country_hint: str | None) -> ZoneInfo:
        """The person's time zone."""
        return ZoneInfo(zone_name(person, country_hint, self.zones, self.default_zone))


@dataclass(frozen=True, slots=True)
class Decision:
    """`state`: queued (may leave), held (until `not_before`, for `reason`), withdrawn (for `reason`)."""

    state: str
    reason: str | None = None
    not_before: datetime | None = None


def decide(
    policy: Policy,
    person: Person,
    conversation: Conversation,
    *,
    origin: str,
    epoch: int,
    now: datetime,
    kind: str = "reply",
) -> Decision:
    """May this leave? `origin`: bot, human, system (the line that confirms STOP). `epoch`: when it was queued. `kind`:
    a template is what WhatsApp lets out beyond its window, a broadcast what is told to many; both are nobody's direct
    reply. A wipe says nothing, and she asked for it.
    """
    if kind == "wipe":
        return Decision("queued")
    if conversation.blocked_at is not None:
        return Decision("withdrawn", "blocked")
    if person.opted_out_at is not None and origin != "system":
        return Decision("withdrawn", "opted_out")
    if origin == "bot" and (epoch != conversation.owner_epoch or conversation.owner == "human"):
        return Decision("withdrawn", "owner_changed")
    since = _since(conversation, now)
    if kind == "template":
        return _alone(policy, person, conversation, now)
    if not in_window(policy, conversation, now):
        return Decision("held", "window", NEVER)
    if kind == BROADCAST:
        return _alone(policy, person, conversation, now)
    if person.seized_at is not None and (origin == "human" or since > policy.direct_reply):
        return Decision("held", "seized", NEVER)  # somebody else holds the phone; a supervisor decides
    if since <= policy.direct_reply or (conversation.agreed_until and now < conversation.agreed_until):
        return Decision("queued")
    rang = origin == "human" and conversation.rang_at is not None and now - conversation.rang_at <= RANG
    if rang and person.safe_from is None:
        return Decision("queued")  # she rang so that she is written to, and a human decided that it is safe
    if person.consent_contact_at is None and not rang:
        return Decision("held", "no_consent", NEVER)
    opens = _next_safe(policy, person, conversation.country_hint, now)
    return Decision("queued") if opens <= now else Decision("held", "safe_hours", opens)


def _since(conversation: Conversation, now: datetime) -> timedelta:
    """How long ago she wrote. A moment far ahead was told by a clock that was wrong: she has not just written."""
    last = conversation.last_inbound_at
    return timedelta.max if last is None or last - now > APART else now - last


def is_safe(policy: Policy, person: Person, country_hint: str | None, now: datetime) -> bool:
    """Whether it is in her hours, or in the usual ones."""
    return _next_safe(policy, person, country_hint, now) <= now


def opens(policy: Policy, person: Person, conversation: Conversation, now: datetime) -> datetime:
    """When her hours begin; now, if it is in them."""
    return _next_safe(policy, person, conversation.country_hint, now)


def in_window(policy: Policy, conversation: Conversation, now: datetime) -> bool:
    """Whether free text may be sent here: on WhatsApp for 24 hours after her last message (Twilio error 63016)."""
    if conversation.channel != "whatsapp":
        return True
    last = conversation.last_inbound_at
    return last is not None and now - last < policy.whatsapp_window


def wants_template(policy: Policy, person: Person, conversation: Conversation, now: datetime) -> bool:
    """Whether a neutral template is due for what the window holds, words of a human or of a broadcast: with her consent
    only, and once until she writes."""
    if in_window(policy, conversation, now) or person.consent_contact_at is None or person.seized_at is not None:
        return False
    last, nudged = conversation.last_inbound_at, conversation.nudged_at
    return nudged is None or (last is not None and nudged < last + policy.whatsapp_window)


def reads(person: Person, language: str) -> str:
    """The language of what is told her by itself, where `language` is hers: of Hindi and Urdu by ear alone nobody knows
    yet which letters she reads, and nothing stands there in both."""
    unknown = person.language is None and bool(person.profile.get(UNSCRIPTED))
    return FALLBACK if unknown else language


def _alone(policy: Policy, person: Person, conversation: Conversation, now: datetime) -> Decision:
    """What she has not just asked for: with consent, in her hours, never to a phone that somebody else holds."""
    if person.seized_at is not None:
        return Decision("held", "seized", NEVER)
    if person.consent_contact_at is None:
        return Decision("withdrawn", "no_consent")
    opens = _next_safe(policy, person, conversation.country_hint, now)
    return Decision("queued") if opens <= now else Decision("held", "safe_hours", opens)


def until(policy: Policy, person: Person, conversation: Conversation, now: datetime) -> datetime:
    """How long what may leave now may still leave: a provider must not hold it longer. `now` = it may not leave now."""
    ends = [now]
    if conversation.last_inbound_at is not None and _since(conversation, now) <= policy.direct_reply:
        ends.append(conversation.last_inbound_at + policy.direct_reply)
    if conversation.agreed_until is not None:
        ends.append(conversation.agreed_until)
    if person.consent_contact_at is not None:
        ends.append(_safe_until(policy, person, conversation.country_hint, now))
    return max(ends)


def _safe_until(policy: Policy, person: Person, country_hint: str | None, now: datetime) -> datetime:
    """When the person's safe hours end, if they are now; else `now`. Where the clocks change before, then: an hour that
    comes twice may be inside the first time and outside the second."""
    if _next_safe(policy, person, country_hint, now) > now:
        return now
    end = policy.default_until if person.safe_until is None else person.safe_until
    local = now.astimezone(policy.zone(person, country_hint))
    day = local.date() if local.hour * 60 + local.minute < end else local.date() + timedelta(days=1)
    # An end that comes twice: the one of the hour that it is now. One that never comes: the change comes before it.
    wall = datetime.combine(day, time.min, local.tzinfo) + timedelta(minutes=end)
    closes = max(now, wall.replace(fold=local.fold).astimezone(UTC))
    return _before_change(now, closes, local.tzinfo)


def _before_change(now: datetime, closes: datetime, zone: tzinfo | None) -> datetime:
    """`closes`, or the moment before it when the clocks of the zone change, to a second."""
    first = now.astimezone(zone).utcoffset()
    if closes.astimezone(zone).utcoffset() == first:
        return closes
    same, other = now, closes
    while other - same > timedelta(seconds=1):
        middle = same + (other - same) / 2
        same, other = (middle, other) if middle.astimezone(zone).utcoffset() == first else (same, middle)
    return same


def _next_safe(policy: Policy, person: Person, country_hint: str | None, now: datetime) -> datetime:
    """Now, if it is within the person's safe hours, or those of everybody who named none, else when they begin."""
    start = policy.default_from if person.safe_from is None else person.safe_from
    end = policy.default_until if person.safe_until is None else person.safe_until
    return hours.next_safe(start, end, policy.zone(person, country_hint), now)


def queue(
    policy: Policy,
    subject: Subject,
    conversation: Conversation,
    reply: Reply,
    *,
    origin: str,
    row_id: UUID,
    now: datetime,
    case_id: UUID | None = None,
    user_id: UUID | None = None,
    retention: str = "person",
) -> Decision:
    """Put a reply into the outbox and the history of a locked subject; it is written with the batch."""
    decision = decide(policy, subject.person, conversation, origin=origin, epoch=conversation.owner_epoch, now=now)
    held = decision.reason == "window" and origin == "human"
    if held and wants_template(policy, subject.person, conversation, now):
        conversation.nudged_at = now
        subject.outbox.append(_bare(subject.id, conversation, "template", origin, uuid7(), now))
    subject.outbox.append(
        {
            "id": row_id,
            "subject_id": subject.id,
            "conversation_id": conversation.id,
            "case_id": case_id,
            "kind": "reply",
            "origin": origin,
            "owner_epoch": conversation.owner_epoch,
            "reply_enc": seal_json(subject.key, reply.to_json(), where=f"outbox.reply_enc.{row_id}"),
            "urgent": reply.urgent,
            "state": decision.state,
            "reason": decision.reason,
            "queued_at": now,
            "not_before": decision.not_before or now,
        }
    )
    subject.messages.append(
        {
            "id": row_id,
            "received_at": now,
            "subject_id": subject.id,
            "conversation_id": conversation.id,
            "case_id": case_id,
            "direction": "out",
            "author": origin,
            "user_id": user_id,
            "inbox_id": None,
            "outbox_id": row_id,
            "body_enc": seal_json(subject.key, reply.to_json(), where=f"messages.body_enc.{row_id}"),
            "retention": retention,
        }
    )
    return decision


def letter(
    reached: Reached, reply: Reply, broadcast_id: UUID, *, row_id: UUID, now: datetime, held: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is told to many, for one of them: its row in the lane, and its line in the history. `held`: until she
    writes, where WhatsApp lets only a template out (`invitation`)."""
    home, conversation, person = reached.home, reached.conversation, reached.person
    sealed = seal_json(home.key, reply.to_json(), where=f"outbox.reply_enc.{row_id}")
    state = {"state": "held", "reason": "window", "not_before": NEVER} if held else {"state": "lane"}
    row = _in_lane(reached, broadcast_id, row_id, now) | {"reply_enc": sealed} | state
    line = {
        "id": row_id,
        "received_at": now,
        "subject_id": home.subject_id,
        "conversation_id": conversation.id,
        "case_id": None,
        "direction": "out",
        "author": "bot",
        "user_id": None,
        "inbox_id": None,
        "outbox_id": row_id,
        "body_enc": seal_json(home.key, reply.to_json(), where=f"messages.body_enc.{row_id}"),
        "retention": "person" if person.consent_store_at is not None else "browse",
    }
    return row, line


def invitation(reached: Reached, broadcast_id: UUID, *, row_id: UUID, now: datetime) -> dict[str, Any]:
    """The neutral template that tells her to write, in the lane too."""
    return _in_lane(reached, broadcast_id, row_id, now) | {"kind": "template"}


def _in_lane(reached: Reached, broadcast_id: UUID, row_id: UUID, now: datetime) -> dict[str, Any]:
    where = reached.conversation
    row = _bare(reached.home.subject_id, where, "reply", "bot", row_id, now)
    place = {"lane_channel": where.channel, "lane_account": where.account}
    return row | {"state": "lane", "broadcast_id": broadcast_id} | place


def _bare(
    subject_id: UUID, conversation: Conversation, kind: str, origin: str, row_id: UUID, now: datetime
) -> dict[str, Any]:
    """A row that holds no words of anybody."""
    return {
        "id": row_id,
        "subject_id": subject_id,
        "conversation_id": conversation.id,
        "case_id": None,
        "kind": kind,
        "origin": origin,
        "owner_epoch": conversation.owner_epoch,
        "reply_enc": b"",
        "urgent": False,
        "state": "queued",
        "reason": None,
        "queued_at": now,
        "not_before": now,
    }


def wipe(subject: Subject, conversation: Conversation, *, row_id: UUID, now: datetime) -> None:
    """Take this chat off both sides, as far as the provider can: Telegram, for 48 hours."""
    if conversation.channel == "telegram":
        subject.outbox.append(_bare(subject.id, conversation, "wipe", "system", row_id, now))


def acknowledge(subject: Subject, conversation: Conversation, ack: str, *, row_id: UUID, now: datetime) -> None:
    """Tell the provider that a press was seen. Not a message: no consent, no hours, no history."""
    subject.outbox.append(
        {
            "id": row_id,
            "subject_id": subject.id,
            "conversation_id": conversation.id,
            "case_id": None,
            "kind": "ack",
            "origin": "system",
            "owner_epoch": conversation.owner_epoch,
            "reply_enc": seal_json(subject.key, {"ack": ack}, where=f"outbox.reply_enc.{row_id}"),
            "urgent": True,
            "state": "queued",
            "reason": None,
            "queued_at": now,
            "not_before": now,
        }
    )
