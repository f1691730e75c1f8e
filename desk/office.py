"""What the pages of the desk work with, and who has come in.

Law: made once in `mount.py`'s caller; nothing here is decided.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from litestar.di import NamedDependency

from bot.conductor.act import Staff
from bot.content import Content
from bot.outgoing import Policy
from bot.settings import Settings
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.sign_ins import Session
from bot.store.users import User
from desk.live import Live
from desk.look import Look
from desk.permissions import Permissions
from desk.views.scope import Place, Scope


@dataclass(frozen=True)
class Office:
    """One per process."""

    settings: Settings
    database: Database
    secrets: Keys
    content: Content
    staff: Staff  # acts on a person's conversation, as a turn does
    policy: Policy  # when something may leave
    permissions: Permissions
    look: Look
    live: Live
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]

    def scope(self, user: User) -> Scope:
        """What this user may see and treat, as SQL."""
        return Scope(self.permissions, user, self.clock())


@dataclass(frozen=True)
class Visit:
    """A request that the door let in: who it is, the form that was sent, and the case that it is about.

    `place` is None on pages that are not about one case; `session` is None before the sign-in.
    """

    csrf: str
    language: str
    now: datetime
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    again: str = ""  # shows that this very page was looked at in this session: a script may ask for it anew

    @property
    def user(self) -> User:
        """Who has signed in."""
        assert self.session is not None
        return self.session.user

    @property
    def here(self) -> Place:
        """The case that a route with {reference} or {talk} is about."""
        assert self.place is not None
        return self.place

    @property
    def zone(self) -> str:
        """IANA name of the user's time zone; empty while she chose none."""
        return str(self.session.user.settings.get("zone", "")) if self.session else ""

    @property
    def paused_until(self) -> datetime | None:
        """The end of her own pause, while it lasts."""
        told = self.session.user.settings.get("paused_until", "") if self.session else ""
        until = datetime.fromisoformat(told) if told else None
        return until if until and until > self.now else None


TheVisit: TypeAlias = NamedDependency[Visit]  # how a handler asks for it


def csrf_of(token: str) -> str:
    """The word that a form must bring back: known only to pages of the session (or of the sign-in) with this token."""
    return base64.urlsafe_b64encode(hmac.digest(token.encode(), b"csrf", "sha256")).decode().rstrip("=")


def again_of(token: str, *line: str) -> str:
    """The word by which an open page asks for itself anew, which is no second view: of this session, and of what the
    line in the trail named. Nobody else can make it, so nobody sees a case without a line."""
    told = "\0".join(("again", *line))
    return base64.urlsafe_b64encode(hmac.digest(token.encode(), told.encode(), "sha256")).decode().rstrip("=")
