"""`saathi broadcast`: each step by a colleague who may, the preview before the start, the bar."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.__main__ import main
from bot.cli import broadcast
from bot.store import users
from tests.pipeline.conftest import world
from tests.pipeline.telling import Telling
from tests.pipeline.world import World

__all__ = ["world"]


@pytest.fixture
async def does(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs the command on the world's own service: (exit code, what was printed)."""
    async with world.app.database.begin() as connection:
        for login, role in (("asha", "caseworker"), ("bimala", "supervisor"), ("admin", "administrator")):
            await users.add(connection, login=login, name=login, role=role, password_hash="none")

    async def run(*words: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        parser = argparse.ArgumentParser()
        broadcast.add_arguments(parser)
        args = parser.parse_args(list(words))
        try:
            code = await broadcast._ACTS[args.what](world.app, args)
        except broadcast.Refused as error:
            return 1, f"{capsys.readouterr().out}{error}"
        return code, capsys.readouterr().out

    return run


async def test_from_a_draft_to_the_end(world: World, does: Callable[..., Any]) -> None:
    telling = await Telling.made(world)
    await telling.subscriber("501")
    await telling.subscriber("502", language="hi")
    world.clock.move(hours=2)
    assert (await does("list"))[1] == "no broadcasts yet\n"
    code, printed = await does("new", "New form", "--topic", "rules", "--by", "asha")
    number = printed.strip()
    assert (code, len(number)) == (0, 8)
    words = "Hello. A new form is needed from March on."
    assert (await does("text", number, "--language", "en", "--by", "asha", stdin=words))[1] == "1 segment as an SMS\n"
    code, told = await does("text", number, "--language", "ne", "--by", "asha", stdin="पुलिस र तलब: नयाँ नियम")
    assert code == 1
    assert "locked screen" in told
    code, told = await does("approve", number, "--language", "en", "--by", "asha")
    assert (code, "may not" in told) == (1, True)
    assert (await does("start", number, "--by", "bimala", "--yes"))[0] == 1
    assert (await does("approve", number, "--language", "en", "--by", "bimala"))[0] == 0
    preview = (await does("preview", number))[1]
    assert "reaches 1 of 2 who want to hear of it" in preview
    assert "left out: no_text" in preview
    assert "en: 1 segment as an SMS, agreed to" in preview
    assert (await does("start", number, "--by", "bimala"))[0] == 1  # the preview first
    assert (await does("start", number, "--by", "bimala", "--yes"))[1].startswith("started for 2 people")
    await telling.minute()
    assert (await does("stop", number, "--by", "asha"))[0] == 0
    assert await world.sends() == 0
    assert (await does("stop", number, "--by", "asha"))[0] == 1
    assert (await does("start", number, "--by", "bimala", "--yes"))[0] == 0
    await world.sends()
    await telling.minute()
    told = (await does("status", number, "--follow"))[1]
    assert f"done     [{'#' * broadcast.BAR}] 2 of 2" in told
    assert (await does("drop", number, "--by", "asha"))[0] == 1
    assert "New form" in (await does("list"))[1]
    rows = await world.rows("SELECT action FROM audit WHERE object_kind = 'broadcast' ORDER BY received_at, id")
    acts = ["new", "text", "approve", "start", "stop", "start"]
    assert [row.action for row in rows] == [f"broadcast.{act}" for act in acts]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", "A", "--topic", "all", "--by", "asha"), "topics are"),
        (("new", "A", "--topic", "rules", "--languages", "xx", "--by", "asha"), "no such language"),
        (("new", "A", "--topic", "rules", "--days", "99", "--by", "asha"), "--days"),
        (("new", "A", "--topic", "rules", "--by", "admin"), "may not"),
        (("new", "A", "--topic", "rules", "--by", "nobody"), "nobody signs in"),
        (("preview", "ffffffff"), "there is no broadcast"),
        (("status", "f"), "there is no broadcast"),
    ],
)
async def test_what_cannot_be_says_why(does: Callable[..., Any], words: tuple[str, ...], told: str) -> None:
    code, printed = await does(*words)
    assert code == 1
    assert told in printed


def test_the_help_teaches_the_way_from_draft_to_stop(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["broadcast", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    steps = ("new", "text", "preview", "approve", "start", "status", "stop")
    assert [step for step in steps if f"saathi broadcast {step}" not in told] == []
