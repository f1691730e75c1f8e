"""What each channel can carry: one table.

Law: every number that differs between channels stands here, with its source; nothing else in the code knows
one. Lengths of text are UTF-16 code units (`units`): the largest of the ways in which providers count, so
never too few.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in UTF-16 units unless a name says bytes; 0 = the channel has no such thing.

    `text` is one message; `caption` a text under a file; `body` the text of a message that carries buttons or
    a list.
    """

    text: int
    caption: int = 0
    body: int = 0
    buttons: int = 0
    button_label: int = 0
    list_items: int = 0
    list_label: int = 0  # of an item
    list_description: int = 0
    list_button: int = 0  # what opens the list
    payload_bytes: int = 0
    flattens: bool = False  # buttons may reach the phone as numbered text, which must fit one message too


LIMITS: dict[str, Limits] = {
    # Twilio: Body up to 1,600 characters (errors 21617, 21658).
    "sms": Limits(text=1600, caption=1600),
    # Twilio twilio/quick-reply and twilio/list-picker: body 1,024; three buttons in session without approval,
    # button title 20; ten items, item 24, description 72, id 200, list button 20. Captions 1,024 (WhatsApp).
    "whatsapp": Limits(
        text=1600,
        caption=1024,
        body=1024,
        buttons=3,
        button_label=20,
        list_items=10,
        list_label=24,
        list_description=72,
        list_button=20,
        payload_bytes=200,
        flattens=True,
    ),
    # Bot API: text 4,096, caption 1,024, callback_data 64 bytes, 100 inline buttons (telegram.constants).
    # No limit on an inline label is documented; 64 is what a phone shows without cutting.
    "telegram": Limits(
        text=4096,
        caption=1024,
        body=4096,
        buttons=100,
        button_label=64,
        payload_bytes=64,
    ),
}


def units(text: str) -> int:
    """Length in UTF-16 code units; a lone surrogate counts as one."""
    return len(text) + sum(1 for c in text if c > "\uffff")
