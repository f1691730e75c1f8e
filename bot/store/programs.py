"""PostgreSQL's client programs: found where they are, and run.

Law: an address goes by the environment, since a list of processes would show its password.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from bot.store import cluster
from bot.store.manifest import BackupError

NAMES = {  # what an address may say, and the variable that says it to a program
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def run(program: str, url: str, server_version: int, arguments: Sequence[str]) -> None:
    """The address goes by the environment: a list of processes would show its password."""
    found = _program(program, server_version // 10_000)
    given = conninfo_to_dict(url)
    address = {variable: str(given[name]) for name, variable in NAMES.items() if given.get(name) is not None}
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith(("PG", "SAATHI_"))}, **address}
    done = subprocess.run(  # noqa: S603
        [found, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {lines[0] if lines else f'code {done.returncode}'}")


def _program(name: str, major: int) -> Path:
    """That of the newest PostgreSQL at hand: a dump is made by a program that is not older than the server."""
    for path in _programs(name):
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        number = re.search(r"(\d+)", answer.stdout)
        if answer.returncode == 0 and number and int(number[1]) >= major:
            return path
    raise BackupError(f"no {name} of PostgreSQL {major} or newer is here: install PostgreSQL's client programs")


def _programs(name: str) -> Iterator[Path]:
    if (installed := shutil.which(name)) is not None:
        yield Path(installed)
    if (package := cluster.wheel()) is not None:
        yield from sorted(package.glob(f"pginstall*/bin/{name}"), reverse=True)
