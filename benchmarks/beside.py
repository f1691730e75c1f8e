"""Saathi beside what people would use instead: `python -m benchmarks.beside [--rounds 3] [--write]`.

Law: the same conversation, the same people (`load.py`), the same PostgreSQL, the same minutes: they take turns, round
by round, and a ratio is that of one round. Others are built as their documents say and not slowed down; Saathi is the
real command with everything on. A run with one wrong answer publishes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from benchmarks import beside_report as report
from benchmarks import rasa_assistant, talks
from benchmarks.peers import Bottender, TelegramBot, bottender
from benchmarks.phones import BotApi, ByRest
from benchmarks.report import machine, scratch, write_section
from benchmarks.rounds import KILLED, Bench, Entry
from benchmarks.saathi_assistant import APART, Saathi, install, saathi
from bot.nlu.rasa_place import install as install_rasa
from bot.settings import ROOT
from bot.store import embedded
from bot.store.migrate import migrate

SECTION = "## Beside what people would use instead\n"
# People at once. As many as keep it busy; more make nobody faster. Saathi leaves a second between two messages to one
# chat, so it takes some hundreds; Rasa and python-telegram-bot do one after the other.
BUSY, SOME, FEW = 640, 128, 16
CROWD = 2 * BUSY  # for Saathi in two processes


class Rasa:
    """An assistant that is started once, since that takes most of a minute."""

    def __init__(self, assistant: rasa_assistant.Assistant) -> None:
        self._assistant = assistant

    @asynccontextmanager
    async def started(self) -> AsyncIterator[tuple[int]]:
        """It is."""
        yield (self._assistant.pid,)

    def talked_with(self) -> ByRest:
        """By its REST channel."""
        return ByRest(self._assistant.port)


async def run(bench: Bench, entries: Sequence[Entry], rounds: int, say: Callable[[str], None]) -> None:
    """All of them by turns, every other round in the opposite order; then the kills."""
    for number in range(rounds):
        for entry in entries if number % 2 == 0 else reversed(entries):
            entry.rounds.append(await bench.measure(entry))
            say(f"round {number + 1}, {entry.name}: {report.line(entry.rounds[-1])}")
    for entry in entries:
        if entry.dies:
            entry.killed = await bench.kill(entry)
            say(f"killed, {entry.name}: {entry.killed.finished} of {KILLED} conversations finished")


@asynccontextmanager
async def parties(bench: Bench, only: str) -> AsyncIterator[list[Entry]]:
    """Whoever takes part, ready to be started. `only` rasa, telegram, or all."""
    async with AsyncExitStack() as stack:
        checkout = await asyncio.to_thread(install, bench.folder / "checkout")

        async def telegram() -> BotApi:
            return await stack.enter_async_context(BotApi())

        async def ours(mode: str, *roles: str) -> Saathi:
            made = saathi(bench.server, checkout, bench.folder, await telegram(), mode, roles or ("all",))
            return await stack.enter_async_context(made)

        entries = []
        webhook, apart = await ours("webhook"), await ours("webhook", *APART)
        if only != "telegram":
            python = install_rasa()
            model = await asyncio.to_thread(rasa_assistant.train, python, ROOT / "var" / "rasa")
            url = stack.enter_context(rasa_assistant.database(bench.server))
            started = rasa_assistant.started(python, model, url, bench.folder / "rasa")
            entries.append(Entry(report.RASA, Rasa(stack.enter_context(started)), talks.pay_rasa, FEW, dies=False))
            entries.append(Entry(report.SAATHI, webhook, talks.pay_saathi, BUSY, dies=False))
            entries.append(Entry(report.APART, apart, talks.pay_saathi, CROWD, dies=False))
        if only != "rasa":
            library = TelegramBot(await telegram(), bench.folder)
            entries.append(Entry(report.LIBRARY, library, talks.passport, SOME))
            entries.append(Entry(report.WEBHOOK, webhook, talks.passport, BUSY))
            entries.append(Entry(report.POLLING, await ours("polling"), talks.passport, BUSY))
            entries.append(Entry(report.WEBHOOK_APART, apart, talks.passport, CROWD))
            project = await asyncio.to_thread(bottender, ROOT / "var" / "bottender")
            if project is not None:
                node = Bottender(await telegram(), project, bench.folder)
                entries.append(Entry(report.NODE, node, talks.passport, SOME))
        yield entries


async def main_of(args: argparse.Namespace) -> list[Entry]:
    """Everything, on a database of its own."""
    with scratch("beside") as folder:
        server = embedded.ensure(folder)
        await asyncio.to_thread(migrate, server.url_owner)
        bench = Bench(server, folder, itertools.count(5_000_001), args.seconds)
        try:
            async with parties(bench, args.only) as entries:
                await run(bench, entries, args.rounds, lambda line: print(line, flush=True))
                return entries
        except BaseException:
            for log in [*folder.glob("*.log"), *folder.glob("rasa/*.log")]:
                print(f"--- {log.name}\n{log.read_text('utf-8', 'replace')[-1500:]}", file=sys.stderr)
            raise


def main() -> int:
    """Measure, print, and with --write put it into docs/performance.md. 1 when anybody answered wrongly."""
    parser = argparse.ArgumentParser(description="Saathi beside Rasa, python-telegram-bot and Bottender.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each stretch that is counted")
    parser.add_argument("--only", choices=["all", "rasa", "telegram"], default="all")
    parser.add_argument("--write", action="store_true", help="write the section of docs/performance.md")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))  # and everything is cleared away
    entries = asyncio.run(main_of(args))
    told = report.page(entries, KILLED)
    print(told)
    if faults := report.faults(entries):
        print("\n".join(["not published, answers were wrong or missing:", *faults]), file=sys.stderr)
        return 1
    if args.write and args.only == "all":
        write_section(SECTION, report.HEAD.format(machine=machine(), rounds=args.rounds) + told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
