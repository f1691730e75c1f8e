"""A real Rasa as an operator has it: a token, loopback, no door but the one; and what we do when it dies or hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.app import App
from bot.nlu.classifier import Classifier
from bot.nlu.danger import DangerFloor
from bot.nlu.rasa import TRIES, Rasa
from bot.nlu.rasa_server import Server
from bot.nlu.understanding import Understanding
from bot.settings import ROOT
from bot.web.site import site

SHORT = 0.5  # the limit of the service
TEXTS = ["madam beat me with a stick", "my salary is not paid", "तलब दिएको छैन", "12", "namaste"]


@pytest.fixture
def mortal(python: Path, model: Path, tmp_path: Path) -> Iterator[Server]:
    """One that may be killed."""
    with Server(python, model, tmp_path / "rasa") as started:
        yield started


def test_nobody_without_the_token_is_answered(rasa_server: Server) -> None:
    for token in ({}, {"token": "wrong"}):
        asked = httpx.post(f"{rasa_server.url}/model/parse", params=token, json={"text": "hello"}, trust_env=False)
        assert asked.status_code == 401
    with httpx.Client(base_url=rasa_server.url, trust_env=False) as client:
        assert client.put("/model", json={"model_file": "/etc/passwd"}).status_code == 401
        assert client.post("/webhooks/rest/webhook", json={"sender": "x", "message": "hello"}).status_code == 404


def test_the_token_stands_in_no_list_of_processes(rasa_server: Server) -> None:
    for name in ("cmdline", "environ"):
        assert rasa_server.token.encode() not in Path(f"/proc/{rasa_server.pid}/{name}").read_bytes()


def test_it_listens_on_this_machine_only(rasa_server: Server) -> None:
    listening = f":{rasa_server.port:04X}"
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    here = [row[1] for row in rows if row[1].endswith(listening) and row[3] == "0A"]
    assert here == [f"0100007F{listening}"]


def test_what_people_write_is_in_no_log(rasa_server: Server, rasa: Rasa) -> None:
    assert None not in rasa.parse_many(["canarysentence my salary is not paid"])
    assert "canarysentence" not in rasa_server.log.read_text("utf-8", "replace")


def test_killed_and_everybody_is_answered_all_the_same(
    mortal: Server, embedded: Classifier, floor: DangerFloor
) -> None:
    rasa = Rasa(mortal.url, mortal.token, seconds=60.0)
    alone, both = Understanding(embedded, floor), Understanding(embedded, floor).under(rasa)
    assert both.understand(["hello"])  # it answers
    assert rasa.answers
    os.kill(mortal.pid, signal.SIGKILL)
    for _ in range(TRIES):
        assert both.understand(TEXTS) == alone.understand(TEXTS)
    assert not rasa.answers
    rasa.close()


def test_hung_and_back(mortal: Server, embedded: Classifier, floor: DangerFloor) -> None:
    now = [0.0]
    rasa = Rasa(mortal.url, mortal.token, seconds=SHORT, clock=lambda: now[0])
    alone, both = Understanding(embedded, floor), Understanding(embedded, floor).under(rasa)
    os.kill(mortal.pid, signal.SIGSTOP)
    for _ in range(TRIES):
        assert both.understand(TEXTS) == alone.understand(TEXTS)
    assert not rasa.answers
    os.kill(mortal.pid, signal.SIGCONT)
    for _ in range(20):  # on a busy machine the first answers may be late
        now[0] += 60
        both.understand(["my salary is not paid"])
        if rasa.answers:
            break
    assert rasa.answers
    rasa.close()


def test_it_does_not_outlive_who_started_it(python: Path, model: Path, tmp_path: Path) -> None:
    """A service that is killed cannot stop its Rasa; Rasa sees the end of its input and ends itself."""
    code = (
        "import os, sys; from pathlib import Path; from bot.nlu.rasa_server import Server;"
        f"s = Server(Path({str(python)!r}), Path({str(model)!r}), Path({str(tmp_path)!r})); s.start();"
        "print(s.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    descriptor = None
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # already gone
    import select

    ended, _, _ = select.select([descriptor], [], [], 60)
    os.close(descriptor)
    assert ended


async def test_health_says_which_engine_answers(app: App, rasa_server: Server) -> None:
    async def ready() -> str:
        return "ok"

    app.rasa = Rasa(rasa_server.url, rasa_server.token, seconds=60.0)
    served = site(app.settings, app.receive, app.quarantine, ready, None, engine=app.engine)
    transport = httpx.ASGITransport(served, client=("127.0.0.1", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/health/ready")).json() == {"status": "ok", "understanding": "rasa"}
        proxied = await client.get("/health/ready", headers={"X-Forwarded-For": "203.0.113.9"})
        assert proxied.json() == {"status": "ok"}
        app.rasa._failures = TRIES
        assert (await client.get("/health/ready")).json() == {"status": "ok", "understanding": "embedded"}
