"""WhatsApp, as Twilio brings it.

Law: up to three options are buttons, up to ten a list, more are numbered text; Twilio needs a Content
template for buttons and lists, so its transport sends numbered text until there are some (`layout.flatten`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.channels import twilio_forms
from bot.channels.contract import Chrome, Inbound, Part, Receipt
from bot.channels.layout import ladder
from bot.channels.limits import LIMITS
from bot.engine.messages import Reply


class WhatsApp:
    """The WhatsApp channel. Addresses are kept without Twilio's `whatsapp:`."""

    name = "whatsapp"
    prefix = "whatsapp:"

    def parse(self, payload: dict[str, Any], account: str) -> list[Inbound | Receipt]:
        """A Twilio form as values. `account` is a number of ours whose messages are a loop. Raises
        Unreadable."""
        return twilio_forms.read(payload, account, self.name, self.prefix)

    def layout(self, reply: Reply, chrome: Chrome) -> tuple[Part, ...]:
        """Buttons, a list or numbered text, for a conversation inside its 24 hours."""
        shown = reply if reply.numbered else replace(reply, options=())  # numbered text is always possible here
        return ladder(shown, chrome, LIMITS[self.name])


channel = WhatsApp()
