"""`saathi queue`: an alarm reaches a human's eyes, with nothing of the person, and is taken once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.cli import queue
from tests.chat.test_chat import DANGER, phone
from tests.fakes import database
from tests.fakes.service import command

__all__ = ["phone"]
WAGES = b"my boss has not paid my salary for three months\n1\n1\n1\n3 months 180 KD\n1\n"


@pytest.mark.slow
async def test_an_alarm_is_shown_first_and_is_taken_once(phone: dict[str, str]) -> None:
    assert (await command(phone, "queue"))[:2] == (0, "nobody waits\n")
    code, _, err = await command(phone, "chat", "--lang", "en", "--from", "+96550009876", given=WAGES)
    assert code == 0, err
    assert (await command(phone, "chat", "--lang", "ne", "--from", "+96550001234", given=DANGER))[0] == 0
    code, out, err = await command(phone, "queue")
    assert (code, err) == (0, "")
    head, alarm, *others = out.splitlines()
    assert head.split() == ["WAITING", "KIND", "SEVERITY", "CASE", "ID", "CHANNEL", "LANGUAGE"]
    shown = re.fullmatch(
        r"\d+ min +PAGE +report_confinement +critical +(\d{3} \d{3} \d) +([0-9a-f]{8}) +sms \(simulated\) +ne", alarm
    )
    assert shown, alarm
    assert any("report_unpaid_wages" in line for line in others)
    for canary in ("9655000", "0009876", "salmiya", "salary", "180"):
        assert canary not in out
    reference, short = shown.groups()
    same = sum(reference in line for line in out.splitlines())
    assert await command(phone, "queue", "--take", reference) == (0, f"taken: {same}\n", "")
    again, _, err = await command(phone, "queue", "--take", short)
    assert again == 1
    assert short in err
    assert reference not in (await command(phone, "queue"))[1]
    last = others[-1].split()
    (one,) = {word for word in last if re.fullmatch(r"[0-9a-f]{8}", word)}
    assert await command(phone, "queue", "--take", one) == (0, "taken: 1\n", "")
    taken = database.asked(phone["SAATHI_DATABASE_URL"], "SELECT count(*) FROM notices WHERE taken_at IS NOT NULL")
    assert taken == [(same + 1,)]


@pytest.mark.slow
async def test_staff_s_commands_load_no_model(phone: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is trained in a data directory without models."""
    bare = tmp_path_factory.mktemp("bare")
    assert (await command(phone | {"SAATHI_DATA_DIR": str(bare)}, "queue"))[0] == 0
    assert not (bare / "nlu").exists()


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ({"seconds": -3}, "0 min"),
        ({"minutes": 59}, "59 min"),
        ({"hours": 3, "minutes": 5}, "3 h 05"),
        ({"hours": 52}, "2 d 04 h"),
    ],
)
def test_how_long_somebody_waits(time: dict[str, int], shown: str) -> None:
    assert queue.waited(timedelta(**time)) == shown
