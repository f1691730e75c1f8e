"""Which language somebody writes: ours is answered, one that is not there yet is kept for colleagues to see."""

from __future__ import annotations

import pytest

from bot.engine.inputs import Meaning
from tests.pipeline import world as room
from tests.pipeline.world import World

SHE = "9001"
NOT_THERE = "am"  # no folder of locales/ is called so


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An understanding that takes the language from the last word of a text."""
    monkeypatch.setattr(room.Table, "_one", lambda self, text: Meaning(language=text.rpartition(" ")[2]))


async def guessed(world: World) -> tuple[str | None, set[str]]:
    """The language that is noted, and those in which she was answered."""
    noted = await world.one("SELECT coalesce(language, language_guess) FROM contacts")
    lines = [line.body["language"] for line in await world.lines(SHE) if line.direction == "out"]
    return noted, set(lines)


async def test_a_language_that_is_not_there_is_noted_and_never_spoken(world: World) -> None:
    await world.says(SHE, f"selam {NOT_THERE}")
    assert await guessed(world) == (NOT_THERE, {"en"})


async def test_the_first_language_that_we_answer_in_stands(world: World) -> None:
    await world.says(SHE, f"selam {NOT_THERE}", "namaste ne", "hello hi")
    noted, spoken = await guessed(world)
    assert noted == "ne"
    assert spoken == {"en", "ne"}
    await world.says(SHE, f"selam {NOT_THERE}")
    assert (await guessed(world))[0] == "ne"


async def test_hindi_and_urdu_in_latin_letters_are_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Urdu is noted while nobody may be answered in it: Hindi by the ear is no reason to change."""
    monkeypatch.delitem(world.app.content.languages, "ur", raising=False)  # type: ignore[arg-type]
    await world.says(SHE, "mujhe ur", "mujhe hi")
    assert await guessed(world) == ("ur", {"en"})
    await world.says(SHE, "मुझे कुछ पूछना है hi")
    assert (await guessed(world))[0] == "hi"
