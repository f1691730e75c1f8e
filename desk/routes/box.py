"""Letters about ourselves, for the role safeguarding alone.

Law: every visit leaves the same line in the trail, whatever was read or done: neither a letter nor their number can be
seen from it. Who did what with a letter stands at the letter. A letter that names its reader is not there for her.
Nothing is sent: whoever wanted an answer has a number, and asks the bot for it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from bot.store import box
from bot.store.box import Reader
from desk.look import fields
from desk.office import Office, TheVisit, Visit
from desk.route import act, show

VISIT = "box.visit"
MOST = 4000  # characters of a note
ANSWER = 600  # of an answer: it is read on a phone, perhaps by SMS
STATES = ("looked_into", "closed")
TOLD = frozenset({"noted", "state", "answered", "hidden"})


def routes(office: Office) -> list[HTTPRouteHandler]:
    """The routes."""

    def reader(visit: Visit) -> Reader:
        return Reader(visit.user.id, visit.user.login, visit.user.name)

    @show("/box", "box", trail=VISIT)
    async def lying(request: Request[Any, Any, Any], visit: TheVisit) -> Response[str]:
        told = request.query_params.get("told", "")
        async with office.database.begin() as connection:
            found = await box.letters(connection, office.secrets, reader(visit))
        return office.look.page(
            visit,
            "box.html",
            open=[one for one in found if one.outside.state not in box.OVER],
            over=[one for one in found if one.outside.state in box.OVER],
            most=box.MOST,
            told=told if told in TOLD else "",
        )

    async def page(
        visit: Visit, which: UUID, *, told: str = "", wrong: str = "", status: int = 200, **form: str
    ) -> Response[Any]:
        async with office.database.begin() as connection:
            found = await box.letter(connection, office.secrets, reader(visit), which)
            if found is None:
                raise NotFoundException
            everybody = await box.readers(connection)
            entries = await box.entries(connection, office.secrets, which)
        return office.look.page(
            visit,
            "letter.html",
            status=status,
            one=found,
            entries=entries,
            readers=everybody,
            states=[state for state in STATES if state != found.outside.state],
            most=ANSWER,
            told=told,
            wrong=wrong,
            form={"text": "", "answer": found.answer, "user": "", **form},
        )

    @show("/box/{letter:uuid}", "box", trail=VISIT)
    async def opened(request: Request[Any, Any, Any], visit: TheVisit, letter: FromPath[UUID]) -> Response[str]:
        told = request.query_params.get("told", "")
        answer = await page(visit, letter, told=told if told in TOLD else "")
        async with office.database.begin() as connection:
            await box.note(connection, office.secrets, letter, visit.user.id, visit.now, kind="read")
        return answer

    async def here(visit: Visit, letter: UUID) -> box.Letter:
        async with office.database.begin() as connection:
            found = await box.letter(connection, office.secrets, reader(visit), letter)
        if found is None:
            raise NotFoundException
        return found

    def back(letter: UUID, told: str) -> Redirect:
        return Redirect(f"/desk/box/{letter}?told={told}", status_code=303)

    @act("/box/{letter:uuid}/note", "box", trail=VISIT)
    async def note(visit: TheVisit, letter: FromPath[UUID]) -> Response[Any]:
        (text,) = fields(visit.form, "text")
        await here(visit, letter)
        if not text or len(text) > MOST:
            return await page(visit, letter, wrong="text", status=400, text=text)
        async with office.database.begin() as connection:
            await box.note(connection, office.secrets, letter, visit.user.id, visit.now, kind="note", text=text)
        return back(letter, "noted")

    @act("/box/{letter:uuid}/state", "box", trail=VISIT)
    async def state(visit: TheVisit, letter: FromPath[UUID]) -> Response[Any]:
        (wanted,) = fields(visit.form, "state")
        await here(visit, letter)
        if wanted not in STATES:
            return await page(visit, letter, status=400)
        async with office.database.begin() as connection:
            await box.set_state(connection, office.secrets, letter, wanted, visit.user.id, visit.now)
        return back(letter, "state")

    @act("/box/{letter:uuid}/answer", "box", trail=VISIT)
    async def answer(visit: TheVisit, letter: FromPath[UUID]) -> Response[Any]:
        text = " ".join(visit.form.get("answer", "").split())
        found = await here(visit, letter)
        if not found.outside.numbered or not text or len(text) > ANSWER:
            return await page(visit, letter, wrong="answer", status=400, answer=text)
        async with office.database.begin() as connection:
            await box.answer(connection, office.secrets, letter, text)
            await box.note(connection, office.secrets, letter, visit.user.id, visit.now, kind="answer", text=text)
        return back(letter, "answered")

    @act("/box/{letter:uuid}/hide", "box", trail=VISIT)
    async def hide(visit: TheVisit, letter: FromPath[UUID]) -> Response[Any]:
        (whom,) = fields(visit.form, "user")
        await here(visit, letter)
        async with office.database.begin() as connection:
            known = {str(one.id): one.id for one in await box.readers(connection)}
            if whom in known:
                await box.hide(connection, office.secrets, letter, known[whom], visit.user.id, visit.now)
        if whom not in known:
            return await page(visit, letter, wrong="user", status=400)
        if known[whom] == visit.user.id:  # for her it is not there any more
            return Redirect("/desk/box?told=hidden", status_code=303)
        return back(letter, "hidden")

    return [lying, opened, note, state, answer, hide]
