"""Texts out to a translator and back in: what fits goes in, what does not is told, and nothing else changes."""

from __future__ import annotations

import csv
from pathlib import Path

import polib
import pytest

from bot.check import exchange
from bot.check.exchange import Given, from_file, rows, take
from bot.check.extract import write_pot
from bot.cli import locales as cli
from bot.content import load
from bot.content.languages import in_translation
from tests.check.bad_content import CATALOGUE, NEPALI, write
from tests.check.test_check_extract import FILES, entries

LONG = "क" * 21


def begun(root: Path) -> Path:
    """Content whose Nepali catalogue is empty."""
    write(root, {**NEPALI, **FILES})
    write_pot(root)
    file = polib.pofile(str(root / CATALOGUE))
    for entry in file:
        entry.msgstr = ""
    file.save(str(root / CATALOGUE))
    return root


def test_out_as_a_table_filled_in_and_back(tmp_path: Path) -> None:
    root, file = begun(tmp_path), tmp_path / "ne.csv"
    assert cli.export(root, "ne", file, everything=False) == 0
    with file.open(encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    by_context = {row["context"]: row for row in table}
    assert by_context["a.b#option.well"]["english"] == "Well"
    assert "at most 20 characters" in by_context["a.b#option.well"]["notes"]
    assert by_context["a.b"]["where"].startswith("flows/a.yml:")
    for row in table:
        row["translation"] = {"a.b": "कस्तो छ?", "a.since": "कहिलेदेखि? {reference}"}.get(row["context"], "")
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    assert cli.take(root, "ne", file) == 0
    found = entries(root / CATALOGUE)
    assert (found["a.b"].msgstr, found["a.since"].msgstr) == ("कस्तो छ?", "कहिलेदेखि? {reference}")
    assert not found["a.b#option.well"].msgstr
    left = [r for r in rows(load(root), root, "ne") if not r.translation and not r.message.optional]
    assert exchange.figures(rows(load(root), root, "ne")).translated == len(rows(load(root), root, "ne")) - len(left)


@pytest.mark.parametrize("start", ["=1+1", "+९७७", "-कस्तो", "@here", "\u0009क", "\u000dक", "\uff1d1", "'=1", "'राम'"])
def test_T62_no_cell_is_a_formula_and_all_comes_back(tmp_path: Path, start: str) -> None:
    """English, translation and what a phone shows: none is computed by a spreadsheet, and the way back undoes it."""
    root, file = begun(tmp_path), tmp_path / "ne.csv"
    flow = root / "flows/a.yml"
    flow.write_text(flow.read_text("utf-8").replace("How are you?", "=SUM(A1)"), "utf-8")
    write_pot(root)
    text = f"{start} कस्तो?\nठीक"
    take(load(root), root, "ne", [Given(2, "a.b", text)])
    kept = entries(root / CATALOGUE)["a.b"].msgstr
    assert cli.export(root, "ne", file, everything=True) == 0
    with file.open(encoding="utf-8", newline="") as lines:
        table = list(csv.reader(lines))
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))]
    (mine,) = [given for given in from_file(file) if given.context == "a.b"]
    assert (mine.english, mine.translation) == ("=SUM(A1)", kept)
    before = (root / CATALOGUE).read_bytes()
    assert cli.take(root, "ne", file) == 0
    assert (root / CATALOGUE).read_bytes() == before


def test_out_as_a_catalogue_and_back(tmp_path: Path) -> None:
    root, file = begun(tmp_path), tmp_path / "ne.po"
    assert cli.export(root, "ne", file, everything=True) == 0
    catalogue = polib.pofile(str(file))
    next(e for e in catalogue if e.msgctxt == "a.b").msgstr = "कस्तो छ?"
    catalogue.save(str(file))
    assert cli.take(root, "ne", file) == 0
    assert entries(root / CATALOGUE)["a.b"].msgstr == "कस्तो छ?"


@pytest.mark.parametrize(
    ("context", "translation", "english", "told"),
    [
        ("a.nothing", "क", None, "there is no such text"),
        ("a.since", "कहिलेदेखि?", None, "lacks {reference}"),
        ("a.b", "कस्तो छ? {name}", None, "has {name}, which the English has not"),
        ("a.b", "कस्तो छ? {", None, "has a brace that is no placeholder"),
        ("a.b", "कस्तो छ?", "How are they?", "its English has changed meanwhile: How are you?"),
        ("a.b#option.well", LONG, None, "too long for a button: 21 characters, at most 20"),
    ],
)
def test_what_does_not_fit_is_told_and_stays_out(
    tmp_path: Path, context: str, translation: str, english: str | None, told: str
) -> None:
    root = begun(tmp_path)
    before = (root / CATALOGUE).read_bytes()
    taken, refused = take(load(root), root, "ne", [Given(7, context, translation, english)])
    assert (taken, refused) == (0, [f"7: {context}: {told}"])
    assert (root / CATALOGUE).read_bytes() == before


def test_what_is_translated_anew_is_no_longer_in_doubt(tmp_path: Path) -> None:
    root = begun(tmp_path)
    take(load(root), root, "ne", [Given(2, "a.b", "कस्तो छ?")])
    (root / "flows/a.yml").write_text((root / "flows/a.yml").read_text("utf-8").replace("How are you?", "And you?"))
    write_pot(root)
    assert exchange.figures(rows(load(root), root, "ne")).doubtful == 1
    take(load(root), root, "ne", [Given(2, "a.b", "अनि तपाईं?", "And you?")])
    assert exchange.figures(rows(load(root), root, "ne")).doubtful == 0


@pytest.mark.parametrize(("name", "text"), [("x.csv", "a,b\n1,2\n"), ("x.po", "nonsense\n"), ("x.csv", "")])
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = begun(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        from_file(tmp_path / name)
    assert cli.take(root, "ne", tmp_path / name) == 2
    assert name in capsys.readouterr().err


def test_a_new_language_has_a_folder_and_is_not_for_people_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = begun(tmp_path)
    assert cli.new(root, "ur") == 0
    assert "direction: rtl" in (root / "locales/ur/language.yml").read_text("utf-8")
    assert "ur" not in load(root).languages
    assert in_translation(root) == ["ur"]
    assert cli.status(root) == 0
    assert "being translated" in capsys.readouterr().out
    assert cli.new(root, "ur") == 2
    assert cli.new(root, "qq") == 2
    assert cli.export(root, "de", tmp_path / "de.csv", everything=True) == 2
    assert take(load(root), root, "ur", [Given(2, "a.b", "کیسے ہیں؟")]) == (1, [])
