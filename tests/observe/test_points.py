"""Crash points stand in the code once each, and figures carry nobody."""

from __future__ import annotations

import ast
from collections import Counter

import prometheus_client

from bot.observe import metrics
from bot.observe.crash import BROADCAST_POINTS, POINTS
from bot.settings import ROOT


def _points() -> Counter[str]:
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "point":
                found[ast.literal_eval(node.args[0])] += 1
    return found


def test_every_crash_point_is_in_the_code() -> None:
    """What is done in several ways (a result alone, or with others) has its point in each of them."""
    named = (*POINTS, *BROADCAST_POINTS)
    assert set(_points()) == set(named)
    assert len(set(named)) == len(named)


def test_figures_are_labelled_by_codes_only() -> None:
    allowed = {"channel", "kind", "reason", "result"}
    figures = [m for m in vars(metrics).values() if isinstance(m, prometheus_client.metrics.MetricWrapperBase)]
    assert len(figures) >= 8
    for figure in figures:
        assert set(figure._labelnames) <= allowed, figure._name
