"""When a worker steps aside for others, and for how long."""

from __future__ import annotations

import pytest

from bot.conductor.aside import BATCHES, Aside

LEAST = 32


def noted(*batches: tuple[int, int]) -> Aside:
    aside = Aside(LEAST)
    for done, understood in batches:
        aside.note(done, understood)
    return aside


@pytest.mark.parametrize(
    ("done", "understood", "beside"),
    [
        (0, 64, True),
        (47, 64, True),
        (48, 64, False),  # a quarter is no crowd
        (64, 64, False),
        (0, LEAST, False),  # so little waits that there is no elsewhere
        (0, LEAST + 1, True),
    ],
)
def test_who_misses_more_than_a_quarter_looks_elsewhere(done: int, understood: int, beside: bool) -> None:
    assert noted((done, understood)).beside is beside


def test_nobody_begins_aside() -> None:
    assert not noted().beside


def test_it_is_for_so_many_batches() -> None:
    assert noted((0, 64), *[(64, 64)] * (BATCHES - 1)).beside
    assert not noted((0, 64), *[(64, 64)] * BATCHES).beside
    assert not noted((0, 64), *[(64, 64)] * (BATCHES + 3)).beside


def test_another_crowd_begins_it_anew() -> None:
    assert noted((0, 64), *[(64, 64)] * (BATCHES - 1), (0, 64)).left == BATCHES
