"""What Rasa needs on a machine, without Rasa: a Python 3.10, data that it reads as we do, an environment without us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.nlu.data import Example, read_examples
from bot.nlu.rasa_place import LOCK, RasaError, _watched, find_python, installed, lock_digest
from bot.nlu.rasa_server import DIET, LAUNCHER, LIGHT, Server, as_yaml, environment
from bot.settings import ROOT


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_python_of_another_version_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path / "python3.10", "echo 'command not found' >&2; exit 127")  # as a shim without a Python behind it
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path / "home/.pyenv/versions/3.10.1/bin/python3.10", f'exec {sys.executable} "$@"')
    with pytest.raises(RasaError, match="SAATHI_RASA_PYTHON") as told:
        find_python(home=tmp_path / "home")
    assert "pyenv install 3.10" in str(told.value)
    with pytest.raises(RasaError, match=r"is no Python 3.10 that runs"):
        find_python(sys.executable)
    with pytest.raises(RasaError, match=r"is no Python 3.10 that runs"):
        find_python(str(tmp_path / "absent"))


@pytest.mark.parametrize("where", ["python3.10", "home/.pyenv/versions/3.10.13/bin/python3.10"])
def test_it_is_found_where_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    found = script(tmp_path / where, "echo /opt/python3.10")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(home=tmp_path / "home") == Path("/opt/python3.10")
    assert find_python(str(found), home=tmp_path / "nowhere") == Path("/opt/python3.10")


def test_an_environment_of_another_lock_is_none(tmp_path: Path) -> None:
    assert installed(tmp_path) is None
    script(tmp_path / "bin" / "python", "")
    (tmp_path / ".ready").write_text("an older lock")
    assert installed(tmp_path) is None
    (tmp_path / ".ready").write_text(lock_digest())
    assert installed(tmp_path) == tmp_path / "bin" / "python"


def test_progress_is_told_and_the_end_kept() -> None:
    said: list[str] = []
    lines = [
        *(f"Collecting package{n}==1\n" for n in range(45)),
        "Installing collected packages: a, b\n",
        "ERROR: no\n",
    ]
    assert _watched(lines, said.append)[-1] == "ERROR: no"
    assert len(_watched(lines, said.append)) == 15
    assert said[:3] == [
        "  20 packages fetched ...",
        "  40 packages fetched ...",
        "  45 packages fetched; unpacking ...",
    ]


def test_the_lock_has_hashes_and_no_address() -> None:
    text = LOCK.read_text()
    assert "\nrasa==3.6.21 \\\n" in text
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.parametrize("config", [LIGHT, DIET])
def test_the_configurations_are_whole(config: Path) -> None:
    told = yaml.safe_load(config.read_text())
    assert told["assistant_id"]  # else Rasa invents one at each training
    names = [part["name"] for part in told["pipeline"]]
    assert names[-1] == "FallbackClassifier"
    assert ("DIETClassifier" in names) == (config == DIET)


def test_what_is_written_for_it_is_what_we_read(tmp_path: Path) -> None:
    examples = [
        Example("no salary: \\ \"since\" 'May' #1", "report_unpaid_wages", "en", "a:1"),
        Example("तलब दिएको छैन", "report_unpaid_wages", "ne", "a:2"),
        Example("line\none\tand two", "greet", "en", "a:3"),
        Example("- dash first", "greet", "en", "a:4"),
    ]
    path = tmp_path / "nlu.yml"
    path.write_text(as_yaml([*examples, examples[0]]), "utf-8")
    assert {(e.intent, e.text) for e in read_examples(path)} == {(e.intent, e.text) for e in examples}


def test_our_data_is_written_whole(tmp_path: Path) -> None:
    examples = read_examples(ROOT / "nlu_data")
    path = tmp_path / "nlu.yml"
    path.write_text(as_yaml(examples), "utf-8")
    assert {(e.intent, e.text) for e in read_examples(path)} == {(e.intent, e.text) for e in examples}


def test_it_sees_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAATHI_SECRET_KEY", "SAATHI_TELEGRAM_TOKEN", "PYTHONPATH", "VIRTUAL_ENV", "https_proxy"):
        monkeypatch.setenv(name, "a secret")
    seen = environment(tmp_path)
    assert "a secret" not in seen.values()
    assert seen["RASA_TELEMETRY_ENABLED"] == "false"
    assert seen["HOME"] == str(tmp_path)


@pytest.mark.parametrize("token", ["", "short"])
def test_the_launcher_wants_a_token(token: str) -> None:
    done = subprocess.run(
        [sys.executable, str(LAUNCHER), "model.tar.gz"],
        env={"SAATHI_RASA_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "a token of at least 16 characters is needed" in done.stderr


def test_a_server_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    dying = script(tmp_path / "python", "read token; echo 'no such model' ; exit 3")
    server = Server(dying, tmp_path / "absent.tar.gz", tmp_path)
    with pytest.raises(RasaError, match=r"(?s)Rasa ended with code 3:.*no such model"):
        server.start()
