"""Parsed content is kept by its bytes: what changed is parsed again, and a spoilt file is no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import kept as room
from bot.content.catalogue import load_catalogue
from bot.content.source import ContentError, Place, read

TEXT = "name: पहिलो\nrows: [1, 2.5, yes, null, {a: b}]\nempty: {}\n"
PO = 'msgctxt "menu.ask"\nmsgid "Hello"\nmsgstr "नमस्ते"\n\n#, fuzzy\nmsgctxt "menu.bye"\nmsgid "Bye"\nmsgstr "बिदा"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(room, "FOLDER", tmp_path / "parsed")
    return tmp_path / "parsed"


def as_told(value: object) -> object:
    """A value with every line that it knows."""
    if isinstance(value, Place):
        return (value.line, value.lines, {key: as_told(part) for key, part in value.items()})
    if isinstance(value, list):
        return (value.lines, [as_told(part) for part in value])  # type: ignore[attr-defined]
    return (type(value), value)


def test_the_second_reading_is_the_first(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "flow.yml"
    file.write_text(TEXT, "utf-8")
    first = read(file, tmp_path)
    assert len(list(folder.iterdir())) == 1
    assert as_told(read(file, tmp_path)) == as_told(first)
    assert first["rows"][2] == "yes"
    assert first.at("empty") == 3


def test_what_changed_is_parsed_again(tmp_path: Path) -> None:
    file = tmp_path / "flow.yml"
    file.write_text("a: 1\n", "utf-8")
    assert read(file, tmp_path) == {"a": 1}
    file.write_text("a: 2\n", "utf-8")
    assert read(file, tmp_path) == {"a": 2}


def test_a_spoilt_or_forbidden_folder_costs_time_only(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "flow.yml"
    file.write_text("a: 1\n", "utf-8")
    read(file, tmp_path)
    for kept in folder.iterdir():
        kept.write_text('{"line": 1', "utf-8")
    assert read(file, tmp_path) == {"a": 1}
    for kept in folder.iterdir():
        kept.unlink()
    folder.rmdir()
    folder.write_text("a file stands where the folder should be", "utf-8")
    assert read(file, tmp_path) == {"a": 1}


def test_an_error_is_told_every_time(tmp_path: Path) -> None:
    file = tmp_path / "flow.yml"
    file.write_text("a: [1\n", "utf-8")
    for _ in range(2):
        with pytest.raises(ContentError, match=r"flow\.yml:1: this is not YAML"):
            read(file, tmp_path)


def test_a_catalogue_is_kept_too(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "locales" / "ne" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(PO, "utf-8")
    first = load_catalogue(tmp_path, {"ne": None})
    assert len(list(folder.iterdir())) == 1
    again = load_catalogue(tmp_path, {"ne": None})
    assert again.contexts("ne") == first.contexts("ne") != []
    for context in first.contexts("ne"):
        assert again.entry("ne", context) == first.entry("ne", context)
    bye, ask = first.entry("ne", "menu.bye"), first.entry("ne", "menu.ask")
    assert bye is not None
    assert bye.fuzzy
    assert ask is not None
    assert ask.line == 1


def test_what_another_account_left_there_is_not_read(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "flow.yml"
    file.write_text("a: 1\n", "utf-8")
    read(file, tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    for left in folder.iterdir():
        left.write_text(left.read_text("utf-8").replace('"of":{"a":1}', '"of":{"a":2}'), "utf-8")
    assert read(file, tmp_path) == {"a": 2}, "ours is read"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr(room, "ROOT_ACCOUNT", -1)
    assert read(file, tmp_path) == {"a": 1}


def test_what_was_read_last_stays(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 6)
    used, other = tmp_path / "used.yml", tmp_path / "other.yml"
    used.write_text("used: 1\n", "utf-8")
    read(used, tmp_path)
    (kept,) = folder.iterdir()
    for number in range(20):
        os.utime(kept, (1, 1))  # the oldest of all, but for the reading
        read(used, tmp_path)
        assert kept.stat().st_mtime > 1, number
        other.write_text(f"a: {number}\n", "utf-8")
        read(other, tmp_path)
    assert kept.exists()


def test_old_entries_go_when_there_are_too_many(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 6)
    file = tmp_path / "flow.yml"
    for number in range(20):
        file.write_text(f"a: {number}\n", "utf-8")
        assert read(file, tmp_path) == {"a": number}
    assert len(list(folder.iterdir())) <= 6
