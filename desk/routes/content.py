"""Content: what waits, and facts that a person checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import fallen, marks
from bot.store.contents import of_account
from desk import approvals, checking
from desk.checking import STATES, WAITING, FactRow
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.wording import Texts

PAGE = 40  # entries of a list
VERDICTS = (marks.CHECKED, marks.WRONG, marks.CHANGE)


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    texts = Texts(office.content)

    async def rows(visit: Visit) -> list[FactRow]:
        async with office.database.begin() as connection:
            words = await marks.marks(connection)
        return checking.rows(office.content, words, visit.now.date())

    async def row(visit: Visit, which: UUID) -> FactRow:
        found = next((r for r in await rows(visit) if r.key == which), None)
        if found is None:
            raise NotFoundException
        return found

    def one(visit: Visit, fact: FactRow, told: str = "", status: int = 200, **form: str) -> Response[str]:
        content = office.content
        says = [
            (text.english, [(code, _said(content, code, text.id)) for code in content.languages if code != "en"])
            for text in checking.texts_of(content, fact.entry)
        ]
        return office.look.page(
            visit,
            "content_fact.html",
            status=status,
            fact=fact,
            gated=fact.effect != "rule",
            emergency=fact.entry.fact.get("need") == "emergency",
            says=says,
            holds=checking.told(fact.entry),
            sources=checking.sources(content, fact.entry),
            verdicts=VERDICTS,
            told=told,
            form={"verdict": "", "note": "", **form},
            longest=marks.NOTE,
        )

    @show("/content", "content", trail="content.view")
    async def overview(visit: TheVisit) -> Response[str]:
        found, account = await rows(visit), office.settings.twilio_account_sid
        async with office.database.begin() as connection:
            proposals = await marks.proposals(connection)
            made = await of_account(connection, account) if account else []
            lines = await fallen.count(connection, labelled=False)
        return office.look.page(
            visit,
            "content.html",
            waiting=sum(r.state in WAITING for r in found),
            held=sum(r.effect == "held" for r in found),
            wrong=sum(r.state == marks.WRONG for r in found),
            coverage=texts.coverage(proposals),
            templates=sum(t.approval != "approved" for t in approvals.rows(office.content, made)),
            lines=fallen.told(lines),
        )

    @show("/content/facts", "content", trail="facts.list")
    async def facts(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        everything, query = await rows(visit), request.query_params
        wanted = {name: str(query.get(name, "")) for name in ("state", "group", "country")}
        wanted["state"] = wanted["state"] or "waiting"
        found = [r for r in everything if _fits(r, wanted)]
        page = max(0, int(number)) if (number := str(query.get("page", "0"))).isdecimal() and len(number) < 5 else 0
        return office.look.page(
            visit,
            "content_facts.html",
            rows=[(r, _first(office, r)) for r in found[page * PAGE : (page + 1) * PAGE]],
            total=len(found),
            page=page,
            more=len(found) > (page + 1) * PAGE,
            wanted=wanted,
            states=("waiting", *STATES, "all"),
            groups=sorted({r.group for r in everything}),
            countries=sorted({r.country for r in everything if r.country}),
        )

    @show("/content/facts/{which:uuid}", "content", trail="facts.view")
    async def fact(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        told = str(request.query_params.get("told", ""))
        return one(visit, await row(visit, which), told if told in ("saved", "half") else "")

    @act("/content/facts/{which:uuid}", "content", trail="facts.mark")
    async def mark(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        known = await row(visit, which)
        verdict, note, seen = fields(visit.form, "verdict", "note", "hash")
        form = {"verdict": verdict, "note": note[: marks.NOTE]}
        if verdict not in VERDICTS:
            return one(visit, known, "choose", 400, **form)
        if seen != known.hash:
            return one(visit, known, "moved", 409, **form)
        if not note and verdict != marks.CHECKED:
            return one(visit, known, "note", 400, **form)
        async with office.database.begin() as connection:
            await marks.mark(
                connection,
                fact=known.id,
                hash=known.hash,
                verdict=verdict,
                note=form["note"],
                user_id=visit.user.id,
                now=visit.now,
            )
        after = await row(visit, which)
        told = "half" if verdict == marks.CHECKED and after.standing.verdict != marks.CHECKED else "saved"
        return Redirect(f"/desk/content/facts/{which}?told={told}", status_code=303)

    return [overview, facts, fact, mark]


def _fits(row: FactRow, wanted: dict[str, str]) -> bool:
    state = wanted["state"]
    if state == "waiting" and row.state not in WAITING:
        return False
    if state in STATES and row.state != state:
        return False
    return wanted["group"] in ("", row.group) and wanted["country"] in ("", row.country)


def _said(content: Any, language: str, text_id: str) -> str:
    """The translation; empty when there is none."""
    entry = content.catalogue.entry(language, text_id)
    return entry.text if entry else ""


def _first(office: Office, row: FactRow) -> str:
    """What tells a fact in a list: its first words, else its note or status."""
    found: Sequence[Any] = checking.texts_of(office.content, row.entry)
    if found:
        return str(found[0].english)
    held = dict(checking.told(row.entry))
    return next((held[key] for key in ("note", "status", "org") if key in held), "")
