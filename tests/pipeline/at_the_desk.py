"""Colleagues for tests: rows of users, and acts in their names.

Law: nothing is asserted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from bot.store import colleagues, rota, users
from handlers.context import Actor
from tests.pipeline.world import World


async def hire(
    world: World,
    login: str,
    role: str = "caseworker",
    *,
    languages: Sequence[str] = (),
    skills: Sequence[str] = (),
    countries: Sequence[str] = (),
    phone: str = "",
    email: str = "",
    gender: str | None = None,
    organisation: str | None = None,
) -> UUID:
    """A colleague with a profile, of the main organisation if none is named; returns the id."""
    user = uuid7()
    async with world.app.database.begin() as connection:
        house = await users.organisation(connection, organisation)
    await world.run(
        "INSERT INTO users (id, organisation_id, login, name, role) VALUES (:id, :house, :login, :login, :role)",
        id=user,
        house=house,
        login=login,
        role=role,
    )
    values: dict[str, Any] = {
        "languages": list(languages),
        "skills": list(skills),
        "countries": list(countries),
        "gender": gender,
        "phone": phone,
        "email": email,
    }
    async with world.app.database.begin() as connection:
        await colleagues.describe(connection, world.app.secrets, user, **values)
    return user


async def works(world: World, user: UUID, start: datetime, hours: float, role: str = "duty") -> UUID:
    """A shift."""
    async with world.app.database.begin() as connection:
        return await rota.add(connection, user, role, (start, start + timedelta(hours=hours)), world.now)


def staff(user: UUID, role: str = "caseworker") -> Actor:
    """Who acts."""
    return Actor("staff", user, (role,))
