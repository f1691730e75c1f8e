"""The two statements of a claim: what may be sent now, locked; the same marked and read.

Law: made once and run with other values each time: to build such a statement takes longer than to run it. The
second one reads what the first one has locked, so what it sees of people and conversations is as new as the lock.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DateTime,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from bot.store import leases
from bot.store.tables import addresses, channel_accounts, contacts, conversations, keys, outbox
from bot.store.together import Statement, many
from bot.store.turns import PERSON_FIELDS

# Written out, not bound: the planner uses an index of some states only when it can read them in the statement.
SENDING: Any = literal_column("'sending'")
_UNSENT: Any = (literal_column("'queued'"), literal_column("'held'"))
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _held_up() -> Any:
    """A reply before this one has still to leave, or is held no longer. An acknowledgement and a broadcast hold up
    nothing; what waits for its next try, or is held for later, never holds up danger."""
    earlier = outbox.alias("earlier")
    due = earlier.c.not_before <= _NOW
    return exists(
        select(earlier.c.id).where(
            earlier.c.conversation_id == outbox.c.conversation_id,
            earlier.c.kind == "reply",
            earlier.c.broadcast_id.is_(None),
            earlier.c.seq < outbox.c.seq,
            or_(
                earlier.c.state == SENDING,
                and_(earlier.c.state == _UNSENT[0], or_(due, ~outbox.c.urgent)),
                and_(earlier.c.state == _UNSENT[1], due),
            ),
        )
    )


def _ready(*, take_over: bool) -> Any:
    waiting = and_(outbox.c.state.in_(_UNSENT), outbox.c.not_before <= _NOW)
    left = and_(outbox.c.state == SENDING, leases.over(outbox.c.lease_until))
    due = or_(waiting, left) if take_over else waiting
    return (
        select(
            outbox.c.id,
            outbox.c.state,
            outbox.c.reason,
            outbox.c.parts_done,
            outbox.c.provider_id,
            outbox.c.kind,
            outbox.c.urgent,
            outbox.c.origin,
            addresses.c.channel,
            addresses.c.account,
        )
        .join(conversations, conversations.c.id == outbox.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(
            channel_accounts,
            and_(channel_accounts.c.channel == addresses.c.channel, channel_accounts.c.account == addresses.c.account),
        )
        .where(
            due,
            outbox.c.broadcast_id.is_(None),
            addresses.c.channel == func.any(many("channels", Text)),
            or_(outbox.c.kind == "ack", conversations.c.next_send_at.is_(None), conversations.c.next_send_at <= _NOW),
            or_(channel_accounts.c.next_send_at.is_(None), channel_accounts.c.next_send_at <= _NOW),
            or_(outbox.c.kind == "ack", ~_held_up()),
        )
        .order_by(outbox.c.urgent.desc(), outbox.c.seq)
        .limit(bindparam("most", type_=Integer))
        # The conversations too, since `spend` writes them: what a turn holds is passed over, never waited for.
        .with_for_update(of=[outbox, conversations], skip_locked=True, key_share=True)
    )


def _taken() -> Any:
    told = and_(outbox.c.provider_id.is_not(None), outbox.c.parts_done == 0)  # by a receipt, of the first part
    doubtful = or_(outbox.c.state == "sending", outbox.c.reason == "unknown")
    marked = (
        update(outbox)
        .where(outbox.c.id == func.any(many("ids", Uuid)))
        .values(
            state="sending",
            lease_until=leases.until(),
            fence=outbox.c.fence + 1,
            attempts=outbox.c.attempts + 1,
            parts_done=case((told, 1), else_=outbox.c.parts_done),
            reason=case((told, null()), (doubtful, "unknown"), else_=null()),
        )
        .returning(*outbox.c)
        .cte("marked")
    )
    return (
        select(
            marked,
            addresses.c.channel,
            addresses.c.account,
            addresses.c.id.label("address_id"),
            addresses.c.address_enc,
            addresses.c.country_hint,
            conversations.c.owner,
            conversations.c.owner_epoch.label("epoch_now"),
            conversations.c.last_inbound_at,
            conversations.c.agreed_until,
            conversations.c.blocked_at,
            conversations.c.rang_at,
            conversations.c.nudged_at,
            contacts.c.simulated,
            # Where the words are of nobody, what is known of the letters that she reads.
            case((marked.c.kind == "template", contacts.c.profile_enc)).label("profile_enc"),
            *[contacts.c[f].label(f"person_{f}") for f in PERSON_FIELDS],
            keys.c.wrapped,
        )
        .join(conversations, conversations.c.id == marked.c.conversation_id)
        .join(addresses, addresses.c.id == conversations.c.address_id)
        .outerjoin(contacts, contacts.c.id == marked.c.subject_id)
        .outerjoin(keys, keys.c.subject_id == marked.c.subject_id)
        .order_by(marked.c.seq)
    )


READY = Statement(
    _ready(take_over=True)
)  # finds and locks, danger first, what dead senders held too: now, channels, most
READY_BUT_LEASES = Statement(_ready(take_over=False))
TAKEN = Statement(_taken())  # marks and reads: ids
