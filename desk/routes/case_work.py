"""What is done with a case besides answering: notes, tasks, giving it on, closing it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.store import notes
from bot.store.homes import Home
from desk.case_page import OUTCOMES, Shown, gather
from desk.look import fields
from desk.moments import of_day_field
from desk.office import Office, TheVisit, Visit
from desk.route import act
from desk.routes.case import actor, back

CASE = "/case/{reference:str}"
MOST = 4000  # characters of a note or a task
END = time(18, 0)  # of a working day: when a task of that day is due


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def opened(visit: Visit) -> tuple[Shown, Home, UUID]:
        shown = await gather(office, visit)
        assert visit.here.case_id is not None
        home = shown.head.where or Home(visit.here.subject_id, visit.here.subject_id, shown.head.key)
        return shown, home, visit.here.case_id

    @act(f"{CASE}/note", "note", trail="case.note")
    async def note(visit: TheVisit) -> Response[Any]:
        (text,) = fields(visit.form, "text")
        _, home, case_id = await opened(visit)
        if not text or len(text) > MOST:
            return back(visit.here, "none")
        async with office.database.begin() as connection:
            await notes.add_note(connection, office.secrets, home, case_id, visit.user.id, text, visit.now)
        await office.live.tell()
        return back(visit.here, "done")

    @act(f"{CASE}/task", "note", trail="case.task")
    async def task(visit: TheVisit) -> Response[Any]:
        text, day, to = fields(visit.form, "text", "day", "to")
        shown, home, case_id = await opened(visit)
        known = {str(one): one for one, _ in shown.colleagues}
        due_on = of_day_field(day)
        if due_on is None or not text or len(text) > MOST:
            return back(visit.here, "none")
        due = datetime.combine(due_on, END, office.look.zone_of(visit))
        async with office.database.begin() as connection:
            await notes.add_task(
                connection, home, case_id, visit.user.id, known.get(to, visit.user.id), text, due, visit.now
            )
        await office.live.tell()
        return back(visit.here, "done")

    @act(f"{CASE}/task/done", "note", trail="case.task_done")
    async def finished(visit: TheVisit) -> Response[Any]:
        assert visit.here.case_id is not None
        try:
            which = UUID(visit.form.get("task", ""))
        except ValueError:
            return back(visit.here, "none")
        async with office.database.begin() as connection:
            done = await notes.finish_task(connection, visit.here.case_id, which, visit.now)
        await office.live.tell()
        return back(visit.here, "done" if done else "none")

    @act(f"{CASE}/assign", "assign", trail="case.assign")
    async def assign(visit: TheVisit) -> Response[Any]:
        shown, _, _ = await opened(visit)
        known = {str(one): one for one, _ in shown.colleagues}
        to = known.get(visit.form.get("to", ""))
        if to is None or shown.head.where is None:
            return back(visit.here, "none")
        override = visit.form.get("reason_code") or None
        outcome = await office.staff.give(shown.head.where, actor(visit), to, override=override)
        await office.live.tell()
        return back(visit.here, outcome.name)

    @act(f"{CASE}/escalate", "assign", trail="case.escalate")
    async def escalate(visit: TheVisit) -> Response[Any]:
        shown, _, _ = await opened(visit)
        if shown.head.where is None:
            return back(visit.here, "none")
        outcome = await office.staff.escalate(shown.head.where, actor(visit))
        await office.live.tell()
        return back(visit.here, outcome.name)

    @act(f"{CASE}/safe", "close", trail="case.safe")
    async def safe(visit: TheVisit) -> Response[Any]:
        shown, _, _ = await opened(visit)
        if shown.head.where is None:
            return back(visit.here, "none")
        outcome = await office.staff.check_safe(shown.head.where, actor(visit), reference=visit.here.reference)
        await office.live.tell()
        return back(visit.here, outcome.name)

    @act(f"{CASE}/close", "close", trail="case.close")
    async def close(visit: TheVisit) -> Response[Any]:
        shown, _, _ = await opened(visit)
        reason = visit.form.get("outcome", "")
        if OUTCOMES + reason not in office.content.desk or shown.head.where is None:
            return back(visit.here, "none")
        outcome = await office.staff.close(
            shown.head.where, actor(visit), reference=visit.here.reference, reason=reason
        )
        await office.live.tell()
        if "hard" in outcome.slots:  # a pause is offered, and somebody to talk to
            return Redirect("/desk/care?told=hard", status_code=303)
        return back(visit.here, outcome.name)

    return [note, task, finished, assign, escalate, safe, close]
