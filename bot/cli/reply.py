"""`saathi reply` and `saathi release`: a caseworker's answer from the command line, until the desk is there.

Law: through the same door as everything else, and only into the outbox: what sends is a running `saathi serve`, which
has the settings of the providers. The answer says honestly whether it may leave or waits. Nothing is migrated here.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.outgoing import Decision
from bot.store import history
from bot.store.homes import Home
from handlers import privacy

HELP = "answer the person of a case, as a human; the bot falls silent in that conversation"
EXAMPLE = """
examples:
  saathi reply 482 917 3 "We read it. Are you safe where you are?"
  saathi reply 4829173 - < answer.txt     (keeps the words out of the list of processes)
  saathi release 4829173
"""
WAITS = {
    "window": "it waits until the person writes again (WhatsApp's 24 hours are over)",
    "no_consent": "it waits until the person writes again (she did not allow us to write first)",
    "safe_hours": "it waits for the person's safe hours",
    "blocked": "the person blocked us or the address is dead",
    "opted_out": "the person wrote STOP",
    "seized": "it does not leave: the person told us silently that somebody else holds the phone; a supervisor decides",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """REFERENCE TEXT."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("reference", nargs="+", help="the case's number, with or without spaces: 4829173")
    parser.add_argument("text", help="what to say to the person; - reads it from standard input")
    parser.add_argument("--release", action="store_true", help="give the conversation back to the bot afterwards")


def add_release_arguments(parser: argparse.ArgumentParser) -> None:
    """REFERENCE."""
    parser.add_argument("reference", nargs="+", help="the case's number, with or without spaces: 4829173")
    parser.add_argument("--trust", action="store_true", help="a supervisor knows that the phone is in her hands again")


def run(args: argparse.Namespace) -> int:
    """0 = it may leave now; 1 = no such case; 2 = nothing to say; 3 = it waits or was refused."""
    text = (sys.stdin.read() if args.text == "-" else args.text).strip()
    if not text:
        print("saathi reply: there is nothing to say", file=sys.stderr)
        return 2

    async def act(app: App, where: Home, case_id: UUID) -> int:
        decision = await app.staff.reply(where, text, case_id=case_id)
        if args.release:
            await app.staff.release(where)
        print(_truth(decision))
        return 0 if decision.state == "queued" else 3

    return asyncio.run(_on_case("reply", args.reference, act))


def run_release(args: argparse.Namespace) -> int:
    """0 = the bot answers again in that conversation; 1 = no such case."""

    async def act(app: App, where: Home, case_id: UUID) -> int:
        if args.trust:
            await app.staff.prepare(where, privacy.trust_again)
        await app.staff.release(where)
        print("released: the bot answers again in this conversation")
        return 0

    return asyncio.run(_on_case("release", args.reference, act))


async def _on_case(command: str, reference: Sequence[str], act: Callable[[App, Home, UUID], Awaitable[int]]) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        digits = "".join(c for c in "".join(reference) if c.isdecimal())
        async with app.database.begin() as connection:
            found = await history.home_of_case(connection, app.secrets, digits)
        if found is None:
            print(f"saathi {command}: there is no case {' '.join(reference)}", file=sys.stderr)
            return 1
        return await act(app, *found)
    finally:
        await app.close()


def _truth(decision: Decision) -> str:
    """What became of the words, for the terminal."""
    if decision.state == "queued":
        return "queued: a running `saathi serve` sends it"
    until = f" until {decision.not_before:%Y-%m-%d %H:%M} UTC" if decision.reason == "safe_hours" else ""
    return f"{decision.state}: {WAITS.get(decision.reason or '', decision.reason)}{until}"
