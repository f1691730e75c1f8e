"""How the Telegram library reaches the network: by aiohttp, in place of its own httpx.

Law: one request, a time limit, no retry of our own (a GET whose kept connection was cut is asked again by aiohttp,
which harms no long poll). Why not httpx: a message by it costs several times as much (docs/performance.md). Source:
`telegram.request.BaseRequest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

NOT_SENT = (ClientConnectorError, ConnectionTimeoutError)  # causes after which nothing can have arrived
_JSON = {"Content-Type": "application/json"}
_CONNECT = 5.0  # seconds until a connection is free, or made


class Body(bytes):
    """Parameters as JSON."""


class Wire(BaseRequest):
    """At most `connections` at once; `seconds` until an answer. `trust_env`: a proxy of the environment is used.

    Made in a running loop. The library's time limits for single requests are not used by us, nor are its files.
    """

    def __init__(self, *, connections: int, seconds: float, trust_env: bool) -> None:
        self._seconds = seconds
        self._session = ClientSession(
            connector=TCPConnector(limit=connections),
            timeout=ClientTimeout(total=_CONNECT + 2 * seconds, connect=_CONNECT, sock_read=seconds),
            cookie_jar=DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            trust_env=trust_env,
        )

    @property
    def read_timeout(self) -> float:
        """Seconds."""
        return self._seconds

    async def initialize(self) -> None:
        """Nothing: it is ready."""

    async def shutdown(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def call(self, url: str, parameters: Mapping[str, Any]) -> Any:
        """What a method of the Bot API answers. For what is sent to each person: the library makes objects of what it
        is given and of the message that it has sent. Its errors are raised."""
        return await self.post(url, cast("RequestData", Body(msgspec.json.encode(parameters))))

    async def do_request(
        self, url: str, method: str, request_data: RequestData | Body | None = None, *limits: Any, **named: Any
    ) -> tuple[int, bytes]:
        """Status and body. Raises the library's NetworkError, with what was the matter as its cause."""
        headers = _JSON if isinstance(request_data, Body) else None
        data = request_data.json_parameters if isinstance(request_data, RequestData) else request_data
        try:
            async with self._session.request(
                method, URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise TimedOut from error
        except ClientError as error:  # its words may quote the address, which holds the token
            raise NetworkError(type(error).__name__) from error
