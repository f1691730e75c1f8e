"""What a case has to do with: links, drafts, family codes; and whether two numbers are one person.

Law: the other case is looked up as a page of its own would be: who may not find it gets the same answer as for a number
that nobody has. Joining needs her own code on both sides, or two colleagues.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from bot.engine.inputs import Outcome, Started
from bot.store import links, merge_asks, unmerge
from bot.store.database import INBOX_CHANNEL
from desk.beside import RULES
from desk.case_page import gather
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act
from desk.routes.case import actor, back
from desk.views.scope import Place
from desk.views.search import digits_of
from handlers import asked, codes, drafts
from handlers.context import Context

CASE = "/case/{reference:str}"


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules = office.content.knowledge.get(RULES)

    async def other(visit: Visit, permission: str) -> Place | None:
        """The case whose number the form names, if it may be treated so."""
        async with office.database.begin() as connection:
            place = await office.scope(visit.user).of_case(connection, digits_of(visit.form.get("other", "")))
        if place is None or place.case_id == visit.here.case_id:
            return None
        may = office.permissions.may(visit.user.role, permission, place.relations, place.state)
        return place if may else None

    def named(visit: Visit, name: str) -> UUID | None:
        try:
            return UUID(visit.form.get(name, ""))
        except ValueError:
            return None

    async def told(visit: Visit, name: str) -> Response[Any]:
        await office.live.tell()
        return back(visit.here, name)

    @act(f"{CASE}/link", "note", trail="case.link")
    async def link(visit: TheVisit) -> Response[Any]:
        found, reason = await other(visit, "find"), visit.form.get("reason_code", "")
        if found is None or found.case_id is None or reason not in rules["link"]["reasons"]:
            return back(visit.here, "other_absent")
        assert visit.here.case_id is not None
        async with office.database.begin() as connection:
            done = await links.link(
                connection, visit.here.case_id, found.case_id, reason=reason, user_id=visit.user.id, now=visit.now
            )
        return await told(visit, "linked" if done else "none")

    @act(f"{CASE}/unlink", "note", trail="case.unlink")
    async def unlink(visit: TheVisit) -> Response[Any]:
        which = named(visit, "link")
        shown = await gather(office, visit)
        assert visit.here.case_id is not None
        if shown.beside is None or which not in {one.id for one in shown.beside.links}:
            return back(visit.here, "none")
        async with office.database.begin() as connection:
            done = await links.unlink(connection, which, visit.here.case_id, user_id=visit.user.id, now=visit.now)
        return await told(visit, "unlinked" if done else "none")

    @act(f"{CASE}/draft", "close", trail="case.draft")
    async def draft(visit: TheVisit) -> Response[Any]:
        shown, (what,) = await gather(office, visit), fields(visit.form, "what")
        if shown.head.where is None or what not in ("join", "other_matter", "other_person"):
            return back(visit.here, "none")
        if what == "join" and (shown.beside is None or shown.beside.draft_of is None):
            return back(visit.here, "none")  # the case that it would join is another organisation's now

        async def change(ctx: Context) -> Outcome:
            if what == "join":
                return await drafts.join(ctx, reference=visit.here.reference)
            return await drafts.apart(ctx, reference=visit.here.reference, other_person=what == "other_person")

        outcome = await office.staff.act(shown.head.where, actor(visit), change)
        return await told(visit, outcome.name)

    @act(f"{CASE}/codes/end", "note", trail="case.code_end")
    async def end_code(visit: TheVisit) -> Response[Any]:
        shown, (which,) = await gather(office, visit), fields(visit.form, "code")
        if shown.head.where is None or visit.form.get("wish") != "yes":
            return back(visit.here, "code_wish")
        outcome = await office.staff.act(shown.head.where, actor(visit), lambda ctx: codes.end(ctx, which=which))
        return await told(visit, "code_ended" if outcome.name == "ended" else "none")

    @act(f"{CASE}/merge/code", "merge", trail="merge.code")
    async def send_code(visit: TheVisit) -> Response[Any]:
        shown = await gather(office, visit)
        if shown.head.where is None:
            return back(visit.here, "none")

        async def change(ctx: Context) -> Outcome:
            return Outcome("asked" if asked.may(ctx) else "none")

        def words(ctx: Context, outcome: Outcome) -> Started | None:
            return Started("one_code", "staff") if outcome.name == "asked" else None

        outcome = await office.staff.say(shown.head.where, actor(visit), change, words)
        return await told(visit, "code_sent" if outcome.name == "asked" else "code_not_sent")

    @act(f"{CASE}/merge/ask", "merge", trail="merge.ask")
    async def ask(visit: TheVisit) -> Response[Any]:
        found = await other(visit, "merge")
        reasons = [one for one in rules["merge"]["reasons"] if visit.form.get(f"reason_{one}")]
        if found is None or found.case_id is None:
            return back(visit.here, "merge_not_yours" if await other(visit, "find") else "other_absent")
        if len(reasons) < int(rules["merge"]["least"]):
            return back(visit.here, "merge_reasons")
        assert visit.here.case_id is not None
        async with office.database.begin() as connection:
            done = await merge_asks.ask(
                connection,
                visit.here.case_id,
                found.case_id,
                reasons=reasons,
                user_id=visit.user.id,
                now=visit.now,
            )
        return await told(visit, "merge_asked" if done else "none")

    @act(f"{CASE}/merge/decide", "merge", trail="merge.decide")
    async def decide(visit: TheVisit) -> Response[Any]:
        which, what = named(visit, "ask"), visit.form.get("what", "")
        shown = await gather(office, visit)
        said = {one.id: one for one in shown.beside.said} if shown.beside else {}
        if which is None or which not in said:
            return back(visit.here, "none")
        async with office.database.begin() as connection:
            if what == "agree":
                done = await merge_asks.agree(connection, office.secrets, which, user_id=visit.user.id, now=visit.now)
            else:
                state = merge_asks.WITHDRAWN if said[which].mine else merge_asks.DECLINED
                done = await merge_asks.decide(connection, which, state, user_id=visit.user.id, now=visit.now)
        if done and what == "agree":
            await office.database.notify(INBOX_CHANNEL)  # what waited for one of them is looked at again
        return await told(visit, ("merged" if what == "agree" else "merge_not") if done else "none")

    @act(f"{CASE}/merge/undo", "unmerge", trail="merge.undo")
    async def undo(visit: TheVisit) -> Response[Any]:
        which, reason = named(visit, "merge"), visit.form.get("reason_code", "")
        shown = await gather(office, visit)
        known = {one.id for one in shown.beside.joined if one.newest} if shown.beside else set()
        if which is None or which not in known or reason not in rules["merge"]["undo"]:
            return back(visit.here, "none")
        async with office.database.begin() as connection:
            done = await unmerge.undo(
                connection, office.secrets, which, user_id=visit.user.id, reason=reason, now=visit.now
            )
        if done:
            await office.database.notify(INBOX_CHANNEL)
        return await told(visit, "unmerged" if done else "none")

    return [link, unlink, draft, end_code, send_code, ask, decide, undo]
