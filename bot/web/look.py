"""`/look/<code>`: a volunteer looks at the picture of somebody who is looked for, while the search is open.

Law: the page shows no name and no picture before a press, so that no messenger fetches it for a preview. What has ended
and what never was are one page, byte for byte. No script, no cookie; nothing is to be kept by a browser.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from bot.web.verify import chosen

LONGEST = 40  # characters of a code
_HEADERS = [
    ResponseHeader(
        name="Content-Security-Policy",
        value="default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'",
    ),
    ResponseHeader(name="X-Robots-Tag", value="noindex, nofollow, noimageindex"),
    ResponseHeader(name="Vary", value="Accept-Language"),
]


class Pictures(Protocol):
    """What may be looked at; the application makes it (`bot/looking.py`)."""

    def languages(self) -> list[dict[str, str]]:
        """`code`, `name` and `direction` (ltr, rtl) of each installed language; the first is the last resort."""

    def words(self, language: str) -> dict[str, str]:
        """The texts of flows/pages.yml by id."""

    async def known(self, code: str) -> bool:
        """Whether there is something to look at by this code, now."""

    async def picture(self, code: str) -> bytes | None:
        """A JPEG; None when there is nothing to look at any more."""


def look(pictures: Pictures) -> list[HTTPRouteHandler]:
    """The routes."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    async def page(request: Request[Any, Any, Any], code: str, *, shown: bool) -> Response[str]:
        known = len(code) <= LONGEST and await pictures.known(code)
        languages = pictures.languages()
        language = chosen(request.headers.get("accept-language", ""), [one["code"] for one in languages])
        html = templates.get_template("look.html").render(
            language=next(one for one in languages if one["code"] == language),
            words=pictures.words(language),
            code=code if known else "",
            shown=shown and known,
        )
        return Response(html, status_code=200 if known else 404, media_type="text/html")

    @get("/look/{code:str}", response_headers=_HEADERS)
    async def asks(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[str]:
        return await page(request, code, shown=False)

    @post("/look/{code:str}", response_headers=_HEADERS, status_code=200)
    async def shows(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[str]:
        return await page(request, code, shown=True)

    @get("/look/{code:str}/picture", response_headers=_HEADERS)
    async def picture(code: FromPath[str]) -> Response[bytes]:
        made = await pictures.picture(code) if len(code) <= LONGEST else None
        return Response(made or b"", status_code=200 if made else 404, media_type="image/jpeg")

    return [asks, shows, picture]
