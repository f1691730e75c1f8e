"""Opening a case in an emergency, and the list of what was opened.

Law: the form asks for a number and shows nothing of it; whether there is such a case is known only by opening it, which
is told at once to those whose case it is. What is read then is read only, for a while.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import glass
from desk.beside import RULES
from desk.look import fields
from desk.office import Office, TheVisit
from desk.route import act, show
from desk.routes.case import address, back
from desk.views import glass as view

CASE = "/case/{reference:str}"
MOST = 1000  # characters of a reason in words


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules = office.content.knowledge.get(RULES)["glass"]

    @show("/glass/open", "glass_list", trail="glass.form")
    async def ask(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        digits = "".join(c for c in request.query_params.get("number", "") if c.isascii() and c.isdecimal())
        return office.look.page(visit, "glass_open.html", number=digits[:20], rules=rules, most=MOST)

    @act(f"{CASE}/glass", "glass", trail="glass.open")
    async def open_it(visit: TheVisit) -> Response[Any]:
        reason, words = fields(visit.form, "reason_code", "words")
        assert visit.here.case_id is not None
        if reason not in rules["reasons"] or not int(rules["words"]) <= len(words) <= MOST:
            raise NotFoundException  # as for a number that nobody has: browsers ask for both before they send
        async with office.database.begin() as connection:
            await glass.open_for(
                connection,
                office.secrets,
                visit.here.case_id,
                visit.user.id,
                reason=reason,
                words=words,
                now=visit.now,
                minutes=int(rules["minutes"]),
            )
        await office.live.tell()
        return Redirect(address(visit.here), status_code=303)

    @act(f"{CASE}/glass/close", "view", trail="glass.close")
    async def give_up(visit: TheVisit) -> Response[Any]:
        assert visit.here.case_id is not None
        async with office.database.begin() as connection:
            done = await glass.give_up(connection, visit.here.case_id, visit.user.id, visit.now)
        await office.live.tell()
        return Redirect("/desk/glass", status_code=303) if done else back(visit.here, "none")

    @show("/glass", "glass_list", trail="glass.view")
    async def openings(visit: TheVisit) -> Response[str]:
        async with office.database.begin() as connection:
            found = await view.openings(connection, office.secrets, office.scope(visit.user))
        return office.look.page(
            visit,
            "glass.html",
            openings=found,
            rules=rules,
            reviews=office.permissions.may_page(visit.user.role, "glass_review"),
        )

    @act("/glass/{which:uuid}/review", "glass_review", trail="glass.review")
    async def review(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        verdict = visit.form.get("verdict", "")
        async with office.database.begin() as connection:
            if not await view.may_review(connection, office.scope(visit.user), which):
                raise NotFoundException
            if verdict in rules["verdicts"]:
                await glass.review(connection, which, visit.user.id, verdict, visit.now)
        await office.live.tell()
        return Redirect("/desk/glass", status_code=303)

    return [ask, open_it, give_up, openings, review]
