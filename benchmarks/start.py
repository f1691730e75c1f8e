"""How soon `saathi serve` listens: `python -m benchmarks.start [--write]`.

Law: the real command in a checkout of its own, with its own embedded database. Cold is what the first `make run` after
the installation finds: the model, and nothing else: no database, nothing parsed, nothing compiled of ours. Warm is each
start after that, with the database still running. What waits for others' work on the machine is in the seconds and not
in the processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.burden import processor
from benchmarks.processes import copy_checkout, listens, running
from benchmarks.report import machine, scratch, write_section
from tests.fakes.service import free_port

SECTION = "## Start\n"
COLD, WARM = 3, 5  # how often each is measured
COLD_SECONDS, WARM_SECONDS = 15.0, 3.0  # targets


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until it listens, and the processor time of the process and its children until then."""

    seconds: float
    processor: float


async def start(checkout: Path, data: Path) -> Start:
    """Start it, and end it as soon as it listens."""
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "bot", "serve", "--port", str(port)]
    environment = {"SAATHI_ENV": "development", "SAATHI_DATA_DIR": str(data), "SAATHI_LOG_LEVEL": "WARNING"}
    async with running(command, data / "serve.log", lambda: listens(port), environment, checkout) as pid:
        return Start(time.perf_counter() - began, processor(pid))


async def run() -> tuple[list[Start], list[Start]]:
    """(cold, warm)."""
    cold, warm = [], []
    for number in range(COLD):
        with scratch("start") as data, tempfile.TemporaryDirectory(prefix="saathi-checkout-") as folder:
            checkout = copy_checkout(Path(folder))
            cold.append(await start(checkout, data))
            if number == COLD - 1:
                warm += [await start(checkout, data) for _ in range(WARM)]
    return cold, warm


def table(cold: Sequence[Start], warm: Sequence[Start]) -> str:
    """For docs/performance.md: the median, and the slowest."""
    rows = []
    for name, starts, target in (("cold", cold, COLD_SECONDS), ("warm", warm, WARM_SECONDS)):
        seconds = [each.seconds for each in starts]
        spent = statistics.median(each.processor for each in starts)
        rows.append(f"| {name} | {statistics.median(seconds):.1f} | {max(seconds):.1f} | {spent:.1f} | {target:.0f} |")
    head = "| start | seconds until it listens | the slowest | processor seconds | target |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows)


def main() -> None:
    """Measure, print, and with --write put it into docs/performance.md."""
    parser = argparse.ArgumentParser(description="How soon `saathi serve` listens.")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    told = table(*asyncio.run(run()))
    print(told)
    if args.write:
        write_section(
            SECTION,
            f"`python -m benchmarks.start --write`, {machine()}. `saathi serve` in its own checkout, {COLD} times\n"
            "cold (the first start after the installation: a new database, nothing parsed or compiled of ours) and"
            f" {WARM} times warm.\n\n" + told,
        )


if __name__ == "__main__":
    main()
