"""What all tests share: one embedded server for the session, a database of its own for each test, a clock that stands.

Law: real PostgreSQL, real content, the real model; nothing here is a mock. Everything started here is ended here.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import threading
import warnings
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings as properties
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot.app import App
from bot.cli.serve import YOUNG
from bot.content import Content
from bot.nlu.classifier import Classifier
from bot.nlu.danger import DangerFloor
from bot.nlu.training import ensure_model
from bot.nlu.understanding import Understanding
from bot.observe import logs
from bot.settings import ROOT, Settings
from bot.store import embedded
from bot.store.embedded import Server
from bot.store.migrate import migrate
from tests.fakes import forks, once
from tests.fakes.database import copied
from tests.fakes.place import new_directory

NOON = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)  # 12:00 in Kathmandu, a staffed hour; 9:15 in Kuwait
MODELS = ROOT / "var" / "nlu"  # trained once per content of nlu_data

gc.disable()  # until all is collected: what is made meanwhile stays, and a sixth of that time is looking through it

# Made-up texts are the same in every run, and no example is late: a run that was green stays so on a busy machine. New
# ones are looked for with `make test ARGS=--hypothesis-profile=default`.
properties.register_profile("same", derandomize=True, deadline=None)
properties.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes golden texts anew; the diff is read. `--quick` is the inner loop. `--everywhere` tells the main
    ways of conversations in both letters in every language on every channel."""
    parser.addoption("--update", action="store_true", help="write the golden texts anew")
    parser.addoption("--everywhere", action="store_true", help="main conversations in both letters in every place")
    parser.addoption("--quick", action="store_true", help="each conversation in one cell, on one channel")


# Folders of which each test may run in any worker. Elsewhere a file stays together, since what it makes for all its
# tests (a walk, a model) is made once.
SPREAD = frozenset({"crash", "e2e", "chat", "pipeline"})
# Files that share what a machine has once: the user and the place of embedded servers, a model in training, a browser.
TOGETHER = {"store": "embedded", "nlu": "nlu", "browser": "browser"}


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is made. Who only tells workers what to do collects nothing itself."""
    once.share()
    if config.getoption("dist", "no") != "no":
        _tidy_seldom()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than cores, since half of them begin with what waits; with each comes a database server, so not more
    than eight. Nothing of `make quick` waits, and each worker loads everything for itself."""
    cores = os.cpu_count() or 1
    return min(8, cores if config.getoption("quick") else cores + 2)


# What takes longest begins first, so that nobody is left alone with it at the end; then whole files, then single tests.
LONGEST = (
    "browser",
    "nlu",
    "tests/conversations/test_graph.py",
    "tests/conversations/test_transcripts.py",
    "tests/docs/test_deploy.py",
    "tests/conversations/test_derived.py",
    "store",
)
# Folders whose tests wait for processes, clocks and providers, half of the time and more; the longest last, for the end
# of the list is where every other worker begins.
WAITING = ("chat", "benchmarks", "proof", "crash", "e2e", "chaos")


def _group(nodeid: str) -> str:
    """What one worker runs by itself, in order."""
    path = PurePosixPath(nodeid.partition("::")[0])
    return nodeid if path.parent.name in SPREAD else TOGETHER.get(path.parent.name, str(path))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is spread is slow, and what works on a database is `stored`: `make quick` leaves both out."""
    for item in items:
        if item.path.parent.name in SPREAD:
            item.add_marker(pytest.mark.slow)
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.stored)
    if config.getoption("quick"):
        elsewhere = _on_other_channels(items)
        config.hook.pytest_deselected(items=elsewhere)
        left_out = set(elsewhere)
        items[:] = [item for item in items if item not in left_out]
    place = {group: number for number, group in enumerate(LONGEST)}
    place |= {folder: len(place) + 2 + number for number, folder in enumerate(WAITING)}

    def order(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return place.get(_group(item.nodeid), place.get(folder, len(LONGEST) + (folder in SPREAD)))

    items.sort(key=order)


def _on_other_channels(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of conversations that a test has on each channel, those on all but one: another one for each next language."""
    alike: defaultdict[str, defaultdict[str, list[pytest.Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        values = dict(item.callspec.params) if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if item.path.parent.name == "conversations" and values.pop("channel", None):
            alike[item.nodeid.partition("[")[0]][repr(sorted(values.items()))].append(item)
    turns = [(turn, same) for test in alike.values() for turn, same in enumerate(test.values())]
    return [item for turn, same in turns for item in same if item is not same[turn % len(same)]]


def pytest_collection_finish() -> None:
    """Modules and thousands of tests stay to the end: they are no garbage to be looked through each time. For the rest
    it is looked for as seldom as in the service."""
    gc.collect()
    _tidy_seldom()


def _tidy_seldom() -> None:
    gc.freeze()
    gc.set_threshold(YOUNG)
    gc.enable()


class Groups(LoadScopeScheduling):
    """Every other worker from the end of the list, where tests wait, the rest from its beginning, where they reckon: so
    the processor has work while they wait. (The marks of `--dist loadgroup` are not read under pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """Whenever there are several workers."""
    config.option.loadscopereorder = False
    return Groups(config, log)


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **amount: float) -> None:
        """Forward, by the words of timedelta: minutes=11."""
        self.at += timedelta(**amount)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The embedded PostgreSQL with the newest schema in its database `saathi`, which serves as a template."""
    directory = new_directory("saathi-tests-")
    started = embedded.ensure(directory, durable=False)
    migrate(started.url_owner)
    yield started
    embedded.remove(directory)
    shutil.rmtree(directory)


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """A fresh copy of the schema, for the application role; gone after the test."""
    with copied(server) as copy:
        yield copy.url_app


@pytest.fixture
def settings(server: Server, database_url: str, tmp_path: Path) -> Settings:
    """Development settings that read nothing from the machine's environment."""
    (tmp_path / "nlu").symlink_to(_models(), target_is_directory=True)
    return Settings(
        _env_file=None,
        env="development",
        data_dir=tmp_path,
        database_url=database_url,
        database_owner_url=server.on(urlsplit(database_url).path[1:]).url_owner,
    )


@pytest.fixture(scope="session", autouse=True)
def _one_parent() -> Iterator[None]:
    """Of all processes that tests start: what each would load for seconds is loaded once."""
    with forks.forking(_models()):
        yield


def _models() -> Path:
    MODELS.mkdir(parents=True, exist_ok=True)
    return MODELS


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("SAATHI_")]:
        monkeypatch.delenv(name)


HOOKS = (
    (logging.Logger, "callHandlers"), (logging, "raiseExceptions"), (warnings, "showwarning"), (sys, "excepthook"),
    (sys, "unraisablehook"), (threading, "excepthook"),
)  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _logs_at_first() -> tuple[int, list[Any]]:
    """Before a fixture of any file is made, since one may call a command too: the root's level, and the hooks."""
    return logging.getLogger().level, [getattr(place, name) for place, name in HOOKS]


@pytest.fixture(autouse=True)
def _logs_as_before(_logs_at_first: tuple[int, list[Any]]) -> Iterator[None]:
    """A command that is called in this process sends all logs of the process to its own standard error, for good."""
    _put_back(*_logs_at_first)
    yield
    _put_back(*_logs_at_first)


def _put_back(level: int, hooks: list[Any]) -> None:
    root = logging.getLogger()
    if root.level != level:  # each time it is set, every logger is told to forget what it knew
        root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler, logs.Sink)]
    for (place, name), hook in zip(HOOKS, hooks, strict=True):
        setattr(place, name, hook)


@pytest.fixture
def clock() -> Clock:
    """Noon in Kathmandu, on a Tuesday."""
    return Clock()


@pytest.fixture(scope="session")
def content() -> Content:
    """Everything that is written, read once."""
    return once.written()


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    """The real model, read once."""
    return Understanding(
        Classifier.load(ensure_model(ROOT / "nlu_data", _models())), DangerFloor.load(ROOT / "nlu_data")
    )


@pytest.fixture
async def app(
    settings: Settings, clock: Clock, content: Content, understanding: Understanding, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    """The whole application on its own database; nothing runs by itself: tests call run_once."""
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(composition, "load_understanding", lambda root, data_dir: understanding)
    monkeypatch.setattr(databases, "migrate", lambda url: "")  # the template has the newest schema
    built = await composition.build(settings, clock=clock)
    yield built
    await built.close()
