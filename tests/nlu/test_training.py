"""A model is made once for its data and code, the same every time, and a file that was touched is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot.nlu import model_file
from bot.nlu.classifier import Classifier, load
from bot.nlu.data import DataError
from bot.nlu.model_file import ModelError
from bot.nlu.training import _once, ensure_model, train_in_child
from bot.settings import ROOT
from tests.nlu.conftest import SMALL

pytestmark = pytest.mark.slow
TEXTS = ["boss beat me", "no talab", "नमस्ते", "something else", "मालिकले कुट्यो", "??", ""]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "data"))


def test_the_same_data_gives_the_same_bytes(small_model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.npz"
    train_in_child([SMALL], again)
    one, other = model_file.read(small_model), model_file.read(again)
    assert one[0] == other[0]
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])
    assert load(small_model).parse_many(TEXTS) == load(again).parse_many(TEXTS)


def test_rows_that_are_equal_stand_in_the_file_once() -> None:
    rare, often, never = [1.5, -2.0], [0.25, 3.0], [0.0, 0.0]
    weights = np.array([rare, often, rare, never, often], np.float16)
    kept, rows = _once(weights, np.array([9.0, 1.0, 9.0, 5.0, 2.0], np.float32))
    assert np.array_equal(kept[rows], weights)
    assert kept.tolist() == [often, never, rare], "frequent ones first"
    assert _once(weights[:, :0], np.ones(5, np.float32))[1].tolist() == [0, 1, 2, 3, 4]


def test_known_data_is_not_learned_again_and_new_data_is(data: Path, tmp_path: Path) -> None:
    first = ensure_model(data, tmp_path / "out")
    made = first.stat()
    assert ensure_model(data, tmp_path / "out") == first
    assert (first.stat().st_mtime_ns, first.stat().st_ino) == (made.st_mtime_ns, made.st_ino)
    (data / "en" / "more.yml").write_text(
        "nlu:\n- intent: bye\n  examples: |\n    - good bye\n    - see you\n    - bye\n"
    )
    second = ensure_model(data, tmp_path / "out")
    assert second != first
    assert "bye" in load(second).intents
    assert "bye" not in load(first).intents


def test_of_several_processes_at_once_one_trains_and_all_get_the_whole_model(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ask = (
        f"from pathlib import Path; from bot.nlu.training import ensure_model; print(ensure_model(Path({str(data)!r}), "
    )
    command = [sys.executable, "-c", f"{ask}Path({str(out)!r})))"]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: subprocess.run(command, cwd=ROOT, capture_output=True, text=True), range(3)))
    paths = [Path(d.stdout.strip()) for d in done]
    assert paths[0] == paths[1] == paths[2]
    assert [" examples, " in d.stderr for d in done].count(True) == 1  # what the one says that trains
    assert load(paths[0]).parse("boss beat me").intent == "report_violence"
    assert sorted(p.name for p in out.iterdir()) == sorted([".nlu.lock", paths[0].name])


def test_bad_data_says_where_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    (data / "en" / "nlu.yml").write_text("nlu:\n- intent: a\n  examples: |\n    oops\n")
    with pytest.raises(DataError, match=r"nlu\.yml:4: "):
        ensure_model(data, tmp_path / "out")
    with pytest.raises(DataError, match=r"nlu\.yml:4: "):
        train_in_child([data], tmp_path / "m.npz")
    assert not list(tmp_path.glob("**/*.npz"))


@pytest.mark.parametrize("intents", [1, 2, 7])
def test_few_and_lonely_intents(tmp_path: Path, intents: int) -> None:
    file = tmp_path / "nlu.yml"
    lines = "".join(f"- intent: i{n}\n  examples: |\n    - word{n} alone\n" for n in range(intents))
    file.write_text(f"nlu:\n{lines}")
    train_in_child([file], tmp_path / "m.npz")
    classifier = load(tmp_path / "m.npz")
    assert [classifier.parse(f"word{n} alone").intent for n in range(intents)] == [f"i{n}" for n in range(intents)]


def _flip(path: Path) -> None:
    arrays = model_file.read(path)[1]
    arrays["intents_bias"] = arrays["intents_bias"] + 1
    with np.load(path) as file:
        header = file["header"]
    np.savez(path, header=header, **arrays)  # type: ignore[arg-type]


def _rename_intent(path: Path) -> None:
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(arrays.pop("header").tobytes())
    header["meta"]["intents"].reverse()
    np.savez(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)  # type: ignore[arg-type]


def _pickled(path: Path) -> None:
    np.savez(path, header=np.array([{"run": "me"}], dtype=object), allow_pickle=True)


def _climbing(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../climbed.npy", b"x")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def _other_code(path: Path) -> None:
    meta, arrays = model_file.read(path)
    meta["code"] = "0" * 16
    header = {"digest": model_file._digest(meta, arrays), "meta": meta}
    np.savez(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize("harm", [_flip, _rename_intent, _pickled, _climbing, _cut, _other_code, Path.unlink])
def test_a_touched_model_is_refused(small_model: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    copy = tmp_path / "inner" / "m.npz"
    copy.parent.mkdir()
    shutil.copy(small_model, copy)
    assert isinstance(load(copy), Classifier)
    harm(copy)
    with pytest.raises(ModelError, match="train"):
        load(copy)
    assert not list(tmp_path.glob("climbed*"))


def test_large_arrays_stay_in_the_file_and_are_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "large.npz"
    large = np.arange(model_file.LARGE, dtype=np.float16).reshape(-1, 8)
    model_file.write(file, {"a": 1}, {"large": np.asfortranarray(large), "small": large[:3]})
    _, arrays = model_file.read(file)
    assert isinstance(arrays["large"].base, np.memmap)
    assert not isinstance(arrays["small"].base, np.memmap)
    assert np.array_equal(arrays["large"], large)
    assert np.array_equal(arrays["small"], large[:3])
    touched = bytearray(file.read_bytes())
    touched[-model_file.LARGE] ^= 1
    (tmp_path / "touched.npz").write_bytes(touched)
    with pytest.raises(ModelError, match="digest"):
        model_file.read(tmp_path / "touched.npz")


def test_serving_never_imports_the_trainer(small_model: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from bot.nlu.understanding import Understanding;"
        "from bot.nlu.classifier import load; from bot.nlu.danger import DangerFloor; import bot.nlu.commands;"
        "from bot.nlu.training import ensure_model;"
        f"u = Understanding(load(Path({str(small_model)!r})), DangerFloor.load(Path('nlu_data')));"
        "print(u.understand(['boss beat me'])[0].intent);"
        "print([m for m in ('sklearn', 'scipy', 'joblib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["report_violence", "[]"]
