"""Typing up a talk: somebody stands before a colleague, rings, or wrote on paper.

Law: nothing that was typed is lost before it is a case or thrown away: each way out of the page but these keeps a draft
of this colleague's. What she said no to is kept nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.conductor import typed
from bot.store import intake
from bot.store.intake import Sheet
from desk import paper
from desk.intake import CAME, CONSENT, HOURS, NEVER_KEPT, Read, read, ways
from desk.intake_fields import kinds, parts
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import actor
from desk.views import intake as view

HERE = "/desk/new"
TOLD = frozenset({"kept", "dropped", "refused"})
HOW = frozenset({"taken", "opened", "full", "again"})
LONGEST = 5000  # of one value


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    async def page(visit: Visit, form: Mapping[str, str], once: UUID, status: int = 200, **more: Any) -> Response[str]:
        values: dict[str, Any] = {
            "kept_at": None,
            "told": "",
            "trouble": {},
            "doubts": (),
            "typed_at": None,
            "seen": "",
            "number": "",
        }
        language = form.get("language") or visit.language
        consent, consent_language = paper.consent(office.content, language)
        return office.look.page(
            visit,
            "intake.html",
            status=status,
            made="",
            once=once,
            form=defaultdict(str, form, language=language),
            waiting_sheet=more.pop("waiting_sheet", ""),
            came=CAME,
            consents=CONSENT,
            hours=HOURS,
            ways=list(ways(office.content, office.settings, None)),
            languages=_languages(office),
            kinds=kinds(office.content),
            consent=consent,
            consent_language=consent_language,
            questions=parts(office.content, form.get("kind", ""), visit.language),
            opened=_opened(office, form, visit.language),
            **{**values, **more},
        )

    @show("/new", "intake", trail="intake.form")
    async def new(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        asked = request.query_params
        if asked.get("made", "").isdecimal() and asked.get("how") in HOW:
            return office.look.page(
                visit,
                "intake.html",
                made=asked["made"],
                how=asked["how"],
                written=asked.get("written") == "1",
                on_paper=asked.get("paper") == "1",
            )
        told, number = asked.get("told", ""), asked.get("form", "")
        async with office.database.begin() as connection:
            kept = await intake.draft(connection, office.secrets, visit.user.id)
            sheet = await _sheet(connection, number)
        form: Mapping[str, str] = {"sheet": number, "language": sheet.language if sheet else ""} if number else {}
        once = office.new_id()
        if kept is not None:
            once, form = kept.id, kept.form
        other = number if kept and number and paper.serial_of(form.get("sheet", "")) != paper.serial_of(number) else ""
        doubts = ("sheet_typed",) if sheet and sheet.typed_at and not other else ()
        return await page(
            visit,
            form,
            once,
            kept_at=kept.changed_at if kept else None,
            told=told if told in TOLD else "",
            waiting_sheet=other,
            doubts=doubts,
            typed_at=sheet.typed_at if sheet else None,
        )

    async def keep(visit: Visit) -> UUID:
        once = _once(office, visit)
        async with office.database.begin() as connection:
            await intake.keep(connection, office.secrets, once, visit.user.id, _kept(visit.form), visit.now)
        return once

    @act("/new/show", "intake", trail="intake.keep")
    async def shown(visit: TheVisit) -> Response[Any]:
        await keep(visit)
        return Redirect(f"{HERE}#questions" if visit.form.get("kind") else HERE, status_code=303)

    @act("/new/keep", "intake", trail="intake.keep")
    async def kept(visit: TheVisit) -> Response[Any]:
        await keep(visit)
        return Redirect(f"{HERE}?told=kept", status_code=303)

    @act("/new/drop", "intake", trail="intake.drop")
    async def dropped(visit: TheVisit) -> Response[Any]:
        async with office.database.begin() as connection:
            await intake.drop(connection, visit.user.id)
        serial = paper.serial_of(visit.form.get("sheet", "")) if "once" not in visit.form else None
        again = f"?form={paper.plain(visit.form['sheet'])}" if serial is not None else "?told=dropped"
        return Redirect(HERE + again, status_code=303)

    @act("/new", "intake", trail="intake.make")
    async def make(visit: TheVisit) -> Response[Any]:
        form, once = visit.form, _once(office, visit)
        found = read(office.content, office.settings, form, visit.language)
        trouble, serial = dict(found.wrong), paper.serial_of(form.get("sheet", ""))
        if form.get("sheet", "").strip() and serial is None:
            trouble["sheet"] = "not_sheet"
        if trouble:
            await keep(visit)
            return await page(visit, form, once, 400, told="wrong", trouble=trouble, seen=form.get("seen", ""))
        if found.told.consent == "no":
            async with office.database.begin() as connection:
                await intake.drop(connection, visit.user.id)
            return Redirect(f"{HERE}?told=refused", status_code=303)
        async with office.database.begin() as connection:
            already = await intake.made(connection, once)
            sheet = await _sheet(connection, form.get("sheet", ""))
            doubts = [] if already else await _doubts(connection, visit, found, serial, sheet)
        seen = f"{found.caller.number} {'' if serial is None else serial}"
        if doubts and form.get("seen") != seen:
            await keep(visit)
            return await page(
                visit,
                form,
                once,
                409,
                doubts=doubts,
                seen=seen,
                number=found.caller.number,
                typed_at=sheet.typed_at if sheet else None,
            )
        made = await typed.make(
            office.staff,
            once,
            found.told,
            found.caller,
            actor=actor(visit),
            organisation_id=None if visit.user.main else visit.user.organisation_id,
            sheet=sheet.serial if sheet else None,
        )
        await office.live.tell()
        end = f"?made={made.reference}&how={made.outcome}&written={int(made.written)}&paper={int(sheet is not None)}"
        return Redirect(HERE + end, status_code=303)

    async def _sheet(connection: Any, number: str) -> Sheet | None:
        serial = paper.serial_of(number)
        return await intake.sheet(connection, serial) if serial is not None else None

    async def _doubts(
        connection: Any, visit: Visit, found: Read, serial: int | None, sheet: Sheet | None
    ) -> Sequence[str]:
        """What may make this a second case of one talk: words of the page. Of an earlier case only those hear who may
        find it."""
        doubts = []
        number, scope = found.caller.number, office.scope(visit.user)
        if number and await view.was_here(connection, office.secrets, scope, number):
            doubts.append("known")
        if serial is not None and sheet is None:
            doubts.append("sheet_unknown")
        if sheet is not None and sheet.typed_at is not None:
            doubts.append("sheet_typed")
        return doubts

    return [new, shown, kept, dropped, make]


def _once(office: Office, visit: Visit) -> UUID:
    """The key that the form carries; a new one when it was tampered with."""
    try:
        return UUID(visit.form.get("once", ""))
    except ValueError:
        return office.new_id()


def _kept(form: Mapping[str, str]) -> dict[str, str]:
    """What a draft keeps: what was filled in."""
    return {name: value[:LONGEST] for name, value in form.items() if name not in NEVER_KEPT and value.strip()}


def _languages(office: Office) -> list[str]:
    """Codes of languages that somebody may speak: those installed, then others of intake."""
    core = office.content.knowledge.get("intake")["sets"]["core"]["fields"]
    others = next(field["options"] for field in core if field["key"] == "language")
    return list(dict.fromkeys([*office.content.languages, *(one for one in others if one != "other")]))


def _opened(office: Office, form: Mapping[str, str], language: str) -> set[str]:
    """Parts that stand open: those in which something was answered."""
    filled = {name.split(".")[1] for name, value in form.items() if name.startswith("f.") and value.strip()}
    found = parts(office.content, form.get("kind", ""), language)
    return {part.name for part in found if filled & {field.fact for field in part.fields}}
