"""`saathi telegram set-webhook`: tell Telegram where to deliver, with our secret.

Law: reads everything from the settings; nothing secret is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import settings as configuration
from bot.transports.errors import SendError
from bot.transports.telegram import Telegram


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`set-webhook`."""
    parser.add_argument("what", choices=("set-webhook",))


def run(args: argparse.Namespace) -> int:
    """0 = Telegram accepted it."""
    settings = configuration.load()
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
