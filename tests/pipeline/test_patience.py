"""One person's texts, however long, never cost another her alarm, nor herself the end of what she wrote."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from bot.conductor.patience import LONG, UNSURE, Patience
from bot.conductor.pieces import MOST, pieces, together
from bot.engine.inputs import Danger, Meaning
from bot.nlu.normalise import LONGEST
from tests.pipeline.world import Table, World

LOCKED = Meaning(danger=Danger("report_confinement", "page", "locked"))
POISON = "poison"


class _Late:
    """Late for every text that holds one of `words`."""

    def __init__(self, *words: str) -> None:
        self._words, self.go = words, threading.Event()

    def understand(self, texts: Sequence[str]) -> list[Meaning]:
        if any(word in text for text in texts for word in self._words):
            self.go.wait(20)
        return [LOCKED if "locked" in text else Meaning() for text in texts]


async def test_the_rules_judge_each_text_of_a_late_batch_by_itself() -> None:
    whole, floor = _Late("hello"), _Late(POISON)
    patience = Patience(whole, floor, seconds=3.0)
    found = await patience.understand(["hello", POISON, "locked in", "locked up"])
    assert found == [Meaning(), UNSURE, LOCKED, LOCKED]
    assert (await patience.understand(["locked"])) == [LOCKED]  # one text that hangs is nobody else's
    whole.go.set()
    floor.go.set()


async def test_a_long_text_makes_no_other_late() -> None:
    """The short ones are answered by the whole understanding, which the long one keeps waiting."""
    whole, floor = _Late(POISON), _Late()
    long = f"{POISON} " * LONG + "locked"
    found = await Patience(whole, floor, seconds=3.0).understand([long, "locked"])
    assert found == [LOCKED, LOCKED]
    patience = Patience(whole, seconds=3.0)  # with no rules it is seen which of them was late
    assert await patience.understand([long, "locked"]) == [UNSURE, LOCKED]
    assert await patience.understand(["hello"]) == [Meaning()]
    whole.go.set()
    await asyncio.sleep(0)


async def test_danger_at_the_end_of_a_long_burst_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Table._one
    monkeypatch.setattr(Table, "_one", lambda self, text: looks(self, text[:LONGEST]))  # as the real one does
    for _ in range(6):
        await world.writes("501", "he said that I work well " * 160)
    await world.writes("501", "knife, he beats me")
    assert await world.app.conductor.run_once() == 7
    (notice,) = await world.rows("SELECT audience, kind FROM notices")
    assert tuple(notice) == ("page", "report_violence")


def test_every_letter_of_a_burst_stands_in_a_piece() -> None:
    for length in (0, 1, LONGEST, LONGEST + 1, 3 * LONGEST, MOST * LONGEST - 4000):
        text = "".join(chr(0x4E00 + n % 9000) for n in range(length))
        found = pieces([text])
        assert max(map(len, found)) <= LONGEST
        assert all(any(text[at : at + 20] in piece for piece in found) for at in range(0, length, 997))
    endless = ["x" * 100 * LONGEST, "end"]
    assert len(pieces(endless)) == MOST
    assert pieces(endless)[-1].endswith("\nend")
    assert together([Meaning()], endless).danger == UNSURE.danger  # what nobody looked at is asked about


def test_the_gravest_piece_counts() -> None:
    ask = Meaning("greet", 0.9, danger=Danger("report_violence", "ask"))
    said = together([ask, LOCKED, Meaning(child="self")], ["a"])
    assert (said.intent, said.danger, said.child) == ("greet", LOCKED.danger, "self")
