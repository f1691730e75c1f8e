"""What actions declare is what they return; and no handler opens a connection or says anything."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

import handlers
from bot.settings import ROOT

MODULES = [m.name for m in pkgutil.iter_modules(handlers.__path__)]
ACTIONS = [m for m in MODULES if hasattr(importlib.import_module(f"handlers.{m}"), "OUTCOMES")]


def _returned(module: str) -> dict[str, dict[str, set[str]]]:
    """Outcome names and slots of each function, found in its source and in that of the module's functions it calls."""
    path = Path(importlib.import_module(f"handlers.{module}").__file__ or "")
    tree = ast.parse(path.read_text("utf-8"))
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}

    def look(name: str, seen: frozenset[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for call in (n for n in ast.walk(functions[name]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)):
            assert isinstance(call.func, ast.Name)
            if call.func.id == "Outcome":
                slots = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
                assert isinstance(slots, ast.Dict), "slots are written out"
                keys = {ast.literal_eval(k) for k in slots.keys if k is not None}
                for outcome in _names(call.args[0]):
                    found[outcome] = found.get(outcome, set()) | keys
            elif call.func.id in functions and call.func.id not in seen:
                for outcome, keys in look(call.func.id, seen | {call.func.id}).items():
                    found[outcome] = found.get(outcome, set()) | keys
        return found

    return {name: look(name, frozenset({name})) for name in functions}


def _names(node: ast.expr) -> set[str]:
    return _names(node.body) | _names(node.orelse) if isinstance(node, ast.IfExp) else {ast.literal_eval(node)}


@pytest.mark.parametrize("module", ACTIONS)
def test_declared_outcomes_are_those_that_functions_return(module: str) -> None:
    room = importlib.import_module(f"handlers.{module}")
    assert sorted(room.__all__) == room.__all__
    assert set(room.OUTCOMES) == set(room.__all__)
    returned = _returned(module)
    for action, declared in room.OUTCOMES.items():
        assert {name: set(slots) for name, slots in declared.items()} == returned[action], action


def test_the_reading_of_sources_sees_outcomes() -> None:
    assert ACTIONS
    assert _returned("casework")["hand_over"] == {"on_duty": {"at"}, "off_duty": {"at"}}
    assert _returned("profile")["consent"] == {"given": {"agreed"}, "open": set()}


def test_handlers_open_no_connection_and_say_nothing() -> None:
    """No sentence: no text in a handler, but for docstrings and errors, has more than two words."""
    spoken: list[str] = []
    check: Callable[[ast.AST], bool] = lambda n: isinstance(n, ast.Constant) and isinstance(n.value, str)  # noqa: E731
    for module in MODULES:
        tree = ast.parse((ROOT / "handlers" / f"{module}.py").read_text("utf-8"))
        documented = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        spoken += [n.value for n in ast.walk(tree) if check(n) and id(n) not in documented and n.value.count(" ") > 1]  # type: ignore[attr-defined]
    assert spoken == []
