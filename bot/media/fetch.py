"""Fetching a file of a provider, and nothing else from anywhere else.

Law: an address is asked for only if its scheme, host, port and path are on the list; the login goes to the first host
and never further; one redirect; the address that a name stands for must be public, and it is that address which is
connected to. No more bytes are read than allowed, and nothing is unpacked.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

# httpx takes 5 MB with what it needs itself: it is imported where a file is fetched.
if TYPE_CHECKING:
    import httpx

MOST = 20_000_000  # bytes (T33); WhatsApp 16 MB, Telegram's bots 20 MB, MMS 5 MB
SECONDS = 60.0  # for one file, whole
_LIMIT, _CONNECT = 15.0, 5.0  # seconds of silence, and until there is a line
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Refused(ValueError):
    """The address or the file is none of ours; `str()` is a code."""


class Failed(RuntimeError):
    """It did not come now; `str()` is a code, `gone` = it will not come later either."""

    def __init__(self, code: str, *, gone: bool = False) -> None:
        super().__init__(code)
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Place:
    """Where files may be: `host` alone, or with all that ends in `.host` if `below`; only under `path`."""

    host: str
    path: str = "/"
    port: int = 443
    below: bool = False
    plain: bool = False  # http, for a provider on this machine

    def holds(self, url: str) -> bool:
        """Whether this address is here. Nothing is guessed: what is written oddly is elsewhere."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        host = (parts.hostname or "").lower()
        if parts.username is not None or parts.password is not None or "\\" in url or url != url.strip():
            return False
        if any(c <= " " or c > "~" for c in url) or "/../" in f"{parts.path}/" or "%2e" in parts.path.lower():
            return False
        named = host == self.host or (self.below and host.endswith(f".{self.host}"))
        scheme = "http" if self.plain else "https"
        return (
            parts.scheme == scheme
            and named
            and (port or (80 if self.plain else 443)) == self.port
            and parts.path.startswith(self.path)
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """First hosts, which get the login, and hosts that one of them may send us on to, which do not."""

    first: tuple[Place, ...]
    onward: tuple[Place, ...] = ()


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_public(address: str) -> bool:
    """Whether an IP address is on the open internet; an IPv4 address inside IPv6 counts as itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (inner or ip).is_global and not (inner or ip).is_multicast


async def fetch(
    url: str,
    allowed: Allowed,
    login: tuple[str, str] | None = None,
    *,
    most: int = MOST,
    resolving: Resolve = resolve,
) -> bytes:
    """The bytes behind an address. Raises Refused or Failed."""
    import httpx

    try:
        async with asyncio.timeout(SECONDS):
            place = next((p for p in allowed.first if p.holds(url)), None)
            if place is None:
                raise Refused("address")
            answer = await _get(url, place, login, most, resolving)
            if isinstance(answer, bytes):
                return answer
            onward = _joined(url, answer)
            place = next((p for p in allowed.onward if p.holds(onward)), None)
            if place is None:
                raise Refused("redirect")
            answer = await _get(onward, place, None, most, resolving)
            if isinstance(answer, bytes):
                return answer
            raise Refused("redirects")
    except (TimeoutError, httpx.HTTPError, OSError) as error:
        raise Failed(type(error).__name__) from None


def _joined(url: str, target: str) -> str:
    """Where a redirect leads; what cannot be read leads nowhere."""
    try:
        return urljoin(url, target)
    except ValueError:
        return ""


async def _get(url: str, place: Place, login: tuple[str, str] | None, most: int, resolving: Resolve) -> bytes | str:
    """The bytes, or where it sends us."""
    import httpx

    parts = urlsplit(url)
    host = parts.hostname or ""
    addresses = await resolving(host, place.port)
    if not addresses or not (place.plain or all(is_public(a) for a in addresses)):
        raise Refused("private_address")
    pinned = httpx.URL(url).copy_with(host=addresses[0])
    headers = {"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "saathi"}
    if login:
        headers["Authorization"] = f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"
    extensions = {"sni_hostname": host, "timeout": httpx.Timeout(_LIMIT, connect=_CONNECT).as_dict()}
    request = httpx.Request("GET", pinned, headers=headers, extensions=extensions)
    # The library's client would read the address of a redirect before we have judged it; its transport does not.
    async with httpx.AsyncHTTPTransport(retries=0) as line:
        answer = await line.handle_async_request(request)
        try:
            return await _read(answer, most)
        finally:
            await answer.aclose()


async def _read(answer: httpx.Response, most: int) -> bytes | str:
    if answer.status_code in _REDIRECTS:
        return str(answer.headers.get("location", ""))
    if answer.status_code != 200:
        raise Failed(f"http_{answer.status_code}", gone=answer.status_code in {404, 410})
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Refused("packed")
    told = answer.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most:
        raise Refused("too_large")
    read = bytearray()
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) > most:
            raise Refused("too_large")
    return bytes(read)
