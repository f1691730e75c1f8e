"""`saathi keys rotate`: every data key under the newest secret of SAATHI_SECRET_KEY.

Law: says nothing of any key; the older secret may be taken away only when the command says so.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.store import rotation
from bot.vault.fields import Unopenable

EXAMPLE = """
in this order, while the service goes on running; "set" means everywhere, and each process started anew:
  1. set SAATHI_SECRET_KEY=OLD,NEW     (only where several processes run: so that each can open what another wraps)
  2. set SAATHI_SECRET_KEY=NEW,OLD
  3. saathi keys rotate
  4. when it says that none is left: saathi backup (all earlier ones need OLD: a disk lost tonight would be all lost)
  5. set SAATHI_SECRET_KEY=NEW, and destroy OLD
"""
WAIT, LOOKS = 0.5, 20  # seconds between looks at what somebody holds; looks without progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`rotate`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("what", choices=("rotate",), help="rotate: wrap every data key under the newest secret")


def run(args: argparse.Namespace) -> int:
    """0 = all are under the newest; 1 = some could not be taken; 2 = one is under a secret that is not listed."""
    return asyncio.run(_rotate())


async def _rotate() -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        return await rotate_all(app)
    finally:
        await app.close()


async def rotate_all(app: App) -> int:
    """Rotate until none is left; what is held is looked at again."""
    keyring, done, waited = app.secrets.keyring, 0, 0
    try:
        while waited < LOOKS:
            count = await rotation.rotate(app.database, keyring)
            done, waited = done + count, 0 if count else waited + 1
            if not count and not await rotation.left(app.database, keyring):
                print(f"{done} keys wrapped anew; none is left under an older secret: it may be taken away")
                return 0
            if not count:
                await asyncio.sleep(WAIT)
    except Unopenable:
        print(
            "saathi keys: a key was wrapped under a secret that SAATHI_SECRET_KEY does not list: add it at the end",
            file=sys.stderr,
        )
        return 2
    print(f"saathi keys: {done} wrapped anew, some are held by others: run it again", file=sys.stderr)
    return 1
