"""Simulated phones: people of the simulator and of `saathi chat`, on the real database, engine and layouts.

Law: what they show is what a phone gets; their addresses are flagged and left out of figures.
"""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from bot.app import SIMULATOR, App, country_of
from bot.channels import segments
from bot.channels.contract import Inbound, MediaRef, Part, unpack_press
from bot.channels.routes import FACTS, Route, Routes
from bot.engine.messages import Reply
from bot.store import history
from bot.store.history import Line
from bot.store.homes import Home
from handlers import profile
from handlers.context import Context

ANY = Route()  # from everywhere to everywhere
PATIENCE = 20.0  # seconds that `settle` waits for the bot at most


class Phones:
    """Phones by channel and address. Needs workers: the server's, or `settle`."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._routes = Routes.read(app.content.knowledge.get(FACTS), app.settings.gateway_numbers)

    async def send(self, channel: str, address: str, *, text: str = "", press: str = "", media_kind: str = "") -> None:
        """The person writes, taps (`press` = a button's payload) or sends a file."""
        await self._app.receive([self._inbound(channel, address, text, press, media_kind)])

    async def set_language(self, channel: str, address: str, language: str) -> None:
        """As if the person had chosen this language before."""

        async def change(ctx: Context) -> None:
            await profile.set_language(ctx, language=language)

        item = self._inbound(channel, address, "", "", "")
        where = await self._app.inbox.open(item, {address: country_of(channel, address)})
        await self._app.staff.prepare(where, change)

    async def thread(self, channel: str, address: str, after: int = 0, *, routes: bool = False) -> list[dict[str, Any]]:
        """What the phone shows, and what it does not show yet, after message number `after`. With `routes` an SMS is
        as it would be on the route from our number at Twilio to the country of that phone."""
        lines = await self._lines(channel, address)
        country = country_of(channel, address)
        route = self._routes.to(country, SIMULATOR) if routes and channel == "sms" else ANY
        return [self._shown(channel, line, route, country) for line in lines if line.seq > after]

    def languages(self) -> list[dict[str, str]]:
        """Languages that are installed."""
        return self._app.content.named()

    async def settle(self, channel: str, address: str) -> None:
        """Run the pipeline here until this phone's conversation is quiet."""
        app = self._app
        where = await self._home(channel, address)
        async with asyncio.timeout(PATIENCE):
            while where is not None:
                await app.conductor.run_once()
                await app.sender.run_once()
                async with app.database.begin() as connection:
                    if not await history.busy(connection, where, app.clock()):
                        return
                await asyncio.sleep(0.02)

    # --- inside

    def _inbound(self, channel: str, address: str, text: str, press: str, media_kind: str) -> Inbound:
        unpacked = unpack_press(press) if press else None
        kind = "press" if unpacked else "media" if media_kind else "text"
        media = (MediaRef(media_kind, f"simulated:{uuid4()}"),) if media_kind else ()
        return Inbound(
            channel=channel,
            account=SIMULATOR,
            address=address,
            event_id=uuid4().hex,
            kind=kind,
            text=text,
            press=unpacked,
            media=media,
        )

    async def _home(self, channel: str, address: str) -> Home | None:
        async with self._app.database.begin() as connection:
            return await history.home(connection, self._app.secrets, channel, SIMULATOR, address)

    async def _lines(self, channel: str, address: str) -> list[Line]:
        async with self._app.database.begin() as connection:
            where = await history.home(connection, self._app.secrets, channel, SIMULATOR, address)
            return await history.thread(connection, where) if where else []

    def _shown(self, channel: str, line: Line, route: Route, country: str | None) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": str(line.id),
            "seq": line.seq,
            "direction": line.direction,
            "author": line.author,
            "at": line.at.isoformat(),
            "state": line.state,
            "reason": line.reason,
        }
        if line.direction == "in":
            text = line.body.get("text") or line.body.get("press") or line.body["kind"]
            return shown | {
                "kind": line.body["kind"],
                "text_id": "",
                "language": "",
                "dir": "auto",
                "parts": [self._part(channel, Part("text", text))],
            }
        reply = self._app.layouts.on_its_route(Reply.from_json(line.body), route, country)
        language = self._app.content.languages.get(reply.language)
        return shown | {
            "text_id": reply.text_id,
            "language": reply.language,
            "dir": language.direction if language else "auto",
            "parts": [self._part(channel, part) for part in self._app.layouts.parts(channel, SIMULATOR, reply)],
        }

    @staticmethod
    def _part(channel: str, part: Part) -> dict[str, Any]:
        counted = segments.count(part.text) if channel == "sms" else None
        return {
            "kind": part.kind,
            "text": part.text,
            "buttons": [{"label": b.label, "payload": b.payload, "description": b.description} for b in part.buttons],
            "list_label": part.list_label,
            "segments": counted.segments if counted else None,
            "encoding": counted.encoding if counted else None,
            "units": counted.units if counted else None,
        }
