"""The register of requests: police, embassies, ministries, employers, donors, press and lawyers who ask us for people.

Law: the answer is no unless it is said otherwise. A list of people is given to nobody. About one person something is
said with her consent, or with the reason of a supervisor, who then has to tell her. The ready texts neither confirm
nor deny that anybody ever wrote to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import disclosures, requests
from bot.store.exception_tables import ASKERS, BASES, FORMS, WANTS
from bot.store.homes import Home
from desk.look import fields
from desk.moments import of_day_field
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.views import case as case_view
from desk.views import requests as view
from desk.views.scope import Place

WORDS = "requests"  # knowledge/requests.yml
MOST = 4000  # characters of a field
SHOWN = 200  # requests on the page
SAYING_NO = {"one_case": ("refused", "taken_back"), "bulk": ("refused", "taken_back")}
TOLD = frozenset({"added", "twice", "answered", "released", "gone"})
HOW = ("call", "visit", "message", "paper")


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    rules: Any = office.content.knowledge.get("exceptions")

    def today(visit: Visit) -> date:
        return visit.now.astimezone(office.look.zone_of(visit)).date()

    def ready(wants: str, asker: str, language: str) -> str:
        """The refusal, in a language: words of knowledge/requests.yml."""
        names = {"one_case": ["one_case", "order"], "figures": ["figures"], "bulk": ["bulk", "order"]}[wants]
        if asker == "press":
            names = ["press", *(name for name in names if name != "order")]
        return "\n\n".join(office.content.said(language, {"text": f"{WORDS}.{name}.say"}) for name in names)

    async def register(
        visit: Visit, query: Mapping[str, str], *, told: str = "", wrong: str = "", status: int = 200, **form: str
    ) -> Response[str]:
        asked = {
            name: query.get(name, "") if query.get(name, "") in known else "" for name, known in view.FILTERS.items()
        }
        ours = visit.user.organisation_id
        async with office.database.begin() as connection:
            found = await requests.listed(connection, office.secrets, ours, *view.chosen(asked), most=SHOWN)
            years = await requests.years(connection, ours)
            wanted = query.get("year", "")
            year = int(wanted) if wanted in map(str, years) else next(iter(years), today(visit).year)
            counted = await requests.counted(connection, ours, year)
        empty = {
            name: ""
            for name in ("asker", "wants", "form", "basis", "who", "words", "basis_note", "due_on", "reference")
        }
        return office.look.page(
            visit,
            "requests.html",
            status=status,
            found=found,
            asked=asked,
            filters=view.FILTERS,
            filtered=any(asked.values()),
            years=[str(one) for one in years],
            year=str(year),
            table=view.year_table(counted),
            closed=view.COLUMNS,
            choices={"asker": ASKERS, "wants": WANTS, "form": FORMS, "basis": BASES},
            may_file=office.permissions.may_page(visit.user.role, "export_files"),
            today=today(visit),
            most=SHOWN,
            told=told,
            wrong=wrong,
            form=empty | {"entry": str(office.new_id()), "received_on": today(visit).isoformat()} | form,
        )

    @show("/requests", "requests", trail="requests.view")
    async def listed(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        return await register(visit, request.query_params, told=told if told in TOLD else "")

    @act("/requests", "requests", trail="request.add")
    async def add(visit: TheVisit) -> Response[Any]:
        names = ("asker", "wants", "form", "basis", "who", "words", "basis_note", "received_on", "due_on", "reference")
        sent = dict(zip(names, fields(visit.form, *names), strict=True))
        entry = _which(visit) or office.new_id()
        received, due = of_day_field(sent["received_on"]), of_day_field(sent["due_on"])
        place = None
        if sent["reference"]:
            digits = "".join(sent["reference"].split())
            async with office.database.begin() as connection:
                scope = office.scope(visit.user)
                place = await scope.of_case(connection, digits) if digits.isascii() and digits.isdecimal() else None
        wrong = _wrong(sent, received, due, today(visit), known=place is not None)
        if wrong or received is None:
            return await register(visit, {}, wrong=wrong or "received_on", status=400, entry=str(entry), **sent)
        async with office.database.begin() as connection:
            added = await requests.add(
                connection,
                office.secrets,
                organisation_id=visit.user.organisation_id,
                user_id=visit.user.id,
                asker=sent["asker"],
                wants=sent["wants"],
                form=sent["form"],
                basis=sent["basis"],
                who=sent["who"],
                words=sent["words"],
                basis_note=sent["basis_note"],
                received_on=received,
                due_on=due,
                now=visit.now,
                new=entry,
            )
            if added and place is not None and place.case_id is not None:
                await disclosures.ask(connection, place.subject_id, place.case_id, entry, visit.user.id, visit.now)
        return Redirect(f"/desk/requests/{entry}?told={'added' if added else 'twice'}", status_code=303)

    async def one(
        visit: Visit,
        which: UUID,
        *,
        language: str = "",
        told: str = "",
        wrong: str = "",
        status: int = 200,
        **form: str,
    ) -> Response[str]:
        scope = office.scope(visit.user)
        async with office.database.begin() as connection:
            found = await requests.one(connection, office.secrets, visit.user.organisation_id, which)
            about = await view.about(connection, office.secrets, scope, which) if found else []
        if found is None:
            raise NotFoundException
        tongue = language if language in office.content.languages else visit.language
        text = ready(found.wants, found.asker, tongue)
        empty = {
            "outcome": "refused",
            "answer": text,
            "words": "",
            "consent_how": "",
            "consent_on": "",
            "reason_code": "",
        }
        return office.look.page(
            visit,
            "request.html",
            status=status,
            one=found,
            about=[(place, said, may_release(visit, place)) for place, said in about],
            outcomes=SAYING_NO.get(found.wants, ("refused", "figures_given", "taken_back")),
            ready=text,
            languages=office.content.languages.values(),
            tongue_of=tongue,
            ways=HOW,
            reasons=rules["release_reasons"],
            may_without=office.permissions.may_page(visit.user.role, "supervise"),
            today=today(visit),
            told=told,
            wrong=wrong,
            form=empty | form,
        )

    def may_release(visit: Visit, place: Place) -> bool:
        return office.permissions.may(visit.user.role, "release", place.relations, place.state)

    @show("/requests/{which:uuid}", "requests", trail="request.view")
    async def shown(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        told = request.query_params.get("told", "")
        language = request.query_params.get("words", "")
        return await one(visit, which, language=language, told=told if told in TOLD else "")

    def back(which: UUID, told: str) -> Redirect:
        return Redirect(f"/desk/requests/{which}?told={told}", status_code=303)

    @act("/requests/{which:uuid}/answer", "requests", trail="request.answer")
    async def answer(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        outcome, text = fields(visit.form, "outcome", "answer")
        async with office.database.begin() as connection:
            found = await requests.one(connection, office.secrets, visit.user.organisation_id, which)
        if found is None:
            raise NotFoundException
        fitting = SAYING_NO.get(found.wants, ("refused", "figures_given", "taken_back"))
        wrong = "outcome" if outcome not in fitting else "answer" if len(text) > MOST else ""
        if not wrong and not text and outcome != "taken_back":
            wrong = "answer"
        if wrong:
            return await one(visit, which, wrong=wrong, status=400, outcome=outcome, answer=text)
        async with office.database.begin() as connection:
            done = await requests.answer(
                connection,
                office.secrets,
                visit.user.organisation_id,
                which,
                outcome=outcome,
                words=text,
                user_id=visit.user.id,
                now=visit.now,
            )
            if done:
                await disclosures.refuse_all(connection, which, visit.user.id, visit.now)
        return back(which, "answered" if done else "gone")

    @act("/requests/{which:uuid}/release", "requests", trail="request.release")
    async def release(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        """Something of one person is said: with her consent, or a supervisor's reason."""
        reference, words, how, on, reason = fields(
            visit.form, "reference", "words", "consent_how", "consent_on", "reason_code"
        )
        scope, day = office.scope(visit.user), of_day_field(on)
        async with office.database.begin() as connection:
            found = await requests.one(connection, office.secrets, visit.user.organisation_id, which)
            about = await view.about(connection, office.secrets, scope, which) if found else []
        place, said = next(((p, d) for p, d in about if p.reference == reference), (None, None))
        if found is None or place is None or said is None or not may_release(visit, place):
            raise NotFoundException
        without = bool(reason) and office.permissions.may_page(visit.user.role, "supervise")
        wrong = ""
        if not words or len(words) > MOST:
            wrong = "words"
        elif not without and how not in HOW:
            wrong = "consent_how"
        elif not without and (day is None or day > today(visit)):
            wrong = "consent_on"
        elif without and (reason not in rules["release_reasons"] or how or on):
            wrong = "reason_code"
        if wrong:
            return await one(
                visit,
                which,
                wrong=wrong,
                status=400,
                words=words,
                consent_how=how,
                consent_on=on,
                reason_code=reason,
            )
        if found.outcome is not None or found.wants != "one_case":
            return back(which, "gone")
        async with office.database.begin() as connection:
            if not await requests.hold(connection, visit.user.organisation_id, which):
                return back(which, "gone")
            head = await case_view.head(connection, office.secrets, place)
            assert place.case_id is not None
            home = head.where or Home(place.subject_id, place.subject_id, head.key)
            done = await disclosures.release(
                connection,
                home,
                place.case_id,
                said.id,
                user_id=visit.user.id,
                words=words,
                consent=None if without or day is None else (how, day),
                reason=reason if without else None,
                task=office.look.word(visit.language, "contact.task"),
                now=visit.now,
            )
            if done:
                done = await requests.answer(
                    connection,
                    office.secrets,
                    visit.user.organisation_id,
                    which,
                    outcome="released",
                    words="",
                    user_id=visit.user.id,
                    now=visit.now,
                )
        await office.live.tell()
        return back(which, "released" if done else "gone")

    return [listed, add, shown, answer, release]


def _which(visit: Visit) -> UUID | None:
    """The id that the form brought along: sent twice, it is one request."""
    try:
        return UUID(visit.form.get("entry", ""))
    except ValueError:
        return None


def _wrong(sent: Mapping[str, str], received: date | None, due: date | None, today: date, *, known: bool) -> str:
    """The first field that is wrong; "" for none."""
    lists = {"asker": ASKERS, "wants": WANTS, "form": FORMS, "basis": BASES}
    bad = {name: sent[name] not in values for name, values in lists.items()}
    bad |= {name: not sent[name] or len(sent[name]) > MOST for name in ("who", "words")}
    bad["basis_note"] = len(sent["basis_note"]) > MOST
    bad["received_on"] = received is None or received > today
    bad["due_on"] = bool(sent["due_on"]) and (due is None or (received is not None and due < received))
    bad["reference"] = bool(sent["reference"]) and (not known or sent["wants"] != "one_case")
    return next((name for name, is_bad in bad.items() if is_bad), "")
