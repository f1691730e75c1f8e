"""`saathi facts`, `saathi nlu suggest | export`, `saathi locales proposals`: what was said on the desk leaves it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import polib
import pytest
import yaml

from bot import app as composition
from bot import settings as configuration
from bot.cli import facts, locales, nlu
from bot.content import Content, load, marks
from bot.nlu.classifier import Ranked
from bot.nlu.data import read_examples
from bot.settings import ROOT, Settings
from bot.store import fallen, users
from bot.store import marks as words
from bot.store.database import Database
from bot.store.tables import heard_lines
from tests.conftest import NOON

Run = Callable[..., tuple[int, str, str]]
WAGES, ROUTE = "knowledge/rights/KW.yml:topics.wages", "knowledge/sms_routes.yml:countries.AE"


@pytest.fixture(scope="module")
def content() -> Content:
    """Read once."""
    return load(ROOT)


@pytest.fixture
async def _said(settings: Settings, content: Content) -> None:
    database = Database(settings.database_url.get_secret_value() if settings.database_url else "")
    async with database.begin() as connection:
        asha = await users.add(connection, login="asha", name="Asha", role="specialist", password_hash="none")
        for fact, verdict, note in ((WAGES, "checked", ""), (ROUTE, "wrong", "two-way since May")):
            found = marks.find(content.knowledge, fact)
            assert found is not None
            await words.mark(
                connection,
                fact=fact,
                hash=marks.content_hash(found),
                verdict=verdict,
                note=note,
                user_id=asha,
                now=NOON,
            )
        english = next(s for s in content.flows.by_name["wages"].steps if s.id == "safe").text  # type: ignore[union-attr]
        proposed = {"language": "ne", "text_id": "wages.safe", "english": english, "proposal": "लेख्न मिल्छ?", "note": ""}
        await words.propose(connection, **proposed, user_id=asha, now=NOON)
        for line, language in (("where is my ticket", "en"), ("my ticket where", "en"), ("टिकट कहाँ छ", "ne")):
            row = fallen.row(line, language=language, intent="ask_contacts", why="unsure", now=NOON)
            await connection.execute(heard_lines.insert().values(row))
        await _label(connection, "टिकट कहाँ छ", "ne", "ask_reintegration", asha)
        await _label(connection, "my ticket where", "en", "drop", asha)
    await database.close()


async def _label(connection: Any, line: str, language: str, label: str, who: UUID) -> None:
    said = {"line": line, "heard_in": language, "language": language, "label": label}
    assert await fallen.label(connection, **said, user_id=who, now=NOON)


@pytest.fixture
def run(
    settings: Settings,
    content: Content,
    _said: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command with its arguments; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr(configuration, "load", lambda **_: settings)
    monkeypatch.setattr(composition, "utc_now", lambda: NOON)
    for module in (facts, locales):
        monkeypatch.setattr(module, "load", lambda root: content)

    def runs(add: Any, command: Any, *given: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        add(parser)
        code = command(parser.parse_args(given))
        told = capsys.readouterr()
        return code, told.out, told.err

    return runs


def test_what_was_said_of_facts_is_exported_and_signed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(facts.add_arguments, facts.run, "export")
    told = {entry["fact"]: entry for entry in yaml.safe_load(out)["facts"]}
    assert code == 0
    assert (told[WAGES]["verdict"], told[WAGES]["reviewer"]) == ("checked", "Asha")
    assert told[WAGES]["checked_on"] == NOON.date().isoformat()
    assert (told[ROUTE]["verdict"], told[ROUTE]["notes"]) == ("wrong", ["Asha: two-way since May"])
    file = tmp_path / "words.yml"
    file.write_text(out, "utf-8")
    for name in ("rights/KW.yml", "sms_routes.yml"):
        there = tmp_path / "knowledge" / name
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes((ROOT / "knowledge" / name).read_bytes())
    monkeypatch.setattr(facts, "ROOT", tmp_path)
    code, out, _ = run(facts.add_arguments, facts.run, "apply", str(file))
    assert code == 0
    assert f"{WAGES}: signed" in out
    assert f"{ROUTE}: wrong: change it by hand: Asha: two-way since May" in out
    signed = yaml.safe_load((tmp_path / "knowledge/rights/KW.yml").read_text("utf-8"))["topics"]["wages"]
    assert (str(signed["checked_on"]), signed["reviewer"]) == (NOON.date().isoformat(), "Asha")
    assert (tmp_path / "knowledge/sms_routes.yml").read_bytes() == (ROOT / "knowledge/sms_routes.yml").read_bytes()


def test_a_file_that_is_none_of_ours_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "words.yml"
    for text in ("", "facts: 3", "- a", "facts:\n- fact: x"):
        file.write_text(text, "utf-8")
        code, _, told = run(facts.add_arguments, facts.run, "apply", str(file))
        assert (code, "cannot be used" in told) == (2, True)
    assert run(facts.add_arguments, facts.run, "apply")[0] == 2


def test_candidates_are_what_nobody_has_labelled(run: Run, tmp_path: Path) -> None:
    code, out, told = run(nlu.add_arguments, nlu.run, "suggest")
    file = tmp_path / "candidates.yml"
    file.write_text(out, "utf-8")
    assert code == 0
    assert [(e.text, e.intent) for e in read_examples(file)] == [("where is my ticket", "ask_contacts")]
    assert told == "1x 1 lines like: where is my ticket\n"
    assert run(nlu.add_arguments, nlu.run, "suggest", "--least", "2")[1].endswith("nlu: []\n")


def test_a_model_guesses_what_candidates_mean(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        def parse(self, text: str) -> Ranked:
            return Ranked((("ask_rights", 0.4),)) if text == "where is my ticket" else Ranked()

    monkeypatch.setattr(nlu, "load", lambda path: Model())
    file = tmp_path / "candidates.yml"
    file.write_text(run(nlu.add_arguments, nlu.run, "suggest", "--model", "x.npz")[1], "utf-8")
    assert [(e.text, e.intent) for e in read_examples(file)] == [("where is my ticket", "ask_rights")]


def test_labelled_lines_go_into_the_data_of_their_language(run: Run, tmp_path: Path) -> None:
    assert run(nlu.add_arguments, nlu.run, "export", "--out", str(tmp_path))[1] == f"{tmp_path / 'ne'}: 1 new lines\n"
    assert run(nlu.add_arguments, nlu.run, "export", "--out", str(tmp_path))[1] == f"{tmp_path / 'ne'}: 0 new lines\n"
    found = [(e.text, e.intent, e.language) for e in read_examples(tmp_path)]
    assert found == [("टिकट कहाँ छ", "ask_reintegration", "ne")]
    assert "टिकट कहाँ छ" in run(nlu.add_arguments, nlu.run, "export")[1]


def test_proposals_are_printed_as_a_catalogue(run: Run) -> None:
    code, out, _ = run(locales.add_arguments, locales.run, "proposals", "ne")
    assert (code, [(e.msgctxt, e.msgstr, e.tcomment) for e in polib.pofile(out)]) == (
        0,
        [("wages.safe", "लेख्न मिल्छ?", "Asha")],
    )
    assert run(locales.add_arguments, locales.run, "proposals", "en")[0] == 2
