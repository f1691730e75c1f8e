"""The door: every request of the desk passes here before its handler.

Law: session, form word, permission and trail in this order and one transaction; a line stands in the trail before
anything is shown or done, so there may be a line for what then failed, never the other way round. A case that may not
be found is not there (404), one that may be found and not treated so is refused (403).
"""

from __future__ import annotations

import hmac
import secrets as chance
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from babel import negotiate_locale
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from bot.content.languages import FALLBACK
from bot.store import audit, sign_ins
from bot.store.database import Connection
from bot.store.sign_ins import Session
from desk import ranges
from desk.office import Office, Visit, again_of, csrf_of
from desk.route import CODE, OPEN, SELF, Rule
from desk.views.scope import GLASS, Place

OF_THE_HOUSE = frozenset({"rota", "rota_edit"})  # who is there, ill, planned: of the organisation that runs this, only

AGAIN = "x-desk-again"  # an open page asks for itself anew, since something changed
SESSION, DOOR = "saathi_desk", "saathi_door"  # cookies: of a session; of the sign-in before there is one
PATH = "/desk"
FIELDS = 200
PLAYED = timedelta(hours=1)  # so long the parts of one recording belong to one opening


class SignInFirst(Exception):
    """There is no open session, or not yet a whole one; `at` is the page that helps."""

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.at = at


def cookie(office: Office, name: str, value: str, *, gone: bool = False) -> Cookie:
    """A cookie that no script reads and no other site sends along with a form. It ends with the browser."""
    return Cookie(
        key=name,
        value=value,
        path=PATH,
        httponly=True,
        secure=office.settings.env == "production",
        samesite="lax",  # strict would ask whoever comes from an alert's link to sign in again
        max_age=0 if gone else None,
    )


@dataclass(frozen=True)
class Door:
    """Guards every handler of the desk."""

    office: Office

    async def guard(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Let in, or raise. What was found out is `scope["visit"]`."""
        assert isinstance(connection, Request)
        rule: Rule = handler.opt["rule"]
        form = await self._form(connection)
        if rule.permission == OPEN:
            token = connection.cookies.get(DOOR, "")
            self._same_site(connection, form, csrf_of(token) if token else "")
            visit = Visit(
                csrf_of(token) if token else "", self.language(connection, None), self.office.clock(), form=form
            )
        else:
            visit = await self._known(connection, rule, form)
        connection.scope["visit"] = visit  # type: ignore[typeddict-unknown-key]
        connection.scope["still"] = partial(self.still, connection, rule)  # type: ignore[typeddict-unknown-key]

    async def _known(self, request: Request[Any, Any, Any], rule: Rule, form: dict[str, str]) -> Visit:
        token, now = request.cookies.get(SESSION, ""), self.office.clock()
        again = request.headers.get(AGAIN, "") if request.method == "GET" else ""
        async with self.office.database.begin() as connection:
            keep = not rule.live and not again  # neither is work of hers
            session = await sign_ins.find(connection, self.office.secrets, token, now, keep=keep)
            if session is None:
                raise SignInFirst("/desk/sign-in")
            if (session.stage == "code") != (rule.permission == CODE):
                raise SignInFirst("/desk/sign-in/code" if session.stage == "code" else "/desk")
            self._same_site(request, form, csrf_of(token))
            # What is refused is said in her language, on a page of hers.
            request.scope["visit"] = Visit(csrf_of(token), self.language(request, session), now, session, form)  # type: ignore[typeddict-unknown-key]
            place = await self.permitted(connection, session, rule, request.path_params)
            seen = ""
            if rule.trail and not await self._goes_on(connection, request, session, rule):
                kind, which = self._about(rule, place, request.path_params)
                seen = again_of(token, rule.trail, kind, which)
                if not hmac.compare_digest(again.encode(), seen.encode()):
                    reason = form.get("reason_code") or self._through_glass(session, rule, place)
                    await self._trail(connection, session, rule.trail, kind, which, reason)
        return Visit(csrf_of(token), self.language(request, session), now, session, form, place, seen)

    async def permitted(
        self, connection: Connection, session: Session, rule: Rule, params: dict[str, Any]
    ) -> Place | None:
        """The case that the address names, if it may be treated so. Raises NotFoundException, PermissionDenied..."""
        office, user = self.office, session.user
        if rule.permission in (SELF, CODE):
            return None
        if rule.permission in office.permissions.on_pages:
            theirs = rule.permission in OF_THE_HOUSE and not user.main
            if theirs or not office.permissions.may_page(user.role, rule.permission):
                raise PermissionDeniedException
            return None
        scope, reference, talk = office.scope(user), params.get("reference"), params.get("talk")
        if reference is not None:
            if not (str(reference).isascii() and str(reference).isdecimal()):
                raise NotFoundException
            place = await scope.of_case(connection, str(reference), rule.permission)
        else:
            place = await scope.of_conversation(connection, UUID(str(talk)))
        if place is None:
            raise NotFoundException
        if not office.permissions.may(user.role, rule.permission, place.relations, place.state):
            raise PermissionDeniedException
        return place

    async def still(self, request: Request[Any, Any, Any], rule: Rule) -> bool:
        """Whether a live answer may go on: the session is open, and what it shows may still be seen."""
        token = request.cookies.get(SESSION, "")
        async with self.office.database.begin() as connection:
            session = await sign_ins.find(connection, self.office.secrets, token, self.office.clock(), keep=False)
            if session is None or session.stage != "full":
                return False
            try:
                await self.permitted(connection, session, rule, request.path_params)
            except (NotFoundException, PermissionDeniedException):
                return False
        return True

    async def _goes_on(
        self, connection: Connection, request: Request[Any, Any, Any], session: Session, rule: Rule
    ) -> bool:
        """Whether this is a later part of what this user began to play a while ago, and has a line for."""
        if not rule.goes_on or rule.trail is None or ranges.begins(request.headers.get("range", "")):
            return False
        return await audit.lately(
            connection,
            user_id=session.user.id,
            action=rule.trail,
            object_kind=rule.of,
            object_id=str(request.path_params["which"]),
            since=self.office.clock() - PLAYED,
        )

    def _about(self, rule: Rule, place: Place | None, params: dict[str, Any]) -> tuple[str, str]:
        """What a line names: a case, a conversation, a page, or what `rule.of` says."""
        if rule.of:
            return rule.of, str(params["which"])
        if place is None:
            return "page", str(params.get("which", rule.permission))
        return "case" if place.case_id else "conversation", str(place.case_id or place.conversation_id)

    async def _trail(
        self, connection: Connection, session: Session, action: str, kind: str, which: str, reason: str | None
    ) -> None:
        await audit.write(
            connection,
            user_id=session.user.id,
            action=action,
            object_kind=kind,
            object_id=which,
            now=self.office.clock(),
            reason=reason,
        )

    def _through_glass(self, session: Session, rule: Rule, place: Place | None) -> str | None:
        """`glass` for what is seen only because it was opened in an emergency."""
        if place is None or GLASS not in place.relations:
            return None
        others = [one for one in place.relations if one != GLASS]
        seen = self.office.permissions.may(session.user.role, rule.permission, others, place.state)
        return None if seen else GLASS

    async def _form(self, request: Request[Any, Any, Any]) -> dict[str, str]:
        """What a form sent; the last value of a name. Reads the body itself: Litestar's form() would keep files."""
        if request.method in ("GET", "HEAD"):
            return {}
        sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent != "application/x-www-form-urlencoded":
            raise PermissionDeniedException
        try:
            text = (await request.body()).decode("utf-8").replace("%00", "")
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS))
        except ValueError:
            raise PermissionDeniedException from None

    def _same_site(self, request: Request[Any, Any, Any], form: dict[str, str], word: str) -> None:
        """Refuse a form that none of our own pages made for this very session."""
        if request.method in ("GET", "HEAD"):
            return
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise PermissionDeniedException
        if not word or not hmac.compare_digest(form.get("csrf", "").encode(), word.encode()):
            raise PermissionDeniedException

    def language(self, request: Request[Any, Any, Any], session: Session | None) -> str:
        """The user's own, else the one that the browser likes most."""
        known = self.office.content.desk_languages()
        chosen = str(session.user.settings.get("language", "")) if session else request.query_params.get("language", "")
        if chosen in known:
            return chosen
        tags = [tag.partition(";")[0].strip() for tag in request.headers.get("accept-language", "").split(",")[:20]]
        return negotiate_locale(tags, known, sep="-") or FALLBACK


def fresh_door() -> str:
    """A new value for the cookie of the sign-in."""
    return chance.token_urlsafe(16)
