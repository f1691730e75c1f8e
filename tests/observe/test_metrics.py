"""Figures tell how much, never who."""

from __future__ import annotations

import ast

from prometheus_client import Counter, Gauge, Histogram, generate_latest

from bot.observe import metrics
from bot.settings import ROOT

FIGURES = {name: figure for name, figure in vars(metrics).items() if isinstance(figure, Counter | Gauge | Histogram)}
LABELS = {
    "inbox_received": ("channel",),
    "turns": ("result",),
    "outbox_sent": ("channel", "result"),
    "alarms": ("kind",),
    "held": ("reason",),
    "quarantined": (),
    "database_up": (),
    "backup_age": (),
    "nlu_seconds": (),
    "rasa_answers": (),
    "rasa_texts": ("result",),
    "rasa_seconds": (),
    "reply_seconds": (),
}


def test_no_label_carries_a_person() -> None:
    """A new figure or label must be written down here, where somebody asks whose value it would show."""
    assert {name: figure._labelnames for name, figure in FIGURES.items()} == LABELS
    assert {figure._labelnames for figure in (*metrics.BACKLOG.values(), metrics.database_up)} == {()}


def test_every_use_names_labels_as_they_are() -> None:
    used = 0
    for room in ("bot", "handlers", "desk"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".labels"):
                    name = ast.unparse(node.func).split(".")[-2]
                    assert {keyword.arg for keyword in node.keywords} == set(LABELS[name]), f"{path}:{node.lineno}"
                    used += 1
    assert used >= 4


def test_they_come_out_for_prometheus() -> None:
    metrics.held.labels(reason="safe_hours").inc()
    metrics.reply_seconds.observe(0.07)
    text = generate_latest().decode()
    assert 'saathi_outbox_held_total{reason="safe_hours"}' in text
    assert 'saathi_reply_seconds_bucket{le="0.15"}' in text
