"""The table of rules and their tests (`tables/protection.yml`): whole, and every test that it names is there.

Law: a rule without a test, or a test that was renamed away, fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from bot.content import Content
from bot.settings import ROOT

TABLE = yaml.safe_load((Path(__file__).parent / "tables" / "protection.yml").read_text("utf-8"))
NAMED = sorted({test for part in TABLE.values() for tests in part.values() for test in tests})


@cache
def _tests(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text("utf-8"))
    return frozenset(n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _rules() -> Iterator[tuple[str, list[str]]]:
    for part in TABLE.values():
        yield from part.items()


def test_each_rule_that_is_never_automatic_stands_here(content: Content) -> None:
    assert list(TABLE["never_automatic"]) == list(content.knowledge.get("intake")["never_automatic"])


def test_each_rule_has_a_test() -> None:
    assert [rule for rule, tests in _rules() if not tests] == []
    assert len(TABLE["binding"]) == 19  # as many as there are sentences in that part


@pytest.mark.parametrize("test", NAMED)
def test_each_test_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in _tests(file)
