"""Whoever is compared holds the conversation that is measured, and the tables say what was seen.

Law: the same words for all, from one place (`benchmarks/talks.py`); real bots against the played Bot API.
"""

from __future__ import annotations

import itertools
import shutil
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from benchmarks import beside_report, talks
from benchmarks.load import Load, Talk, once
from benchmarks.peers import Bottender, TelegramBot
from benchmarks.phones import BotApi
from benchmarks.rasa_assistant import PROJECT, endpoints
from benchmarks.rounds import Entry, Measured, Party
from benchmarks.saathi_assistant import APART, FLOWS, install, saathi
from bot import content
from bot.engine.flow import Ask, Say
from bot.settings import ROOT
from bot.store.embedded import Server
from tests.fakes.database import asked
from tests.fakes.world import data_directory

BOTTENDER = ROOT / "var" / "bottender"


def test_rasa_is_told_the_same_words() -> None:
    files = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in PROJECT.rglob("*.yml")}
    said = {name: texts[0]["text"] for name, texts in files["domain"]["responses"].items()}
    assert said["utter_menu"] == talks.RASA_MENU
    questions = [said[f"utter_ask_{slot}"] for slot in files["domain"]["forms"]["wages_form"]["required_slots"]]
    first, *rest = talks.pay_rasa(7)
    assert [exchange.answer for exchange in rest[:3]] == questions
    confirmed = said["utter_confirm"].format(months=rest[1].said, amount=rest[2].said, country=rest[3].said)
    assert [exchange.answer for exchange in rest[3:]] == [confirmed, said["utter_done"]]
    assert first.answer == talks.RASA_MENU
    assert "DIETClassifier" in [part["name"] for part in files["config"]["pipeline"]]


def test_rasa_keeps_its_conversations_in_our_database() -> None:
    store = yaml.safe_load(endpoints("postgresql://me:a%2Fb@/rasa_bench?host=/run/here&port=5432"))["tracker_store"]
    assert (store["dialect"], store["db"], store["password"]) == ("postgresql", "rasa_bench", "a/b")
    assert store["query"] == {"host": "/run/here"}


def test_the_flows_of_the_comparison_can_be_loaded_and_say_the_same(tmp_path: Path) -> None:
    for part in ("knowledge", "locales", "nlu_data"):
        (tmp_path / part).symlink_to(ROOT / part, target_is_directory=True)
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    shutil.copytree(FLOWS, tmp_path / "flows", dirs_exist_ok=True)
    loaded = content.load(tmp_path)
    steps = [step for name in ("menu", "wages", "passport") for step in loaded.flows.by_name[name].steps]
    said = {step.text for step in steps if isinstance(step, Say | Ask)}
    assert {e.answer for e in talks.passport(1)} <= said
    assert {e.answer for e in talks.pay_saathi(1)} - said == {"3 months, 101 dinar, QA. Is that right?"}


async def _holds(party: Party, *held: Talk) -> None:
    numbers = itertools.count(5_000_001)
    with closing(party.talked_with()) as assistant:
        async with party.started():
            for talk in held:
                load = await once(assistant, talk, numbers, Load(3), patience=120)
                assert (load.finished, load.wrong, load.unanswered, load.samples) == (3, 0, 0, [])


@pytest.mark.slow
@pytest.mark.parametrize("roles", [("all",), APART])
async def test_saathi_holds_both_conversations(server: Server, tmp_path: Path, roles: tuple[str, ...]) -> None:
    checkout, data = install(tmp_path / "checkout"), data_directory(tmp_path / "data")
    async with BotApi() as api, saathi(server, checkout, data, api, "webhook", roles) as ours:
        await _holds(ours, talks.pay_saathi, talks.passport)
        opened = asked(ours.url, "SELECT kind, count(*) FROM cases GROUP BY 1 ORDER BY 1")
        assert opened == [("report_passport_withheld", 3), ("report_unpaid_wages", 3)]
        assert api.unasked == []


@pytest.mark.slow
async def test_python_telegram_bot_holds_the_conversation(tmp_path: Path) -> None:
    async with BotApi() as api:
        await _holds(TelegramBot(api, tmp_path), talks.passport)


@pytest.mark.slow
@pytest.mark.skipif(not (BOTTENDER / "node_modules").exists(), reason="Bottender comes with `make bench-beside`")
async def test_bottender_holds_the_conversation(tmp_path: Path) -> None:
    async with BotApi() as api:
        await _holds(Bottender(api, BOTTENDER, tmp_path), talks.passport)


def _measured(rate: float, processor: float, memory: float) -> Measured:
    load = Load(1, 1.0, waits=[0.01] * int(rate), spent={"own": processor * rate / 1000, "PostgreSQL": 0.0})
    return Measured(load, Load(1, 1.0, waits=[0.02]), memory, 40.0)


class _Nobody:
    """A party that is not started."""


def test_ratios_are_the_medians_of_rounds() -> None:
    ours = Entry(beside_report.SAATHI, _Nobody(), talks.pay_saathi, 640)  # type: ignore[arg-type]
    theirs = Entry(beside_report.RASA, _Nobody(), talks.pay_rasa, 16)  # type: ignore[arg-type]
    ours.rounds = [_measured(400, 2, 200), _measured(100, 2, 200), _measured(300, 2, 200)]
    theirs.rounds = [_measured(20, 20, 800), _measured(20, 20, 800), _measured(10, 20, 800)]
    (row,) = beside_report.ratios([ours, theirs]).splitlines()[2:]
    assert row == "| Saathi / Rasa 3.6.21 | **20.0** | at least 20 | 0.10 | 0.25 | at most 0.1 |"
    assert beside_report.faults([ours, theirs]) == []
    theirs.rounds[1].calm.wrong = 1
    assert len(beside_report.faults([ours, theirs])) == 1
    ours.killed = Load(200, finished=198, unanswered=2)
    assert "| Saathi | 198 of 200 | 0 | 2 |" in beside_report.page([ours, theirs], 200)
