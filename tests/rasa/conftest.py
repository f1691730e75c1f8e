"""A real Rasa and the embedded classifier, both taught the same stratified sample of `nlu_data/`, for the session.

Law: no Rasa = an error that says what to do, never a silent pass: these tests are asked for by name (`make test-rasa`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.nlu.classifier import Classifier, load
from bot.nlu.danger import DangerFloor
from bot.nlu.data import Example, read_examples
from bot.nlu.rasa import Rasa
from bot.nlu.rasa_place import RasaError, installed
from bot.nlu.rasa_server import LIGHT, Server, as_yaml, model_for
from bot.nlu.training import train_in_child
from bot.nlu.understanding import Understanding
from bot.settings import ROOT
from tests.conftest import MODELS

EACH = 4  # lines of each intent in each language
PATIENT = 60.0  # seconds; what is tested with it is the answer and not the time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder, whatever else is collected."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.rasa)


@pytest.fixture(scope="session")
def sample() -> list[Example]:
    """The first lines of each intent in each language: the same every time, none left out."""
    taken: defaultdict[tuple[str, str], int] = defaultdict(int)
    chosen: dict[str, Example] = {}  # a text once
    for e in read_examples(ROOT / "nlu_data"):
        if e.text not in chosen and taken[e.language, e.intent] < EACH:
            taken[e.language, e.intent] += 1
            chosen[e.text] = e
    return list(chosen.values())


@pytest.fixture(scope="session")
def python() -> Path:
    """Of the environment of `make rasa`."""
    found = installed()
    if found is None:
        raise RasaError("there is no .venv-rasa, or an older one: run `make test-rasa`, or `saathi rasa install`")
    return found


@pytest.fixture(scope="session")
def model(python: Path, sample: list[Example]) -> Path:
    return model_for(python, sample, LIGHT, MODELS / "rasa")


@pytest.fixture(scope="session")
def rasa_server(python: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    token = "-o" + secrets.token_urlsafe(32)  # one in sixty-four begins so, and is no option for that
    with Server(python, model, tmp_path_factory.mktemp("rasa"), token=token) as started:
        yield started


@pytest.fixture
def rasa(rasa_server: Server) -> Iterator[Rasa]:
    asked = Rasa(rasa_server.url, rasa_server.token, seconds=PATIENT)
    yield asked
    asked.close()


@pytest.fixture(scope="session")
def embedded(sample: list[Example], tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder = tmp_path_factory.mktemp("sample")
    by_language: defaultdict[str, list[Example]] = defaultdict(list)
    for e in sample:
        by_language[e.language].append(e)
    for language, examples in by_language.items():
        (folder / language).mkdir()
        (folder / language / "nlu.yml").write_text(as_yaml(examples), "utf-8")
    train_in_child([folder], folder / "model.npz")
    return load(folder / "model.npz")


@pytest.fixture(scope="session")
def understanding(embedded: Classifier, floor: DangerFloor) -> Understanding:
    """What the fixture `app` is built with: the sample's, so that nobody waits for the whole data to be learned."""
    return Understanding(embedded, floor)


@pytest.fixture(scope="session")
def floor() -> DangerFloor:
    return DangerFloor.load(ROOT / "nlu_data")
