"""A case goes to another organisation: offered from its page, accepted or declined from the receiver's list.

Law: handlers decide (`handlers/transfers.py`); what she reads leaves with their act. Nothing that was filled in is lost
when it was not complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent

from bot.channels.limits import LIMITS
from bot.check import discreet
from bot.engine.inputs import Outcome, Started
from bot.store.database import Connection
from desk.beside import RULES
from desk.case_page import gather
from desk.look import fields
from desk.moments import of_moment
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import actor, address, back
from desk.views import case as case_view
from desk.views import transfers as view
from desk.views.case import Head
from desk.views.transfers import Offer
from handlers import transfers
from handlers.context import Context
from handlers.handoff import DESK

CASE = "/case/{reference:str}/transfer"
MOST = 1000  # characters of the words of a no
GOOD = frozenset({"offered", "asked", "accepted", "declined", "withdrawn", "recalled", "refused"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules = office.content.knowledge.get(RULES)["transfer"]

    def tells(name: str, language: str | None) -> bool:
        """Whether whoever holds the phone would know what this is about: it is the fourth word of what she reads."""
        lexicon = office.content.knowledge.get(discreet.LEXICON)
        return bool(discreet.tells(name, lexicon, [language] if language else list(office.content.languages)))

    def said_at(visit: Visit, text: str) -> datetime | None:
        return of_moment(text, office.look.zone_of(visit))

    def form(visit: Visit, head: Head, told: str, status: int, receivers: Any) -> Response[str]:
        return office.look.page(
            visit,
            "transfer_form.html",
            status=status,
            here=address(visit.here),
            told=told,
            reachable=head.channel in LIMITS,
            sent=dict(visit.form),
            receivers=receivers,
            rules=rules,
        )

    @show(CASE, "transfer", trail="transfer.form")
    async def begin(visit: TheVisit) -> Response[str]:
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            receivers = await view.receivers(connection, office.scope(visit.user))
        return form(visit, head, "", 200, receivers)

    @act(CASE, "transfer", trail="transfer.offer")
    async def offer(visit: TheVisit) -> Response[Any]:
        to, summary, how, at = fields(visit.form, "to", "summary", "how", "said_at")
        parts = [part for part in rules["parts"] if visit.form.get(f"part_{part}")]
        shown = await gather(office, visit)
        async with office.database.begin() as connection:
            receivers = await view.receivers(connection, office.scope(visit.user))
            chosen = {str(one): one for one, _ in receivers}.get(to)
            if chosen is None or shown.head.where is None:
                return form(visit, shown.head, "incomplete" if shown.head.where else "no_conversation", 400, receivers)
            there = await view.somebody(connection, office.permissions, chosen, visit.here.state)
            who = await view.on_screen(connection, chosen)
        if shown.head.channel in LIMITS and tells(who, shown.head.language):
            return form(visit, shown.head, "name_tells", 400, receivers)

        async def change(ctx: Context) -> Outcome:
            return await transfers.offer(
                ctx,
                reference=visit.here.reference or "",
                by=visit.user.organisation_id,
                to=chosen,
                parts=parts,
                summary=summary,
                how=how,
                said_at=said_at(visit, at),
                reachable=there,
            )

        def words(ctx: Context, outcome: Outcome) -> Started | None:
            slots = {"who": who, "wide": transfers.wide(parts)}
            return Started("hand_on", "staff", slots) if outcome.name == "asked" else None

        outcome = await office.staff.say(shown.head.where, actor(visit), change, words)
        await office.live.tell()
        if outcome.name not in GOOD:
            return form(visit, shown.head, outcome.name, 400, receivers)
        return back(visit.here, "transfer_" + outcome.name)

    async def pending(visit: Visit) -> tuple[Any, str]:
        """Where an act of the sender is done, and to which transfer; the one that the form names."""
        shown = await gather(office, visit)
        known = {str(one.id) for one in shown.beside.moved} if shown.beside else set()
        which = visit.form.get("transfer", "")
        return shown.head.where, which if which in known else ""

    async def done(visit: Visit, change: Any) -> Response[Any]:
        where, which = await pending(visit)
        if where is None or not which:
            return back(visit.here, "none")
        outcome = await office.staff.act(where, actor(visit), lambda ctx: change(ctx, which))
        await office.live.tell()
        if not await _still_there(visit):
            return Redirect("/desk/transfers", status_code=303)
        return back(visit.here, "transfer_" + outcome.name if outcome.name in GOOD else "none")

    async def _still_there(visit: Visit) -> bool:
        """Whether who acted may still see the case: who gave it back may not."""
        async with office.database.begin() as connection:
            place = await office.scope(visit.user).of_case(connection, visit.here.reference or "")
        return place is not None

    @act(f"{CASE}/answer", "transfer", trail="transfer.consent")
    async def consent(visit: TheVisit) -> Response[Any]:
        how, at = fields(visit.form, "how", "said_at")
        moment, agreed = said_at(visit, at), visit.form.get("agreed") == "yes"
        if moment is None or visit.form.get("agreed") not in ("yes", "no"):
            return back(visit.here, "none")
        return await done(
            visit, lambda ctx, which: transfers.record(ctx, transfer=which, agreed=agreed, how=how, said_at=moment)
        )

    @act(f"{CASE}/withdraw", "transfer", trail="transfer.withdraw")
    async def withdraw(visit: TheVisit) -> Response[Any]:
        return await done(visit, lambda ctx, which: transfers.withdraw(ctx, transfer=which))

    @act(f"{CASE}/recall", "recall", trail="transfer.recall")
    async def recall(visit: TheVisit) -> Response[Any]:
        return await done(visit, lambda ctx, which: transfers.recall(ctx, transfer=which))

    # --- the receiver

    async def listed(visit: Visit, told: str = "", status: int = 200, which: str = "") -> Response[str]:
        scope = office.scope(visit.user)
        async with office.database.begin() as connection:
            version = await view.fingerprint(connection, scope)
            incoming = await view.incoming(connection, office.secrets, scope)
            sent = await view.sent(connection, office.secrets, scope)
        return office.look.page(
            visit,
            "transfers.html",
            status=status,
            version=version,
            incoming=incoming,
            sent=sent,
            told=told,
            good=told in GOOD,
            which=which,
            words=visit.form.get("words", ""),
            rules=rules,
            overrides=office.content.knowledge.get("targets")["care"]["overrides"],
        )

    @show("/transfers", "transfers", trail="transfers.view")
    async def everything(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        return await listed(visit, told if told in GOOD | {"expired", "none"} else "")

    @show("/transfers/live", "transfers", trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit) -> ServerSentEvent:
        async def look(connection: Connection) -> str:
            return await view.fingerprint(connection, office.scope(visit.user))

        return office.live.stream(request, look)

    async def offered(visit: Visit, which: UUID) -> Offer:
        async with office.database.begin() as connection:
            found = await view.offer(connection, office.secrets, office.scope(visit.user), which)
        if found is None:
            raise NotFoundException
        return found

    @act("/transfers/{which:uuid}/accept", "transfers", trail="transfer.accept")
    async def accept(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        found = await offered(visit, which)
        override = visit.form.get("reason_code") or None
        async with office.database.begin() as connection:
            who = await view.on_screen(connection, found.receiver_id)
        told = "transfer_accepted"

        def words(ctx: Context, outcome: Outcome) -> Started | None:
            nonlocal told
            if outcome.name != "accepted":
                return None
            # Who came in or rang is told by a human; so is who would read a name that tells too much.
            if ctx.conversation.channel == DESK or tells(who, ctx.person.language or ctx.person.language_guess):
                told = "transfer_tell_her"
                return None
            slots: Mapping[str, Any] = {"who": who, "name": visit.user.name.split()[0]}
            return Started("handed_on", "staff", slots)

        outcome = await office.staff.say(
            found.home,
            actor(visit),
            lambda ctx: transfers.accept(ctx, transfer=str(which), override=override),
            words,
        )
        await office.live.tell()
        if outcome.name in ("full", "others_open"):
            return await listed(visit, outcome.name, 409, str(which))
        if outcome.name != "accepted":
            return Redirect(f"/desk/transfers?told={outcome.name}", status_code=303)
        return Redirect(f"/desk/case/{await _reference(found)}?told={told}", status_code=303)

    async def _reference(found: Offer) -> str:
        async with office.database.begin() as connection:
            return await view.reference(connection, found.case_id)

    @act("/transfers/{which:uuid}/decline", "transfers", trail="transfer.decline")
    async def decline(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        found = await offered(visit, which)
        reason, words = fields(visit.form, "reason_code", "words")
        if reason not in rules["reasons"] or len(words) > MOST:
            return await listed(visit, "why", 400, str(which))
        outcome = await office.staff.act(
            found.home,
            actor(visit),
            lambda ctx: transfers.decline(ctx, transfer=str(which), reason=reason, words=words),
        )
        await office.live.tell()
        return Redirect(f"/desk/transfers?told={outcome.name}", status_code=303)

    return [begin, offer, consent, withdraw, recall, everything, live, accept, decline]
