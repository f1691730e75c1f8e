"""After a whole conversation no figure, label or line of the log knows who it was with."""

from __future__ import annotations

import io
import logging
import re

import prometheus_client
import pytest

from bot.observe.logs import Redacting
from bot.transports import errors
from handlers import casework
from tests.pipeline.world import World

PHONE, TEXT = "+9779812345678", "sunkeshari canarywala of the blue drawer"


async def test_no_figure_carries_a_value_of_a_person(world: World) -> None:
    world.provider.script[PHONE] += [None, errors.Throttled("429"), errors.BadContent("30007")]
    for text in (f"wages {TEXT}", TEXT, f"knife {TEXT}", "STOP", TEXT):
        await world.says(PHONE, text, channel="sms", profile_name=TEXT)
    shown = prometheus_client.generate_latest().decode()
    assert 'saathi_notices_total{kind="report_violence"}' in shown
    labels = set(re.findall(r'="([^"]*)"', shown))
    assert all(re.fullmatch(r"[A-Za-z_.+0-9]{1,40}", label) for label in labels if label)
    assert not any(part in shown.lower() for part in ("977981", "sunkeshari", "canarywala", "drawer"))


async def test_no_line_of_the_log_carries_a_value_of_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(ctx: object, **_: object) -> None:
        raise RuntimeError(f"{PHONE} {TEXT}")

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Redacting(json=True))
    monkeypatch.setattr(casework, "hand_over", fail)
    logging.getLogger().addHandler(handler)
    try:
        for _ in range(3):
            await world.writes(PHONE, f"human {TEXT}", channel="sms")
            await world.turns()
        world.provider.script[PHONE].append(RuntimeError(f"{PHONE} {TEXT}"))
        await world.sends()
    finally:
        logging.getLogger().removeHandler(handler)
    shown = written.getvalue()
    assert "turn_failed" in shown
    assert "transport_fault" in shown
    assert "casework" in shown or "test_figures" in shown  # places are shown, words are not
    assert not any(part in shown.lower() for part in ("9812345678", "sunkeshari", "canarywala", "drawer"))
