"""The simulator: `/try`, three phones side by side, in development only.

Law: the page shows what the phones' threads hold and sends what a person would; it lays nothing out itself. Answers
to bad input are codes, the page's words for them stand in its template. Other websites cannot send: only JSON is
taken, which a browser lets no foreign page send.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get, post
from litestar.datastructures import ResponseHeader
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from bot.channels.contract import unpack_press
from bot.channels.forms import clean
from bot.channels.limits import LIMITS, units

MOST_BYTES = 64 * 1024  # the longest text, each unit written as a JSON escape, fits
MOST_UNITS = max(limits.text for limits in LIMITS.values())
MOST_PRESS_BYTES = max(limits.payload_bytes for limits in LIMITS.values())
MEDIA = frozenset({"image", "audio", "video", "document", "sticker"})

_ADDRESS = re.compile(r"\+?[1-9][0-9]{4,14}")  # a phone number (E.164) or the number of a chat
_COUNT = re.compile(r"[0-9]{1,9}")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HERE = Path(__file__).parent
_POLICY = ResponseHeader(
    name="Content-Security-Policy",
    value="default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)


class Phones(Protocol):
    """Simulated phones on the real database and the real channels; the application makes them."""

    async def send(self, channel: str, address: str, *, text: str = "", press: str = "", media_kind: str = "") -> None:
        """The person writes, taps (`press` = a button's payload) or sends a file."""

    async def set_language(self, channel: str, address: str, language: str) -> None:
        """As if the person had chosen this language before."""

    async def thread(self, channel: str, address: str, after: int = 0, *, routes: bool = False) -> list[dict[str, Any]]:
        """Messages with a number above `after`, in order; with `routes` an SMS as on the route to that country.

        Each: seq, direction (in, out), at (ISO 8601), author, language, dir (ltr, rtl, auto), text_id, state, reason,
        parts (kind, text, buttons, list_label; segments, encoding and units on SMS); `id`, `owner` and, of what came
        in, `kind` (text, press, media) if known. A tap has the id of its option as its text.
        """

    def languages(self) -> list[dict[str, str]]:
        """`code`, `name` and `direction` (ltr, rtl) of each installed language."""


class Refused(ValueError):
    """Input that the page never sends; `str()` is the code for the answer."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that a person does on a phone; exactly one of the last three is not empty."""

    channel: str
    address: str
    text: str
    press: str
    media: str


def _person(channel: object, address: object) -> tuple[str, str]:
    """A known channel and a well-formed address. Raises Refused."""
    if not isinstance(channel, str) or channel not in LIMITS:
        raise Refused("channel_unknown")
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise Refused("address_malformed")
    return channel, address


def _field(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Refused(f"{name}_malformed")
    return clean(value)


def read_sent(body: dict[str, Any]) -> Sent:
    """What `/try/send` was given. Raises Refused."""
    channel, address = _person(body.get("channel"), body.get("address"))
    text, press, media = (_field(body, name) for name in ("text", "press", "media"))
    given = [value for value in (text.strip(), press, media) if value]
    if len(given) != 1:
        raise Refused("nothing_to_send" if not given else "too_much_to_send")
    if units(text) > MOST_UNITS:
        raise Refused("text_too_long")
    if press and (len(press.encode()) > MOST_PRESS_BYTES or unpack_press(press) is None):
        raise Refused("press_malformed")
    if media and media not in MEDIA:
        raise Refused("media_unknown")
    return Sent(channel, address, text if text.strip() else "", press, media)


async def _json(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The JSON object of a request. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused("not_json")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise Refused("not_json") from None
    if not isinstance(body, dict):
        raise Refused("not_json")
    return body


def _refuse(_: Request[Any, Any, Any], error: Refused) -> Response[dict[str, str]]:
    return Response({"error": str(error)}, status_code=400)


def _assets() -> dict[str, Path]:
    """The page's own files by name: nothing else can be asked for."""
    return {path.name: path for path in (_HERE / "static").glob("try*") if path.suffix in _TYPES}


def simulator(phones: Phones) -> list[HTTPRouteHandler]:
    """The routes of the simulator. Production leaves them out: then `/try` is 404."""
    templates = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assets = _assets()

    @get("/try", media_type="text/html", response_headers=[_POLICY], sync_to_thread=False)
    def page() -> str:
        return templates.get_template("try.html").render(languages=phones.languages(), most=MOST_UNITS)

    @get("/try/static/{name:str}", response_headers=[_POLICY], sync_to_thread=True)
    def asset(name: FromPath[str]) -> Response[bytes]:
        if name not in assets:
            raise NotFoundException
        return Response(assets[name].read_bytes(), media_type=f"{_TYPES[assets[name].suffix]}; charset=utf-8")

    @post("/try/send", status_code=202, request_max_body_size=MOST_BYTES, exception_handlers={Refused: _refuse})
    async def send(request: Request[Any, Any, Any]) -> dict[str, str]:
        sent = read_sent(await _json(request))
        await phones.send(sent.channel, sent.address, text=sent.text, press=sent.press, media_kind=sent.media)
        return {"status": "taken"}

    @post("/try/language", status_code=202, request_max_body_size=MOST_BYTES, exception_handlers={Refused: _refuse})
    async def language(request: Request[Any, Any, Any]) -> dict[str, str]:
        body = await _json(request)
        channel, address = _person(body.get("channel"), body.get("address"))
        code = _field(body, "language")
        if code not in {known["code"] for known in phones.languages()}:
            raise Refused("language_unknown")
        await phones.set_language(channel, address, code)
        return {"status": "taken"}

    @get("/try/thread", exception_handlers={Refused: _refuse})
    async def thread(request: Request[Any, Any, Any]) -> dict[str, Any]:
        query = request.query_params
        channel, address = _person(query.get("channel"), query.get("address"))
        after = query.get("after", "0")
        if not _COUNT.fullmatch(after):
            raise Refused("after_malformed")
        messages = await phones.thread(channel, address, int(after), routes=query.get("routes") == "yes")
        return {"messages": messages, "last": max((m["seq"] for m in messages), default=int(after))}

    return [page, asset, send, language, thread]
