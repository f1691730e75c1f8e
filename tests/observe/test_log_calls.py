"""How our code logs: events are literals, fields are known keys; and what the sink makes of levels and destinations."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.observe import redaction
from bot.settings import ROOT

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
FILES = [path for room in ("bot", "handlers", "desk") for path in sorted((ROOT / room).rglob("*.py"))]


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"log", "logger"}:
                yield node


def problems(path: Path) -> list[str]:
    """Calls that the sink would not show as they were meant."""
    found = []
    for call in _calls(path):
        event = call.args[0] if call.args else None
        if not (isinstance(event, ast.Constant) and isinstance(event.value, str)):
            found.append(f"{path}:{call.lineno}: the event is not a literal")
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in redaction.KEYS | {"exc_info"}:
                found.append(f"{path}:{call.lineno}: {keyword.arg} is not a key of bot/observe/redaction.py")
    return found


def test_every_call_is_one_that_the_sink_shows() -> None:
    assert sum(1 for path in FILES for _ in _calls(path)) > 10
    assert [problem for path in FILES for problem in problems(path)] == []


def test_the_check_finds_what_it_should(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text('log.info(f"for {name}")\nlogger.error("a", who=name)\nlog.error("b", kind=k, exc_info=True)\n')
    assert [problem.split(":")[1] for problem in problems(path)] == ["1", "2"]


def _run(script: str, *, expect: int = 0) -> list[str]:
    head = "import logging, sys, uuid\nfrom bot.observe import logs\nlog = logs.get('bot.test')\n"
    done = subprocess.run(
        [sys.executable, "-c", head + script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == expect, done.stderr
    return done.stderr.splitlines()


def _as_file(tmp_path: Path, script: str) -> list[dict[str, object]]:
    """Events are shown by their place in a function's constants: a real file, as ours are."""
    path = tmp_path / "program.py"
    path.write_text("from bot.observe import logs\nlogs.configure(json=True)\nlog = logs.get('bot.test')\n" + script)
    return [json.loads(line) for line in _run(f"exec(compile(open({str(path)!r}).read(), {str(path)!r}, 'exec'))")]


def test_ids_counts_and_codes_are_shown(tmp_path: Path) -> None:
    shown = _as_file(
        tmp_path,
        """
import uuid
from uuid_utils import uuid7
from uuid_utils.compat import uuid7 as compatible
log.info("turn_done", subject_id=uuid7(), case_id=compatible(), id=str(uuid.UUID(int=7)), attempt=2, seconds=0.25)
log.warning("held", reason="safe_hours", channel="sms", code="30003", kind="PermissionError", step="wages.how_long")
import logging
logging.getLogger("bot.web.webhooks").error("unreadable %s payload (%s), 100%% of %d", "twilio", "KeyError", 7)
""",
    )
    assert isinstance(shown[0]["subject_id"], str)
    assert len(shown[0]["subject_id"]) == 36
    assert len(str(shown[0]["case_id"])) == 36
    assert shown[0].items() >= {"attempt": 2, "seconds": 0.25, "event": "turn_done", "level": "info"}.items()
    assert shown[0]["id"] == "00000000-0000-0000-0000-000000000007"
    assert shown[1].items() >= {
        "reason": "safe_hours", "channel": "sms", "code": "30003", "kind": "PermissionError", "step": "wages.how_long",
    }.items()  # fmt: skip
    assert shown[2]["event"] == "unreadable twilio payload (KeyError), 100% of 7"


@pytest.mark.parametrize(("level", "expected"), [("DEBUG", 4), ("info", 3), ("WARNING", 2), ("ERROR", 1)])
def test_levels(level: str, expected: int) -> None:
    calls = "\n".join(f"log.{name}('x')" for name in ("debug", "info", "warning", "error"))
    assert len(_run(f"logs.configure({level!r}, json=True)\n{calls}")) == expected


def test_libraries_stay_at_warning() -> None:
    lines = _run("logs.configure('DEBUG', json=True)\nfor n in logs.LIBRARIES: logging.getLogger(n).info('x')")
    assert lines == []


def test_an_unknown_level_says_which_there_are() -> None:
    assert "ERROR" in _run("logs.configure('LOUD')", expect=1)[-1]


def test_configured_twice_each_line_comes_once() -> None:
    assert len(_run("logs.configure(json=True)\nlogs.configure(json=True)\nlog.error('x')")) == 1


def test_for_a_terminal() -> None:
    lines = _run(
        "logs.configure(json=False)\ntry: 1/0\nexcept ZeroDivisionError: log.error('x', exc_info=True, attempt=2)"
    )
    assert lines[0].split()[1:] == ["error", "bot.test", "x", "attempt=2"]
    assert lines[1].strip() == "ZeroDivisionError <string>:5 <module>"


def test_a_closed_standard_error_stops_nothing() -> None:
    assert (
        _run("logs.configure(json=True)\nsys.stderr.close()\nlog.error('x')\nsys.stderr = None\nlog.error('y')") == []
    )


def test_a_dying_thread_and_a_keyboard_interrupt() -> None:
    lines = _run("logs.configure(json=True)\nraise KeyboardInterrupt", expect=-2)
    assert lines == []
