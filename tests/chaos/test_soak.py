"""T57, shortly: after a few hundred messages a process has no more open files than before, and not much more memory.

Law: what is compared are counts and bytes of one process, warm against later; no time is asserted. The day itself is
`make soak ARGS='--minutes 1440'`.
"""

from __future__ import annotations

import itertools
import time

import pytest

from tests.chaos.soak import Soaked, rest, traffic
from tests.e2e.conftest import here
from tests.fakes.world import World

__all__ = ["here"]
pytestmark = pytest.mark.slow
MORE = 24 << 20  # bytes: a leak of 100 kB a message would be more


async def test_T57_files_and_memory_stay_where_they_are(here: World) -> None:
    soaked, numbers, began = Soaked(), itertools.count(1), time.monotonic()
    async with here.service() as service:
        await service.ready()
        await traffic(here, soaked, numbers, 150, 1000)
        await here.quiet()
        await rest(here, soaked, service, began)
        await traffic(here, soaked, numbers, 250, 1000)
        await here.quiet()
        await rest(here, soaked, service, began)
    assert soaked.files[1] <= soaked.files[0] + 8
    assert soaked.memory[1][1] <= soaked.memory[0][1] + MORE
    assert soaked.seen == soaked.sent == 400
    assert here.effects()["inbox.done"] == 400
    print(soaked.memory, soaked.files)


def test_T57_the_slope_is_of_an_hour() -> None:
    flat, rising = Soaked(memory=[(0, 100), (60, 100), (120, 100)]), Soaked(memory=[(0, 100), (1800, 105), (3600, 110)])
    assert flat.slope == 0
    assert round(rising.slope, 6) == 10
