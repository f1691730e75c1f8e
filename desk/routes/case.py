"""A case and its conversation: read it, take it, answer, give it back. Both addresses show the same page:
`/case/<reference>`, and `/talk/<id>` for a conversation of which no case was made.

Law: what an act came to is told by a code in the address (`?told=`), whose words stand in `desk/words/case.yml`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect, ServerSentEvent

from bot.channels import segments
from bot.channels.limits import LIMITS, units
from desk import case_directory, exceptions
from desk.beside import TOLD_BAD, TOLD_GOOD
from desk.case_page import CANNED, OUTCOMES, Shown, facts, gather
from desk.office import Office, TheVisit, Visit
from desk.route import act, ask, show
from desk.views import case as view
from desk.views.scope import Place
from handlers.context import Actor

PATHS = ["/case/{reference:str}", "/talk/{talk:uuid}"]
GOOD = frozenset({"taken", "given", "escalated", "once", "confirmed", "second_reader", "closed", "retried", "done"})
GOOD |= {"referral_offered", "referral_moved", *TOLD_GOOD}
TOLD = frozenset({*GOOD, *TOLD_BAD, "held", "full", "not_yours", "too_soon", "none"})
REASONS = ("call", "identify", "legal", "safety")  # why a number is looked at


def paths(act: str) -> list[str]:
    """Where an act on either is sent."""
    return [f"{path}/{act}" for path in PATHS]


def address(place: Place) -> str:
    """The page of a case or conversation."""
    return f"/desk/case/{place.reference}" if place.reference else f"/desk/talk/{place.conversation_id}"


def back(place: Place, told: str = "") -> Redirect:
    """To the page, with what became of it."""
    return Redirect(address(place) + (f"?told={told}" if told else ""), status_code=303)


def actor(visit: Visit) -> Actor:
    """Who acts, for handlers."""
    return Actor("staff", visit.user.id, (visit.user.role,))


def routes(office: Office) -> list[HTTPRouteHandler]:
    """Reading, answering, taking. What else is done with a case: `case_work.py`."""

    async def page(
        visit: Visit, told: str = "", status: int = 200, *, until: str = "", since: str = "", **more: Any
    ) -> Response[str]:
        shown = await gather(office, visit, until=until, since=since)
        values = {"text": "", "seen": shown.newest, "number": "", "reasons": REASONS, **more}
        return office.look.page(
            visit,
            "case.html",
            status=status,
            here=address(visit.here),
            told=told,
            good=told in GOOD,
            shown=shown,
            facts=facts(office, visit, shown),
            outcomes=[one.removeprefix(OUTCOMES) for one in office.content.desk if one.startswith(OUTCOMES)],
            exceptions=await exceptions.gather(office, visit, shown),
            overrides=office.content.knowledge.get("targets")["care"]["overrides"],
            **await case_directory.part(office, visit, shown),
            **values,
        )

    @show(PATHS, "view", trail="case.view")
    async def case(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        query = request.query_params
        told, canned, until, since = (query.get(name, "") for name in ("told", "canned", "until", "since"))
        text = await _canned(visit, canned)
        return await page(visit, told if told in TOLD else "", until=until, since=since, text=text)

    async def _canned(visit: Visit, name: str) -> str:
        """A line to start from, with whose words the field for a reply is filled."""
        asks = name.startswith(case_directory.ASK)
        if not asks and name not in office.content.knowledge.get(CANNED):
            return ""
        shown = await gather(office, visit)
        if asks:
            return str((await case_directory.part(office, visit, shown))["asks"].get(name, ""))
        return next((text for one, text in shown.canned if one == name), "")

    @show(paths("live"), "view", trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit) -> ServerSentEvent:
        async def look(connection: Any) -> str:
            return await view.fingerprint(connection, visit.here)

        return office.live.stream(request, look)

    @act(paths("take"), "take", trail="case.take")
    async def take(visit: TheVisit) -> Response[Any]:
        shown = await gather(office, visit)
        if shown.head.where is None:
            return back(visit.here, "none")
        override = visit.form.get("reason_code") or None
        outcome = await office.staff.take(shown.head.where, actor(visit), override=override)
        await office.live.tell()
        return back(visit.here, "" if outcome.name == "yours" else outcome.name)

    @act(paths("release"), "take", trail="case.release")
    async def release(visit: TheVisit) -> Response[Any]:
        shown = await gather(office, visit)
        if shown.head.where is None:
            return back(visit.here, "none")
        outcome = await office.staff.release(shown.head.where, user_id=visit.user.id, roles=(visit.user.role,))
        await office.live.tell()
        return back(visit.here, "" if outcome.name == "released" else outcome.name)

    @act(paths("reply"), "reply", trail="case.reply")
    async def reply(visit: TheVisit) -> Response[Any]:
        text, seen = visit.form.get("text", "").strip(), visit.form.get("seen", "")
        shown = await gather(office, visit)
        trouble, status = _trouble(shown, text, seen)
        if trouble or shown.head.where is None:
            return await page(visit, trouble, status, text=text)
        decision = await office.staff.reply(shown.head.where, text, case_id=visit.here.case_id, user_id=visit.user.id)
        await office.live.tell()
        if decision.reason in ("not_yours", "full"):
            return await page(visit, decision.reason, 409, text=text)
        return back(visit.here)

    @ask(paths("count"), "reply")
    async def count(visit: TheVisit) -> dict[str, Any]:
        async with office.database.begin() as connection:
            head = await view.head(connection, office.secrets, visit.here)
        return {"told": counted(office, visit, head.channel, visit.form.get("text", ""))}

    @act(paths("retry"), "reply", trail="message.retry")
    async def retry(visit: TheVisit) -> Response[Any]:
        shown = await gather(office, visit)
        try:
            which = UUID(visit.form.get("message", ""))
        except ValueError:
            return back(visit.here, "none")
        if shown.head.where is None:
            return back(visit.here, "none")
        decision = await office.staff.retry(shown.head.where, actor(visit), which)
        await office.live.tell()
        return back(visit.here, "retried" if decision else "none")

    @act(paths("unmask"), "unmask", trail="case.unmask")
    async def unmask(visit: TheVisit) -> Response[Any]:
        if visit.form.get("reason_code") not in REASONS:
            return await page(visit, "reason", 400)
        async with office.database.begin() as connection:
            whole = await view.number(connection, office.secrets, visit.here)
        return await page(visit, number=whole)

    return [case, live, take, release, reply, count, retry, unmask]


def _trouble(shown: Shown, text: str, seen: str) -> tuple[str, int]:
    """What keeps a reply from being written, with its status; ("", 200) for nothing."""
    if not text:
        return "empty", 400
    if units(text) > shown.most:
        return "too_long", 400
    if shown.newest and seen != shown.newest:
        return "meanwhile", 409
    return "", 200


def counted(office: Office, visit: Visit, channel: str | None, text: str) -> str:
    """How long a reply is on its channel, in words."""
    if channel == "sms":
        cost = segments.count(text)
        left = office.look.word(visit.language, "case.segments", n=cost.segments, units=cost.units)
        return left if text else ""
    most = LIMITS[channel].text if channel in LIMITS else 0
    return office.look.word(visit.language, "case.units", n=units(text), most=most) if text else ""
