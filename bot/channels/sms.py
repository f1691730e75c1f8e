"""SMS, as Twilio brings it: words and numbers only.

Law: the short variant is said where there is one; options are numbered; typography never doubles the price.
"""

from __future__ import annotations

from typing import Any

from bot.channels import twilio_forms
from bot.channels.contract import Chrome, Inbound, Part, Receipt
from bot.channels.layout import said, sms_option_lines, sms_options
from bot.channels.limits import LIMITS, units
from bot.channels.segments import count, normalise, split
from bot.engine.messages import Reply

_PLACE = "{options}"
_SHORT = 12  # a label up to this length may share its line with others
_COUNTER = 6  # room for "10/12 " when a text needs several messages


def _whole(reply: Reply) -> str:
    """The text with its options: where the author put them, else on one line if that is readable, else one
    each."""
    words, options = reply.sms.strip() or reply.text.strip() or said(reply), reply.options if reply.numbered else ()
    if reply.sms and _PLACE in words:
        before, _, after = words.rpartition(_PLACE)
        return before + sms_options(options) + after
    if not options:
        return words
    line = f"{words} {sms_options(options)}".strip()
    if all(units(o.short or o.label) <= _SHORT for o in options) and count(normalise(line)).segments == 1:
        return line
    return f"{words}\n{sms_option_lines(options)}".strip()


def _pieces(words: str, limit: int) -> list[str]:
    """One message, or several that say their number, since networks do not keep the order."""
    pieces = split(words, limit)
    if len(pieces) < 2:
        return pieces
    pieces = split(words, limit - _COUNTER)
    return [f"{n}/{len(pieces)} {piece}" for n, piece in enumerate(pieces, start=1)]


class Sms:
    """The SMS channel."""

    name = "sms"

    def parse(self, payload: dict[str, Any], account: str) -> list[Inbound | Receipt]:
        """A Twilio form as values. `account` is a number of ours whose messages are a loop. Raises
        Unreadable."""
        return twilio_forms.read(payload, account, self.name, "")

    def layout(self, reply: Reply, chrome: Chrome) -> tuple[Part, ...]:
        """Numbered text; usually one Part."""
        pieces = _pieces(normalise(_whole(reply)), LIMITS[self.name].text)
        under = (normalise(reply.under),) if reply.under else ()  # one segment in letters that every phone shows
        return tuple(Part("text", piece) for piece in (*pieces, *under))


channel = Sms()
