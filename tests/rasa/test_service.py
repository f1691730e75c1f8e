"""The whole service with a Rasa beside it: it is asked, it dies, and nobody who writes notices."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.nlu.rasa_server import LAUNCHER, Server, environment, free_port
from bot.settings import ROOT
from bot.store import embedded as postgres
from tests.fakes.post import deliver, text
from tests.fakes.world import World, world

CONTAINER = ROOT / "deploy" / "rasa.Containerfile"


@pytest.fixture
async def here(server: postgres.Server, tmp_path: Path) -> AsyncIterator[World]:
    async with world(server, tmp_path / "world") as made:
        yield made


async def engine(client: httpx.AsyncClient) -> str:
    return str((await client.get("/health/ready")).json()["understanding"])


async def texts_asked(client: httpx.AsyncClient) -> float:
    """Texts that went to Rasa, answered in time or not."""
    families = text_string_to_metric_families((await client.get("/metrics")).text)
    (family,) = [f for f in families if f.name == "saathi_rasa_texts"]
    return sum(s.value for s in family.samples if s.labels.get("result") in ("ok", "none") and "total" in s.name)


async def test_people_are_answered_while_it_lives_and_when_it_is_dead(
    here: World, python: Path, model: Path, tmp_path: Path
) -> None:
    with Server(python, model, tmp_path / "rasa") as rasa:
        async with (
            here.service(rasa_url=rasa.url, rasa_token=rasa.token) as service,
            httpx.AsyncClient(base_url=here.base, trust_env=False) as client,
        ):
            await service.ready()
            assert await engine(client) == "rasa"
            await deliver(here.base, text("+60123404320", "company not paying my salary since march", "m0"))
            await here.answered("+60123404320", 1)
            assert await texts_asked(client) == 1
            os.kill(rasa.pid, signal.SIGKILL)
            for number in range(1, 5):
                sender = f"+6012340432{number}"
                await deliver(here.base, text(sender, "company not paying my salary since march", f"m{number}"))
                assert await here.answered(sender, 1)
            assert await engine(client) == "embedded"
            assert (await client.get("/health/live")).status_code == 200
            output = service.output
    assert "rasa_left_alone" in output
    assert "salary" not in output
    assert rasa.token not in output


def test_as_the_container_runs_it(python: Path, model: Path, tmp_path: Path) -> None:
    """No engine of containers here: the entry point and the environment of the file, told of another place."""
    told = CONTAINER.read_text()
    users = re.findall(r"^USER (\S+)$", told, re.MULTILINE)
    assert users == ["10005"]
    assert re.findall(r"^(?:ADD|EXPOSE) (\S+)$", told, re.MULTILINE) == ["5005"]
    (entry,) = re.findall(r"^ENTRYPOINT \[(.+)\]$", told, re.MULTILINE)
    command = [shlex.split(part)[0] for part in entry.split(", ")]
    port = free_port()
    places = {"python": str(python), "/opt/rasa/serve.py": str(LAUNCHER), "/model.tar.gz": str(model)}
    places |= {"0.0.0.0": "127.0.0.1", "5005": str(port)}
    assert set(places) <= set(command)
    variables = dict(re.findall(r"^ENV (\w+)=(\S+)$", told, re.MULTILINE))
    token = "a token of sixteen letters"
    with subprocess.Popen(
        [places.get(part, part) for part in command],
        cwd=tmp_path,
        env=environment(tmp_path) | variables | {"HOME": str(tmp_path), "SAATHI_RASA_TOKEN": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert answers(f"http://127.0.0.1:{port}", token, process)
        finally:
            process.terminate()
            process.wait(60)


def answers(url: str, token: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether it understands a sentence, once it has started; for at most three minutes."""
    for _ in range(360):
        assert process.poll() is None
        try:
            asked = httpx.post(
                f"{url}/model/parse", params={"token": token}, json={"text": "hello"}, timeout=30, trust_env=False
            )
            if asked.status_code == 200:
                return bool(asked.json()["intent_ranking"])
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    return False
