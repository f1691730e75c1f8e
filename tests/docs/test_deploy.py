"""What `deploy/` runs exists: files, commands, variables, figures. No container engine is needed, none is pretended.

Law: the files are read as the engines read them; the service itself is started from exactly what the image holds.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from bot.__main__ import COMMANDS
from bot.observe import metrics
from bot.settings import ROOT, Settings
from tests.fakes.world import data_directory

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
OURS = ("migrate", "web", "worker")
VARIABLE = re.compile(r"\$\{(\w+)(?::[?-][^}]*)?\}")


def settings_named() -> set[str]:
    return {f"SAATHI_{name.upper()}" for name in Settings.model_fields}


def example() -> set[str]:
    lines = (DEPLOY / "env.example").read_text("utf-8").splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def test_every_variable_is_one_of_ours_and_can_be_filled_in() -> None:
    for name in OURS:
        told = set(COMPOSE["services"][name]["environment"])
        assert told <= settings_named() | {"SAATHI_ENV"}, name
    wanted = set(VARIABLE.findall((DEPLOY / "compose.yml").read_text("utf-8")))
    assert wanted == example()


def test_what_production_cannot_do_without_is_demanded() -> None:
    """`:?` makes compose refuse to start, and say which."""
    text = (DEPLOY / "compose.yml").read_text("utf-8")
    for name in ("SAATHI_SECRET_KEY", "SAATHI_METRICS_TOKEN", "DOMAIN", "POSTGRES_APP_PASSWORD"):
        assert f"${{{name}:?}}" in text, name


def parsed(command: list[str]) -> argparse.Namespace:
    """As `saathi` reads it."""
    module, _, add, _ = COMMANDS[command[0]]
    parser = argparse.ArgumentParser(exit_on_error=False)
    if add:
        getattr(importlib.import_module(f"bot.cli.{module}"), add)(parser)
    return parser.parse_args([str(part) for part in command[1:]])


def test_every_command_is_one_of_ours() -> None:
    roles = {}
    for name in OURS:
        told = parsed(COMPOSE["services"][name]["command"])
        roles[name] = getattr(told, "role", None)
    assert roles == {"migrate": None, "web": "web", "worker": "worker"}
    (default,) = re.findall(r"^CMD (\[.*\])$", CONTAINERFILE, re.M)
    assert parsed(yaml.safe_load(default)).role == "web"


def test_nothing_runs_as_root_or_writes_where_it_should_not() -> None:
    (number,) = re.findall(r"--uid (\d+)", CONTAINERFILE)
    assert re.search(r"^USER saathi$", CONTAINERFILE, re.M)
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["user"] == f"{number}:{number}"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["volumes"] == ["data:/data"]
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["postgres"]["networks"] == ["inside"]


def test_the_proxy_is_the_one_that_is_trusted() -> None:
    address = COMPOSE["services"]["proxy"]["networks"]["outside"]["ipv4_address"]
    assert COMPOSE["services"]["web"]["environment"]["SAATHI_TRUSTED_PROXIES"] == address


def test_the_rules_ask_for_figures_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    metrics.reply_seconds.observe(0.1)
    metrics.outbox_sent.labels(channel="sms", result="sent").inc()
    there = set(re.findall(r"^(saathi_\w+)", generate_latest().decode(), re.M))
    asked = {name for rule in rules for name in re.findall(r"saathi_\w+", rule["expr"])}
    assert asked
    assert asked <= there
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    unknown = [rule["alert"] for rule in rules if rule["labels"]["severity"] == "page" and rule["alert"] not in runbook]
    assert unknown == []


def copied_folders() -> list[tuple[str, str]]:
    lines = re.findall(r"^COPY (?!--from)(.+) (\S+)$", CONTAINERFILE, re.M)
    return [(source, target) for sources, target in lines for source in sources.split()]


@pytest.mark.slow
def test_what_the_image_holds_is_enough_to_talk(tmp_path: Path) -> None:
    """A tree of nothing but what is copied: migrations, content, model, a conversation."""
    image = tmp_path / "image"
    for source, target in copied_folders():
        place = image / (target if (ROOT / source).is_dir() else source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)
    data = data_directory(tmp_path / "data")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(image), "SAATHI_DATA_DIR": str(data)}

    def saathi(*arguments: str, told: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=image,
            env=environment,
            input=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        assert "in order" in saathi("check")
        assert len(saathi("chat", "--channel", "sms", "--lang", "ne", told="menu\n").strip()) > 20
    finally:
        saathi("db", "stop")
    assert {p.name for p in image.iterdir()} >= {"bot", "flows", "locales", "migrations"}


def test_secrets_stay_out_of_the_image() -> None:
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()
    assert {".git", ".env", "deploy/.env", "var", ".venv"} <= set(ignored)
