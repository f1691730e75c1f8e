"""How a colleague is reached, and what she reads: told by herself. Her own Telegram chat; what she is told elsewhere.

Law: a number, an address and a code are never shown again once they are kept; a code stands on the answer's page only.
"""

from __future__ import annotations

import secrets as chance
from datetime import time
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.digests import NONE, WAYS, Wish
from bot.store import colleagues, staff_chats, users
from bot.store.colleagues import GENDERS
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import SELF, act, show

DIGITS = 8
COMMAND = "/staff"  # as the bot hears it
PATH = "/settings/reach"
WRONG = frozenset({"phone_wrong", "email_wrong", "unknown"})
GOOD = frozenset({"saved", "linked_off", "lost", "group_off"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    targets: Any = office.content.knowledge.get("targets")
    alerts = targets["alerts"]

    async def page(visit: Visit, told: str = "", status: int = 200, code: str = "") -> Response[str]:
        async with office.database.begin() as connection:
            me = await users.by_id(connection, visit.user.id)
            profile = await colleagues.profile(connection, visit.user.id)
            since = await staff_chats.linked(connection, visit.user.id)
            groups = await staff_chats.linked_groups(connection) if plans(visit) else []
        settings = me.settings if me else visit.user.settings
        form = visit.form if told in WRONG else {}
        possible = [kind for kind, roles in alerts["kinds"].items() if visit.user.role in roles]
        return office.look.page(
            visit,
            "reach.html",
            status=status,
            told=told,
            good=told in GOOD,
            code=code,
            minutes=targets["staff_code_minutes"],
            profile=profile,
            since=since,
            groups=groups,
            plans=plans(visit),
            kinds=possible,
            wish=Wish.read(settings, visit.user.role, alerts, office.look.zone),
            ways=(*WAYS, NONE),
            genders=GENDERS,
            languages=list(targets["languages"]),
            telegram=bool(office.settings.telegram_token),
            mail=bool(office.settings.smtp_url),
            form=form,
            reading=[one for one in targets["languages"] if f"reads_{one}" in form] if form else profile.languages,
            gender=form.get("gender") if form else profile.gender,
        )

    def plans(visit: Visit) -> bool:
        return office.permissions.may_page(visit.user.role, "rota_edit", main=visit.user.main)

    def done(told: str) -> Redirect:
        return Redirect(f"/desk{PATH}?told={told}", status_code=303)

    @show(PATH, SELF, trail=None)
    async def reach(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        return await page(visit, told if told in GOOD else "")

    @act(f"{PATH}/profile", SELF, trail="reach.profile")
    async def profile(visit: TheVisit) -> Response[Any]:
        gender, phone, email = fields(visit.form, "gender", "phone", "email")
        languages = [one for one in targets["languages"] if f"reads_{one}" in visit.form]
        phone = colleagues.number_of(phone)
        if gender not in ("", *GENDERS):
            return await page(visit, "unknown", 400)
        if phone and not colleagues.NUMBER.fullmatch(phone):
            return await page(visit, "phone_wrong", 400)
        if email and not colleagues.MAIL.fullmatch(email):
            return await page(visit, "email_wrong", 400)
        values: dict[str, Any] = {"languages": languages, "gender": gender or None}
        for name, told in (("phone", phone), ("email", email)):
            if told or f"no_{name}" in visit.form:
                values[name] = told if f"no_{name}" not in visit.form else ""
        async with office.database.begin() as connection:
            await colleagues.describe(connection, office.secrets, visit.user.id, **values)
        return done("saved")

    @act(f"{PATH}/alerts", SELF, trail="reach.alerts")
    async def tell(visit: TheVisit) -> Response[Any]:
        way, start, end = fields(visit.form, "way", "quiet_from", "quiet_until")
        try:
            quiet = [f"{time.fromisoformat(at):%H:%M}" for at in (start, end)]
        except ValueError:
            return await page(visit, "unknown", 400)
        if way not in ("", NONE, *WAYS):
            return await page(visit, "unknown", 400)
        kinds = [kind for kind in alerts["kinds"] if f"tell_{kind}" in visit.form]
        async with office.database.begin() as connection:
            await users.prefer(connection, visit.user.id, alerts={"way": way, "kinds": kinds, "quiet": quiet})
        return done("saved")

    @act(f"{PATH}/telegram", SELF, trail="reach.code")
    async def telegram(visit: TheVisit) -> Response[Any]:
        digits = "".join(str(chance.randbelow(10)) for _ in range(DIGITS))
        async with office.database.begin() as connection:
            await staff_chats.make_code(
                connection, office.secrets, visit.user.id, digits, visit.now, int(targets["staff_code_minutes"])
            )
        return await page(visit, code=f"{COMMAND} {digits}")

    @act(f"{PATH}/telegram/off", SELF, trail="reach.unlink")
    async def off(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            await staff_chats.unlink_all(connection, visit.user.id)
        return done("linked_off")

    @act(f"{PATH}/lost", SELF, trail="reach.lost")
    async def lost(visit: TheVisit) -> Response[Any]:
        assert visit.session is not None
        async with office.database.begin() as connection:
            await staff_chats.unlink_all(connection, visit.user.id)
            await users.revoke_all(connection, visit.user.id, visit.now, but=visit.session.id)
        return done("lost")

    @act("/settings/groups/{which:uuid}/off", "rota_edit", trail="reach.group_off")
    async def group(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            await staff_chats.unlink_group(connection, which)
        return done("group_off")

    return [reach, profile, tell, telegram, off, lost, group]
