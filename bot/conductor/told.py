"""What a provider tells of a person besides her words: that she blocked us, stopped us at the carrier, or rang.

Law: a missed call is answered by nothing of ours before a human has decided that it is safe.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.conductor.here import Here
from bot.engine.inbound import Inbound
from bot.engine.inputs import Input
from handlers import owner as owners

RANG = "rang"  # in the session: it waits for a human only since somebody rang
TALKING = timedelta(hours=1)  # so long an open question is being talked about


def is_all(here: Here, inbound: Inbound) -> bool:
    """Take note of what the provider decided already; True when there is nothing to answer."""
    match inbound.extra.get("opt_out"):
        case "STOP":  # the carrier has confirmed it by itself
            here.person.opted_out_at = here.tools.now
        case "START":
            here.person.opted_out_at = None
    if inbound.kind == "blocked":
        here.conversation.blocked_at = here.tools.now
    return inbound.kind in {"blocked", "unblocked"}


def rang(here: Here, at: datetime) -> None:
    """A missed call, or an SMS without words: nothing is sent back before a human has decided that it is safe. In
    the middle of a conversation with the bot it is most likely a slip, and the bot goes on."""
    conversation, now = here.conversation, here.tools.now
    conversation.rang_at = at
    last, top = conversation.last_inbound_at, here.session.top
    talking = top is not None and top.waiting and last is not None and now - last < TALKING
    if conversation.owner in {"bot", "closed"} and not talking:
        owners.move(conversation, "rings")
        here.keep(replace(here.session, shared={**here.session.shared, RANG: True}))
    if not here.waits_for("queue"):
        here.ctx.notify("queue", "rang", "high", here.ctx.cases[0] if here.ctx.cases else None)


def words_after_a_ring(here: Here, given: Input | None) -> None:
    """Who writes in words after a ring is answered by the bot, as anybody is; the human still sees the ring."""
    if given is None or not here.session.shared.get(RANG):
        return
    here.keep(replace(here.session, shared={k: v for k, v in here.session.shared.items() if k != RANG}))
    if here.conversation.owner == "waiting":
        owners.move(here.conversation, "speaks")
