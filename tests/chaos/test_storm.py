"""T10, T11, T16: the short form of `make chaos`: two kills, restarts of the database and bad providers, all at once."""

from __future__ import annotations

import pytest

from tests.chaos.place import storm

pytestmark = pytest.mark.slow


async def test_T10_T16_nothing_is_lost_in_a_storm() -> None:
    async with storm(seed=7, short=True) as raging:
        told = await raging.rage(9, ("conductor.before_commit", "sender.after_request"), pause=1.0)
    print(f"\n{told}")
    assert sum(told.kills.values()) == 2
    assert told.messages >= 18
    assert (told.lost, told.repeated, told.unsent, told.disordered) == (0, 0, 0, 0)
    # Twice on a phone is only what may have been taken when the answer was lost: by a kill, or by the provider's cut.
    unsure = told.faults["cut before"] + told.faults["cut after"] + told.faults["nonsense"]
    assert told.duplicated <= unsure + 9 * sum(told.kills.values())
    assert told.most <= 2
