"""Who writes romanised by SMS is answered in Latin letters; the script, and every other channel, is not."""

from __future__ import annotations

import pytest

from bot.channels.segments import is_gsm
from bot.engine.inputs import Danger, Meaning
from tests.pipeline.world import World

HERS = "+9779812345678"


@pytest.fixture
def nepali(monkeypatch: pytest.MonkeyPatch) -> None:
    """An understanding that takes every text for Nepali danger."""
    from tests.pipeline import world as room

    def one(self: object, text: str) -> Meaning:
        if len(text) < 5:
            return Meaning(language="ne")
        return Meaning("report_confinement", 0.99, danger=Danger("report_confinement", "page", "x"), language="ne")

    monkeypatch.setattr(room.Table, "_one", one)


@pytest.mark.parametrize(
    ("words", "channel", "gsm"),
    [
        ("malai thunera rakheko chha", "sms", True),
        ("मलाई थुनेर राखेको छ", "sms", False),
        ("malai thunera rakheko chha", "telegram", False),
        ("malai thunera rakheko chha", "whatsapp", False),
    ],
)
@pytest.mark.usefixtures("nepali")
async def test_letters_of_the_answer(world: World, words: str, channel: str, gsm: bool) -> None:
    await world.says(HERS, words, channel=channel, account="simulator")
    assert is_gsm(world.provider.sent[0][2]) is gsm


@pytest.mark.usefixtures("nepali")
async def test_digits_keep_the_letters_and_the_script_changes_them(world: World) -> None:
    await world.says(HERS, "malai thunera rakheko chha", "1", channel="sms", account="simulator")
    assert all(is_gsm(text) for _, _, text in world.provider.sent)
    assert len(world.provider.sent) == 2
    await world.says(HERS, "सल्मिया लुलु नजिक", channel="sms", account="simulator")
    assert not is_gsm(world.provider.sent[-1][2])
