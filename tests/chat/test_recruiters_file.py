"""`saathi recruiters import`: all of a file or nothing, and every mistake with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import App
from bot.cli import recruiters
from bot.observe import logs
from bot.store import licences
from bot.store.records import Licence

AS_OF = date(2026, 11, 20)
GOOD = """number,name,status,valid_until,place
1234/067/68, Everest  Overseas ,licensed,2027-07-15,Kathmandu
88,Sagar,suspended,,
"""


@pytest.fixture(autouse=True)
def _own_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """`main` sends the log of a whole process through the sink, for good: not of the process of all tests."""
    monkeypatch.setattr(logs, "configure", lambda level: None)


def read(text: str) -> tuple[list[Licence], list[tuple[int, str]]]:
    rows, problems = recruiters.read(
        iter(text.splitlines(keepends=True)), country="NP", source="dofe.gov.np", as_of=AS_OF
    )
    return rows, [(p.line, p.message) for p in problems]


def test_a_file_as_the_help_shows_it() -> None:
    first = recruiters.EXAMPLE.split("\n\n")[1]
    rows, problems = read("\n".join(line.strip() for line in first.splitlines()) + "\n")
    assert not problems
    assert [(r.number, r.status, r.valid_until) for r in rows] == [
        ("1234/067/68", "licensed", date(2027, 7, 15)),
        ("88/055/56", "suspended", None),
        ("912/071/72", "cancelled", None),
    ]


def test_names_are_tidied_and_the_day_of_the_list_is_kept() -> None:
    rows, problems = read(GOOD)
    assert not problems
    assert (rows[0].name, rows[0].country, rows[0].source) == ("Everest Overseas", "NP", "dofe.gov.np")
    assert rows[0].imported_at == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("name,status\nEverest,licensed\n", [(1, "no column number")]),
        ("number,name,status\n", [(1, "there is no licence")]),
        ("number,name,status\n1,Everest\n", [(2, "more or fewer cells")]),
        ("number,name,status\n1,Everest,licensed,2027-01-01\n", [(2, "more or fewer cells")]),
        ("number,name,status\n-,Everest,licensed\n", [(2, "number: no letter or digit")]),
        ("number,name,status\n1,Ev,licensed\n", [(2, "name: at least 3 letters")]),
        ("number,name,status\n1,Everest,on\n", [(2, "status: on is none of")]),
        ("number,name,status,valid_until\n1,Everest,licensed,soon\n", [(2, "valid_until: soon is no day")]),
        ("number,name,status\n1/2,One Two,licensed\n3,Three,licensed\n1-2,Again,licensed\n", [(4, "line 2 already")]),
        ("number,name,status\n1,Ev,on\n", [(2, "name:"), (2, "status:")]),
    ],
)
def test_every_mistake_has_its_line(text: str, wrong: list[tuple[int, str]]) -> None:
    _, problems = read(text)
    assert [line for line, _ in problems] == [line for line, _ in wrong]
    assert all(part in message for (_, message), (_, part) in zip(problems, wrong, strict=True))


def test_nothing_is_written_where_there_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("number,name,status\n1,Everest,on\n", encoding="utf-8")
    given = ["recruiters", "import", str(file), "--country", "np", "--source", "x", "--as-of", "2026-11-20"]
    assert main(given) == 1
    assert f"{file}:2: status" in capsys.readouterr().err
    assert main([*given[:-1], "2999-01-01"]) == 2
    assert main(["recruiters", "import", str(tmp_path / "none.csv"), *given[3:]]) == 2


def test_a_dry_run_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "good.csv"
    file.write_text("\ufeff" + GOOD, encoding="utf-8")
    given = ["--country", "NP", "--source", "x", "--as-of", "2026-11-20", "--dry-run"]
    assert main(["recruiters", "import", str(file), *given]) == 0
    assert "2 licences: 1 licensed, 1 suspended, 0 cancelled; nothing was written" in capsys.readouterr().out


async def test_a_newer_list_renews_and_who_is_missing_keeps_the_old_day(app: App) -> None:
    rows, _ = read(GOOD)
    async with app.database.begin() as connection:
        await licences.put(connection, rows)
        assert await licences.count(connection, "NP") == 2
        rows[0].status, rows[0].imported_at = "cancelled", datetime(2027, 2, 1, tzinfo=UTC)
        await licences.put(connection, rows[:1])
        assert await licences.count(connection, "NP") == 2
        assert await licences.newest(connection, "NP") == datetime(2027, 2, 1, tzinfo=UTC)
        assert await licences.newest(connection, "IN") is None
        (everest,) = await licences.find(connection, "NP", "Everst")
        (sagar,) = await licences.find(connection, "NP", "88")
    assert (everest.status, everest.imported_at.year, sagar.imported_at.year) == ("cancelled", 2027, 2026)
