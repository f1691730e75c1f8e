"""Figures for supervisors: pages whose period and filters stand in their address, and the files of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from bot.content.readers.words import words
from bot.store import sms_spent
from bot.store.exception_tables import PURPOSES as USES
from desk import cost, files, sheets
from desk.choices import Choices
from desk.figures import DAYS, FEWEST, FILTERS, Asked, asked
from desk.files import Table
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.sheets import Say, Sheet
from desk.views import drop_off, export, loads, replies
from desk.views import figures as view
from handlers import duty

REASONS = ("handover", "review", "order")
SMS_MONTHS = timedelta(days=334)  # and the present one: a year
COLUMNS = (
    "reference", "opened", "kind", "severity", "stage", "home", "stay", "language", "channel", "outcome",
    "hours_to_answer", "in_time", "days_open",
)  # fmt: skip


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    known = {code: words(code).home for code in office.content.languages}
    home = view.Home(
        tuple(office.content.knowledge.get("countries")["origin"]),
        {code: next(iter(of)) for code, of in known.items() if len(of) == 1},
    )

    choices = Choices(office.content, office.look)

    def read(query: Mapping[str, str], visit: Visit) -> Asked:
        return asked(query, visit.now, visit.zone or office.look.zone)

    async def page(visit: Visit, wanted: Asked, *, told: str = "", status: int = 200, **form: str) -> Response[str]:
        say, scope = Say(office.look, visit), office.scope(visit.user)
        async with office.database.begin() as connection:
            await view.plan_anew(connection)
            shown = await _of_cases(connection, say, scope, wanted, home)
            gaps = await replies.gaps(connection, scope, wanted)
            load = await loads.load(connection, scope)
            since = visit.now.date().replace(day=1) - SMS_MONTHS
            spent = await sms_spent.months(connection, since) if visit.user.main else ()
        answers = await asyncio.to_thread(sheets.in_time, gaps, _clock(office))
        shown.insert(1, sheets.next_answers(say, wanted, answers))
        return office.look.page(
            visit,
            "figures.html",
            status=status,
            asked=wanted,
            **_chooser(say, wanted, choices),
            sheets=shown,
            load=load,
            most_critical=int(office.content.knowledge.get("targets")["care"]["critical_open"]),
            sms=cost.rows(say, office.content.knowledge, spent),
            say=say,
            reasons=REASONS,
            uses=USES,
            told=told,
            form={"format": "xlsx", "identified": "", "reason_code": "", **form},
            may_export=office.permissions.may_page(visit.user.role, "export_files"),
            fewest=FEWEST,
        )

    @show("/figures", "figures", trail="figures.view")
    async def figures(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        return await page(visit, read(request.query_params, visit))

    @show("/figures/steps", "figures", trail="figures.steps")
    async def steps(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        wanted, say = read(request.query_params, visit), Say(office.look, visit)
        async with office.database.begin() as connection:
            known_flows = await drop_off.flows(connection, wanted)
            flow = request.query_params.get("flow", "")
            flow = flow if flow in known_flows else next(iter(known_flows), "")
            found = await drop_off.steps(connection, wanted, flow)
            since = await drop_off.since(connection)
        written = office.content.flows.by_name.get(flow)
        order = {step.id: place for place, step in enumerate(written.steps)} if written else {}
        found.sort(key=lambda step: (order.get(step.step, len(order)), step.step))
        return office.look.page(
            visit,
            "figure_steps.html",
            asked=wanted,
            **_chooser(say, wanted, choices),
            flows=sorted(known_flows),
            flow=flow,
            sheet=sheets.drop_off(say, wanted, flow, found),
            since=since,
            fewest=FEWEST,
        )

    @act("/figures/cases", "export_files", trail="export.cases")
    async def cases(visit: TheVisit) -> Response[Any]:
        form, wanted = visit.form, read(visit.form, visit)
        identified = form.get("identified") == "yes"
        kept = {name: form.get(name, "") for name in ("format", "identified", "reason_code")}
        reason = form.get("reason_code", "")
        purpose = reason if reason in USES else export.OWN
        if form.get("format") not in files.FORMATS or wanted.wrong:
            return await page(visit, wanted, told="choose_format", status=400, **kept)
        if identified and reason not in (*REASONS, *USES):
            return await page(visit, wanted, told="reason_missing", status=400, **kept)
        say = Say(office.look, visit)
        async with office.database.begin() as connection:
            found = await export.rows(
                connection, office.scope(visit.user), wanted, home, identified=identified, purpose=purpose
            )
        heads = [name for name in COLUMNS if identified or name != "reference"]
        table = Table(
            say.t("figures.cases"),
            [say.t("figures.col_" + name) for name in heads],
            [[_cell(say, name, getattr(row, name)) for name in heads] for row in found],
        )
        written = await asyncio.to_thread(files.answer, [table], form["format"], _name("cases", wanted), rtl=say.rtl)
        return written

    @act("/figures/file", "export_files", trail="export.figures")
    async def numbers(visit: TheVisit) -> Response[Any]:
        form, wanted = visit.form, read(visit.form, visit)
        if form.get("format") not in files.FORMATS or wanted.wrong:
            return await page(visit, wanted, told="choose_format", status=400)
        say, scope = Say(office.look, visit), office.scope(visit.user)
        async with office.database.begin() as connection:
            found = await _of_cases(connection, say, scope, wanted, home, "export")
        few = say.t("figures.under", n=FEWEST)
        tables = [
            Table(
                sheet.title,
                _heads(say, sheet),
                [[few if cell is None else cell for cell in row] for row in sheet.numbers],
            )
            for sheet in found
        ]
        return await asyncio.to_thread(files.answer, tables, form["format"], _name("figures", wanted), rtl=say.rtl)

    return [figures, steps, cases, numbers]


async def _of_cases(
    connection: Any, say: Say, scope: Any, wanted: Asked, home: view.Home, permission: str = "find"
) -> list[Sheet]:
    """The sheets about cases, in the order of the page."""
    period = await view.of_period(connection, scope, wanted, home, permission)
    ended, still = await view.outcomes(connection, scope, wanted, permission)
    outcomes = sheets.counts(say, wanted, "outcomes", ended, lambda c: say.named("outcomes", c or "not_said"))
    return [
        sheets.first_answers(say, wanted, period.firsts),
        sheets.volumes(say, wanted, period.volumes),
        sheets.counts(say, wanted, "kinds", period.kinds, say.kind),
        sheets.corridors(say, wanted, period.corridors),
        sheets.with_open(say, outcomes, still),
    ]


def _clock(office: Office) -> Any:
    """Whether an answer after the first came by when it was due: staffed minutes of duty.yml; shifts of the past are
    not kept there."""
    rota = {**office.content.knowledge.get("duty")}
    rota["answer_minutes"] = minutes = office.content.knowledge.get("targets")["next_minutes"]

    def kept(level: str, wrote: datetime, replied: datetime) -> bool:
        soonest: datetime = wrote + timedelta(minutes=minutes[level])
        return replied <= soonest or replied <= duty.promise(rota, level, wrote).at

    return kept


def _chooser(say: Say, wanted: Asked, choices: Choices) -> dict[str, Any]:
    """What the form of period and filters shows."""
    today = wanted.last
    quick = [(say.t("figures.days_" + str(days)), (today - timedelta(days=days - 1)).isoformat()) for days in DAYS]
    return {
        "choices": choices.of(say.visit.language, FILTERS),
        "quick": [(label, wanted.address(**{"from": first})) for label, first in quick],
        "period": say.period(wanted),
    }


def _heads(say: Say, sheet: Sheet) -> list[str]:
    """Heads of the columns that a file has: those of numbers alone."""
    if sheet.name == "firsts":
        return [say.t(f"figures.{name}") for name in ("severity", "cases", "answered", "within_n", "late_now")]
    return list(sheet.heads[: len(sheet.numbers[0])]) if sheet.numbers else list(sheet.heads)


def _cell(say: Say, name: str, value: Any) -> files.Cell:
    """A value of a case in words; numbers stay numbers."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return say.t("figures.yes" if value else "figures.no")
    if value == export.OTHER:
        return say.t("figures.other")
    match name:
        case "kind":
            return say.kind(value)
        case "severity" | "channel":
            return say.named(name, value)
        case "outcome":
            return say.named("outcomes", value)
        case "home" | "stay":
            return say.country(value)
        case "language":
            return say.look.tongue(say.visit.language, value)
    return str(value)


def _name(what: str, wanted: Asked) -> str:
    return f"saathi-{what}-{wanted.first.isoformat()}-{wanted.last.isoformat()}"
