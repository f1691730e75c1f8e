"""Whether she was asked, by the human who has the conversation, if another organisation may help too.

Law: no session holds that question, since nothing of the bot's stands open while a human has it: it is noted in her
profile, a clear yes or no answers it (`bot/conductor/gate.py`), and a human's next words end it.
"""

from __future__ import annotations

from datetime import datetime

from handlers import owner
from handlers.context import Context

ASKED_HERE = "hand_on_asked"  # in the profile: conversations where she was asked, and until when her answer counts


def may(ctx: Context) -> bool:
    """Whether it may be put to her phone: by who has the conversation, to somebody who may be written to."""
    person, mine = ctx.person, ctx.conversation.owner == owner.HUMAN
    if not mine or ctx.conversation.owner_user_id != ctx.actor.user_id:
        return False
    free = person.seized_at is None and person.opted_out_at is None and ctx.conversation.blocked_at is None
    return free and person.consent_contact_at is not None


def note(ctx: Context, until: datetime) -> None:
    """She is asked here."""
    asked = ctx.person.profile.get(ASKED_HERE, {})
    ctx.person.profile[ASKED_HERE] = {**asked, str(ctx.conversation.id): until.isoformat()}


def stop(ctx: Context) -> None:
    """She has answered, or a human writes something else: what comes then is no answer to the question of before."""
    asked = ctx.person.profile.get(ASKED_HERE)
    if not asked or str(ctx.conversation.id) not in asked:
        return
    rest = {where: until for where, until in asked.items() if where != str(ctx.conversation.id)}
    ctx.person.profile.pop(ASKED_HERE)
    if rest:
        ctx.person.profile[ASKED_HERE] = rest


def is_open(ctx: Context) -> bool:
    """Whether a clear yes or no of hers is the answer to that question now."""
    until = ctx.person.profile.get(ASKED_HERE, {}).get(str(ctx.conversation.id))
    return until is not None and ctx.now < datetime.fromisoformat(until)
