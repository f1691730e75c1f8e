"""`saathi reply` and `saathi release`: a caseworker's answer from the command line, until the desk is there.

Law: through the same door as everything else; the answer says honestly whether it left or waits.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app as composition
from bot import settings as configuration
from bot.store import history

HELP = "answer the person of a case, as a human; the bot falls silent in that conversation"
WAITS = {
    "window": "it waits until the person writes again (WhatsApp's 24 hours are over)",
    "no_consent": "it waits until the person writes again (she did not allow us to write first)",
    "safe_hours": "it waits for the person's safe hours",
    "blocked": "the person blocked us or the address is dead",
    "opted_out": "the person wrote STOP",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """REFERENCE TEXT."""
    parser.add_argument("reference", help="the case's number, with or without spaces: 4829173")
    parser.add_argument("text", help="what to say to the person")
    parser.add_argument("--release", action="store_true", help="give the conversation back to the bot afterwards")


def run(args: argparse.Namespace) -> int:
    """0 = it may leave now; 1 = no such case; 3 = it waits or was refused."""
    return asyncio.run(_reply(args))


async def _reply(args: argparse.Namespace) -> int:
    app = await composition.build(configuration.load())
    try:
        reference = "".join(c for c in args.reference if c.isdigit())
        async with app.database.begin() as connection:
            found = await history.home_of_case(connection, app.secrets, reference)
        if found is None:
            print(f"saathi reply: there is no case {args.reference}", file=sys.stderr)
            return 1
        where, case_id = found
        decision = await app.staff.reply(where, args.text, case_id=case_id)
        if args.release:
            await app.staff.release(where)
        while await app.sender.run_once():
            pass
        if decision.state == "queued":
            print("sent to the outbox")
            return 0
        until = f" until {decision.not_before:%Y-%m-%d %H:%M} UTC" if decision.reason == "safe_hours" else ""
        print(f"{decision.state}: {WAITS.get(decision.reason or '', decision.reason)}{until}")
        return 3
    finally:
        await app.close()
