"""`saathi twilio provision`: make the menus and texts for WhatsApp at Twilio, hand the texts in, keep their state.

Law: reads everything from the settings; nothing secret is printed; twice is once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot import settings as configuration
from bot.content import Content
from bot.store import contents
from bot.store.contents import Made
from bot.transports import twilio_content
from bot.transports.errors import SendError
from bot.transports.twilio_content import ContentApi, Wanted

TEMPLATES = "templates"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`provision`."""
    parser.add_argument("what", choices=("provision",))


def run(args: argparse.Namespace) -> int:
    """0 = all is there; what waits for WhatsApp is said."""
    settings = configuration.load()
    if not settings.twilio_account_sid or not settings.twilio_tokens:
        print("saathi twilio: set SAATHI_TWILIO_ACCOUNT_SID and SAATHI_TWILIO_AUTH_TOKEN first", file=sys.stderr)
        return 2
    return asyncio.run(_provision(settings))


def wanted(content: Content) -> list[Wanted]:
    """Menus, and each text in each language that has it."""
    texts = []
    for name, told in content.knowledge.get(TEMPLATES).items():
        if isinstance(told, dict):
            text_id = f"{TEMPLATES}.{name}.say"
            for language in content.languages:
                own = language == "en" or content.catalogue.entry(language, text_id) is not None
                if own:
                    words = content.said(language, {"text": text_id})
                    texts.append(twilio_content.text(name, language, words, str(told["category"])))
    return [*twilio_content.menus(), *texts]


async def _provision(settings: configuration.Settings) -> int:
    account = settings.twilio_account_sid
    content = content_room.load(settings.root)
    database = await databases.open_database(settings)
    try:
        async with database.begin() as connection:
            known = {(m.name, m.language): (m.made_from, m.sid) for m in await contents.of_account(connection, account)}
        done = await twilio_content.provision(ContentApi(settings), wanted(content), known)
        async with database.begin() as connection:
            for one, sid, state, reason in done:
                made = Made(one.name, one.language, sid, one.made_from, state, reason)
                await contents.keep(connection, account, made, composition.utc_now())
    except SendError as error:
        print(f"saathi twilio: Twilio refused: {error}", file=sys.stderr)
        return 1
    finally:
        await database.close()
    print(f"{sum(1 for one, *_ in done if not one.category)} menus are there")
    for one, _, state, reason in done:
        if one.category:
            print(f"{one.name} {one.language}: {state}{f' ({reason})' if reason else ''}")
    return 0
