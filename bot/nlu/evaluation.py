"""What an evaluation says: figures of all lines, of every language and script, danger, out of scope, calibration.

Law: pure; the keys of the report are what programs read (`saathi nlu evaluate --json`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.inputs import Danger
from bot.nlu.data import Example
from bot.nlu.intents import DANGER, FALLBACK
from bot.nlu.language import script_of
from bot.nlu.measures import calibration_error, measure


@dataclass(frozen=True, slots=True)
class Answer:
    """What was made of one line: the intent after `--fallback`, its confidence, the alarm of floor and classifier."""

    intent: str
    confidence: float
    danger: Danger | None


def report_of(examples: Sequence[Example], answers: Sequence[Answer]) -> dict[str, Any]:
    """All figures. `languages` stands there when lines know theirs, `danger` when danger is among the intents."""
    measures = measure([e.intent for e in examples], [a.intent for a in answers])
    report: dict[str, Any] = {
        **_figures(examples, answers),
        "mcc": measures.mcc,
        "calibration_error": calibration_error(
            [a.confidence for a in answers], [a.intent == e.intent for e, a in zip(examples, answers, strict=True)]
        ),
        "intents": {
            row.name: {"precision": row.precision, "recall": row.recall, "f1": row.f1, "support": row.support}
            for row in measures.intents
        },
        "confused": [list(entry) for entry in measures.confused[:10]],
    }
    groups: dict[str, list[int]] = defaultdict(list)
    scripts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, example in enumerate(examples):
        if example.language:
            groups[example.language].append(i)
            scripts[example.language, script_of(example.text).lower() or "none"].append(i)
    if groups:
        report["languages"] = {
            language: {
                **_picked(examples, answers, rows),
                "scripts": {
                    script: _picked(examples, answers, part)
                    for (owner, script), part in sorted(scripts.items())
                    if owner == language
                },
            }
            for language, rows in sorted(groups.items())
        }
    return report


def _picked(examples: Sequence[Example], answers: Sequence[Answer], rows: Sequence[int]) -> dict[str, Any]:
    return _figures([examples[i] for i in rows], [answers[i] for i in rows])


def _figures(examples: Sequence[Example], answers: Sequence[Answer]) -> dict[str, Any]:
    measures = measure([e.intent for e in examples], [a.intent for a in answers])
    figures: dict[str, Any] = {
        "examples": measures.count,
        "accuracy": measures.accuracy,
        "macro_f1": measures.macro_f1,
    }
    outside = [row for row in measures.intents if row.name == FALLBACK and row.support]
    if outside:
        figures["out_of_scope"] = {"lines": outside[0].support, "recall": outside[0].recall}
    danger = [a for e, a in zip(examples, answers, strict=True) if e.intent in DANGER]
    other = [a for e, a in zip(examples, answers, strict=True) if e.intent not in DANGER]
    if danger:
        figures["danger"] = {
            "lines": len(danger),
            "recall": sum(a.danger is not None for a in danger) / len(danger),
            "paged": sum(a.danger is not None and a.danger.tier == "page" for a in danger) / len(danger),
            "alarms_per_1000_others": 1000 * sum(a.danger is not None for a in other) / max(1, len(other)),
        }
    return figures


def table_of(report: dict[str, Any]) -> str:
    """The report for people."""
    lines = [
        f"examples  {report['examples']}",
        f"accuracy  {report['accuracy']:.4f}",
        f"macro-F1  {report['macro_f1']:.4f}",
        f"MCC       {report['mcc']:.4f}",
        f"calibration error  {report['calibration_error']:.4f}",
        "",
        f"{'intent':32} precision  recall      F1  lines",
    ]
    for name, row in report["intents"].items():
        figures = f"{row['precision']:9.3f} {row['recall']:7.3f} {row['f1']:7.3f} {row['support']:6}"
        lines.append(f"{name:32} {figures}")
    if report["confused"]:
        lines += ["", "most often confused (wanted, got, times):"]
        lines += [f"  {wanted} -> {got}: {times}" for wanted, got, times in report["confused"]]
    if "languages" in report:
        lines += ["", f"{'language and script':24}  lines accuracy macro-F1  danger recall  out-of-scope recall"]
        for language, row in report["languages"].items():
            lines.append(_row(language, row))
            lines += [_row(f"  {script}", part) for script, part in row["scripts"].items() if len(row["scripts"]) > 1]
    if "danger" in report:
        d = report["danger"]
        lines += [
            "",
            f"danger: {d['lines']} lines, recall {d['recall']:.4f} (paged {d['paged']:.4f}), "
            f"alarms on other lines {d['alarms_per_1000_others']:.1f} in 1000",
        ]
    if "out_of_scope" in report:
        o = report["out_of_scope"]
        lines.append(f"out of scope: {o['lines']} lines, recall {o['recall']:.4f}")
    return "\n".join(lines)


def _row(name: str, row: dict[str, Any]) -> str:
    danger = f"{row['danger']['recall']:.3f}" if "danger" in row else "-"
    outside = f"{row['out_of_scope']['recall']:.3f}" if "out_of_scope" in row else "-"
    return f"{name:24} {row['examples']:6} {row['accuracy']:8.3f} {row['macro_f1']:8.3f} {danger:>14} {outside:>20}"
