"""`saathi chat`: a phone in the terminal, on the real engine, database and layouts. Works in a pipe.

Law: standard output is what the phone would show, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from bot import app as composition
from bot import settings as configuration
from bot.simulated import Phones

HELP = "talk to Saathi in the terminal, as a phone would"
EXAMPLE = """
examples:
  saathi chat --channel sms --lang ne
  printf 'malai thunera rakheko chha\\n1\\n' | saathi chat --channel sms --lang ne
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--channel, --lang, --from, --details."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("--channel", choices=("sms", "whatsapp", "telegram"), default="sms")
    parser.add_argument("--lang", help="language the person chose before, for example ne; none = a first contact")
    parser.add_argument(
        "--from", dest="address", help="the phone's number; default: a new one in Kuwait, so that it is a new person"
    )
    parser.add_argument("--details", action="store_true", help="also show language, step and segments, on stderr")


def run(args: argparse.Namespace) -> int:
    """Until the end of input."""
    return asyncio.run(_chat(args))


def _new_address(channel: str) -> str:
    digits = "".join(random.choices("0123456789", k=7))  # noqa: S311 - a made-up number
    return f"9{digits}" if channel == "telegram" else f"+9655{digits}"


async def _chat(args: argparse.Namespace) -> int:
    app = await composition.build(configuration.load())
    address = args.address or _new_address(args.channel)
    phones = Phones(app)
    try:
        if args.lang is not None and args.lang not in app.content.languages:
            installed = ", ".join(app.content.languages)
            print(f"saathi chat: no language {args.lang}; there are: {installed}", file=sys.stderr)
            return 2
        if args.lang:
            await phones.set_language(args.channel, address, args.lang)
        before = await phones.thread(args.channel, address)
        await _converse(phones, args, address, before[-1]["seq"] if before else 0)
    finally:
        await app.close()
    return 0


async def _converse(phones: Phones, args: argparse.Namespace, address: str, seen: int) -> None:
    tty = sys.stdin.isatty()
    if tty:
        print("Write, and press Enter. Ctrl+D ends.", file=sys.stderr)
    while line := await asyncio.to_thread(sys.stdin.readline):
        text = line.rstrip("\n")
        if not text and tty:
            continue
        await phones.send(args.channel, address, text=text)
        await phones.settle(args.channel, address)
        for message in await phones.thread(args.channel, address, seen):
            seen = message["seq"]
            if message["direction"] == "out":
                _show(message, args.details)


def _show(message: dict[str, object], details: bool) -> None:
    sent = message["state"] in {"sent", "delivered", "read"}
    if not sent:
        print(f"[not sent: {message['state']} {message['reason'] or ''}]", file=sys.stderr)
        return
    parts = message["parts"]
    assert isinstance(parts, list)
    for part in parts:
        print(part["text"])
        for button in part["buttons"]:
            print(f"  [{button['label']}]")
        if details:
            size = f"{part['segments']} segment(s), {part['encoding']}, {part['units']}" if part["segments"] else ""
            print(f"    {message['language']} {message['text_id']} {size}", file=sys.stderr)
    sys.stdout.flush()
