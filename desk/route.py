"""How a page says what it is: `show` answers GET, `act` answers POST. Each names a permission and a line of the trail.

Law: a handler without a Rule is refused when the desk is put together, so nothing is open by having been forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

OPEN = "open"  # for everybody: the sign-in and its files
CODE = "code"  # the password was right, the code not yet given
SELF = "self"  # whoever has signed in, about herself


@dataclass(frozen=True, slots=True)
class Rule:
    """`permission`: a name of permissions.yml, or OPEN, CODE, SELF. `trail`: the action of the line in the trail; None
    leaves none. `live`: an answer that goes on, which is no work of the user's."""

    permission: str
    trail: str | None
    live: bool = False
    quiet: bool = False  # a POST that changes nothing and shows nothing of a person
    of: str = ""  # what the line is about, when that is neither the case nor the page: the kind of thing of {which}
    goes_on: bool = False  # what a player asks for after the beginning belongs to the line of the beginning


def show(
    path: str | list[str],
    permission: str,
    *,
    trail: str | None,
    live: bool = False,
    of: str = "",
    goes_on: bool = False,
    **more: Any,
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """GET `path` (below /desk). `trail` is said each time: a view of people's things has a name there."""
    kind = "text/event-stream" if live else "text/html"
    return get(path, opt={"rule": Rule(permission, trail, live, of=of, goes_on=goes_on)}, media_type=kind, **more)


def ask(path: str | list[str], permission: str, **more: Any) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """POST that only computes from what was sent, which may not stand in an address; with the form's own word."""
    rule = Rule(permission, None, quiet=True)
    return post(path, opt={"rule": rule}, media_type="application/json", status_code=200, **more)


def act(
    path: str | list[str], permission: str, *, trail: str, of: str = "", **more: Any
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """POST `path` (below /desk), answered with another page or a redirect; only with the form's own word."""
    more = {"media_type": "text/html", "status_code": 200, **more}  # a file that is streamed says its type here
    return post(path, opt={"rule": Rule(permission, trail, of=of)}, **more)
