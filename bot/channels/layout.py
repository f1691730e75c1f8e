"""The fallback ladder that all channels share: buttons, else a list, else numbered text.

Law: pure; options keep their order and their numbers, so that a typed `2` means the same on every channel.
Numbers are ASCII digits: every phone can type them, and they fit the GSM alphabet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bot.channels.contract import Button, Chrome, Part, pack_press
from bot.channels.limits import Limits, units
from bot.channels.segments import split
from bot.engine.messages import Option, Reply


def said(reply: Reply) -> str:
    """The words of a reply, with the English that stands under them; captions of files, when it says nothing itself."""
    text = reply.text.strip()
    return (
        f"{text}\n\n{reply.under}"
        if text and reply.under
        else text or "\n".join(m.caption for m in reply.media if m.caption).strip()
    )


def buttons(reply: Reply) -> tuple[Button, ...]:
    """One button per option, in order."""
    return tuple(Button(o.label, pack_press(reply.step, o.id, reply.version), o.description) for o in reply.options)


def _distinct(taps: Sequence[Button]) -> bool:
    return len({b.label for b in taps}) == len(taps)  # WhatsApp refuses two buttons of one name


def _payloads_fit(taps: Sequence[Button], limit: int) -> bool:
    return all(len(b.payload.encode("utf-8", "replace")) <= limit for b in taps)


def fits_buttons(taps: Sequence[Button], limits: Limits) -> bool:
    """Whether these can be buttons."""
    return (
        0 < len(taps) <= limits.buttons
        and _distinct(taps)
        and _payloads_fit(taps, limits.payload_bytes)
        and all(0 < units(b.label) <= limits.button_label for b in taps)
    )


def fits_list(taps: Sequence[Button], limits: Limits, list_label: str) -> bool:
    """Whether these can be a list that `list_label` opens."""
    return (
        0 < len(taps) <= limits.list_items
        and _distinct(taps)
        and _payloads_fit(taps, limits.payload_bytes)
        and 0 < units(list_label) <= limits.list_button
        and all(0 < units(b.label) <= limits.list_label for b in taps)
        and all(units(b.description) <= limits.list_description for b in taps)
    )


def numbered(text: str, lines: Sequence[str]) -> str:
    """The text, and under it each option on a line of its own."""
    body = "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))
    return f"{text}\n\n{body}" if text else body


def flatten(part: Part) -> Part:
    """The same Part as numbered text, for a provider or phone that shows no buttons. Text stays as it is.

    The result may be longer than one message; `parts` cuts it.
    """
    if part.kind == "text":
        return part
    lines = [f"{b.label} - {b.description}" if b.description else b.label for b in part.buttons]
    return Part("text", numbered(part.text, lines))


def parts(text: str, limit: int) -> tuple[Part, ...]:
    """Plain text as as many Parts as it needs."""
    return tuple(Part("text", piece) for piece in split(text, limit))


def ladder(reply: Reply, chrome: Chrome, limits: Limits) -> tuple[Part, ...]:
    """The reply as buttons, else a list, else numbered text, within `limits`. What is longer than a message
    with buttons may be goes first, as text, and the buttons stand under the last piece."""
    text, taps = said(reply), buttons(reply)
    if not text or not taps:
        return parts(numbered(text, [b.label for b in taps]) if taps else text, limits.text)
    if fits_buttons(taps, limits):
        last = Part("buttons", "", taps)
    elif fits_list(taps, limits, chrome.list_label):
        last = Part("list", "", taps, chrome.list_label)
    else:
        return parts(flatten(Part("buttons", text, taps)).text, limits.text)
    room = limits.text - units(flatten(last).text) - 2 if limits.flattens else limits.body
    pieces = split(text, min(limits.body, room))
    before = tuple(Part("text", piece) for piece in pieces[:-1])
    return (*before, Part(last.kind, pieces[-1], taps, last.list_label))


def _leftward(text: str) -> bool:
    """Whether a text holds letters that are written from right to left."""
    return any(unicodedata.bidirectional(c) in {"R", "AL"} for c in text)


def sms_options(options: Sequence[Option]) -> str:
    """`1 yes 2 no`: short labels on one line; one per line where directions mix, since a phone would put the digit
    after a right-to-left name before it (UAX #9)."""
    mixed = len({_leftward(o.short or o.label) for o in options}) > 1
    return ("\n" if mixed else " ").join(f"{n} {o.short or o.label}" for n, o in enumerate(options, start=1))


def sms_option_lines(options: Sequence[Option]) -> str:
    """The same, one per line."""
    return "\n".join(f"{n} {o.short or o.label}" for n, o in enumerate(options, start=1))
