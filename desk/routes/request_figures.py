"""The register of requests by year, as a file: how many of whom, and how they were answered."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.store import requests
from desk import files
from desk.files import Table
from desk.look import fields
from desk.office import Office, TheVisit
from desk.route import act
from desk.views import requests as view


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    @act("/requests/figures", "export_files", trail="export.requests")
    async def numbers(visit: TheVisit) -> Response[Any]:
        year, kind = fields(visit.form, "year", "format")
        if kind not in files.FORMATS or not (year.isascii() and year.isdecimal() and len(year) == 4 and int(year)):
            return Redirect("/desk/requests", status_code=303)
        async with office.database.begin() as connection:
            counted = await requests.counted(connection, visit.user.organisation_id, int(year))

        def word(name: str) -> str:
            return office.look.word(visit.language, name)

        heads = [
            word("requests.asker"),
            word("requests.all"),
            *(word(f"requests.outcome_{name}") for name in view.COLUMNS),
        ]
        rows: list[list[files.Cell]] = [
            [word(f"requests.asker_{asker}" if asker else "requests.all"), *numbers]
            for asker, numbers in view.year_table(counted)
        ]
        table = Table(word("requests.title"), heads, rows)
        rtl = office.content.languages[visit.language].direction == "rtl"
        return await asyncio.to_thread(files.answer, [table], kind, f"saathi-requests-{year}", rtl=rtl)

    return [numbers]
