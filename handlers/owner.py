"""Who has a conversation: bot, waiting, human, closed. The table of what may happen, and the only place where it does.

Law: an owner changes here and nowhere else. What stands in no row cannot happen; a job or a person never takes a
conversation out of a human's hands, except a clock that ran out (`lapse`).
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from bot.store.rows import Conversation

BOT, WAITING, HUMAN, CLOSED = "bot", "waiting", "human", "closed"

# What happens: the owner before it, and after it.
MOVES: Mapping[str, Mapping[str, str]] = {
    # the person
    "writes": {BOT: BOT, WAITING: WAITING, HUMAN: HUMAN, CLOSED: BOT},
    "cries": {BOT: BOT, WAITING: BOT, HUMAN: HUMAN, CLOSED: BOT},  # danger, and nobody was told of it lately
    "asks": {BOT: WAITING, WAITING: WAITING, HUMAN: HUMAN, CLOSED: WAITING},  # for a person
    "rings": {BOT: WAITING, WAITING: WAITING, HUMAN: HUMAN, CLOSED: WAITING},  # without words
    "speaks": {BOT: BOT, WAITING: BOT, HUMAN: HUMAN, CLOSED: BOT},  # in words, after nothing but a ring
    # a clock
    "reminded": {BOT: BOT, CLOSED: BOT},
    "lapses": {WAITING: WAITING, HUMAN: WAITING},  # nobody answered in time
    # staff
    "taken": {BOT: HUMAN, WAITING: HUMAN, HUMAN: HUMAN, CLOSED: HUMAN},
    "given": {BOT: HUMAN, WAITING: HUMAN, HUMAN: HUMAN, CLOSED: HUMAN},  # assigned, or transferred
    "escalated": {BOT: WAITING, WAITING: WAITING, HUMAN: WAITING},
    "released": {BOT: BOT, WAITING: BOT, HUMAN: BOT, CLOSED: BOT},
    "ended": {BOT: CLOSED, WAITING: CLOSED, HUMAN: CLOSED, CLOSED: CLOSED},
}


def may(conversation: Conversation, what: str) -> bool:
    """Whether it can happen to this conversation now."""
    return conversation.owner in MOVES[what]


def move(conversation: Conversation, what: str, user_id: UUID | None = None) -> bool:
    """Let it happen; False when it cannot. `user_id`: whose it is then, when it becomes a human's.

    A human's conversation stays with the same human unless another one is named.
    """
    if not may(conversation, what):
        return False
    owner = MOVES[what][conversation.owner]
    whose = (user_id or conversation.owner_user_id) if owner == HUMAN else None
    if conversation.owner == HUMAN and conversation.owner_user_id is not None:
        conversation.earlier_user_id = conversation.owner_user_id
    if owner == HUMAN and whose is not None:
        conversation.earlier_user_id = whose
    conversation.give_to(owner, whose)
    return True
