"""The people of the desk, for administrators: add, disable, new password, new phone, end sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import users
from bot.store.database import Connection
from desk.auth import passwords
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.permissions import ROLES
from desk.route import act, show

LONGEST = 120  # characters of a login or a name


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, told: str = "", status: int = 200, login: str = "", first: str = "") -> Response[str]:
        async with office.database.begin() as connection:
            everybody = await users.everybody(connection)
        return office.look.page(
            visit, "people.html", status=status, told=told, people=everybody, roles=ROLES, login=login, first=first
        )

    async def known(connection: Connection, which: UUID) -> users.User:
        found = await users.by_id(connection, which)
        if found is None:
            raise NotFoundException
        return found

    @show("/people", "users", trail="users.view")
    async def people(visit: TheVisit) -> Response[str]:
        return await page(visit)

    @act("/people", "users", trail="users.add")
    async def add(visit: TheVisit) -> Response[Any]:
        login, name, role, organisation = fields(visit.form, "login", "name", "role", "organisation")
        if not login or not name or role not in ROLES or max(map(len, (login, name, organisation))) > LONGEST:
            return await page(visit, "incomplete", 400, login)
        first = passwords.draw()
        kept = await passwords.hashed(first)
        try:
            async with office.database.begin() as connection:
                await users.add(
                    connection,
                    login=login,
                    name=name,
                    role=role,
                    password_hash=kept,
                    organisation_name=organisation or None,
                )
        except users.LoginTaken:
            return await page(visit, "taken", 409, login)
        return await page(visit, "added", 200, users.folded(login), first)

    @act("/people/{which:uuid}/password", "users", trail="users.password")
    async def password(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        first = passwords.draw()
        kept = await passwords.hashed(first)
        async with office.database.begin() as connection:
            user = await known(connection, which)
            await users.set_password(connection, user.id, kept, visit.now)
        return await page(visit, "added", 200, user.login, first)

    @act("/people/{which:uuid}/phone", "users", trail="users.reset_totp")
    async def phone(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            await users.reset_totp(connection, (await known(connection, which)).id, visit.now)
        return Redirect("/desk/people", status_code=303)

    @act("/people/{which:uuid}/active", "users", trail="users.active")
    async def active(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            user = await known(connection, which)
            if user.id != visit.user.id:  # nobody locks herself out
                await users.set_active(connection, user.id, not user.active, visit.now)
        return Redirect("/desk/people", status_code=303)

    @act("/people/{which:uuid}/sessions", "users", trail="users.revoke")
    async def sessions(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            await users.revoke_all(connection, (await known(connection, which)).id, visit.now)
        return Redirect("/desk/people", status_code=303)

    return [people, add, password, phone, active, sessions]
