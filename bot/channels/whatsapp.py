"""WhatsApp, as Twilio brings it.

Law: up to three options are buttons, up to ten a list, more are numbered text. Twilio needs a Content template for
buttons and lists: an account without them (the rule, until they are provisioned) sends all options as numbered text.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.channels import twilio_forms
from bot.channels.contract import Chrome, Inbound, Part, Receipt
from bot.channels.layout import flatten, ladder
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
        """Buttons, a list or numbered text, for a conversation inside its 24 hours. This is where it is decided."""
        shown = reply if reply.numbered else replace(reply, options=())  # numbered text is always possible here
        laid_out = ladder(shown, chrome, LIMITS[self.name])
        return laid_out if chrome.templates else tuple(flatten(part) for part in laid_out)


channel = WhatsApp()
