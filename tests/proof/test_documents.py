"""What the documents of this part say is proved by tests that exist: `docs/reliability.md`, `SECURITY.md`."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from bot.settings import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
RELIABILITY = (ROOT / "docs/reliability.md").read_text("utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
ASSESSMENT = (ROOT / "docs/dpia.md").read_text("utf-8")
OVER_SOCKETS = re.compile(r"\b\w+\.service\(|\brunning: World\b")
STARRED = {1, 6, 10, 11, 13, 17, 28, 29, 33, 36, 38, 41, 45, 46, 48}


@cache
def _names(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    made = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    assigned = {
        t.id for node in ast.walk(tree) if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)
    }
    return frozenset(made | assigned)


def _rows() -> dict[int, list[str]]:
    """Number -> its cells."""
    rows = {}
    for line in RELIABILITY.splitlines():
        if found := re.match(r"\| T(\d+)\b", line):
            rows[int(found[1])] = [cell.strip() for cell in line.strip("|").split("|")]
    return rows


@pytest.mark.parametrize("text", [RELIABILITY, SECURITY, ASSESSMENT], ids=["reliability", "security", "dpia"])
def test_every_test_that_is_named_exists(text: str) -> None:
    named = NAMED.findall(text)
    assert named
    for path, name in named:
        assert (ROOT / path).exists(), path
        assert name in _names(path), f"{path}::{name}"


def test_every_number_has_a_row_with_a_test_or_a_reason() -> None:
    rows = _rows()
    assert sorted(rows) == list(range(1, 63))
    for number, (name, proof, left) in rows.items():
        assert NAMED.search(proof) or "not covered" in left, f"T{number}"
        assert ("★" in name) is (number in STARRED), f"T{number}"


@pytest.mark.parametrize("number", sorted(STARRED | {58}))
def test_each_starred_number_is_proved_on_the_running_process(number: int) -> None:
    """One of its tests starts `saathi serve` and talks to it over sockets: itself, or by the fixture that does."""
    there = {path for path, _ in NAMED.findall(_rows()[number][1])}
    assert any(OVER_SOCKETS.search((ROOT / path).read_text("utf-8")) for path in there), there


def test_every_threat_has_a_test() -> None:
    """That the tests exist is looked at above."""
    rows = [line.strip("|").split("|") for line in SECURITY.splitlines() if re.match(r"\| A\d+\b", line)]
    assert [int(re.findall(r"\d+", row[0])[0]) for row in rows] == list(range(1, 18))
    for name, _, _, shown in rows:
        assert NAMED.search(shown), name
        assert not NAMED.sub("", shown).strip(" ,"), f"{name}: what is no test stands among them"


def test_the_figures_are_those_of_a_run() -> None:
    """Lost, handled twice, duplicated, unknown: each has a number."""
    for words in ("lost", "handled twice", "duplicated", "unknown", "kills", "database restarts"):
        assert re.search(rf"^\| {words}[^|]*\| [^|]*\d", RELIABILITY, re.MULTILINE), words
