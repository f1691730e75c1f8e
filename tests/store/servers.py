"""What the tests of the embedded server share: starting one quickly, hurting it, scripts that start one."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import psycopg

from bot.store import embedded, postmaster
from bot.store.embedded import Server

ENSURE = "print(embedded.ensure(data_dir, durable=False).url_app, flush=True)"


def start(data_dir: Path) -> Server:
    """Without waiting for the disk."""
    return embedded.ensure(data_dir, durable=False)


def make_table(server: Server) -> None:
    """One row to find again."""
    with psycopg.connect(server.url_owner) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")


def count(server: Server) -> int:
    """The rows found."""
    with psycopg.connect(server.url_owner) as connection:
        return len(connection.execute("SELECT x FROM t").fetchall())


def kill(server: Server, *, everybody: bool = False) -> None:
    """SIGKILL for the postmaster, or for every process of the server; returns when they are gone."""
    found = postmaster.living(server.directory)
    doomed = [pid for pid, is_postmaster in found.items() if everybody or is_postmaster]
    for pid in sorted(doomed, key=lambda pid: not found[pid]):  # the postmaster first: it would start others anew
        with contextlib.suppress(ProcessLookupError):  # children end with their postmaster
            os.kill(pid, signal.SIGKILL)
    while set(doomed) & set(postmaster.living(server.directory)):
        time.sleep(0.01)


def owners(server: Server) -> set[int]:
    """Whose its processes are; workers of a server come and go."""
    found = set()
    for pid in postmaster.living(server.directory):
        with contextlib.suppress(FileNotFoundError):
            found.add(Path(f"/proc/{pid}").stat().st_uid)
    return found


def script(data_dir: Path, then: str) -> list[str]:
    """The command of a Python process that knows `embedded` and `data_dir`."""
    head = f"from pathlib import Path\nfrom bot.store import embedded\ndata_dir = Path({str(data_dir)!r})\n"
    return [sys.executable, "-c", head + then]
