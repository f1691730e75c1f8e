"""Certificates: `/verify/<code>` is where anybody checks a number, `/certificate/<token>` where its owner gets it.

Law: a page shows no name. A number that is wrong, revoked or never given gets one and the same page, byte for byte, at
the same cost, so that trying numbers teaches nothing; an outage is no such answer and says so. No script, no cookie.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.datastructures import ResponseHeader
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from bot.observe import logs

log = logs.get(__name__)
_HERE = Path(__file__).parent
_ASSETS = {"verify.css": "text/css"}
_HEADERS = [
    ResponseHeader(
        name="Content-Security-Policy",
        value="default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ResponseHeader(name="X-Robots-Tag", value="noindex, nofollow"),
    ResponseHeader(name="Vary", value="Accept-Language"),
]
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{1,3})?)")
_MOST_LANGUAGES = 20  # of an Accept-Language that are looked at


class Certificates(Protocol):
    """What is known of certificates, in words; the application makes it (`bot/certified.py`)."""

    def languages(self) -> list[dict[str, str]]:
        """`code`, `name` and `direction` (ltr, rtl) of each installed language; the first is the last resort."""

    def words(self, language: str) -> dict[str, str]:
        """The texts of flows/pages.yml by id."""

    async def genuine(self, code: str, language: str) -> tuple[str, str] | None:
        """Title of the course and month of passing in words; None for every other number."""

    async def file(self, token: str, base: str) -> bytes | None:
        """The PDF behind a link that is still valid; `base` is the address we were asked at."""


def chosen(accepted: str, known: list[str]) -> str:
    """The language of ours that a browser likes most (RFC 9110, 12.5.4), by the first part of its tags."""
    wishes: list[tuple[float, int, str]] = []
    for place, item in enumerate(accepted.split(",")[:_MOST_LANGUAGES]):
        tag, _, rest = item.partition(";")
        weight = _WEIGHT.fullmatch(rest.strip())
        code = tag.strip().lower().partition("-")[0]
        if code in known and (weight or not rest.strip()):
            wishes.append((-float(weight[1]) if weight else -1.0, place, code))
    best = min(wishes, default=(0.0, 0, known[0]))
    return best[2] if best[0] < 0 else known[0]


def verify(certificates: Certificates) -> list[HTTPRouteHandler]:
    """The routes."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def language_of(request: Request[Any, Any, Any]) -> str:
        known = [language["code"] for language in certificates.languages()]
        asked = request.query_params.get("language", "")
        return asked if asked in known else chosen(request.headers.get("accept-language", ""), known)

    def page(language: str, kind: str, status: int, told: tuple[str, str] | None = None) -> Response[str]:
        languages = certificates.languages()
        html = templates.get_template("verify.html").render(
            language=next(one for one in languages if one["code"] == language),
            languages=languages,
            words=certificates.words(language),
            kind=kind,
            told=told,
        )
        return Response(html, status_code=status, media_type="text/html", headers={"Content-Language": language})

    @get("/verify/{code:str}", response_headers=_HEADERS)
    async def check(request: Request[Any, Any, Any], code: FromPath[str]) -> Response[str]:
        language = language_of(request)
        try:
            told = await certificates.genuine(code, language)
        except Exception:  # whatever it is: "not genuine" would be a lie
            log.error("certificate_check_failed", exc_info=True)
            return page(language, "later", 503)
        return page(language, "genuine", 200, told) if told else page(language, "unknown", 404)

    @get("/certificate/{token:str}", response_headers=_HEADERS)
    async def file(request: Request[Any, Any, Any], token: FromPath[str]) -> Response[Any]:
        try:
            pdf = await certificates.file(token, str(request.base_url))
        except Exception:
            log.error("certificate_file_failed", exc_info=True)
            return page(language_of(request), "later", 503)
        if pdf is None:
            return page(language_of(request), "link", 404)
        named = {"Content-Disposition": 'inline; filename="certificate.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=named)

    @get("/verify/static/{name:str}", response_headers=_HEADERS, sync_to_thread=True)
    def asset(name: FromPath[str]) -> Response[bytes]:
        if name not in _ASSETS:
            raise NotFoundException
        return Response((_HERE / "static" / name).read_bytes(), media_type=_ASSETS[name])

    return [check, file, asset]
