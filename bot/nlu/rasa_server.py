"""A Rasa of our own on this machine: its data written from ours, trained, started on loopback with a token, ended.

Law: no network, no telemetry, none of our secrets in its environment; a model is trained once for the same data,
configuration and lock; what was started here ends here, and with us if we are killed.
Facts: training data format https://rasa.com/docs/rasa/training-data-format (3.1).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import httpx

from bot.nlu.data import Example, content_hash
from bot.nlu.rasa_place import LOCK, RasaError, Say
from bot.settings import ROOT

LIGHT, DIET = ROOT / "nlu_data" / "config.light.yml", ROOT / "nlu_data" / "config.yml"
LAUNCHER = ROOT / "deploy" / "rasa" / "serve.py"
START = 180.0  # seconds until it must answer: TensorFlow alone takes twenty on a busy machine
STOP = 10.0
KEPT = 3  # models of each kind
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def model_for(python: Path, examples: Sequence[Example], config: Path, folder: Path, say: Say = print) -> Path:
    """The model of these examples, trained now if it is not in `folder` yet. Raises RasaError."""
    parts = (content_hash(examples), config.read_text("utf-8"), LOCK.read_text("utf-8"))
    key = hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]
    kind = "light" if config == LIGHT else "diet" if config == DIET else "own"
    model = folder / f"{kind}-{key}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not model.exists():
            train(python, examples, config, model, say)
            for old in sorted(folder.glob(f"{kind}-*.tar.gz"), key=lambda p: p.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)
    return model


def train(python: Path, examples: Sequence[Example], config: Path, model: Path, say: Say = print) -> float:
    """Writes a project into a folder of its own, trains it, leaves the model; returns the seconds. Raises RasaError."""
    began = time.monotonic()
    say(f"Rasa learns {len(examples)} examples with {config.name} ...")
    with tempfile.TemporaryDirectory(prefix="saathi-rasa-") as name:
        project = Path(name)
        (project / "data").mkdir()
        (project / "data" / "nlu.yml").write_text(as_yaml(examples), "utf-8")
        shutil.copyfile(config, project / "config.yml")
        command = [str(python), "-m", "rasa", "train", "nlu", "--nlu", "data", "--config", "config.yml"]
        command += ["--out", "models", "--fixed-model-name", "model"]
        _watch(command, project, say)
        trained = project / "models" / "model.tar.gz"
        if not trained.exists():
            raise RasaError("Rasa trained, and left no model")
        partial = model.with_suffix(".partial")
        shutil.move(trained, partial)
        partial.replace(model)
    seconds = time.monotonic() - began
    say(f"{model.name}: {model.stat().st_size / 1e6:.1f} MB in {seconds:.0f} s")
    return seconds


def as_yaml(examples: Iterable[Example]) -> str:
    """All languages in one file of training data; a text twice under one intent stands there once."""
    by_intent: dict[str, dict[str, None]] = {}
    for e in examples:
        by_intent.setdefault(e.intent, {})["".join(_ESCAPES.get(c, c) for c in e.text)] = None
    lines = ['version: "3.1"', "nlu:"]
    for intent, texts in sorted(by_intent.items()):
        lines += [f"- intent: {intent}", "  examples: |", *(f"    - {text}" for text in texts)]
    return "\n".join(lines) + "\n"


def environment(home: Path) -> dict[str, str]:
    """What Rasa sees: nothing of ours, no graphics card, no proxy to the world, a home of its own."""
    hidden = ("SAATHI_", "PYTHON", "VIRTUAL_ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(hidden)}
    return kept | {
        "HOME": str(home),
        "RASA_TELEMETRY_ENABLED": "false",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "MPLCONFIGDIR": str(home),
    }


def _watch(command: Sequence[str], project: Path, say: Say) -> None:
    last: list[str] = []
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                last = [*last[-19:], line.rstrip()]
                if "Starting to train component" in line:
                    say(f"  {line.rsplit('component', 1)[1].strip()}")
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise RasaError("Rasa could not be trained:\n" + "\n".join(last))


class Server:
    """One Rasa process. Used with `with`, or `start` and `stop`."""

    def __init__(self, python: Path, model: Path, folder: Path, *, port: int = 0, token: str = "") -> None:
        self._python, self._model, self._folder = python, model, folder
        self.port = port or free_port()
        self.token = token or secrets.token_urlsafe(32)
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None
        self._log: IO[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the process. Raises RasaError when none was started."""
        if self._process is None:
            raise RasaError("Rasa was not started")
        return self._process.pid

    @property
    def log(self) -> Path:
        """What it said; no text of a person is in it."""
        return self._folder / f"server-{self.port}.log"

    def start(self, seconds: float = START) -> None:
        """Returns when it answers with its model. Raises RasaError with what it said."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log = self.log.open("wb")
        self._process = subprocess.Popen(  # noqa: S603
            [str(self._python), str(LAUNCHER), str(self._model), "--port", str(self.port), "--tied"],
            cwd=self._folder,
            env=environment(self._folder),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl+C is for us, and we end it
        )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self.token + "\n")
            self._process.stdin.flush()
            self._wait(time.monotonic() + seconds)
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise RasaError(f"Rasa ended at once:\n{self._said()}") from None
            raise

    def _wait(self, until: float) -> None:
        assert self._process is not None
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RasaError(f"Rasa ended with code {self._process.returncode}:\n{self._said()}")
            try:
                if self._answers(max(5.0, until - time.monotonic())):
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.5)
        raise RasaError(f"Rasa did not answer in time:\n{self._said()}")

    def _answers(self, seconds: float) -> bool:
        """Whether it has its model and has answered once: the first answer takes seconds that nobody is to wait."""
        with httpx.Client(base_url=self.url, params={"token": self.token}, timeout=5, trust_env=False) as client:
            if client.get("/status").status_code != 200:
                return False
            return client.post("/model/parse", json={"text": "hello"}, timeout=seconds).status_code == 200

    def wait(self) -> None:
        """Until it ends by itself. Raises RasaError then."""
        assert self._process is not None
        code = self._process.wait()
        raise RasaError(f"Rasa ended with code {code}:\n{self._said()}")

    def _said(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])

    def stop(self) -> None:
        """End it, hung or not."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._log is not None:
            self._log.close()
            self._log = None


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
