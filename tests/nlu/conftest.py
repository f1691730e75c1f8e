"""Small data of its own, and one model of it for the session, trained as the service trains: in a child process."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.classifier import Classifier, load
from bot.nlu.danger import DangerFloor
from bot.nlu.training import ensure_model
from bot.settings import ROOT

SMALL = Path(__file__).parent / "data"
SMALL_HELD_OUT = Path(__file__).parent / "data_heldout.yml"
HELD_OUT = Path(__file__).parent / "heldout"  # of nlu_data, a folder per language
NLU_DATA = ROOT / "nlu_data"


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ensure_model(SMALL, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def classifier(small_model: Path) -> Classifier:
    return load(small_model)


@pytest.fixture(scope="session")
def floor() -> DangerFloor:
    return DangerFloor.load(NLU_DATA)
