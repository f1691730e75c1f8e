"""`saathi migrate` and `saathi db stop`.

Law: the schema changes only here, as the owner role.
"""

from __future__ import annotations

import argparse

from bot import databases
from bot import settings as configuration
from bot.store import embedded


def add_db_arguments(parser: argparse.ArgumentParser) -> None:
    """`stop`."""
    parser.add_argument("what", choices=("stop",), help="stop: end the embedded database of this data directory")


def run_migrate(args: argparse.Namespace) -> int:
    """Bring the schema to the newest revision."""
    revision = databases.bring_up_to_date(configuration.load())
    print(f"the database is at revision {revision}")
    return 0


def run_db(args: argparse.Namespace) -> int:
    """Stop the embedded server."""
    settings = configuration.load()
    if settings.database_url is not None:
        print("SAATHI_DATABASE_URL is set: that database is not ours to stop")
        return 2
    stopped = embedded.stop(settings.data_dir)
    print("the embedded database is stopped" if stopped else "the embedded database was not running")
    return 0
