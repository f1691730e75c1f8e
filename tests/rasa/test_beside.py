"""The Rasa assistant that Saathi is compared with: trained, started, and its conversation held to the end."""

from __future__ import annotations

import itertools
from contextlib import closing
from pathlib import Path

import psycopg

from benchmarks import talks
from benchmarks.load import Load, once
from benchmarks.phones import ByRest
from benchmarks.rasa_assistant import database, started, train
from bot.settings import ROOT
from bot.store.embedded import Server


async def test_it_holds_the_conversation_and_keeps_it(python: Path, server: Server, tmp_path: Path) -> None:
    model = train(python, ROOT / "var" / "rasa")
    with database(server) as url, started(python, model, url, tmp_path / "rasa") as assistant:
        with closing(ByRest(assistant.port)) as rest:
            load = await once(rest, talks.pay_rasa, itertools.count(1), Load(3), patience=120)
        with psycopg.connect(url) as connection:
            kept = connection.execute("SELECT count(DISTINCT sender_id) FROM events").fetchone()
    assert (load.finished, load.wrong, load.unanswered, load.samples) == (3, 0, 0, [])
    assert kept == (3,)
