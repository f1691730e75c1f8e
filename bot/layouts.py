"""A reply as a phone shows it: the channel's layout, with its own words and what the account may send.

Law: one rule for all who show a reply (sender, simulator, `saathi chat`, tests), so that what the simulator shows is
what the phone gets. The simulator stands for the account that the operator writes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.contract import Channel, Chrome, Part
from bot.content import Content
from bot.engine.messages import Reply


@dataclass(frozen=True, slots=True)
class Layouts:
    """`templates`: our WhatsApp accounts whose Content templates are provisioned; others send numbered text.
    `simulated`: the account of the simulator, and `sender`, the real one that it stands for."""

    channels: Mapping[str, Channel]
    content: Content
    templates: frozenset[str] = frozenset()
    simulated: str = ""
    sender: str = ""

    def parts(self, channel: str, account: str, reply: Reply) -> tuple[Part, ...]:
        """The messages of a reply, in order. Raises KeyError for a channel that there is not."""
        words = self.content.chrome(reply.language)
        ours = self.sender if account == self.simulated else account
        chrome = Chrome(
            list_label=words.get("list_label", ""), more=words.get("more", ""), templates=ours in self.templates
        )
        return self.channels[channel].layout(reply, chrome)
