"""`saathi telegram set-webhook`: tell Telegram where to deliver, with our secret. `introduce`: the commands and what
the bot says of itself, in every language.

Law: reads everything from the settings; nothing secret is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import content as content_room
from bot import settings as configuration
from bot.content.languages import FALLBACK
from bot.transports.errors import SendError
from bot.transports.telegram import Telegram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`set-webhook`, `introduce`."""
    parser.add_argument("what", choices=("set-webhook", "introduce"))


def run(args: argparse.Namespace) -> int:
    """0 = Telegram accepted it."""
    settings = configuration.load()
    if args.what == "introduce":
        if not settings.telegram_token:
            print("saathi telegram: set SAATHI_TELEGRAM_TOKEN first", file=sys.stderr)
            return 2
        return asyncio.run(_introduce(settings))
    missing = [
        name
        for name, value in (
            ("SAATHI_TELEGRAM_TOKEN", settings.telegram_token),
            ("SAATHI_TELEGRAM_WEBHOOK_SECRET", settings.telegram_webhook_secret),
            ("SAATHI_PUBLIC_URL", settings.public_url),
        )
        if not value
    ]
    if missing or settings.telegram_webhook_secret is None:
        print(f"saathi telegram: set {', '.join(missing)} first", file=sys.stderr)
        return 2
    return asyncio.run(_set(settings))


async def _set(settings: configuration.Settings) -> int:
    assert settings.telegram_webhook_secret is not None
    transport = Telegram(settings)
    url = settings.public_url.rstrip("/") + "/webhooks/telegram"
    try:
        await transport.set_webhook(url, settings.telegram_webhook_secret.get_secret_value())
    except SendError as error:
        print(f"saathi telegram: Telegram refused: {error}", file=sys.stderr)
        return 1
    finally:
        await transport.close()
    print(f"Telegram delivers to {url}")
    return 0


async def _introduce(settings: configuration.Settings) -> int:
    content = content_room.load(settings.root)
    transport = Telegram(settings)
    try:
        for language in ("", *content.languages):
            await transport.introduce(language, content.channel(language or FALLBACK))
    except SendError as error:
        print(f"saathi telegram: Telegram refused: {error}", file=sys.stderr)
        return 1
    finally:
        await transport.close()
    print(f"Telegram knows the commands in {', '.join(content.languages)}")
    return 0
