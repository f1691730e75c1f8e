"""Signing in and out: password, then the six digits; the first time the phone is enrolled with a picture.

Law: unknown, disabled and wrong are one answer at one cost; who tries too often waits, whoever it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.observe import logs
from bot.store import audit, sign_ins, users
from bot.store.database import Connection
from desk.auth import codes, passwords
from desk.auth.limits import Limits, proxies, visitor
from desk.door import DOOR, SESSION, cookie, fresh_door
from desk.look import fields
from desk.office import Office, TheVisit, Visit, csrf_of
from desk.route import CODE, OPEN, SELF, act, show

log = logs.get(__name__)
HOMES = (("queue", "/desk"), ("box", "/desk/box"), ("users", "/desk/people"))


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    def limits() -> Limits:
        return Limits(office.database, office.secrets)

    def came_from(request: Request[Any, Any, Any]) -> str:
        peer = request.client.host if request.client else ""
        return visitor(peer, request.headers.get("x-forwarded-for", ""), proxies(office.settings.trusted_proxies))

    def door(visit: Visit, trouble: str, status: int = 200) -> Response[str]:
        token = fresh_door()
        shown = Visit(csrf_of(token), visit.language, visit.now)
        languages = office.content.desk_languages()
        return office.look.page(
            shown,
            "sign_in.html",
            status=status,
            cookies=(cookie(office, DOOR, token),),
            trouble=trouble,
            login=visit.form.get("login", "")[:200],
            languages=[office.content.languages[code] for code in languages],
        )

    async def code_page(visit: Visit, trouble: str, status: int = 200) -> Response[str]:
        assert visit.session is not None
        secret = ""
        if not visit.user.enrolled:
            async with office.database.begin() as connection:
                secret = await sign_ins.enrolling(connection, office.secrets, visit.session.id, codes.new_secret())
        picture = codes.picture(visit.user.login, secret) if secret else ""
        return office.look.page(visit, "code.html", status=status, trouble=trouble, secret=secret, picture=picture)

    @show("/sign-in", OPEN, trail=None)
    async def ask(visit: TheVisit) -> Response[str]:
        return door(visit, "")

    @act("/sign-in", OPEN, trail="sign_in.password")
    async def password(request: Request[Any, Any, Any], visit: TheVisit) -> Response[Any]:
        (login,) = fields(visit.form, "login")
        if await limits().exceeded(login, came_from(request), visit.now):
            return door(visit, "often", 429)
        async with office.database.begin() as connection:
            found = await users.password_hash(connection, login)
        right = await passwords.matches(visit.form.get("password", ""), found[1] if found else None)
        if not right or found is None:
            log.warning("sign_in_refused")
            return door(visit, "wrong", 403)
        async with office.database.begin() as connection:
            token = await sign_ins.begin(connection, office.secrets, found[0], "code", visit.now)
            await _note(connection, found[0], "sign_in.password", visit.now)
        return Redirect(
            "/desk/sign-in/code",
            status_code=303,
            cookies=[cookie(office, SESSION, token), cookie(office, DOOR, "", gone=True)],
        )

    @show("/sign-in/code", CODE, trail=None)
    async def ask_code(visit: TheVisit) -> Response[str]:
        return await code_page(visit, "")

    @act("/sign-in/code", CODE, trail="sign_in.code")
    async def code(request: Request[Any, Any, Any], visit: TheVisit) -> Response[Any]:
        session, user = visit.session, visit.user
        assert session is not None
        if await limits().exceeded(user.login, came_from(request), visit.now):
            return await code_page(visit, "often", 429)
        async with office.database.begin() as connection:
            kept = await users.totp_secret(connection, office.secrets, user.id)
            secret = kept or await sign_ins.enrolling(connection, office.secrets, session.id, codes.new_secret())
            step = codes.step_of(secret, visit.form.get("code", ""), visit.now)
            if step is not None and await users.use_step(connection, user.id, step):
                if kept is None:
                    await users.enrol(connection, office.secrets, user.id, secret)
                    await _note(connection, user.id, "totp.enrol", visit.now)
                # Another token than the one that stood for the password alone.
                await sign_ins.revoke(connection, session.id, user.id, visit.now)
                token = await sign_ins.begin(connection, office.secrets, user.id, "full", visit.now)
            else:
                token = ""
        if not token:
            log.warning("sign_in_refused")
            return await code_page(visit, "wrong", 403)
        await limits().forgive(user.login)
        return Redirect(_home(office, user.role), status_code=303, cookies=[cookie(office, SESSION, token)])

    @act("/sign-out", SELF, trail="sign_out")
    async def sign_out(visit: TheVisit) -> Response[Any]:
        assert visit.session is not None
        async with office.database.begin() as connection:
            await sign_ins.revoke(connection, visit.session.id, visit.user.id, visit.now)
        return Redirect(
            "/desk/sign-in",
            status_code=303,
            cookies=[cookie(office, SESSION, "", gone=True)],
            headers={"Clear-Site-Data": '"cache"'},
        )

    return [ask, password, ask_code, code, sign_out]


def _home(office: Office, role: str) -> str:
    """The first page of the menu that somebody of this role may see."""
    return next((at for permission, at in HOMES if office.permissions.may_page(role, permission)), HOMES[0][1])


async def _note(connection: Connection, user_id: UUID, action: str, now: datetime) -> None:
    await audit.write(connection, user_id=user_id, action=action, object_kind="user", object_id=str(user_id), now=now)
