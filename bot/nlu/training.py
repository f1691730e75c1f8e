"""Learns a model from examples. Runs as a child process: scikit-learn costs 2 s and 118 MB and leaves with it.

Law: the same examples and code give the same file name and the same answers; a new file appears whole or not at all.
Facts: linear support vector machines, one against the rest (Fan et al., LIBLINEAR, JMLR 9, 2008); confidences by
temperature scaling on held-out thirds (Guo et al., On Calibration of Modern Neural Networks, ICML 2017).
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.kept import kept
from bot.nlu.classifier import NONE, NONE_TAUGHT, shares
from bot.nlu.data import DataError, Example, content_hash, data_files, read_examples, state_of
from bot.nlu.features import FloatArray, Vectoriser
from bot.nlu.ideas import Ideas, read_ideas
from bot.nlu.intents import FALLBACK
from bot.nlu.measures import calibration_error
from bot.nlu.model_file import code_version, write
from bot.settings import ROOT, CannotStart

FOLDS = 3
COST = 1.0  # of the margin against the error; 0.5 is a fifth of a point less on other thirds
SHARPNESS = np.geomspace(0.5, 20, 60)
CLOSE = 0.05  # where the solver stops: answers as with 0.0001, in half the time
KEPT = 3  # models that stay in the folder


class TrainingError(CannotStart):
    """The child process failed; the text is what it said."""


def ensure_model(data_dir: Path, out_dir: Path) -> Path:
    """The model for this data and this code, trained now if there is none yet; of two callers one trains, one waits.

    Raises DataError for bad data, TrainingError when the child fails.
    """
    path = out_dir / f"nlu-{_key_of(data_dir)}.npz"
    if path.exists():
        return path
    out_dir.mkdir(parents=True, exist_ok=True)
    with (out_dir / ".nlu.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            train_in_child([data_dir], path)
            _forget_old_models(out_dir, path)
    return path


def _key_of(data_dir: Path) -> str:
    """`model_key` of a folder; reckoned once for each state of its files: to read them all takes half a second."""
    state = state_of(data_files(data_dir)) + version("scikit-learn").encode()
    key: str = kept(state, __file__, lambda: model_key(read_examples(data_dir), read_ideas(data_dir)))
    return key


def model_key(examples: Iterable[Example], ideas: Ideas) -> str:
    """What the file name of a model depends on: examples, words, code, scikit-learn."""
    code = (code_version(), version("scikit-learn"), Path(__file__).read_bytes().hex())
    parts = (content_hash(examples), ideas.dump(), *code)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]


def train_in_child(data: Sequence[Path], out: Path) -> None:
    """Runs `python -m bot.nlu.training`; its progress goes to our stderr. Raises DataError or TrainingError."""
    command = [sys.executable, "-m", "bot.nlu.training", "--out", str(out.resolve())]
    command += [str(path.resolve()) for path in data]
    # one thread: the numbers are the same on every machine, and the server next to us keeps its cores
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode == 2:
        raise DataError(done.stdout.strip())
    if done.returncode:
        raise TrainingError(done.stdout.strip() or f"training ended with code {done.returncode}")


def _forget_old_models(folder: Path, current: Path) -> None:
    models = sorted(folder.glob("nlu-*.npz"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in [p for p in models if p != current][KEPT - 1 :]:
        old.unlink(missing_ok=True)


def train(examples: Sequence[Example], out: Path, ideas: Ideas | None = None) -> None:
    """Fits vocabulary, intents and languages, and writes the file. Needs scikit-learn."""
    began = time.monotonic()
    _say(f"{len(examples)} examples, {len({e.intent for e in examples})} intents")
    texts = [e.text for e in examples]
    vectoriser = Vectoriser.fit(texts, ideas=ideas)
    matrix = _matrix(vectoriser, texts)
    _say(f"{vectoriser.size} features")
    meta: dict[str, Any] = {
        "data": content_hash(examples),
        "documents": vectoriser.documents,
        "blocks": [list(astuple(block)) for block in vectoriser.blocks],
    }
    arrays: dict[str, Any] = {"idf": vectoriser.idf}
    arrays["ideas"] = np.frombuffer(vectoriser.ideas.dump().encode(), np.uint8)
    arrays |= {f"vocabulary_{i}": codes for i, codes in enumerate(vectoriser.vocabularies)}
    # the language shows in how words are written: better without their other forms, and in a third of the time
    written = matrix[:, : vectoriser.as_written]
    heads = (("intents", matrix, [e.intent for e in examples]), ("languages", written, [e.language for e in examples]))
    for what, looked_at, labels in heads:
        none = NONE_TAUGHT if FALLBACK in labels else NONE
        names, weights, bias, sharpness, accuracy, error = _fit_head(looked_at, labels, none)
        meta |= {what: names, f"{what}_sharpness": sharpness, f"{what}_accuracy": accuracy}
        meta |= {f"{what}_none": none, f"{what}_calibration_error": error}
        arrays[f"{what}_weights"], arrays[f"{what}_rows"] = _once(weights, vectoriser.idf[: len(weights)])
        arrays[f"{what}_bias"] = bias
        if names:
            _say(f"{what}: {len(names)}, right in held-out thirds: {accuracy:.3f}, calibration error {error:.3f}")
    write(out, meta, arrays)
    _say(f"{out.name}: {out.stat().st_size / 1e6:.1f} MB in {time.monotonic() - began:.1f} s")


def _say(line: str) -> None:
    print(f"nlu training: {line}", file=sys.stderr, flush=True)


def _matrix(vectoriser: Vectoriser, texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    vectors = [vectoriser.vector(text) for text in texts]
    ends = np.cumsum([0] + [len(indices) for indices, _ in vectors])
    indices = np.concatenate([v[0] for v in vectors])
    values = np.concatenate([v[1] for v in vectors])
    return csr_matrix((values, indices, ends), shape=(len(texts), vectoriser.size), dtype=np.float64)


def _fit_head(
    matrix: Any, labels: Sequence[str], none: float
) -> tuple[list[str], NDArray[np.float16], FloatArray, float, float, float]:
    """(names, weights [features, names], bias, sharpness, held-out accuracy and calibration error) of labelled rows."""
    rows = [i for i, label in enumerate(labels) if label]
    names = sorted({labels[i] for i in rows})
    size = matrix.shape[1]
    if len(names) < 2:
        return names, np.zeros((size, len(names)), np.float16), np.zeros(len(names), np.float32), 1.0, 1.0, 0.0
    number = {name: i for i, name in enumerate(names)}
    wanted = np.array([number[labels[i]] for i in rows])
    used = matrix[rows]
    sharpness, accuracy, error = _calibrate(used, wanted, len(names), none)
    weights, bias = _fit_linear(used, wanted, len(names))
    return names, weights.T.astype(np.float16), bias.astype(np.float32), sharpness, accuracy, error


def _once(weights: NDArray[np.float16], idf: FloatArray) -> tuple[NDArray[np.float16], NDArray[np.uint32]]:
    """(weights without rows that are equal, the row of each feature). What stands in the same examples weighs the same:
    two fifths of a large model. Rows of frequent features come first: the pages of the file that most texts need."""
    if not weights.size:
        return weights, np.arange(len(weights), dtype=np.uint32)
    order = idf.argsort(kind="stable")
    sorted_ = np.ascontiguousarray(weights[order])
    whole = sorted_.view(np.dtype((np.void, sorted_[0].nbytes))).ravel()
    _, first, of = np.unique(whole, return_index=True, return_inverse=True)
    kept = first.argsort()
    place = np.empty(len(kept), np.uint32)
    place[kept] = np.arange(len(kept), dtype=np.uint32)
    rows = np.empty(len(order), np.uint32)
    rows[order] = place[of]
    return sorted_[first[kept]], rows


def _fit_linear(matrix: Any, wanted: Any, count: int) -> tuple[Any, Any]:
    """Weights [count, features] and bias [count]; a class without a row can never win."""
    from sklearn.svm import LinearSVC

    weights, bias = np.zeros((count, matrix.shape[1])), np.full(count, -2.0)
    seen = np.unique(wanted)
    if len(seen) < 2:
        bias[seen] = 0.0
        return weights, bias
    model = LinearSVC(C=COST, tol=CLOSE, random_state=0, max_iter=2000).fit(matrix, wanted)
    if len(seen) == 2:
        weights[seen] = np.vstack([-model.coef_, model.coef_])
        bias[seen] = [-model.intercept_[0], model.intercept_[0]]
    else:
        weights[seen], bias[seen] = model.coef_, model.intercept_
    return weights, bias


def _calibrate(matrix: Any, wanted: Any, count: int, none: float) -> tuple[float, float, float]:
    """The sharpness of the softmax that makes held-out confidences honest; accuracy and calibration error there."""
    folds = _folds(wanted)
    margins = np.zeros((len(wanted), count))
    for fold in range(FOLDS):
        weights, bias = _fit_linear(matrix[folds != fold], wanted[folds != fold], count)
        margins[folds == fold] = matrix[folds == fold] @ weights.T + bias
    rows = np.arange(len(wanted))

    def surprise(sharpness: float) -> float:
        return float(-np.mean(np.log(shares(margins, sharpness, none)[rows, wanted] + 1e-12)))

    best = min(SHARPNESS, key=surprise)
    right = margins.argmax(axis=1) == wanted
    error = calibration_error(shares(margins, best, none).max(axis=1).tolist(), right.tolist())
    return float(best), float(np.mean(right)), error


def _folds(wanted: Any) -> Any:
    """A third for each row, the same every time, every class spread evenly."""
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(wanted):
        rows_of[int(label)].append(row)
    folds, shuffled, turn = np.zeros(len(wanted), int), random.Random(0), 0  # noqa: S311
    for label in sorted(rows_of):
        rows = rows_of[label]
        shuffled.shuffle(rows)
        for row in rows:
            folds[row], turn = turn % FOLDS, turn + 1
    return folds


def main(arguments: Sequence[str] | None = None) -> int:
    """The child process. Code 2 and file:line on stdout for bad data."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.training")
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args(arguments)
    try:
        train(read_examples(options.data), options.out, read_ideas(options.data))
    except DataError as error:
        print(error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
