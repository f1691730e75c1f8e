"""`python -m tests.fakes.forked MODELS`: `saathi`, loaded once; forks of it run what `tests.fakes.forks` asks for.

Law: a fork is a process of its own, really killed, with its own environment, and runs the product's `main`. What
it need not do again is what depends on the checkout alone: importing, reading content and the model from their files.
It is asked by a socket that is its standard input; when whoever holds the other end is gone, so are this and all forks.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from litestar import Litestar

from bot import __main__ as command_line
from bot import app, cli, content
from bot.content import load
from bot.nlu.classifier import Classifier
from bot.nlu.danger import DangerFloor
from bot.nlu.training import ensure_model
from bot.nlu.wishes import Wishes
from bot.observe import crash
from bot.settings import ROOT
from desk import routes
from tests.fakes import once

# What a service imports when it begins to serve and to work: a fifth of a start.
LATE = (
    "anyio._backends._asyncio", "httptools", "procrastinate.builtin_tasks", "procrastinate.worker",
    "sqlalchemy.dialects.oracle", "tzdata",
    "uvicorn.lifespan.on", "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto",
)  # fmt: skip


def load_everything(models: Path) -> None:
    """Whatever a command imports or reads of this checkout; read again only where it was changed."""
    for package in (cli, routes):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    for name in ("jobs", "transports.telegram", "transports.twilio", "transports.voice", "transports.sms_gateway"):
        importlib.import_module(f"bot.{name}")
    for name in LATE:
        importlib.import_module(name)
    Litestar([])  # its plugins import what they serve when there is an application
    written = once.written()
    content.load = lambda root: written if root == ROOT else load(root)
    for room in (Classifier, DangerFloor, Wishes):
        room.load = staticmethod(_once(room.load))  # type: ignore[attr-defined]
    app.unnamed.load = _once(app.unnamed.load)
    Classifier.load(ensure_model(ROOT / "nlu_data", models))
    DangerFloor.load(ROOT / "nlu_data")
    Wishes.load(ROOT / "nlu_data" / "wishes.yml")
    app.unnamed.load(ROOT)


def _once(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """A file or folder is read once for each state of it."""

    @lru_cache
    def loaded(path: Path, changed: int) -> Any:
        return load(path)

    def known(path: Path) -> Any:
        real = path.resolve()
        return loaded(real, real.stat().st_mtime_ns if real.is_file() else 0)

    return known


class Nursery:
    """Forks what is asked for, and says its number and, when it ended, how: a line each."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._living: dict[int, socket.socket] = {}  # who asked for each
        self._died, self._wakes = socket.socketpair()
        for end in (self._died, self._wakes):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def tend(self) -> list[str] | None:
        """Returns in each fork, with its arguments; and None here, when nobody can ask any more."""
        with selectors.DefaultSelector() as ready:
            for each in (self._requests, self._died):
                ready.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    if key.fileobj is self._died:
                        self._bury()
                        continue
                    letter, given, _, _ = socket.recv_fds(self._requests, 1, 4)
                    if not letter:
                        for pid in self._living:
                            os.kill(pid, signal.SIGKILL)
                        return None
                    if (arguments := self._fork(socket.socket(fileno=given[0]), given[1:])) is not None:
                        return arguments

    def _fork(self, asker: socket.socket, streams: list[int]) -> list[str] | None:
        with asker.makefile("rb") as file:
            asked = json.load(file)
        if pid := os.fork():
            for stream in streams:
                os.close(stream)
            self._living[pid] = asker
            asker.sendall(b"%d\n" % pid)
            return None
        asker.close()
        self._begin(asked["environment"], streams)
        return list(asked["arguments"])

    def _begin(self, environment: dict[str, str], streams: list[int]) -> None:
        """In the fork: all as if it had just been started by a shell."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._requests, self._died, self._wakes, *self._living.values()):
            each.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.stdin, sys.stdout, sys.stderr = (
            # as this machine would have opened them
            open(number, mode, 1, old.encoding, old.errors, closefd=False)  # noqa: SIM115
            for number, mode, old in zip(range(3), "rww", (sys.stdin, sys.stdout, sys.stderr), strict=True)
        )
        os.environ.clear()
        os.environ.update(environment)
        crash._armed = environment.get("SAATHI_CRASH", "")

    def _bury(self) -> None:
        self._died.recv(4096)
        for pid in list(self._living):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with self._living.pop(pid) as asker, contextlib.suppress(OSError):  # who asked may be gone
                    asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def main() -> int:
    """The code of the command, in a fork; 0 when nobody can ask any more."""
    load_everything(Path(sys.argv[1]))
    gc.collect()
    gc.freeze()  # a fork that looked through all this for garbage would copy every page of it
    arguments = Nursery(socket.socket(fileno=0)).tend()
    if arguments is None:
        return 0
    try:
        code = command_line.main(arguments)
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        code = ended.code
    _leave(code)
    return code


def _leave(code: int) -> None:
    """As the interpreter ends, but for what nobody can notice: it would take apart all that was loaded, object by
    object, and copy the page of each for it. That was 120 of the 140 ms which a fork that says its use costs."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    gc.collect()  # what was forgotten says so now
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):  # nobody reads it any more: the interpreter says so in its own way
        return
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
