"""`saathi gateway register`: have the phone at the partner tell us of each SMS.

Law: reads everything from the settings; nothing secret is printed; twice is once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import settings as configuration
from bot.transports.errors import SendError
from bot.transports.sms_gateway import PATH, SmsGateway


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`register`."""
    parser.add_argument("what", choices=("register",))


def run(args: argparse.Namespace) -> int:
    """0 = every event that we read is delivered here."""
    settings = configuration.load()
    wanted = (
        ("SAATHI_SMS_GATEWAY_URL", settings.sms_gateway_url),
        ("SAATHI_SMS_GATEWAY_PASSWORD", settings.sms_gateway_password),
        ("SAATHI_SMS_GATEWAY_KEY", settings.gateway_keys),
        ("SAATHI_SMS_GATEWAY_NUMBER", settings.gateway_numbers),
        ("SAATHI_PUBLIC_URL", settings.public_url),
    )
    if missing := [name for name, value in wanted if not value]:
        print(f"saathi gateway: set {', '.join(missing)} first", file=sys.stderr)
        return 2
    return asyncio.run(_register(settings))


async def _register(settings: configuration.Settings) -> int:
    transport = SmsGateway(settings)
    url = settings.public_url.rstrip("/") + PATH
    try:
        added = await transport.register(url)
    except SendError as error:
        print(f"saathi gateway: the gateway refused: {error}", file=sys.stderr)
        return 1
    finally:
        await transport.close()
    print(f"The gateway delivers to {url} (added: {', '.join(added) or 'nothing, all was there'})")
    return 0
