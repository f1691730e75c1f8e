"""What is due today, for everybody of the queue; what a supervisor goes through each week."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from desk.office import Office, TheVisit
from desk.route import show
from desk.views import care, due
from desk.views import watch as view


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    @show("/due", "queue", trail="due.view")
    async def today(visit: TheVisit) -> Response[str]:
        zone = office.look.zone_of(visit)
        tomorrow = visit.now.astimezone(zone).date() + timedelta(days=1)
        async with office.database.begin() as connection:
            until = datetime.combine(tomorrow, time(), zone)
            scope = office.scope(visit.user)
            parts = {
                "mine": await due.mine(connection, scope, until),
                "others": await due.others(connection, scope, until),
            }
            talks = [one for one in await care.talks(connection, visit.user.id) if one.due_at < until]
        day = office.look.day(visit, visit.now.astimezone(zone))
        return office.look.page(visit, "due.html", parts_of=parts, most=due.LISTED, talks=talks, day=day)

    @show("/supervision", "supervise", trail="supervision.view")
    async def supervision(visit: TheVisit) -> Response[str]:
        async with office.database.begin() as connection:
            lists = await view.weekly(connection, office.scope(visit.user))
            team = await care.team(connection, visit.user, visit.now, most_critical(office))
        return office.look.page(visit, "supervision.html", lists=lists, most=view.WEEKLY, team=team)

    return [today, supervision]


def most_critical(office: Office) -> int:
    """How many open critical cases one colleague may have."""
    return int(office.content.knowledge.get("targets")["care"]["critical_open"])
