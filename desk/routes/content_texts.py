"""Translations: how far each language is, better texts that reviewers propose; WhatsApp's texts and their state."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.check import placeholders
from bot.check.exchange import too_long
from bot.content.proposed import as_po
from bot.store import marks
from bot.store.contents import of_account
from desk import approvals, wording
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.wording import STATES, TextRow, Texts

PAGE = 40  # entries of a list
SHOWN = (*STATES, "proposed", "all")


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    texts = Texts(office.content)

    def known(language: str) -> str:
        if language not in texts.languages():
            raise NotFoundException
        return language

    async def row(language: str, which: UUID) -> TextRow:
        async with office.database.begin() as connection:
            proposals = await marks.proposals(connection, known(language))
        found = texts.row(language, which, proposals)
        if found is None:
            raise NotFoundException
        return found

    def one(
        visit: Visit, language: str, text: TextRow, told: str = "", status: int = 200, **form: str
    ) -> Response[str]:
        return office.look.page(
            visit,
            "content_text.html",
            status=status,
            row=text,
            code=language,
            direction=office.content.languages[language].direction,
            looks=wording.on_channels(office.content, text.id, language),
            told=told,
            form={"proposal": text.text, "note": "", **form},
            longest=marks.NOTE,
        )

    @show("/content/texts/{language:str}", "content", trail="texts.list")
    async def listed(request: Request[Any, Any, Any], visit: TheVisit, language: FromPath[str]) -> Response[str]:
        query = request.query_params
        async with office.database.begin() as connection:
            proposals = await marks.proposals(connection, known(language))
        everything = texts.rows(language, proposals)
        wanted = {name: str(query.get(name, "")).strip() for name in ("show", "q")}
        wanted["show"] = wanted["show"] if wanted["show"] in SHOWN else "all"
        found = [r for r in everything if _fits(r, wanted)]
        page = max(0, int(number)) if (number := str(query.get("page", "0"))).isdecimal() and len(number) < 5 else 0
        return office.look.page(
            visit,
            "content_texts.html",
            code=language,
            direction=office.content.languages[language].direction,
            reviewer=office.content.languages[language].reviewer or "",
            rows=found[page * PAGE : (page + 1) * PAGE],
            total=len(found),
            page=page,
            more=len(found) > (page + 1) * PAGE,
            wanted=wanted,
            shown=("all", *(s for s in SHOWN if s != "all")),
            counts={**Counter(r.state for r in everything), "proposed": sum(bool(r.proposals) for r in everything)},
        )

    @show("/content/texts/{language:str}/{which:uuid}", "content", trail="texts.view")
    async def text(
        request: Request[Any, Any, Any], visit: TheVisit, language: FromPath[str], which: FromPath[UUID]
    ) -> Response[str]:
        told = "saved" if request.query_params.get("told") == "saved" else ""
        return one(visit, language, await row(language, which), told)

    @act("/content/texts/{language:str}/{which:uuid}", "content", trail="texts.propose")
    async def propose(visit: TheVisit, language: FromPath[str], which: FromPath[UUID]) -> Response[Any]:
        found = await row(language, which)
        proposal, note = (value.replace("\r\n", "\n") for value in fields(visit.form, "proposal", "note"))
        told = _wrong(found, proposal)
        if told:
            return one(visit, language, found, told, 400, proposal=proposal, note=note)
        async with office.database.begin() as connection:
            await marks.propose(
                connection,
                language=language,
                text_id=found.id,
                english=found.message.english,
                proposal=proposal,
                note=note[: marks.NOTE],
                user_id=visit.user.id,
                now=visit.now,
            )
        return Redirect(f"/desk/content/texts/{language}/{which}?told=saved", status_code=303)

    @show("/content/texts/{language:str}/proposals.po", "content", trail="texts.export")
    async def file(visit: TheVisit, language: FromPath[str]) -> Response[str]:
        async with office.database.begin() as connection:
            proposals = await marks.proposals(connection, known(language))
        english = {message.context: message.english for _, message in texts.all}
        written = as_po(language, proposals, office.content.catalogue, english)
        headers = {"Content-Disposition": f'attachment; filename="saathi-{language}-proposals.po"'}
        return Response(written, media_type="text/x-gettext-translation; charset=utf-8", headers=headers)

    @show("/content/templates", "content", trail="templates.view")
    async def templates(visit: TheVisit) -> Response[str]:
        account = office.settings.twilio_account_sid
        async with office.database.begin() as connection:
            made = await of_account(connection, account) if account else []
        return office.look.page(
            visit,
            "content_templates.html",
            rows=approvals.rows(office.content, made),
            account=bool(account),
            command=approvals.COMMAND,
        )

    return [listed, text, propose, file, templates]


def _fits(row: TextRow, wanted: dict[str, str]) -> bool:
    state, words = wanted["show"], wanted["q"].casefold()
    if (state == "proposed" and not row.proposals) or (state in STATES and row.state != state):
        return False
    return not words or any(words in text.casefold() for text in (row.message.english, row.text, row.id))


def _wrong(row: TextRow, proposal: str) -> str:
    """What is wrong with a proposal, as the end of a word of the page; empty when nothing is."""
    if not proposal:
        return "empty"
    if proposal == row.text:
        return "same"
    if any(placeholders.faults(row.message, proposal)):
        return "placeholder"
    return "long" if len(proposal) > marks.NOTE or too_long(row.message, proposal) else ""
