"""The README and the documents say what is on the disk: rooms, commands, settings, recipes, dependencies.

Law: a document that has fallen behind fails here; nothing in it is looked at for style.
"""

from __future__ import annotations

import re
import tomllib

import pytest

from bot.__main__ import COMMANDS
from bot.settings import ROOT, Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
ALL = "\n".join(TEXTS.values())
IN_PLACE = ("NAME", "xx", "...")  # stands for a name of the reader's own
_NAMED = re.compile(r"(?<!\S)(?:[A-Za-z_]+/|[a-z_]+\.py)(?=\s)")


def _section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _map() -> list[str]:
    """The paths of the map: what is indented stands in `bot/`."""
    paths: list[str] = []
    for line in _section("The map").split("```")[1].strip("\n").splitlines():
        room = "bot/" if line.startswith("  ") else ""
        paths += [room + found for found in _NAMED.findall(line + " ") if found != "readers/"]
    return paths


def test_every_path_of_the_map_exists() -> None:
    paths = _map()
    assert len(paths) > 25
    assert [p for p in paths if not (ROOT / p).exists()] == []


def test_every_room_of_the_service_is_on_the_map() -> None:
    rooms = {f"bot/{p.name}/" for p in (ROOT / "bot").iterdir() if (p / "__init__.py").exists()}
    rooms |= {f"bot/{p.name}" for p in (ROOT / "bot").glob("*.py") if p.name != "__init__.py"}
    assert sorted(rooms - set(_map())) == []


def test_every_folder_of_the_repository_is_on_the_map() -> None:
    unnamed = {"var"}  # data of this machine
    folders = {f"{p.name}/" for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))}
    filled = {f for f in folders if any(p.is_file() for p in (ROOT / f).rglob("*")) and f.strip("/") not in unnamed}
    filled = {f for f in filled if not f.endswith(".egg-info/")}
    assert sorted(filled - set(_map())) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_told(name: str) -> None:
    assert re.search(rf"saathi {name}\b", ALL)


def test_every_command_that_is_told_exists() -> None:
    told = set(re.findall(r"`(?:\.venv/bin/)?saathi ([a-z]+)", ALL))
    assert told
    assert told - set(COMMANDS) == set()


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    names = {f"SAATHI_{field.upper()}" for field in Settings.model_fields} | {"SAATHI_LOG_LEVEL"}
    assert sorted(names - set(re.findall(r"SAATHI_[A-Z_]+", _section("Settings")))) == []
    assert sorted(set(re.findall(r"SAATHI_[A-Z_]*[A-Z]", README)) - names) == []


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_are_named_exist(name: str) -> None:
    """`bot/engine/flow.py`, `docs/flows.md`: whatever looks like a path of ours."""
    roots = "bot|handlers|flows|knowledge|locales|nlu_data|migrations|docs|tests|desk|deploy|benchmarks"
    named = set(re.findall(rf"`((?:{roots})/[\w./<>*-]*)`", TEXTS[name]))
    theirs = {"deploy/.env", "deploy/alertmanager.yml"}  # an operator makes them; in no repository
    looked = {p for p in named - theirs if not any(w in p for w in (*IN_PLACE, "<", "*"))}
    assert [p for p in sorted(looked) if not (ROOT / p).exists()] == []


def test_the_recipes_name_what_there_is() -> None:
    recipes = _section("Recipes")
    for path in ("flows", "locales", "bot/channels", "handlers", "nlu_data"):
        assert path in recipes
        assert (ROOT / path).is_dir()
    assert (ROOT / "bot/channels/limits.py").exists()
    assert "`OUTCOMES`" in recipes


def test_every_direct_dependency_has_its_line_in_the_decisions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[><=; ]", w)[0].lower() for w in wanted}
    told = (ROOT / "docs/decisions.md").read_text(encoding="utf-8").split("## Dependencies", 1)[1].lower()
    stubs = {n for n in names if n.startswith("types-")}
    assert sorted(n for n in names - stubs if not re.search(rf"\b{re.escape(n)}\b", told)) == []
    assert not stubs or "stubs" in told


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_names_the_machine_it_was_written_on(name: str) -> None:
    assert not re.search(r"/(?:work|home|root|tmp)/", TEXTS[name])
