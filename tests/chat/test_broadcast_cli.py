"""`saathi broadcast`: each step by a colleague who may, the preview before the start, the bar."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bot.__main__ import main
from bot.cli import broadcast, broadcast_shown
from bot.store import users
from tests.pipeline.conftest import world
from tests.pipeline.telling import Telling, mark
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
    code, told = await does("approve", number, "--language", "en", "--by", "bimala")
    assert (code, words in told, f"--yes {mark(words)}" in told) == (1, True, True)  # they are read first
    assert (await does("approve", number, "--language", "en", "--by", "bimala", "--yes", mark(words)))[0] == 0
    preview = (await does("preview", number))[1]
    assert "reaches 1 of 2 who want to hear of it" in preview
    assert "left out: no_text" in preview
    assert f"en, {mark(words)}: 1 segment as an SMS, agreed to" in preview
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
    assert f"done     [{'#' * broadcast_shown.BAR}] 2 of 2" in told
    assert (await does("drop", number, "--by", "asha"))[0] == 1
    assert "New form" in (await does("list"))[1]
    rows = await world.rows("SELECT action FROM audit WHERE object_kind = 'broadcast' ORDER BY received_at, id")
    acts = ["new", "text", "approve", "start", "stop", "start"]
    assert [row.action for row in rows] == [f"broadcast.{act}" for act in acts]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", "A", "--topic", "all", "--by", "asha"), 'There is no topic "all".'),
        (("new", "A", "--topic", "all", "--by", "asha"), "topics: rules, amnesty, warnings, travel"),
        (("new", "A", "--topic", "rules", "--languages", "xx", "--by", "asha"), "languages: en, "),
        (("new", "A", "--topic", "rules", "--countries", "ZZ", "--by", "asha"), "countries: AE, "),
        (("new", "  ", "--topic", "rules", "--by", "asha"), "A name is needed, of 80 characters at most."),
        (("new", "A", "--topic", "rules", "--languages", "xx", "--by", "asha"), 'There is no language "xx" here.'),
        (("new", "A", "--topic", "rules", "--countries", "ZZ", "--by", "asha"), 'There is no country "ZZ" here.'),
        (("new", "A", "--topic", "rules", "--days", "99", "--by", "asha"), "Days: a number from 1 to 14."),
        (("new", "A", "--topic", "rules", "--days", "x", "--by", "asha"), "Days: a number from 1 to 14."),
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


async def test_words_that_nobody_would_hear_are_refused(does: Callable[..., Any]) -> None:
    number = (await does("new", "A", "--topic", "rules", "--languages", "ne", "--by", "asha"))[1].strip()
    code, told = await does("text", number, "--language", "en", "--by", "asha", stdin="Hello.")
    assert (code, told) == (1, "This one is not for people who read English: nobody would hear these words.")


async def test_words_that_were_changed_while_somebody_read_them_are_not_agreed_to(does: Callable[..., Any]) -> None:
    number = (await does("new", "A", "--topic", "rules", "--by", "asha"))[1].strip()
    read, other = "Hello. A new form is needed.", "Hello. Other words."
    for words in (read, other):
        assert (await does("text", number, "--language", "en", "--by", "asha", stdin=words))[0] == 0
    code, told = await does("approve", number, "--language", "en", "--by", "bimala", "--yes", mark(read))
    assert (code, "changed meanwhile" in told) == (1, True)
    assert (await does("approve", number, "--language", "en", "--by", "bimala", "--yes", mark(other)))[0] == 0


@pytest.mark.parametrize(("answer", "done"), [("yes", 0), ("no", 1), ("", 1)])
async def test_at_a_terminal_the_words_are_shown_and_it_asks(
    does: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, answer: str, done: int
) -> None:
    number = (await does("new", "A", "--topic", "rules", "--by", "asha"))[1].strip()
    await does("text", number, "--language", "en", "--by", "asha", stdin="Hello. A new form.")
    monkeypatch.setattr(broadcast, "_asked", lambda: True)
    code, told = await does("approve", number, "--language", "en", "--by", "bimala", stdin=f"{answer}\n")
    assert (code, "Hello. A new form." in told) == (done, True)


async def test_what_is_shown_is_what_is_sent(world: World, does: Callable[..., Any]) -> None:
    """Words of before the rule: each sign that would move or hide them is seen, and none looks like a line of ours."""
    number = (await does("new", "A", "--topic", "rules", "--by", "asha"))[1].strip()
    code, told = await does("text", number, "--language", "en", "--by", "asha", stdin="Hello.\x1b[1A")
    assert (code, "U+001B" in told) == (1, True)
    assert (await does("new", "A\x1b[1A", "--topic", "rules", "--by", "asha"))[0] == 1
    await does("text", number, "--language", "en", "--by", "asha", stdin="Hello.")
    await world.run("UPDATE broadcasts SET name = :name", name="B\x1b[2K")
    await world.run("UPDATE broadcast_texts SET words = :words", words="Pay.\x1b[1A\rHello.\n  en, agreed to")
    for act in (("approve", "--language", "en", "--by", "bimala"), ("preview",)):
        told = (await does(act[0], number, *act[1:]))[1]
        assert "\n      Pay.<U+001B>[1A<U+000D>Hello.\n        en, agreed to\n" in told, act
    assert "B<U+001B>[2K" in told
    assert "B<U+001B>[2K" in (await does("list"))[1]


def test_no_second_text_is_found_for_a_mark() -> None:
    assert len(bytes.fromhex(mark("Hello."))) == 16


def test_the_help_teaches_the_way_from_draft_to_stop(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["broadcast", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    steps = ("new", "text", "preview", "approve", "start", "status", "stop")
    assert [step for step in steps if f"saathi broadcast {step}" not in told] == []
