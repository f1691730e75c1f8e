"""PgBouncer before the session's server, with few connections, so that they are really shared.

Law: the settings are those of docs/operations.md; whatever is started here is ended here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from bot.settings import ROOT
from bot.store.embedded import Server
from tests.fakes.place import new_directory
from tests.fakes.service import PATIENCE, free_port

OLDEST = (1, 22)  # it knows prepared statements of the protocol, and that they are closed
CONNECTIONS = 3  # to PostgreSQL, for everybody together


def missing() -> str:
    """Why it cannot be run here; "" if it can."""
    program = shutil.which("pgbouncer")
    if program is None:
        return "PgBouncer is not installed"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", told)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        return f"PgBouncer {OLDEST[0]}.{OLDEST[1]} or newer is needed: {told.splitlines()[0]}"
    return ""


@contextmanager
def pooled(server: Server) -> Iterator[str]:
    """Yields the address of the application role through PgBouncer. `server`: with the database that is meant."""
    to = urlsplit(server.url_app)
    port, place = free_port(), new_directory("saathi-pooler-")
    try:
        (place / "users.txt").write_text(f'"{to.username}" "{to.password}"\n', "ascii")
        (place / "pgbouncer.ini").write_text(_settings(server, place, port), "utf-8")
        owner = server.directory.stat()  # it refuses root, and the socket is that user's
        for path in (place, *place.iterdir()):
            shutil.chown(path, owner.st_uid, owner.st_gid)
        program = [str(shutil.which("pgbouncer")), "-q", str(place / "pgbouncer.ini")]
        with subprocess.Popen(program, user=owner.st_uid, group=owner.st_gid, cwd=place) as process:
            try:
                url = f"postgresql://{to.username}:{to.password}@127.0.0.1:{port}{to.path}"
                _wait(url, process)
                yield url
            finally:
                process.kill()
    finally:
        shutil.rmtree(place)


def _settings(server: Server, place: Path, port: int) -> str:
    """Of the runbook's, with another place and fewer connections."""
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (told,) = re.findall(r"```ini\n(.*?)```", runbook, re.S)
    to = urlsplit(server.url_app)
    socket = parse_qs(to.query)
    ours = {
        "saathi": f"host={socket['host'][0]} port={socket['port'][0]}",
        "listen_port": str(port),
        "auth_file": str(place / "users.txt"),
        "default_pool_size": str(CONNECTIONS),
    }
    for name, value in ours.items():
        told, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", told, flags=re.M)
        assert count == 1, f"docs/operations.md says nothing of {name}"
    told = told.replace("saathi = host", f"{to.path[1:]} = host", 1)
    return f"{told}\nunix_socket_dir =\nlogfile = {place / 'log'}\n"


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, f"PgBouncer ended with {process.returncode}"
            assert time.monotonic() < until, "PgBouncer never answered"
            time.sleep(0.05)
