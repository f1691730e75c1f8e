"""Asking volunteers about somebody who is missing: what is ticked, shown exactly as it leaves, to whom is chosen.

Law: a supervisor or who looks after the case asks; nothing is told to whoever reported. What is sent is what stood in
the last preview: whatever changed since is shown again first. Each volunteer is written to in her own hours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bot.engine.events import Asked
from bot.store import notes, search_answers, search_copies, searches, volunteers
from bot.store.homes import Home
from bot.store.volunteers import Volunteer
from desk import directory as list_of
from desk.case_page import Shown, gather
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.routes.case import address
from desk.views.evidence import Item
from handlers.searches import FIELDS, Composed, compose, may_search
from handlers.which import SEARCH

CASE = "/case/{reference:str}/search"
MORNING = time(9, 0)
QUESTION = f"{search_copies.ASK}.seen"
INPUTS = ("name", "age", "country", "city", "work", "month")
PICTURE = "picture"  # kind of what was sent
PHOTO = "photo"  # the field of the form, and of what is kept


@dataclass(frozen=True, slots=True)
class Preview:
    """What volunteers of one language read, on one kind of channel."""

    language: str
    channel: str
    text: str
    to: Sequence[int]


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    content = office.content

    def rules() -> Any:
        return content.knowledge.get("tracing")

    async def people(visit: Visit) -> list[Volunteer]:
        async with office.database.begin() as connection:
            everybody = await volunteers.known(
                connection,
                office.secrets,
                organisation_id=visit.user.organisation_id,
                whole=office.permissions.may_page(visit.user.role, "volunteers_edit"),
            )
        return [one for one in everybody if one.state == "active"]

    def previews(made: Composed, chosen: Sequence[Volunteer]) -> list[Preview]:
        """Every text as it leaves, by the same way as the bot says it."""
        groups: dict[tuple[str, str], list[int]] = {}
        for one in chosen:
            groups.setdefault((one.language or "en", one.channel or ""), []).append(one.number)
        flow = content.flows.by_name[search_copies.ASK]
        lines = (
            search_copies.with_photo(made.lines, f"{content.site}/look/…") if PHOTO in made.fields else dict(made.lines)
        )
        asked = Asked(QUESTION, QUESTION, flow.version, (), {"lines": lines, "number": ""})
        found = []
        for (language, channel), numbers in sorted(groups.items()):
            reply = content.reply(asked, language)
            found.append(Preview(language, channel, reply.sms if channel == "sms" else reply.text, numbers))
        return found

    def digest(made: Composed, chosen: Sequence[Volunteer]) -> str:
        """Of all that leaves, and to whom."""
        leaves = [made.lines, made.fields.get(PHOTO, ""), sorted(one.number for one in chosen)]
        shown = json.dumps(leaves, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(shown.encode()).hexdigest()[:24]

    async def page(visit: Visit, told: str = "", status: int = 200, **more: Any) -> Response[str]:
        shown = await gather(office, visit)
        assert visit.here.case_id is not None
        home = Home(visit.here.subject_id, visit.here.conversation_id or visit.here.subject_id, shown.head.key)
        async with office.database.begin() as connection:
            requests = await searches.of_case(connection, home, visit.here.case_id)
        named = sorted((office.look.country(visit.language, code), code) for code in list_of.countries(content))
        everybody = sorted(await people(visit), key=lambda one: (one.country != shown.head.country, one.number))
        first = {"country": shown.head.country or ""}
        values = {"form": first, "problems": {}, "chosen": [], "shown_texts": [], "digest": "", **more}
        return office.look.page(
            visit,
            "search_request.html",
            status=status,
            here=address(visit.here),
            shown=shown,
            told=told,
            requests=[one for one in requests if visit.here.shows("notes", one.made_at) or one.state == "open"],
            answers=[one for one in shown.around.happened if one.kind == search_answers.ANSWERED],
            people=everybody,
            open_now=_open(shown),
            countries=named,
            fields=(*FIELDS, PHOTO),
            pictures=_pictures(shown),
            said=lambda value: content.said(visit.language, value),
            ages=list(rules()["ages"]),
            works=list(rules()["works"]),
            rules=rules(),
            until=visit.now + timedelta(days=rules()["days"]),
            **values,
        )

    def _open(shown: Shown) -> str:
        """Why nobody may be asked; empty when somebody may."""
        if shown.head.kind != SEARCH or shown.head.closed_at is not None:
            return "closed"
        return "" if may_search(shown.head.facts) else "decides"

    @show(CASE, "trace", trail="search.form")
    async def form(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = str(request.query_params.get("told", ""))
        return await page(visit, told if told in ("sent", "ended", "none") else "")

    @act(CASE, "trace", trail="search.compose")
    async def write(visit: TheVisit) -> Response[Any]:
        shown = await gather(office, visit)
        made = _with_picture(compose(rules(), visit.form), shown, visit.form)
        here = [one for one in await people(visit) if one.ready(visit.now)]
        chosen = [one for one in here if visit.form.get(f"v{one.number}")]
        problems = dict(made.problems)
        if not chosen:
            problems["volunteers"] = "nobody_chosen"
        elif len(chosen) > rules()["most"]:
            problems["volunteers"] = "too_many"
        if not visit.form.get("risk"):
            problems["risk"] = "risk_missing"
        told = {**dict(zip(INPUTS, fields(visit.form, *INPUTS), strict=True)), "risk": visit.form.get("risk", "")}
        told |= {PHOTO: visit.form.get(PHOTO, ""), f"{PHOTO}_yes": visit.form.get(f"{PHOTO}_yes", "")}
        told |= {f"with_{name}": visit.form.get(f"with_{name}", "") for name in FIELDS}
        more: dict[str, Any] = {"form": told, "chosen": [one.number for one in chosen]}
        if _open(shown):
            return await page(visit, "none", 409, **more)
        if problems:
            return await page(visit, "", 400, problems=problems, **more)
        if visit.form.get("reason_code") != "send" or visit.form.get("digest") != digest(made, chosen):
            return await page(visit, shown_texts=previews(made, chosen), digest=digest(made, chosen), **more)
        await _send(visit, shown, made, chosen)
        await office.live.tell()
        return back_here(visit, "sent")

    async def _send(visit: Visit, shown: Shown, made: Composed, chosen: Sequence[Volunteer]) -> None:
        assert visit.here.case_id is not None
        home = Home(visit.here.subject_id, visit.here.conversation_id or visit.here.subject_id, shown.head.key)
        ends = visit.now + timedelta(days=rules()["days"])
        async with office.database.begin() as connection:
            number = await searches.send(
                connection,
                office.secrets,
                home,
                visit.here.case_id,
                {**made.fields, "risk_looked_at": True},
                made.lines,
                chosen,
                by=visit.user.id,
                now=visit.now,
                ends_at=ends,
                photo=UUID(made.fields[PHOTO]) if PHOTO in made.fields else None,
                site=content.site,
            )
            if number is None:  # it was sent by the first of two taps
                return
            text = office.look.word(visit.language, "tracing.task", n=number)
            due = _morning(visit, ends - timedelta(days=rules()["remind_days"]))
            await notes.add_task(
                connection, home, visit.here.case_id, visit.user.id, visit.user.id, text, due, visit.now
            )

    def _morning(visit: Visit, at: datetime) -> datetime:
        zone = office.look.zone_of(visit)
        return datetime.combine(at.astimezone(zone).date(), MORNING, zone)

    def back_here(visit: Visit, told: str) -> Response[Any]:
        return Redirect(f"{address(visit.here)}/search?told={told}", status_code=303)

    @act(f"{CASE}/end", "trace", trail="search.end")
    async def end(visit: TheVisit) -> Response[Any]:
        assert visit.here.case_id is not None
        try:
            which = UUID(visit.form.get("request", ""))
        except ValueError:
            return back_here(visit, "none")
        async with office.database.begin() as connection:
            done = await searches.end(
                connection, office.secrets, visit.here.case_id, which, visit.now, by=visit.user.id
            )
        await office.live.tell()
        return back_here(visit, "ended" if done else "none")

    return [form, write, end]


def _pictures(shown: Shown) -> list[Item]:
    """What the reporter sent that may be a picture of who is missing."""
    return [one for one in shown.evidence if one.kind == PICTURE and one.here]


def _with_picture(made: Composed, shown: Shown, form: Mapping[str, str]) -> Composed:
    """With the picture that was chosen, if whoever sent it agreed that volunteers see it."""
    chosen = form.get(PHOTO, "")
    if not chosen:
        return made
    if chosen not in {str(one.id) for one in _pictures(shown)}:
        return replace(made, problems={**made.problems, PHOTO: "choose"})
    if not form.get(f"{PHOTO}_yes"):
        return replace(made, problems={**made.problems, PHOTO: "photo_yes_missing"})
    return replace(made, fields={**made.fields, PHOTO: chosen, f"{PHOTO}_agreed": True})
