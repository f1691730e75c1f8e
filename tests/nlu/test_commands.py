"""`saathi nlu` as an operator and a benchmark run it; the figures against another implementation of them."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot.nlu.classifier import load
from bot.nlu.measures import measure
from bot.settings import ROOT, Settings
from tests.nlu.conftest import SMALL, SMALL_HELD_OUT


def saathi(*arguments: str, stdin: bytes = b"", code: int = 0) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-m", "bot", "nlu", *arguments], cwd=ROOT, input=stdin, capture_output=True)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.slow
def test_train_then_parse(tmp_path: Path) -> None:
    model = tmp_path / "new" / "m.npz"
    out, _ = saathi("train", "--data", str(SMALL), "--out", str(model))
    assert out.strip() == str(model)
    lines = "my boss hits me every day\n\nनमस्ते\nthe café \x0c page\n".encode() + b"bad \xff bytes\nlast line"
    out, _ = saathi("parse", "--model", str(model), stdin=lines)
    answers = [json.loads(line) for line in out.splitlines()]
    assert len(answers) == 6
    assert set(answers[0]) == {"text", "intent", "entities", "intent_ranking", "danger"}
    assert answers[0]["intent"] == answers[0]["intent_ranking"][0]
    assert answers[0]["intent"]["name"] == "report_violence"
    assert answers[0]["danger"]["kind"] == "report_violence"
    assert answers[0]["danger"]["tier"] == "page"
    assert answers[1] == {
        "text": "",
        "intent": {"name": None, "confidence": 0.0},
        "entities": [],
        "intent_ranking": [],
        "danger": None,
    }
    assert (answers[2]["text"], answers[2]["intent"]["name"]) == ("नमस्ते", "greet")
    assert answers[5]["text"] == "last line"


@pytest.mark.slow
def test_fallback_only_when_asked(small_model: Path) -> None:
    strange = b"quixotic zebra xylophone\n"
    out, _ = saathi("parse", "--model", str(small_model), stdin=strange)
    assert json.loads(out)["intent"]["name"] != "nlu_fallback"
    out, _ = saathi("parse", "--model", str(small_model), "--fallback", "0.9", stdin=strange)
    assert json.loads(out)["intent"]["name"] == "nlu_fallback"
    assert json.loads(out)["intent_ranking"][0]["name"] == "nlu_fallback"


@pytest.mark.slow
def test_evaluate(small_model: Path) -> None:
    out, _ = saathi("evaluate", "--model", str(small_model), "--data", str(SMALL_HELD_OUT), "--json")
    report = json.loads(out)
    assert report["examples"] == 9
    assert report["accuracy"] >= 8 / 9
    assert report["danger"]["lines"] == 3
    assert report["danger"]["recall"] == 1.0
    table, _ = saathi("evaluate", "--model", str(small_model), "--data", str(SMALL_HELD_OUT))
    assert f"accuracy  {report['accuracy']:.4f}" in table
    assert "danger: 3 lines, recall 1.0000" in table


@pytest.mark.slow
def test_without_options_it_is_the_model_of_this_installation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(settings.data_dir))
    out, _ = saathi("train")
    model = Path(out.strip())
    assert model.parent == settings.data_dir / "nlu"
    assert load(model).parse("my boss hits me every day").intent == "report_violence"
    _, errors = saathi("train", "--data", str(SMALL), code=2)
    assert errors == "train: --data and --out go together\n"


@pytest.mark.slow
def test_errors_are_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "nlu.yml"
    bad.write_text("nlu:\n- intent: a\n  examples: |\n    oops\n")
    _, errors = saathi("train", "--data", str(bad), "--out", str(tmp_path / "m.npz"), code=2)
    assert errors.startswith(f"{bad}:4: ")
    _, errors = saathi("parse", "--model", str(tmp_path / "absent.npz"), code=2)
    assert errors == f"{tmp_path / 'absent.npz'}: no such model; make one with `saathi nlu train`\n"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(5))
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

    chance = random.Random(seed)
    wanted = [chance.choice("abcd") for _ in range(60)]
    got = [w if chance.random() < 0.6 else chance.choice("abce") for w in wanted]
    figures = measure(wanted, got)
    assert figures.accuracy == pytest.approx(accuracy_score(wanted, got))
    assert figures.macro_f1 == pytest.approx(f1_score(wanted, got, average="macro", zero_division=0))
    assert figures.mcc == pytest.approx(matthews_corrcoef(wanted, got))


def test_figures_of_one_answer_only() -> None:
    figures = measure(["a", "a"], ["a", "a"])
    assert (figures.accuracy, figures.macro_f1, figures.mcc, figures.confused) == (1.0, 1.0, 0.0, ())
    with pytest.raises(ValueError, match="nothing"):
        measure([], [])
