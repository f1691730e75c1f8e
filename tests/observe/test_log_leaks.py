"""Nothing that a person wrote, and no secret, comes out of the logs, however it was logged (T46)."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from urllib.parse import quote, quote_plus

import pytest

from bot.settings import ROOT
from tests.observe import leaks


def _forms(canary: str) -> set[str]:
    """How a text might be spelled in a log."""
    data = canary.encode()
    encoded = {base64.b64encode(b"\0" * shift + data).decode()[4:-4] for shift in range(3)}
    urlsafe = {form.replace("+", "-").replace("/", "_") for form in encoded}
    wide = "".join(f"{c}\0" for c in canary)
    escaped = json.dumps(canary)[1:-1]
    quoted = {quote(canary), quote_plus(canary), quote(canary, safe="")}
    spelled = {escaped, ascii(canary)[1:-1], data.hex(), wide, repr(data)[2:-1], *quoted, *encoded, *urlsafe}
    return {canary} | {form for form in spelled if len(form) > 4}


# Whole values, and the parts of them that would already be too much.
CANARIES = (*leaks.CANARIES, "9801234567", "Sita", "Tamang", "मालिकले", "please", "canary", "Canary", "29.3759", "4711")
FORMS = {form for canary in CANARIES for form in _forms(canary)}


def _sections(kind: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.observe.leaks", kind], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 1, "the last way is to die of an exception"
    assert kind == "bare" or done.stdout == b"", "one sink"
    text = done.stderr.decode("utf-8", "replace")
    parts = re.split(r"^== (\w+)\n", text, flags=re.MULTILINE)
    assert parts[0] == ""
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def sink() -> dict[str, str]:
    return _sections("sink")


@pytest.fixture(scope="module")
def bare() -> dict[str, str]:
    return _sections("bare")


@pytest.mark.parametrize("way", leaks.WAYS)
def test_nothing_comes_out(sink: dict[str, str], bare: dict[str, str], way: str) -> None:
    assert [form for form in FORMS if form in bare[way]], "this way leaks by itself, so that it shows something here"
    assert [form for form in FORMS if form in sink[way]] == []


@pytest.mark.parametrize("way", leaks.WAYS)
def test_yet_something_is_said(sink: dict[str, str], way: str) -> None:
    """A sink that swallows everything would pass the test above."""
    lines = [json.loads(line) for line in sink[way].splitlines()]
    if way != "by_httpx":  # it speaks at INFO and below, which libraries may not
        assert lines
    assert all(line.keys() >= {"at", "level", "logger", "event"} for line in lines)


def test_errors_are_told_by_type_and_place(sink: dict[str, str]) -> None:
    for way, kinds in {
        "in_a_chain": ["ValueError", "KeyError"],
        "in_a_group": ["ExceptionGroup", "ValueError", "ExceptionGroup", "KeyError"],
        "by_dying": ["RuntimeError", "ValueError"],
    }.items():
        error = json.loads(sink[way].splitlines()[-1])["error"]
        assert [line.split()[0] for line in error] == kinds
        assert re.search(rf" observe/leaks\.py:\d+ {way}", error[0]), error
