"""To which uses of what happened to her a person agreed: recorded as a colleague heard it, or asked by the bot.

Law: through the same handlers as her own flow. Only with how and when she said it; never for a child.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.channels.limits import LIMITS
from bot.store.exception_tables import HEARD, PURPOSES
from desk.exceptions import last
from desk.look import fields
from desk.moments import of_day_field
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import actor
from desk.views import case as case_view
from desk.views import consents as view
from handlers import consents

CASE = "/case/{reference:str}/consents"
TOLD = frozenset({"kept", "revoked", "none", "never", "asked", "busy", "later", "no_place"})
GOOD = frozenset({"kept", "revoked", "asked"})
BY_US = tuple(one for one in HEARD if one != "self")


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, *, told: str = "", wrong: str = "", status: int = 200, **form: str) -> Response[str]:
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            said = await view.of_person(connection, visit.here.subject_id)
        return office.look.page(
            visit,
            "consents.html",
            status=status,
            reference=visit.here.reference,
            head=head,
            reachable=head.channel in LIMITS,
            said=said,
            uses={purpose: last(said, purpose) for purpose in PURPOSES},
            ways=BY_US,
            may=office.permissions.may(visit.user.role, "consent", visit.here.relations, visit.here.state),
            told=told,
            good=told in GOOD,
            wrong=wrong,
            today=_today(visit).isoformat(),
            form={"purpose": "", "says": "", "how": "", "said_on": "", **form},
        )

    def _today(visit: Visit) -> date:
        return visit.now.astimezone(office.look.zone_of(visit)).date()

    def back(visit: Visit, told: str) -> Redirect:
        return Redirect(f"/desk/case/{visit.here.reference}/consents?told={told}", status_code=303)

    @show(CASE, "record", trail="consents.view")
    async def shown(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        return await page(visit, told=told if told in TOLD else "")

    @act(f"{CASE}/record", "consent", trail="consents.record")
    async def record(visit: TheVisit) -> Response[Any]:
        purpose, says, how, on = fields(visit.form, "purpose", "says", "how", "said_on")
        day = of_day_field(on)
        wrong = next(
            (
                name
                for name, bad in (
                    ("purpose", purpose not in PURPOSES),
                    ("says", says not in ("yes", "no")),
                    ("how", how not in BY_US),
                    ("said_on", day is None or day > _today(visit)),
                )
                if bad
            ),
            "",
        )
        if wrong or day is None:
            return await page(visit, wrong=wrong, status=400, purpose=purpose, says=says, how=how, said_on=on)
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
        if head.where is None:
            return back(visit, "no_place")
        outcome = await office.staff.act(
            head.where,
            actor(visit),
            lambda ctx: consents.record(ctx, purpose=purpose, how=how, said_on=day, agrees=says == "yes"),
        )
        await office.live.tell()
        return back(visit, outcome.name)

    @act(f"{CASE}/ask", "consent", trail="consents.ask")
    async def ask(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
        if head.where is None:
            return back(visit, "no_place")
        outcome = await office.staff.ask_uses(head.where, actor(visit))
        await office.live.tell()
        return back(visit, outcome.name)

    return [shown, record, ask]
