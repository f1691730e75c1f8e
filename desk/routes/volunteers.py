"""Volunteers: who can be asked, where. Colleagues see a number, a place and what can be done; supervisors the names.

Law: a code is shown once and by a supervisor alone. Who is paused or ended is asked nothing more, and is told to stop.
"""

from __future__ import annotations

import secrets as chance
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import search_copies, volunteers
from bot.store.volunteers import Volunteer
from desk import directory as list_of
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from handlers.references import check_digit

TEXTS = {"name": 120, "phone": 40, "city": 80, "notes": 2000}  # at most
DIGITS = 8  # of a code, and a check digit
STATES = {"pause": "paused", "resume": "active", "end": "ended"}
TOLD = frozenset({"saved", "paused", "active", "ended", "erased", "none"})


def new_code() -> str:
    """Digits that nobody guesses, with a check digit."""
    body = "".join(chance.choice("0123456789") for _ in range(DIGITS))
    return body + check_digit(body)


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    content = office.content

    def rules() -> Any:
        return content.knowledge.get("tracing")

    def choices(visit: Visit) -> dict[str, Any]:
        named = sorted((office.look.country(visit.language, code), code) for code in list_of.countries(content))
        return {"countries": named, "tongues": list(content.languages), "skills": rules()["skills"]}

    async def known(visit: Visit, which: UUID) -> Volunteer:
        async with office.database.begin() as connection:
            found = await volunteers.known(
                connection,
                office.secrets,
                organisation_id=visit.user.organisation_id,
                ids=[which],
                whole=True,
            )
        if not found:
            raise NotFoundException
        return found[0]

    async def listed(visit: Visit, told: str = "", status: int = 200, **more: Any) -> Response[str]:
        may_edit = office.permissions.may_page(visit.user.role, "volunteers_edit")
        async with office.database.begin() as connection:
            people = await volunteers.known(
                connection, office.secrets, organisation_id=visit.user.organisation_id, whole=may_edit
            )
        country = more.pop("country", "")
        values = {"form": {}, "problems": {}, **more}
        return office.look.page(
            visit,
            "volunteers.html",
            status=status,
            people=[one for one in people if not country or one.country == country],
            country_wanted=country,
            may_edit=may_edit,
            told=told,
            **choices(visit),
            **values,
        )

    async def whole(visit: Visit, one: Volunteer, told: str = "", status: int = 200, **more: Any) -> Response[str]:
        values = {"code": "", "form": {}, "problems": {}, **more}
        days = rules()["code_days"]
        return office.look.page(
            visit, "volunteer.html", status=status, one=one, told=told, code_days=days, **choices(visit), **values
        )

    @show("/volunteers", "volunteers", trail="volunteers.view")
    async def everybody(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        country, told = (str(request.query_params.get(name, "")) for name in ("country", "told"))
        return await listed(visit, told if told in TOLD else "", country=country)

    @show("/volunteers/{which:uuid}", "volunteers_edit", trail="volunteer.view")
    async def one(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        told = str(request.query_params.get("told", ""))
        return await whole(visit, await known(visit, which), told if told in TOLD else "")

    def read(visit: Visit) -> tuple[dict[str, Any], dict[str, str]]:
        """What the form says, and what is wrong with it by field."""
        told: dict[str, Any] = dict(zip(TEXTS, fields(visit.form, *TEXTS), strict=True))
        (country,) = fields(visit.form, "country")
        problems = {name: "too_long" for name, most in TEXTS.items() if len(told[name]) > most}
        if not told["name"]:
            problems["name"] = "name_missing"
        if country not in list_of.countries(content):
            problems["country"] = "country_missing"
        told |= {
            "country": country,
            "languages": [code for code in content.languages if visit.form.get(f"language_{code}")],
            "skills": [skill for skill in rules()["skills"] if visit.form.get(f"skill_{skill}")],
        }
        return told, problems

    @act("/volunteers", "volunteers_edit", trail="volunteers.add")
    async def add(visit: TheVisit) -> Response[Any]:
        values, problems = read(visit)
        if problems:
            return await listed(visit, status=400, form=values, problems=problems)
        async with office.database.begin() as connection:
            new = await _put(connection, visit, None, values)
        return Redirect(f"/desk/volunteers/{new}?told=saved", status_code=303)

    async def _put(connection: Any, visit: Visit, which: UUID | None, values: dict[str, Any]) -> UUID:
        return await volunteers.put(
            connection,
            office.secrets,
            which,
            values,
            organisation_id=visit.user.organisation_id,
            by=visit.user.id,
            now=visit.now,
            expires_at=visit.now + timedelta(days=rules()["access_days"]),
        )

    @act("/volunteers/{which:uuid}/edit", "volunteers_edit", trail="volunteer.edit")
    async def edit(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        here = await known(visit, which)
        values, problems = read(visit)
        if problems:
            return await whole(visit, here, status=400, form=values, problems=problems)
        async with office.database.begin() as connection:
            await _put(connection, visit, which, values)
        return Redirect(f"/desk/volunteers/{which}?told=saved", status_code=303)

    @act("/volunteers/{which:uuid}/code", "volunteers_edit", trail="volunteer.code")
    async def code(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        here, digits = await known(visit, which), new_code()
        if here.state == "ended" or here.conversation_id is not None:
            return await whole(visit, here, "none", 409)
        until = visit.now + timedelta(days=rules()["code_days"])
        async with office.database.begin() as connection:
            await volunteers.invite(connection, office.secrets, which, digits, visit.now, until)
        return await whole(visit, here, code=" ".join(digits[i : i + 3] for i in range(0, len(digits), 3)))

    @act("/volunteers/{which:uuid}/state", "volunteers_edit", trail="volunteer.state")
    async def state(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        await known(visit, which)
        wanted = visit.form.get("reason_code", "")
        if wanted not in (*STATES, "erase"):
            return Redirect(f"/desk/volunteers/{which}?told=none", status_code=303)
        # A new talk, a new year: whoever goes on was asked again.
        again = visit.now + timedelta(days=rules()["access_days"]) if wanted == "resume" else None
        async with office.database.begin() as connection:
            done = await volunteers.set_state(
                connection, which, STATES.get(wanted, "ended"), visit.now, expires_at=again
            )
            if wanted != "resume":
                copies = await search_copies.standing_of(connection, which)
                await search_copies.stop(connection, office.secrets, copies, visit.now)
            if wanted == "erase":
                await volunteers.erase(connection, [which])
        if wanted == "erase":
            return Redirect("/desk/volunteers?told=erased", status_code=303)
        return Redirect(f"/desk/volunteers/{which}?told={STATES[wanted] if done else 'none'}", status_code=303)

    return [everybody, one, add, edit, code, state]
