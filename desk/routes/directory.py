"""The directory: services by country, kind and language; added and changed by supervisors; places by whose they are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import directory as store
from bot.store.directory import Entry
from desk import directory as list_of
from desk.directory import Wanted
from desk.look import fields
from desk.moments import of_day_field
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.views import directory as view

TEXTS = {"name": 120, "city": 80, "who": 400, "hours": 120, "contact": 400, "notes": 2000, "source": 400}  # at most
MOST_PLACES = 999
TOLD = frozenset({"saved", "places", "ended", "again"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    content = office.content

    def may_edit(visit: Visit) -> bool:
        return office.permissions.may_page(visit.user.role, "directory_edit", main=visit.user.main)

    def may_count(visit: Visit, entry: Entry) -> bool:
        """Who says how many places are free: whose service it is, and who keeps the directory."""
        return may_edit(visit) or (
            entry.organisation_id is not None and entry.organisation_id == visit.user.organisation_id
        )

    def marks(visit: Visit, entry: Entry) -> dict[str, bool]:
        return {
            "stale": list_of.stale(content, entry, visit.now),
            "unchecked": list_of.unchecked(content, entry, visit.now),
            "mine": may_count(visit, entry),
        }

    @show("/directory", "directory", trail="directory.view")
    async def everything(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        query = request.query_params
        by = Wanted(*(str(query.get(name, ""))[:80] for name in ("country", "kind", "language", "words")))
        ended = query.get("ended") == "yes" and may_edit(visit)
        async with office.database.begin() as connection:
            kept = await store.everything(connection, office.secrets)
        entries = list_of.wanted(content, list_of.together(content, visit.language, kept), by, ended=ended)
        return office.look.page(
            visit,
            "directory.html",
            entries=[(one, marks(visit, one)) for one in entries],
            by=by,
            ended=ended,
            may_edit=may_edit(visit),
            **choices(visit),
        )

    def choices(visit: Visit) -> dict[str, Any]:
        named = sorted((office.look.country(visit.language, code), code) for code in list_of.countries(content))
        return {
            "kinds": list(list_of.kinds(content)),
            "countries": named,
            "tongues": list(content.languages),
            "takes": content.knowledge.get(list_of.RULES)["takes"],
        }

    async def form(
        visit: Visit,
        which: UUID,
        entry: Entry,
        *,
        told: str = "",
        status: int = 200,
        problems: dict[str, str] | None = None,
    ) -> Response[str]:
        async with office.database.begin() as connection:
            history = await view.history(connection, which)
            organisations = await store.organisations_here(connection)
        return office.look.page(
            visit,
            "entry.html",
            status=status,
            which=which,
            entry=entry,
            marks=marks(visit, entry),
            may_edit=may_edit(visit),
            history=history,
            organisations=organisations,
            problems=problems or {},
            told=told,
            **choices(visit),
        )

    @show("/directory/new", "directory_edit", trail="directory.form")
    async def new(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        wanted, country = (str(request.query_params.get(name, "")) for name in ("from", "country"))
        found = next((one for one in list_of.known(content, visit.language) if one.knowledge == wanted), None)
        first = next(iter(list_of.kinds(content)))
        blank = Entry(kind=first, name="", country=country or None)
        return await form(visit, office.new_id(), found or blank)

    async def known(which: UUID) -> Entry:
        async with office.database.begin() as connection:
            entry = await store.one(connection, office.secrets, which)
        if entry is None:
            raise NotFoundException
        return entry

    @show("/directory/entry/{which:uuid}", "directory", trail="directory.read")
    async def one(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        told = str(request.query_params.get("told", ""))
        return await form(visit, which, await known(which), told=told if told in TOLD else "")

    def read(visit: Visit, which: UUID) -> tuple[Entry, dict[str, str]]:
        """What the form says, and what is wrong with it by field."""
        told: dict[str, Any] = dict(zip(TEXTS, fields(visit.form, *TEXTS), strict=True))
        kind, country, checked, owner, knowledge = fields(
            visit.form, "kind", "country", "checked_on", "organisation", "knowledge"
        )
        problems = {name: "too_long" for name, most in TEXTS.items() if len(told[name]) > most}
        if not told["name"]:
            problems["name"] = "name_missing"
        if kind not in list_of.kinds(content):
            problems["kind"] = "kind_missing"
        day = of_day_field(checked)
        if checked and (day is None or day > visit.now.date()):
            problems["checked_on"] = "no_day"
        try:
            organisation = UUID(owner) if owner else None
        except ValueError:
            organisation = None
        entry = Entry(
            **told,
            kind=kind,
            country=country if country in list_of.countries(content) else None,
            languages=[code for code in content.languages if visit.form.get(f"language_{code}")],
            takes=[one for one in choices(visit)["takes"] if visit.form.get(f"takes_{one}")],
            checked_on=day,
            id=which,
            knowledge=knowledge or None,
            organisation_id=organisation,
        )
        return entry, problems

    @act("/directory/entry/{which:uuid}/save", "directory_edit", trail="directory.saved")
    async def save(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        entry, problems = read(visit, which)
        if problems:
            return await form(visit, which, entry, status=400, problems=problems)
        async with office.database.begin() as connection:
            everybody = await store.organisations_here(connection)
            kept = await store.everything(connection, office.secrets)
            here = next((one for one in kept if one.id == which), None)
            from_knowledge = here.knowledge if here else entry.knowledge
            taken = {one.knowledge for one in kept if one.id != which}
            real = {one.knowledge for one in list_of.known(content, visit.language)}
            values: dict[str, Any] = {name: getattr(entry, name) for name in (*store.PLAIN, *store.SEALED)}
            values["languages"], values["takes"] = list(entry.languages), list(entry.takes)
            values["knowledge"] = from_knowledge if from_knowledge in real - taken else None
            if entry.organisation_id not in {one for one, _ in everybody}:
                values["organisation_id"] = None
            await store.put(connection, office.secrets, which, values, visit.user.id, visit.now)
        return Redirect(f"/desk/directory/entry/{which}?told=saved", status_code=303)

    @act("/directory/entry/{which:uuid}/places", "directory", trail="directory.places")
    async def places(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        entry = await known(which)
        if not may_count(visit, entry):
            raise PermissionDeniedException
        (told,) = fields(visit.form, "places")
        digits = told.isascii() and told.isdecimal() and len(told) <= len(str(MOST_PLACES))
        if told and not digits:
            return await form(visit, which, entry, status=400, problems={"places": "no_number"})
        async with office.database.begin() as connection:
            await store.set_places(connection, which, int(told) if told else None, visit.user.id, visit.now)
        return Redirect(f"/desk/directory/entry/{which}?told=places", status_code=303)

    @act("/directory/entry/{which:uuid}/end", "directory_edit", trail="directory.ended")
    async def end(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        entry = await known(which)
        async with office.database.begin() as connection:
            await store.end(connection, which, visit.user.id, visit.now, ended=entry.ended_at is None)
        told = "ended" if entry.ended_at is None else "again"
        return Redirect(f"/desk/directory/entry/{which}?told={told}", status_code=303)

    return [everything, new, one, save, places, end]
