"""Blank sheets for a talk where there is no computer: printed with a number each."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from bot.documents.blank import VERSION
from bot.store import intake
from desk import paper
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show

PDF = "application/pdf"


def pdf(data: bytes, name: str) -> Response[bytes]:
    """A file that is kept nowhere on its way."""
    return Response(data, media_type=PDF, headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, told: str = "", status: int = 200) -> Response[str]:
        async with office.database.begin() as connection:
            printed = await intake.printed(connection)
        return office.look.page(
            visit,
            "paper.html",
            status=status,
            told=told,
            languages=list(office.content.languages.values()),
            printed=printed,
            most=paper.MOST,
        )

    @show("/paper", "intake", trail="paper.view")
    async def sheets(visit: TheVisit) -> Response[str]:
        return await page(visit)

    @act("/paper", "intake", trail="paper.print")
    async def printed(visit: TheVisit) -> Response[Any]:
        language, typed = fields(visit.form, "language", "count")
        count = int(typed) if typed.isascii() and typed.isdecimal() else 0
        if language not in office.content.languages or not 1 <= count <= paper.MOST:
            return await page(visit, "too_many", 400)
        async with office.database.begin() as connection:
            new = await intake.print_sheets(connection, language, VERSION, count, visit.now)
        file = await asyncio.to_thread(paper.made, office.content, language, new, visit.now)
        return pdf(file, f"saathi-paper-{paper.number(new[0])}")

    return [sheets, printed]
