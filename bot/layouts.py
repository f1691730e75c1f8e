"""A reply as a phone shows it: the channel's layout, with its own words and what the account may send.

Law: one rule for all who show a reply (sender, simulator, `saathi chat`, tests), so that what the simulator shows is
what the phone gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels import routes
from bot.channels.contract import Channel, Chrome, Part
from bot.channels.routes import Route
from bot.channels.segments import is_gsm
from bot.content import Content
from bot.engine.messages import Reply
from bot.store.contents import Book


@dataclass(frozen=True, slots=True)
class Layouts:
    """`contents`: what `saathi twilio provision` made at Twilio; without its menus WhatsApp gets numbered text. They
    belong to Twilio's account, so to every sender of ours, and to the simulator that stands for it."""

    channels: Mapping[str, Channel]
    content: Content
    contents: Book = field(default_factory=Book)
    _kept: dict[tuple[object, ...], dict[str, str]] = field(default_factory=dict, repr=False, compare=False)

    def _chrome(self, language: str) -> dict[str, str]:
        """The channels' own words, made once: content does not change while it runs."""
        if (language,) not in self._kept:
            self._kept[(language,)] = self.content.chrome(language)
        return self._kept[(language,)]

    def _said(self, language: str, latin: bool, number: str, emergency: str) -> dict[str, str]:
        """The same of what an SMS says of its route: as many as there are languages, numbers of ours and countries."""
        key = (language, latin, number, emergency)
        if key not in self._kept:
            self._kept[key] = self.content.channel(language, latin=latin, number=number, emergency=emergency)
        return self._kept[key]

    def on_its_route(self, reply: Reply, route: Route, country: str | None) -> Reply:
        """An SMS asks nothing where no answer can arrive: it says where to write, or whom to ring in danger."""
        if route.two_way or not routes.asks(reply):
            return reply
        emergency = self.content.knowledge.get("emergency")["numbers"].get(country, "") if reply.urgent else ""
        latin = is_gsm(reply.sms)  # she writes so
        words = self._said(reply.language, latin, route.answer_to, str(emergency))
        return routes.one_way(reply, route, words)

    def parts(self, channel: str, account: str, reply: Reply) -> tuple[Part, ...]:
        """The messages of a reply, in order. Raises KeyError for a channel that there is not."""
        words = self._chrome(reply.language)
        chrome = Chrome(
            list_label=words.get("list_label", ""), more=words.get("more", ""), templates=self.contents.has_menus
        )
        return self.channels[channel].layout(reply, chrome)
