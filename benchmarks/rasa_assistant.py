"""The conversation of `benchmarks/rasa/` as a Rasa assistant: menu, three questions, confirmation, kept in PostgreSQL.

    python -m benchmarks.rasa_assistant        trains it, starts it, talks with it once, prints that, ends it

Law: what people would use instead of Saathi, built as its documents say: DIET, rules, a form, the SQL tracker store
on the embedded PostgreSQL, the REST channel on loopback. Nothing of it is slowed down for the comparison.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import psycopg
import yaml

from benchmarks.report import scratch
from benchmarks.talks import pay_rasa
from bot.nlu.rasa_place import LOCK, RasaError, install
from bot.nlu.rasa_server import environment, free_port
from bot.settings import ROOT
from bot.store import embedded
from bot.store.embedded import Server

PROJECT = ROOT / "benchmarks" / "rasa"
PERSON = 7  # of `talks.py`, for the one conversation
START = 600.0  # seconds; the machine may be busy


@dataclass(frozen=True, slots=True)
class Assistant:
    """A started one: where it answers, and its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def say(self, client: httpx.Client, sender: str, text: str) -> list[str]:
        """What it answers to one message. Raises httpx.HTTPError."""
        answer = client.post(f"{self.url}/webhooks/rest/webhook", json={"sender": sender, "message": text})
        answer.raise_for_status()
        return [part.get("text", "") for part in answer.json()]


def train(python: Path, folder: Path) -> Path:
    """The model of this project, trained once for the same files and lock. Raises RasaError."""
    files = sorted(p for p in PROJECT.rglob("*") if p.is_file())
    key = hashlib.sha256(b"|".join(p.read_bytes() for p in [*files, LOCK])).hexdigest()[:20]
    model = folder / f"assistant-{key}.tar.gz"
    if not model.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="saathi-rasa-") as name:
            copy = Path(name) / "project"
            shutil.copytree(PROJECT, copy)
            command = [str(python), "-m", "rasa", "train", "--out", "models", "--fixed-model-name", "model"]
            done = subprocess.run(command, cwd=copy, env=environment(copy), capture_output=True, text=True, check=False)
            if done.returncode:
                raise RasaError("the assistant could not be trained:\n" + (done.stdout + done.stderr)[-3000:])
            shutil.move(copy / "models" / "model.tar.gz", model)
    return model


def endpoints(url: str) -> str:
    """Where Rasa keeps its conversations: the database of a psycopg address, through its socket."""
    address = urlsplit(url)
    store: dict[str, object] = {
        "type": "SQL",
        "dialect": "postgresql",
        "username": unquote(address.username or ""),
        "password": unquote(address.password or ""),
        "db": address.path.lstrip("/"),
        "query": {name: values[0] for name, values in parse_qs(address.query).items() if name == "host"},
    }
    if address.hostname:
        store |= {"url": address.hostname, "port": address.port or 5432}
    return yaml.safe_dump({"tracker_store": store})


@contextlib.contextmanager
def started(python: Path, model: Path, database: str, folder: Path) -> Iterator[Assistant]:
    """The assistant on a port of its own, its conversations in `database` (a psycopg address). Raises RasaError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "endpoints.yml").touch(mode=0o600)
    (folder / "endpoints.yml").write_text(endpoints(database))
    (folder / "credentials.yml").write_text("rest:\n")
    port = free_port()
    command = [str(python), "-m", "rasa", "run", "--model", str(model), "--interface", "127.0.0.1"]
    command += ["--port", str(port), "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    with (folder / "assistant.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder) | {"LOG_LEVEL": "WARNING"}, stdout=log, stderr=log
        )
        try:
            assistant = Assistant(port, process.pid)
            _wait(process, assistant, folder / "assistant.log")
            yield assistant
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], assistant: Assistant, log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{assistant.url}/webhooks/rest/", timeout=5, trust_env=False).status_code == 200:
                return
        time.sleep(0.5)
    raise RasaError(f"the assistant did not start:\n{log.read_text('utf-8', 'replace')[-3000:]}")


@contextlib.contextmanager
def database(server: Server) -> Iterator[str]:
    """The address of a database for Rasa alone; gone afterwards."""
    with psycopg.connect(server.on("postgres").url_admin, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS rasa_bench")
        admin.execute("CREATE DATABASE rasa_bench")
        try:
            yield server.on("rasa_bench").url_admin
        finally:
            admin.execute("DROP DATABASE rasa_bench WITH (FORCE)")


def main(arguments: Sequence[str] | None = None) -> int:
    """One conversation, and how many events of it were kept."""
    python = install()
    model = train(python, ROOT / "var" / "rasa")
    with (
        scratch("assistant") as folder,
        database(embedded.ensure(folder)) as url,
        started(python, model, url, folder / "rasa") as assistant,
        httpx.Client(timeout=60, trust_env=False) as client,
    ):
        for line in pay_rasa(PERSON):
            print(f"> {line.said}")
            for answer in assistant.say(client, "somebody", line.said):
                print(f"  {answer}")
        with psycopg.connect(url) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM events").fetchone() or (0,)
        print(f"{kept} events in PostgreSQL")
    return 0


if __name__ == "__main__":
    sys.exit(main())
