"""Messages that nobody understood, without whoever wrote them: what they mean, and the file that teaches the bot."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.nlu.intents import FALLBACK, GROUPS
from bot.nlu.labelled import alike, as_yaml
from bot.store import fallen
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show

MOST = 200  # lines of one page, those that came most often first
INTENTS = tuple(name for names in GROUPS.values() for name in sorted(names))
LABELS = (*INTENTS, FALLBACK, fallen.DROP)


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    def read(query: Any) -> dict[str, str]:
        state, language = str(query.get("state", "new")), str(query.get("language", ""))
        state = state if state in ("new", "done") else "new"
        return {"state": state, "language": language if language in (*office.content.languages, "none") else ""}

    async def page(
        visit: Visit,
        wanted: dict[str, str],
        told: str = "",
        status: int = 200,
        at: tuple[str, str] = ("", ""),
        **form: str,
    ) -> Response[str]:
        async with office.database.begin() as connection:
            labelled = wanted["state"] == "done"
            language = None if not wanted["language"] else "" if wanted["language"] == "none" else wanted["language"]
            found = await fallen.fallen(connection, labelled=labelled, language=language, most=MOST)
            total = await fallen.count(connection, labelled=labelled, language=language)
            known = await fallen.languages(connection)
        return office.look.page(
            visit,
            "content_lines.html",
            status=status,
            groups=alike(found, lambda line: line.line),
            total=fallen.told(total),
            wanted=wanted,
            languages=list(office.content.languages),
            labelled=known,
            by_group=GROUPS,
            fallback=FALLBACK,
            drop=fallen.DROP,
            day=lambda at: office.look.day(visit, at),
            told=told,
            at=at,
            form={"label": "", "language": "", **form},
        )

    @show("/content/lines", "content", trail="lines.view")
    async def lines(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = "saved" if request.query_params.get("told") == "saved" else ""
        return await page(visit, read(request.query_params), told)

    @act("/content/lines", "content", trail="lines.label")
    async def label(visit: TheVisit) -> Response[Any]:
        line, heard_in, meaning, language = fields(visit.form, "line", "heard_in", "label", "language")
        wanted = read({"state": visit.form.get("state", ""), "language": visit.form.get("filter", "")})
        form = {"label": meaning, "language": language}
        if meaning not in LABELS or language not in office.content.languages:
            return await page(visit, wanted, "label", 400, (line, heard_in), **form)
        async with office.database.begin() as connection:
            kept = await fallen.label(
                connection,
                line=line,
                heard_in=heard_in,
                language=language,
                label=meaning,
                user_id=visit.user.id,
                now=visit.now,
            )
        if not kept:
            return await page(visit, wanted, "gone", 404)
        address = f"/desk/content/lines?told=saved&state={wanted['state']}&language={wanted['language']}"
        return Redirect(address, status_code=303)

    @show("/content/nlu.yml", "content", trail="lines.export")
    async def file(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        language = str(request.query_params.get("language", ""))
        async with office.database.begin() as connection:
            known = await fallen.labelled(connection)
        mine = [line for line in known if language in ("", line.language)]
        name = f"saathi-nlu-{language if language in office.content.languages else 'all'}.yml"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(as_yaml(mine), media_type="application/yaml; charset=utf-8", headers=headers)

    return [lines, label, file]
