"""The first people of a new desk, in development: one who works on cases and one who runs the service.

Law: only where there is nobody yet; what is returned is shown once and kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.store import users
from bot.store.database import Database
from bot.store.keys import Keys
from desk.auth import codes, passwords

ROLES = ("supervisor", "administrator")


@dataclass(frozen=True, slots=True)
class First:
    """How somebody signs in. `address` is otpauth://..., for an app that makes codes."""

    login: str
    role: str
    password: str
    address: str


async def people(database: Database, secrets: Keys) -> list[First]:
    """Make them, if the desk has nobody; else []."""
    async with database.begin() as connection:
        if await users.everybody(connection):
            return []
    made = [await newcomer(database, secrets, role, role.capitalize(), role) for role in ROLES]
    return [one for one in made if one is not None]


async def somebody(database: Database) -> str | None:
    """A login that exists, for who forgot how to sign in: a supervisor's, if there is one. None: nobody may."""
    async with database.begin() as connection:
        active = [one for one in await users.everybody(connection) if one.active]
    active.sort(key=lambda one: (ROLES.index(one.role) if one.role in ROLES else len(ROLES), one.login))
    return active[0].login if active else None


async def newcomer(database: Database, secrets: Keys, login: str, name: str, role: str) -> First | None:
    """Somebody whose phone is connected already; None when the login was taken meanwhile."""
    password, secret = passwords.draw(), codes.new_secret()
    kept = await passwords.hashed(password)
    try:
        async with database.begin() as connection:
            user_id = await users.add(connection, login=login, name=name, role=role, password_hash=kept)
            await users.enrol(connection, secrets, user_id, secret)
    except users.LoginTaken:
        return None
    return First(login, role, password, codes.address(login, secret))
