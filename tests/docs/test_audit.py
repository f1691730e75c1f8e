"""The audit of dependencies: a weakness fails `make check`; an index that cannot be asked is said and fails nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.settings import ROOT

AUDIT = ROOT / ".ci" / "audit"


def _asked(bin_: Path) -> tuple[int, str]:
    done = subprocess.run([AUDIT, bin_], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("says", "code", "wanted", "told"),
    [
        ("No known vulnerabilities found", 0, 0, "no known weakness in the"),
        ("Found 2 known vulnerabilities in 1 package", 1, 1, "has a known weakness"),
        ("Found 1 known vulnerability in 1 package", 1, 1, "has a known weakness"),
        ("ConnectionError: failed to resolve pypi.org", 1, 0, "NOT DONE: the index could not be asked"),
        ("", 0, 0, "NOT DONE"),
    ],
)
def test_what_the_index_says_is_what_is_told(tmp_path: Path, says: str, code: int, wanted: int, told: str) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    program.chmod(0o755)
    ended, printed = _asked(tmp_path)
    assert ended == wanted
    assert told in printed


def test_without_the_program_it_says_so(tmp_path: Path) -> None:
    assert _asked(tmp_path) == (0, "audit: NOT DONE: pip-audit is not installed here (it is in the extra `dev`)\n")


def test_make_check_asks_it() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\ncheck:", 1)[1].split("\n\n", 1)[0]
    assert ".ci/audit" in recipe
