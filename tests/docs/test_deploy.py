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
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from bot.__main__ import COMMANDS
from bot.observe import metrics
from bot.settings import ROOT, Settings, SettingsError, load
from tests.fakes.world import data_directory

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
OURS = ("migrate", "web", "worker", "tools")
PORT = 8000
# Settings that compose does not pass on, and why.
NOT_PASSED = {
    "SAATHI_DATABASE_DIRECT_URL": "there is no pooler on one machine",
    "SAATHI_DATABASE_OWNER_URL": "for migrate and tools only",
    "SAATHI_TELEGRAM_API_URL": "for tests",
    "SAATHI_TWILIO_API_URL": "for tests",
    "SAATHI_RASA_PYTHON": "Rasa is a container of its own",
    "SAATHI_SPEECH_COMMAND": "a program that the image does not hold",
    "SAATHI_MEDIA_URL": "read by nothing yet",
    "SAATHI_LIVE": "in production it changes nothing",
}
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
    wanted = {name for file in ("compose.yml", "archive.yml") for name in VARIABLE.findall((DEPLOY / file).read_text())}
    assert wanted == example()


def test_whatever_an_operator_may_set_reaches_the_service() -> None:
    """A line of deploy/.env that compose does not pass on is silently nothing: no colleague would be rung."""
    told = set(COMPOSE["services"]["web"]["environment"])
    assert settings_named() - told == set(NOT_PASSED)
    assert {"SAATHI_DATABASE_OWNER_URL"} == set(COMPOSE["services"]["tools"]["environment"]) - told


def test_what_is_left_empty_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose passes it on: also where a number or a word of a list is wanted."""
    for name in settings_named():
        monkeypatch.setenv(name, "")
    for name, value in {"ENV": "production", "SECRET_KEY": "k" * 44, "PUBLIC_URL": "https://a.example"}.items():
        monkeypatch.setenv(f"SAATHI_{name}", value)
    monkeypatch.setenv("SAATHI_DATABASE_URL", "postgresql://a@b/c")
    told = load(_env_file=None)
    assert (told.telegram_mode, told.sms_most_a_day, told.telegram_staff_groups) == ("webhook", 0, False)
    assert told.telegram_token is None


@pytest.mark.parametrize("place", ["environment", "file"])
def test_which_kind_of_machine_it_is_may_not_be_left_empty(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be one of development, beside all that production was given."""
    monkeypatch.chdir(tmp_path)
    if place == "environment":
        monkeypatch.setenv("SAATHI_ENV", "")
        (tmp_path / ".env").write_text("SAATHI_ENV=production\n", "ascii")
    else:
        (tmp_path / ".env").write_text("SAATHI_ENV=\nSAATHI_SMS_SENDER=\n", "ascii")
    with pytest.raises(SettingsError, match="SAATHI_ENV is set and empty"):
        load()


def test_the_environment_says_which_kind_before_the_file_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SAATHI_ENV=\n", "ascii")
    monkeypatch.setenv("SAATHI_ENV", "development")
    assert load().env == "development"
    monkeypatch.delenv("SAATHI_ENV")
    (tmp_path / ".env").unlink()
    assert load().env == "development"  # nothing is said anywhere


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
    assert roles == {"migrate": None, "web": "web", "worker": "worker", "tools": None}
    assert parsed(COMPOSE["services"]["web"]["command"]).port == PORT
    assert parsed(COMPOSE["services"]["worker"]["command"]).health_port == PORT
    check = COMPOSE["services"]["worker"]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{PORT}/health/ready" in check[-1]
    assert not any(" " in word for word in check)  # podman takes it apart there
    for name in ("migrate", "tools"):
        assert COMPOSE["services"][name]["healthcheck"] == {"disable": True}
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
        assert service["volumes"][0] == "data:/data"
        assert name == "tools" or len(service["volumes"]) == 1
    for name, service in COMPOSE["services"].items():
        assert name == "postgres" or service["read_only"] is True, name
        assert name == "postgres" or service["cap_drop"] == ["ALL"], name
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert COMPOSE["services"]["postgres"]["networks"] == ["inside"]


def test_the_backup_s_disks_are_where_the_command_writes() -> None:
    """A disk that is not mounted stops it: an empty folder on the first disk would look like a backup."""
    tools = COMPOSE["services"]["tools"]
    told = parsed(tools["command"])
    binds = {bind["target"]: bind for bind in tools["volumes"][1:]}
    assert set(binds) == {str(told.out), str(told.keys_out)}
    assert not any(bind["bind"]["create_host_path"] for bind in binds.values())
    assert tools["networks"] == ["inside"]  # the owner's password leads nowhere outside


def test_rasa_is_reached_by_the_worker_alone_and_reaches_nothing() -> None:
    rasa = COMPOSE["services"]["rasa"]
    file = (DEPLOY / "rasa.Containerfile").read_text("utf-8")
    (number,) = re.findall(r"--uid (\d+)", file)
    assert rasa["user"] == f"{number}:{number}"
    assert rasa["build"]["dockerfile"] == "deploy/rasa.Containerfile"
    assert rasa["volumes"][0]["target"] in file
    assert COMPOSE["networks"]["meaning"]["internal"] is True
    assert [n for n, service in COMPOSE["services"].items() if "meaning" in service["networks"]] == ["worker", "rasa"]
    assert "http://rasa:5005" in (DEPLOY / "env.example").read_text("utf-8")
    assert '"5005"' in file


def test_the_image_holds_what_runs_and_nothing_of_development() -> None:
    """Of one resolution with what was tested: the same versions, the same digests."""
    runs, tested = locked(DEPLOY / "requirements.lock"), locked(ROOT / "requirements.lock")
    assert {name: tested.get(name) for name in runs} == runs
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.split(r"[\[><=; ]", line)[0].lower() for line in project["dependencies"]}
    assert wanted <= set(runs)
    only = {re.split(r"[\[><=; ]", line)[0].lower() for line in project["optional-dependencies"]["dev"]}
    assert only & set(runs) == set()
    assert "deploy/requirements.lock" in CONTAINERFILE


def locked(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """By name: the version, and the digests of its files."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for part in re.split(r"^(?=[a-z0-9])", path.read_text("ascii"), flags=re.M):
        if part.strip():
            name, version = re.match(r"([\w.-]+)(?:\[[^\]]*\])?==([\w.]+)", part).groups()  # type: ignore[union-attr]
            found[name] = (version, frozenset(re.findall(r"sha256:\w+", part)))
    return found


def test_the_proxy_is_the_one_that_is_trusted() -> None:
    address = COMPOSE["services"]["proxy"]["networks"]["outside"]["ipv4_address"]
    assert COMPOSE["services"]["web"]["environment"]["SAATHI_TRUSTED_PROXIES"] == address
    (network,) = COMPOSE["networks"]["outside"]["ipam"]["config"]
    assert ip_address(address) in ip_network(network["subnet"])
    assert ip_address(address) not in ip_network(network["ip_range"])  # no other container is ever given it


def test_the_proxy_leads_to_web_and_hides_what_is_ours() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    assert re.findall(r"reverse_proxy (\S+)", text) == [f"web:{PORT}"]
    (hidden,) = re.findall(r"@inside path (.+)", text)
    assert {"/metrics", "/health/ready", "/try", "/try/*"} == set(hidden.split())


def test_whoever_watches_asks_every_process_where_it_answers() -> None:
    told = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    (job,) = told["scrape_configs"]
    (asked,) = job["dns_sd_configs"]
    assert (asked["names"], asked["port"]) == (["web", "worker"], PORT)
    assert job["relabel_configs"][0]["target_label"] == "role"
    assert all((DEPLOY / name).is_file() for name in told["rule_files"])
    (secret,) = COMPOSE["services"]["prometheus"]["secrets"]
    assert job["authorization"]["credentials_file"] == f"/run/secrets/{secret}"
    # Of the environment it would be written into the container, which is read-only: compose refuses.
    assert COMPOSE["services"]["prometheus"]["read_only"] is True
    assert set(COMPOSE["secrets"][secret]) == {"file"}
    file = f"deploy/{COMPOSE['secrets'][secret]['file'].removeprefix('./')}"
    assert file in (ROOT / ".gitignore").read_text("utf-8").split()
    assert file in (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()
    runbook = " ".join((ROOT / "docs" / "operations.md").read_text("utf-8").split())
    assert f"install -o 65534 -m 400 /dev/stdin {file}" in runbook
    (bells,) = told["alerting"]["alertmanagers"]
    assert bells["static_configs"][0]["targets"][0].partition(":")[0] in COMPOSE["services"]
    example = yaml.safe_load((DEPLOY / "alertmanager.example.yml").read_text("utf-8"))
    assert {"tickets", "pages"} == {receiver["name"] for receiver in example["receivers"]}


def test_the_rules_ask_for_figures_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    metrics.reply_seconds.observe(0.1)
    metrics.outbox_sent.labels(channel="sms", result="sent").inc()
    metrics.rasa_texts.labels(result="ok").inc()
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


def test_the_units_start_what_there_is_as_nobody_of_weight() -> None:
    """Without containers. What a unit names is read as systemd reads it: one value a line, the last one counts."""
    units = {path.stem: dict(_lines(path)) for path in (DEPLOY / "systemd").glob("*.service")}
    tells = units.pop("tell-failed@")
    assert set(units) == {"saathi-web", "saathi-worker", "saathi-backup"}
    assert units["saathi-backup"]["OnFailure"] == "tell-failed@%N.service"  # somebody hears of it
    assert tells["User"] == "saathi"
    assert tells["ExecStart"].startswith("/usr/bin/mail ")
    # systemd reads it for each unit whose name begins so; not for what writes a mail: that program needs rights
    (shared,) = (DEPLOY / "systemd" / "saathi-.service.d").glob("*.conf")
    rights = dict(_lines(shared))
    assert (rights["ProtectSystem"], rights["NoNewPrivileges"], rights["CapabilityBoundingSet"]) == (
        "strict",
        "true",
        "",
    )
    told = {}
    for name, unit in units.items():
        program, *command = unit["ExecStart"].split()
        assert program == "/srv/saathi/.venv/bin/saathi"
        told[name] = parsed(command)
        assert unit["User"] == "saathi"
        assert not set(unit) & set(rights), name
    assert [(told[f"saathi-{role}"].role, role) for role in ("web", "worker")] == [("web", "web"), ("worker", "worker")]
    port = dict(_lines(DEPLOY / "systemd" / "saathi-web.socket"))["ListenStream"]
    assert port == f"127.0.0.1:{told['saathi-web'].port}"
    assert units["saathi-web"]["Requires"] == "saathi-web.socket"
    assert told["saathi-web"].port != told["saathi-worker"].health_port
    backup = told["saathi-backup"]
    assert {str(backup.out), str(backup.keys_out)} <= set(units["saathi-backup"]["ReadWritePaths"].split())
    # An Assert... that is not met is no failure to systemd: OnFailure= would tell nobody of a disk that is not there.
    lines = _lines(DEPLOY / "systemd" / "saathi-backup.service")
    before = [value for name, value in lines if name == "ExecStartPre"]
    assert before == [f"/usr/bin/test -d {place}" for place in (backup.out, backup.keys_out)]
    assert not [name for name, _ in lines if name.startswith(("Assert", "Condition"))]
    assert (DEPLOY / "systemd" / "saathi-backup.timer").is_file()


def _lines(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text("utf-8").splitlines()
    return [(line.partition("=")[0], line.partition("=")[2]) for line in lines if "=" in line and line[0] != "#"]


def test_the_archive_is_added_to_postgresql_alone() -> None:
    """A disk that is not mounted is told; the script is the one that the runbook names."""
    told = yaml.safe_load((DEPLOY / "archive.yml").read_text("utf-8"))["services"]
    assert set(told) == {"postgres"}
    disk, script = told["postgres"]["volumes"]
    assert (disk["target"], disk["bind"]) == ("/archive", {"create_host_path": False})
    assert script == "./archive.sh:/archive.sh:ro"
    assert os.access(DEPLOY / "archive.sh", os.X_OK)


def test_secrets_stay_out_of_the_image() -> None:
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()
    assert {".git", ".env", "deploy/.env", "var", ".venv"} <= set(ignored)
