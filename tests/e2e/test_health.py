"""What a proxy and a monitor see: alive, ready, and figures that carry nobody."""

from __future__ import annotations

import re

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.post import deliver, message, post, text, update
from tests.fakes.service import free_port
from tests.fakes.world import World

pytestmark = pytest.mark.slow


def figures(told: str) -> dict[str, float]:
    """By name, with labels where there are any."""
    lines = (line.rpartition(" ") for line in told.splitlines() if line.startswith("saathi_"))
    return {name: float(value) for name, _, value in lines}


CODE = re.compile(r"[A-Za-z_]{1,40}")


async def test_started_as_an_operator_starts_it_it_is_ready_and_answers(here: World) -> None:
    """A process that nobody prepared: all else in these rooms is forked of one (`tests/fakes/forked.py`)."""
    service = here.service()
    service.afresh = True
    async with service:
        await service.ready()
        await deliver(here.base, text("+60123404321", "my employer locked me in the house", "1"))
        await here.answered("+60123404321", 1)
        service.terminate()
        assert await service.ended() == 0


async def test_alive_ready_and_figures_without_people(running: World) -> None:
    sms, chat = "+60123404321", 5554321
    await deliver(running.base, text(sms, "my employer locked me in the house", "1"))
    await deliver(running.base, update(message(chat, "hello", 1, name="Parbati")))
    await running.answered(sms, 1)
    await running.answered(chat, 1)
    async with httpx.AsyncClient(base_url=running.base, trust_env=False) as client:
        assert (await client.get("/health/live")).json() == {"status": "ok"}
        assert (await client.get("/health/ready")).json() == {"status": "ok"}
        told = (await client.get("/metrics")).text
    families = {f.name: f for f in text_string_to_metric_families(told)}
    labels = {
        (name, value)
        for family in families.values()
        if family.name.startswith("saathi")
        for sample in family.samples
        for name, value in sample.labels.items()
        if name != "le"
    }
    assert {name for name, _ in labels} <= {"channel", "result", "kind", "reason"}
    assert all(CODE.fullmatch(value) for _, value in labels), labels
    for canary in (sms, sms[1:], str(chat), "Parbati", "locked"):
        assert canary not in told
    (page,) = [s.value for s in families["saathi_notices"].samples if s.labels.get("kind") == "report_confinement"][:1]
    assert page == 1
    sent = {s.labels["channel"]: s.value for s in families["saathi_outbox"].samples if s.name.endswith("_total")}
    assert sent["sms"] == sent["telegram"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Host": "help.example"},
    ],
)
async def test_figures_are_not_shown_through_a_proxy(running: World, headers: dict[str, str]) -> None:
    """Who watches the count of alarms learns that somebody under his eyes has just written."""
    async with httpx.AsyncClient(base_url=running.base, trust_env=False) as client:
        assert (await client.get("/metrics")).status_code == 200
        refused, nowhere = await client.get("/metrics", headers=headers), await client.get("/nowhere")
        assert (refused.status_code, refused.content) == (nowhere.status_code, nowhere.content)
        assert refused.status_code == 404
        assert (await client.get("/health/ready", headers=headers)).json() == {"status": "ok"}
        assert (await client.get("/health/live", headers=headers)).status_code == 200


async def test_with_a_token_only_the_token_counts(here: World) -> None:
    async with (
        here.service("--role", "web", metrics_token="a-token-of-the-operator") as service,
        httpx.AsyncClient(base_url=here.base, trust_env=False) as client,
    ):
        await service.ready()
        for wrong in ({}, {"Authorization": "Bearer another"}, {"Authorization": "a-token-of-the-operator"}):
            assert (await client.get("/metrics", headers=wrong)).status_code == 404
        right = {"Authorization": "Bearer a-token-of-the-operator", "X-Forwarded-For": "203.0.113.9"}
        assert "saathi_turns_total" in (await client.get("/metrics", headers=right)).text


async def test_what_waits_is_a_figure(here: World) -> None:
    """Nobody works: what people write waits, and a monitor sees how long."""
    async with here.service("--role", "web") as service:
        await service.ready()
        await deliver(here.base, text("+60123404322", "hello", "1"))
        await deliver(here.base, text("+60123404323", "my employer locked me in", "2"))
        async with httpx.AsyncClient(base_url=here.base, trust_env=False) as client:
            shown = figures((await client.get("/metrics")).text)
    assert shown["saathi_inbox_waiting"] == 2
    assert shown["saathi_inbox_oldest_seconds"] > 0
    assert shown["saathi_database_up"] == 1
    assert shown["saathi_pages_open"] == 0
    assert shown["saathi_archive_failing"] == 0


async def test_a_worker_tells_how_it_is_when_it_is_told_where(here: World) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    async with (
        here.service("--role", "web") as web,
        here.service("--role", "worker", "--health-port", str(port)) as worker,
    ):
        await web.ready()
        worker.url = base
        await worker.ready()
        await deliver(here.base, text("+60123404323", "my employer locked me in", "2"))
        await here.answered("+60123404323", 1)
        async with httpx.AsyncClient(base_url=base, trust_env=False) as client:
            shown = figures((await client.get("/metrics")).text)
            for path in ("/desk", "/try", "/webhooks/twilio"):
                assert (await client.get(path)).status_code == 404
    assert shown["saathi_pages_open"] == 1
    assert shown['saathi_turns_total{result="ok"}'] == 1


async def test_not_ready_while_the_database_cannot_be_used(running: World) -> None:
    admin = running.admin
    async with httpx.AsyncClient(base_url=running.base, trust_env=False, timeout=30) as client:
        with psycopg.connect(admin, autocommit=True) as connection:
            name = psycopg.conninfo.conninfo_to_dict(running.url)["dbname"]
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.get("/health/ready")).status_code == 503
            told = await client.get("/health/ready", headers={"X-Forwarded-For": "203.0.113.9"})
            assert (told.status_code, told.json()) == (503, {"status": "not_ready"})  # and not why
            assert (await post(client, running.base, text("+60123404321", "hello", "1"))) == 503
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await deliver(running.base, text("+60123404321", "hello", "1"))
        assert (await client.get("/health/ready")).status_code == 200
    await running.answered("+60123404321", 1)
    assert len(running.to("+60123404321")) == 1
