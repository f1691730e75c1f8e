"""Parts of a file as players ask for them."""

from __future__ import annotations

import pytest

from desk.ranges import Unsatisfiable, begins, part


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=50-500", (50, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=9-3", None),
        ("bytes=0-4,6-9", None),
        ("bytes=-", None),
        ("items=0-4", None),
        ("bytes=x-4", None),
        ("bytes=0-99999999999999999999", None),
    ],
)
def test_a_part_or_the_whole(header: str, wanted: tuple[int, int] | None) -> None:
    assert part(header, 100) == wanted


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_what_is_behind_the_end(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        part(header, 100)


def test_what_begins_and_what_goes_on() -> None:
    assert [begins(h) for h in ("", "bytes=0-", "bytes=0-5", "oddly", "bytes=5-", "bytes=-5")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip
