"""What a user chooses for herself: language, time zone, password; her open sessions."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.store import sign_ins, users
from desk.auth import passwords
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import SELF, act, show

ZONES = sorted(z for z in available_timezones() if z.partition("/")[0] in ("Africa", "America", "Asia", "Australia",
                                                                           "Europe", "Indian", "Pacific"))  # fmt: skip


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, told: str = "", status: int = 200) -> Response[str]:
        async with office.database.begin() as connection:
            sessions = await sign_ins.of_user(connection, visit.user.id, visit.now)
        languages = [office.content.languages[code] for code in office.content.desk_languages()]
        zone = visit.zone or office.look.zone
        return office.look.page(
            visit,
            "settings.html",
            status=status,
            told=told,
            sessions=sessions,
            languages=languages,
            zones=ZONES,
            zone=zone,
            shortest=passwords.SHORTEST,
        )

    @show("/settings", SELF, trail=None)
    async def settings(visit: TheVisit) -> Response[str]:
        return await page(visit)

    @act("/settings", SELF, trail="settings.change")
    async def change(visit: TheVisit) -> Response[Any]:
        language, zone = fields(visit.form, "language", "zone")
        if language not in office.content.desk_languages() or zone not in ZONES:
            return await page(visit, "unknown", 400)
        async with office.database.begin() as connection:
            await users.prefer(connection, visit.user.id, language=language, zone=zone)
        return Redirect("/desk/settings", status_code=303)

    @act("/settings/password", SELF, trail="password.change")
    async def password(visit: TheVisit) -> Response[Any]:
        old, new = visit.form.get("old", ""), visit.form.get("new", "")
        async with office.database.begin() as connection:
            found = await users.password_hash(connection, visit.user.login)
        if not await passwords.matches(old, found[1] if found else None):
            return await page(visit, "old_wrong", 403)
        if not passwords.fit(new, visit.user.login):
            return await page(visit, "too_short", 400)
        kept = await passwords.hashed(new)
        async with office.database.begin() as connection:
            await users.set_password(connection, visit.user.id, kept, visit.now)
        return Redirect("/desk/sign-in", status_code=303)

    @act("/settings/sessions", SELF, trail="session.revoke")
    async def revoke(visit: TheVisit) -> Response[Any]:
        assert visit.session is not None
        async with office.database.begin() as connection:
            if which := visit.form.get("session", ""):
                try:
                    await sign_ins.revoke(connection, UUID(which), visit.user.id, visit.now)
                except ValueError:
                    return await page(visit, "unknown", 400)
            else:
                await users.revoke_all(connection, visit.user.id, visit.now, but=visit.session.id)
        return Redirect("/desk/settings", status_code=303)

    return [settings, change, password, revoke]
