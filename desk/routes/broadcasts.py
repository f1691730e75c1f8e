"""Broadcasts: written by one colleague, agreed to by another in each language, started, watched, stopped.

Law: what it would be (how long, to how many, at what cost) stands above the button that starts it. Whoever agrees to
words posts the mark of those that she was shown. Whoever may see one may stop it. Numbers of people only, never who.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent

from bot.broadcasting import FACTS, Broadcasting
from bot.store import broadcasts, users
from bot.store.broadcasts import Broadcast
from desk import broadcast_page, drafts
from desk import directory as list_of
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show
from desk.sheets import Say

PATH = "/broadcasts"
ONE = PATH + "/{which:uuid}"
WRITE, AGREE = "broadcasts", "broadcasts_approve"
SHOWN = 40
GOOD = frozenset({"made", "saved", "agreed", "started", "stopped", "dropped"})
BAD = frozenset({"not_agreed", "changed", "not_started", "not_stopped", "not_saved", "none"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""
    content = office.content
    rules = content.knowledge.get(FACTS)

    def room() -> Broadcasting:
        return Broadcasting(office.database, office.secrets, content, office.policy, office.clock)

    def told_of(request: Request[Any, Any, Any]) -> str:
        told = str(request.query_params.get("told", ""))
        return told if told in GOOD | BAD else ""

    def back(which: UUID | None, told: str) -> Redirect:
        return Redirect(f"/desk{PATH}{f'/{which}' if which else ''}?told={told}", status_code=303)

    async def known(which: UUID) -> Broadcast:
        async with office.database.begin() as connection:
            one = await broadcasts.known(connection, which)
        if one is None:
            raise NotFoundException
        return one

    async def listed(visit: Visit, told: str = "", status: int = 200, **more: Any) -> Response[str]:
        async with office.database.begin() as connection:
            found = await broadcasts.newest(connection, SHOWN)
        named = sorted((office.look.country(visit.language, code), code) for code in list_of.countries(content))
        return office.look.page(
            visit,
            "broadcasts.html",
            status=status,
            found=[broadcast_page.line(Say(office.look, visit), one) for one in found],
            topics=list(rules["kinds"]),
            countries=named,
            tongues=list(content.languages),
            days=rules["days"],
            most_days=rules["most_days"],
            told=told,
            good=told in GOOD,
            **{"form": {}, "problems": frozenset(), "wrong": (), **more},
        )

    async def whole(visit: Visit, which: UUID, told: str = "", status: int = 200, **more: Any) -> Response[str]:
        one = await known(which)
        async with office.database.begin() as connection:
            measured = await room().measure(connection, one) if one.state in ("draft", "stopped") else None
            names = {user.id: user.name for user in await users.everybody(connection)}
        say = Say(office.look, visit)
        return office.look.page(
            visit,
            "broadcast.html",
            status=status,
            one=one,
            line=broadcast_page.line(say, one),
            rows=broadcast_page.rows(say, one),
            plan=broadcast_page.plan(say, measured) if measured else None,
            texts=broadcast_page.texts(one, room(), names, visit.user.id),
            missing=[code for code in (one.languages or content.languages) if code not in one.texts],
            may_agree=office.permissions.may_page(visit.user.role, AGREE, main=visit.user.main),
            version=_print(one),
            told=told,
            good=told in GOOD,
            **{"edited": "", "words": "", "wrong": (), **more},
        )

    @show(PATH, WRITE, trail="broadcasts.view")
    async def everything(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        return await listed(visit, told_of(request))

    @show(ONE, WRITE, trail="broadcast.view", of="broadcast")
    async def page(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> Response[str]:
        return await whole(visit, which, told_of(request))

    @show(ONE + "/live", WRITE, trail=None, live=True)
    async def live(request: Request[Any, Any, Any], visit: TheVisit, which: FromPath[UUID]) -> ServerSentEvent:
        async def look(connection: Any) -> str:
            one = await broadcasts.known(connection, which)
            return _print(one) if one else ""

        return office.live.stream(request, look)

    @act(PATH, WRITE, trail="broadcast.new")
    async def new(visit: TheVisit) -> Response[Any]:
        name, topic, days = fields(visit.form, "name", "topic", "days")
        languages, countries = (_ticked(visit.form, f"{of}_") for of in ("language", "country"))
        if wrong := drafts.problems_of_draft(
            content, name=name, topic=topic, languages=languages, countries=countries, days=days
        ):
            sentences, codes = drafts.told(content, visit.language, wrong), {code for code, _ in wrong}
            return await listed(visit, status=400, form=visit.form, problems=codes, wrong=sentences)
        async with office.database.begin() as connection:
            which = await broadcasts.add(
                connection,
                name=name.strip(),
                topic=topic,
                languages=languages,
                countries=countries,
                days=int(days),
                by=visit.user.id,
                now=visit.now,
            )
        return back(which, "made")

    @act(ONE + "/text", WRITE, trail="broadcast.text", of="broadcast")
    async def text(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        language, words = fields(visit.form, "language", "words")
        words = words.replace("\r\n", "\n")
        if wrong := drafts.problems_of_text(content, room(), await known(which), language, words):
            sentences = drafts.told(content, visit.language, wrong)
            return await whole(visit, which, "not_saved", 400, edited=language, words=words, wrong=sentences)
        async with office.database.begin() as connection:
            done = await broadcasts.write(connection, which, language, words, by=visit.user.id, now=visit.now)
        return back(which, "saved" if done else "none")

    @act(ONE + "/approve", AGREE, trail="broadcast.approve", of="broadcast")
    async def approve(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        language, seen = fields(visit.form, "language", "seen")
        async with office.database.begin() as connection:
            became = await broadcasts.approve(connection, which, language, seen, by=visit.user.id, now=visit.now)
        return back(which, became)

    @act(ONE + "/start", AGREE, trail="broadcast.start", of="broadcast")
    async def start(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        one = await known(which)
        async with office.database.begin() as connection:
            expected = (await room().measure(connection, one)).all
            done = await broadcasts.start(connection, which, expected, by=visit.user.id, now=visit.now)
        await office.live.tell()
        return back(which, "started" if done else "not_started")

    @act(ONE + "/stop", WRITE, trail="broadcast.stop", of="broadcast")
    async def stop(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            done = await broadcasts.stop(connection, which, by=visit.user.id, now=visit.now)
        await office.live.tell()
        return back(which, "stopped" if done else "not_stopped")

    @act(ONE + "/drop", WRITE, trail="broadcast.drop", of="broadcast")
    async def drop(visit: TheVisit, which: FromPath[UUID]) -> Response[Any]:
        async with office.database.begin() as connection:
            done = await broadcasts.drop(connection, which)
        return back(None if done else which, "dropped" if done else "none")

    return [everything, page, live, new, text, approve, start, stop, drop]


def _ticked(form: Mapping[str, str], start: str) -> list[str]:
    """The codes of the boxes that are ticked, also of those that no page of ours shows."""
    return [name.removeprefix(start) for name, value in form.items() if name.startswith(start) and value]


def _print(one: Broadcast) -> str:
    """Another one as soon as the page shows something else."""
    told = (one.state, one.expected, sorted(one.counts.items(), key=str), sorted(one.texts.items()))
    return f"{zlib.crc32(repr(told).encode()):08x}"
