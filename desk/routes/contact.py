"""Asking help for a person without her consent: one proposes, a second one agrees, both say what was said, she is told.

Law: only where a life is at risk now, or for a child; nobody is contacted from here. What a form got wrong comes back
filled, the error beside its field.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.store import disclosed, disclosures
from bot.store.disclosed import Disclosure
from bot.store.homes import Home
from desk import exceptions
from desk.look import fields
from desk.moments import Clock, of_moment
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.views import case as case_view
from desk.views.case import Head

CASE = "/case/{reference:str}/contact"
MOST = 2000  # characters of each field
TOLD = frozenset({"proposed", "agreed", "refused", "made", "told", "gone"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules: Any = office.content.knowledge.get("exceptions")

    async def read(visit: Visit) -> tuple[Head, list[Disclosure]]:
        async with office.database.begin() as connection:
            head = await case_view.head(connection, office.secrets, visit.here)
            assert visit.here.case_id is not None
            found = await disclosed.of_case(connection, head.key, visit.here.case_id)
            return head, exceptions.here(visit.here, found, visit.now)

    async def page(visit: Visit, *, told: str = "", wrong: str = "", status: int = 200, **form: str) -> Response[str]:
        head, found = await read(visit)
        may = {
            name: office.permissions.may(visit.user.role, name, visit.here.relations, visit.here.state)
            for name in ("contact", "agree")
        }
        open_now = any(one.state == "proposed" and not one.lapsed(visit.now) for one in found)
        return office.look.page(
            visit,
            "contact.html",
            status=status,
            reference=visit.here.reference,
            head=head,
            found=sorted(found, key=lambda one: not (one.to_tell or one.state in ("proposed", "agreed"))),
            may=may,
            may_propose=may["contact"] and not head.closed_at and not open_now,
            reasons=rules["reasons"],
            told_how=rules["told_how"],
            minutes=int(rules["agree_minutes"]),
            duty=rules["report_duties"].get(head.country or ""),
            told=told,
            wrong=wrong,
            now=Clock(office.look.zone_of(visit), visit.language).field(visit.now),
            form={"reason_code": "", "whom": "", "words": "", "made": "", "at": "", "how": "", "said": "", **form},
        )

    async def home(visit: Visit) -> tuple[Home, UUID, bool]:
        head, _ = await read(visit)
        assert visit.here.case_id is not None
        where = head.where or Home(visit.here.subject_id, visit.here.subject_id, head.key)
        return where, visit.here.case_id, head.where is not None

    async def back(visit: Visit, done: Any, told: str) -> Redirect:
        await office.live.tell()
        return Redirect(f"/desk/case/{visit.here.reference}/contact?told={told if done else 'gone'}", status_code=303)

    @show(CASE, "record", trail="contact.view")
    async def contact(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        return await page(visit, told=told if told in TOLD else "")

    @act(f"{CASE}/propose", "contact", trail="contact.propose")
    async def propose(visit: TheVisit) -> Response[Any]:
        reason, whom, words = fields(visit.form, "reason_code", "whom", "words")
        wrong = "reason_code" if reason not in rules["reasons"] else _wrong(whom=whom, words=words)
        where, case_id, rings = await home(visit)
        head, _ = await read(visit)
        if wrong or head.closed_at is not None:
            return await page(visit, wrong=wrong, status=400, reason_code=reason, whom=whom, words=words)
        async with office.database.begin() as connection:
            done = await disclosures.propose(
                connection,
                where,
                case_id,
                user_id=visit.user.id,
                reason=reason,
                whom=whom,
                words=words,
                now=visit.now,
                lasts=timedelta(minutes=int(rules["agree_minutes"])),
                rings=rings,
            )
        return await back(visit, done, "proposed")

    async def decided(visit: Visit, *, agrees: bool) -> Response[Any]:
        which = _which(visit)
        where, case_id, _ = await home(visit)
        done = False
        if which is not None:
            async with office.database.begin() as connection:
                done = await disclosures.decide(
                    connection, where, case_id, which, user_id=visit.user.id, agrees=agrees, now=visit.now
                )
        return await back(visit, done, "agreed" if agrees else "refused")

    @act(f"{CASE}/agree", "agree", trail="contact.agree")
    async def agree(visit: TheVisit) -> Response[Any]:
        return await decided(visit, agrees=True)

    @act(f"{CASE}/refuse", "agree", trail="contact.refuse")
    async def refuse(visit: TheVisit) -> Response[Any]:
        return await decided(visit, agrees=False)

    @act(f"{CASE}/made", "contact", trail="contact.made")
    async def made(visit: TheVisit) -> Response[Any]:
        said, at = fields(visit.form, "made", "at")
        which, when = _which(visit), of_moment(at, office.look.zone_of(visit))
        _, found = await read(visit)
        agreed = next((one for one in found if one.id == which and one.state == "agreed"), None)
        if which is None or agreed is None or agreed.decided_at is None:
            return await back(visit, False, "")
        early = when is not None and when < agreed.decided_at.replace(second=0, microsecond=0)
        wrong = _wrong(made=said) or ("at" if when is None or when > visit.now or early else "")
        if wrong or when is None:
            return await page(visit, wrong=wrong, status=400, made=said, at=at)
        where, case_id, _ = await home(visit)
        task = office.look.word(visit.language, "contact.task")
        async with office.database.begin() as connection:
            done = await disclosures.record_made(
                connection,
                where,
                case_id,
                which,
                user_id=visit.user.id,
                made=said,
                at=when,
                now=visit.now,
                task=task,
            )
        return await back(visit, done, "made")

    @act(f"{CASE}/told", "contact", trail="contact.told")
    async def tell(visit: TheVisit) -> Response[Any]:
        how, said = fields(visit.form, "how", "said")
        which = _which(visit)
        wrong = "how" if how not in rules["told_how"] else "said" if len(said) > MOST else ""
        if which is None:
            return await back(visit, False, "")
        if wrong:
            return await page(visit, wrong=wrong, status=400, how=how, said=said)
        where, case_id, _ = await home(visit)
        async with office.database.begin() as connection:
            done = await disclosures.record_told(
                connection, where, case_id, which, user_id=visit.user.id, how=how, told=said, now=visit.now
            )
        return await back(visit, done, "told")

    return [contact, propose, agree, refuse, made, tell]


def _wrong(**texts: str) -> str:
    """The first field that is empty or too long; "" for none."""
    return next((name for name, text in texts.items() if not text or len(text) > MOST), "")


def _which(visit: Visit) -> UUID | None:
    try:
        return UUID(visit.form.get("which", ""))
    except ValueError:
        return None
