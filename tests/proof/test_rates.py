"""T23: how often we write to Telegram over minutes, while one chat is told to wait: by our clock, so that no machine is
too slow or too quick for it.

Law: real outbox, real senders, several of them; only the provider and the clock are played.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import datetime

import pytest

from bot.store.accounts import PER_SECOND
from bot.transports import errors
from tests.pipeline.test_sender import queued
from tests.pipeline.world import World

pytestmark = pytest.mark.slow
SLOWED, OTHERS, LINES, WAITS = "666000", 100, 6, 30  # chats; messages of each; seconds that one chat is told to wait
OVERALL, STEP = 30, 0.1  # messages a second that Telegram allows overall; seconds between two looks


async def test_T23_one_chat_waits_and_the_rates_are_kept_over_minutes(world: World) -> None:
    chats = [str(700_000 + n) for n in range(OTHERS)]
    await queued(world, SLOWED, "one", "two")
    world.provider.script[SLOWED].append(errors.Throttled("429", retry_after=WAITS))
    for chat in chats:
        await queued(world, chat, *(f"line {n}" for n in range(LINES)))
    senders = [world.new_sender(world.database()) for _ in range(2)]
    sent: list[tuple[datetime, str]] = []
    began = world.now
    for _ in range(900):
        for sender in senders:
            await sender.run_once()
        sent += [(world.now, address) for address, _, _ in world.provider.sent[len(sent) :]]
        if len(sent) == OTHERS * LINES + 2:
            break
        world.clock.move(seconds=STEP)
    assert len(sent) == OTHERS * LINES + 2
    moments = [(at - began).total_seconds() for at, _ in sent]
    in_a_second = max(sum(1 for other in moments if at <= other < at + 1) for at in moments)
    by_chat: dict[str, list[float]] = defaultdict(list)
    for at, (_, chat) in zip(moments, sent, strict=True):
        by_chat[chat].append(at)
    gaps = [late - early for mine in by_chat.values() for early, late in itertools.pairwise(mine)]
    assert in_a_second <= OVERALL
    assert min(gaps) >= 1
    assert by_chat[SLOWED][0] >= WAITS
    # Nobody waits for that chat: the others' six hundred take as long as the account's own pace asks, and no longer.
    last = max(at for at, (_, chat) in zip(moments, sent, strict=True) if chat != SLOWED)
    alone = OTHERS * LINES / PER_SECOND["telegram"]
    assert last <= alone + 2
    print(
        f"{len(sent)} messages in {max(moments):.0f} s of our clock: at most {in_a_second} in any second,"
        f" {min(gaps):.1f} s between two of a chat; the chat that was told to wait {WAITS} s waited"
        f" {by_chat[SLOWED][0]:.1f} s; the others took {last:.1f} s, {alone:.1f} s by the account's pace alone"
    )
