"""The database and its keys, as the settings say.

Law: what cannot be used is refused before anything is served, in words that say what to do. Migrations run as the owner
of the schema, everything else as whoever may only use it.
"""

from __future__ import annotations

import asyncio

from bot.settings import Settings, SettingsError
from bot.store import embedded, restoring
from bot.store.database import UNAVAILABLE, Database
from bot.store.keys import Keys
from bot.store.migrate import current, migrate, serves
from bot.vault.fields import Unopenable
from bot.vault.keyring import Keyring, WrappedByAnother, development_secret, kept_secret


async def open_database(settings: Settings, *, migrating: bool = True, half_restored: bool = False) -> Database:
    """The configured PostgreSQL, or the embedded one; its schema is brought up to date in development, if `migrating`.

    Raises SettingsError when it cannot be used, and says what to do; so when a restore into it was not finished, but
    for the restore itself (`half_restored`).
    """
    if settings.database_url is None:
        server = await asyncio.to_thread(embedded.ensure, settings.data_dir)
        if migrating:
            await asyncio.to_thread(migrate, server.url_owner)
        database = Database(server.url_app)
    else:
        url = settings.database_url.get_secret_value()
        direct = settings.database_direct_url.get_secret_value() if settings.database_direct_url else url
        if migrating and settings.env == "development":
            await asyncio.to_thread(bring_up_to_date, settings)
        database = Database(url, direct_url=direct)
    try:
        async with database.engine.connect() as connection:
            revision, half = await current(connection), await restoring.unfinished(connection)
    except Exception as error:
        await database.close()
        raise SettingsError(
            f"SAATHI_DATABASE_URL: the database cannot be used ({type(error).__name__}): check address and password"
        ) from None
    if half and not half_restored:
        await database.close()
        raise SettingsError("a restore into this database was not finished: run the same `saathi restore` again")
    if not serves(revision):
        await database.close()
        raise SettingsError("the database has an older schema: run `saathi migrate`")
    return database


def bring_up_to_date(settings: Settings) -> str:
    """Run the migrations as the owner role; returns the revision. Raises SettingsError when it cannot connect."""
    try:
        return migrate(owner_url(settings))
    except UNAVAILABLE as error:
        raise SettingsError(
            f"the database cannot be used ({type(error).__name__}): check SAATHI_DATABASE_OWNER_URL, which migrations"
            " use, or SAATHI_DATABASE_URL if it is not set"
        ) from None


def owner_url(settings: Settings) -> str:
    """The address that migrations use: the owner role's, else the direct one, else the ordinary one."""
    for url in (settings.database_owner_url, settings.database_direct_url, settings.database_url):
        if url is not None:
            return url.get_secret_value()
    return embedded.ensure(settings.data_dir).url_owner


def open_keyring(settings: Settings) -> Keyring:
    """The wrapping keys: from the environment, or one of our own in development. Raises SettingsError."""
    try:
        return Keyring(settings.secret_keys or (development_secret(settings.data_dir),))
    except ValueError as error:
        raise SettingsError(str(error)) from None


def known_keyring(settings: Settings) -> Keyring | None:
    """The wrapping keys of what was made before: none is made, nothing is written; None where there is none. Raises
    SettingsError."""
    try:
        secrets = settings.secret_keys or (kept_secret(settings.data_dir),)
        return Keyring([secret for secret in secrets if secret]) if any(secrets) else None
    except (OSError, ValueError) as error:
        raise SettingsError(str(error)) from None


async def open_keys(database: Database, settings: Settings) -> Keys:
    """The keys of this database. Raises SettingsError when the secret is not the one that it was made with."""
    keyring = open_keyring(settings)
    try:
        return await Keys.load(database, keyring)
    except WrappedByAnother:
        own = "" if settings.secret_keys else f" It is not set: the secret of {settings.data_dir}/secret.key was tried."
        raise SettingsError(
            f"SAATHI_SECRET_KEY: this database was made with another SAATHI_SECRET_KEY.{own} Set the one that it was"
            " made with; after changing it, list both with a comma, the newest first. Without it nothing that people"
            " wrote can be opened: restore it from its backup, or use an empty database"
        ) from None
    except Unopenable:
        raise SettingsError("the table `keys` of this database was changed: restore it from its backup") from None
