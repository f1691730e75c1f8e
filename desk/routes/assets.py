"""The desk's own files: one style sheet, its scripts, its sign."""

from __future__ import annotations

from pathlib import Path

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from desk.office import Office
from desk.route import OPEN, show

HERE = Path(__file__).parents[1] / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def routes(office: Office) -> list[HTTPRouteHandler]:
    """Files by name: nothing else can be asked for."""
    known = {path.name: path for path in HERE.iterdir() if path.suffix in TYPES}

    @show("/static/{name:str}", OPEN, trail=None, sync_to_thread=True)
    def asset(name: FromPath[str]) -> Response[bytes]:
        if name not in known:
            raise NotFoundException
        return Response(known[name].read_bytes(), media_type=f"{TYPES[known[name].suffix]}; charset=utf-8")

    return [asset]
