"""A twelfth language is a folder: made by the commands, filled in, checked, spoken, with no line of Python touched. And
since each of its texts is marked, any letter outside marks is text that stands in the code.

Law: it happens in a copy of the checkout, in processes of its own, as an operator would do it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.content.marked import CODE, OPEN, SHUT, bare, made, saathi

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(ROOT, tmp_path_factory.mktemp("twelfth"))


def test_the_new_language_passes_the_check_and_is_whole(copy: Path) -> None:
    assert "are in order" in saathi(copy, "check")
    line = next(row for row in saathi(copy, "locales", "status").splitlines() if row.startswith(CODE))
    assert "100.0%" in line
    assert "held" in line
    assert "0 of 2" in line


def test_nothing_that_people_see_stands_in_the_code(copy: Path) -> None:
    assert saathi(copy, module="tests.content.marked") == ""


def test_a_letter_outside_marks_is_found() -> None:
    assert bare(f"{OPEN}Hello{SHUT} world 12 {OPEN}a {OPEN}b{SHUT} c{SHUT}", frozenset()) == ["world"]
    assert bare(f"{OPEN}Hello{SHUT} Sita https://x.example/verify/12", frozenset({"Sita"})) == []
