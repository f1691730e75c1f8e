"""What a process and all that it started cost: processor time and memory, read from /proc.

Law: read from outside, for ours and for others alike. Linux only.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    """A line of /proc/<pid>/stat: whose child it is, and the ticks of itself and of its children that ended."""

    parent: int
    ticks: int


def _all() -> dict[int, _Stat]:
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # gone in the meantime
            values = place.read_text().rpartition(")")[2].split()
            found[int(place.parent.name)] = _Stat(int(values[1]), sum(map(int, values[11:15])))
    return found


def _tree(root: int, stats: dict[int, _Stat]) -> Iterator[int]:
    """The process and its descendants."""
    if root in stats:
        yield root
        for pid, stat in stats.items():
            if stat.parent == root:
                yield from _tree(pid, stats)


def processor(*roots: int) -> float:
    """Seconds of processor time of processes and their descendants, those included that ended; 0 when all are gone."""
    stats = _all()
    return sum(stats[pid].ticks for root in roots for pid in _tree(root, stats)) / _TICK


def resident(*roots: int) -> float:
    """Megabytes of memory of processes and their descendants (VmRSS); what they share is counted in each."""
    stats = _all()
    return sum(_kilobytes(pid, "status", "VmRSS") for root in roots for pid in _tree(root, stats)) / 1024


def proportional(root: int) -> float:
    """The same with what they share counted once (Pss), as PostgreSQL's processes share its buffers."""
    return sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in _tree(root, _all())) / 1024


def _kilobytes(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text("ascii", "replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def postmaster(folder: Path) -> int:
    """The pid of the embedded PostgreSQL of a data folder."""
    return int(next(folder.rglob("postmaster.pid")).read_text().split()[0])
