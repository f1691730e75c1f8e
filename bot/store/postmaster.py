"""The embedded server's processes: whether any lives, starting one, ending them.

Law: no pid file is believed. The server inherits a locked descriptor, so that the kernel itself knows whether a process
of it lives, and forgets when the last one dies; pids come from /proc, of processes that stand in this very directory.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from bot.store.cluster import Account, EmbeddedError

SOCKET = ".s.PGSQL.5432"
STOP_SECONDS = 40.0  # for a last checkpoint, before harder signals


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One starter or stopper of a data directory at a time; the kernel lets go when the holder dies."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def claim(cluster: Path, account: Account) -> int | None:
    """A descriptor that holds the cluster's lock of the living, for `launch`; None while any process of it lives.

    The caller closes it: the server then has the lock alone, or nobody has it.
    """
    path = cluster / "saathi.alive"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        account.own(path)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if living(cluster):  # e.g. somebody started a server in this directory by hand
            raise BlockingIOError
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return descriptor


def lives(cluster: Path, account: Account) -> bool:
    """Whether any process of this cluster's server lives."""
    descriptor = claim(cluster, account)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def living(cluster: Path) -> dict[int, bool]:
    """pid -> is it the postmaster, for each postgres process of this directory. Linux only, elsewhere empty."""
    found, parents = {}, {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").samefile(cluster) and (entry / "comm").read_bytes().startswith(b"postgres"):
                pid = int(entry.name)
                parents[pid] = int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
                found[pid] = not (entry / "cmdline").read_bytes().startswith(b"postgres: ")
        except (OSError, IndexError):  # gone in the meantime, or not ours to look at
            continue
    return {pid: found[pid] and parents[pid] not in found for pid in found}  # a child is named a little after its birth


def launch(cluster: Path, account: Account, bin_dir: Path, socket_dir: Path, descriptor: int) -> None:
    """Start a server that outlives us and keeps the lock of `descriptor`; returns before it is ready.

    Whoever holds the lock of the living may remove the pid file and the socket: both are of the dead, whatever pid
    they name, and PostgreSQL would refuse to start over a torn file or a pid that another program has now.
    """
    for left_over in (cluster / "postmaster.pid", socket_dir / SOCKET, socket_dir / f"{SOCKET}.lock"):
        left_over.unlink(missing_ok=True)
    (cluster / "startup.log").unlink(missing_ok=True)
    # no core files: they would hold what people wrote
    command = 'ulimit -c 0; exec "$0" start -W -s -D "$1" -l "$1/startup.log"'
    done = account.run("/bin/sh", "-c", command, bin_dir / "pg_ctl", cluster, keep=(descriptor,))
    if done.returncode != 0:
        raise EmbeddedError(f"the embedded database did not start: see {cluster / 'startup.log'}")


def is_listening(socket_dir: Path) -> bool:
    """Whether anything accepts on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(socket_dir / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (TimeoutError, BlockingIOError):  # a full queue is a server, if a busy one
            return True
        except PermissionError:
            raise EmbeddedError(f"{socket_dir} belongs to another user: run Saathi as that user") from None
        return True


def end(cluster: Path, account: Account, bin_dir: Path) -> None:
    """End every process of this cluster: cleanly, then less so. Raises EmbeddedError when something will not go."""
    for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        processes = living(cluster)
        postmasters = [pid for pid, is_postmaster in processes.items() if is_postmaster]
        for pid in postmasters if postmasters and number != signal.SIGKILL else processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if not processes:  # no /proc here
            account.run(bin_dir / "pg_ctl", "stop", "-W", "-s", "-m", "fast", "-D", cluster)
        if _wait_for_the_last(cluster, account, patience):
            return
    raise EmbeddedError(f"processes of the database in {cluster} do not end: {sorted(living(cluster))}")


def _wait_for_the_last(cluster: Path, account: Account, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while lives(cluster, account):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
