"""Twilio's error codes as SendErrors: one table, for the answer to a request and for status callbacks alike.

Law: data; a code that is not here is judged by its HTTP status. Sources: twilio.com/docs/api/errors/<code>, read
2026-11; meanings and what we do about each are listed in docs/channels.md.
"""

from __future__ import annotations

from bot.transports.errors import (
    BadAddress,
    BadContent,
    Filtered,
    Misconfigured,
    OutcomeUnknown,
    PersonBlocked,
    SendError,
    Throttled,
    Undeliverable,
    WindowClosed,
)

_CODES: dict[type[SendError], tuple[int, ...]] = {
    # too many requests, full queue of a number or service, limit of a WhatsApp channel or account
    Throttled: (20429, 21611, 30001, 63017, 63018),
    # phone off or unknown, unknown reason, out of time in the queue
    Undeliverable: (30003, 30005, 30008, 30036),
    # bad number, no route from ours to it, no mobile, landline; WhatsApp does not know it
    BadAddress: (21211, 21217, 21612, 21614, 21635, 30006, 63003, 63024),
    # STOP, or blocked us
    PersonBlocked: (21610, 63014),
    # blocked or filtered by a carrier, policy of the channel
    Filtered: (30004, 30007, 63013),
    # the 24 hours are over
    WindowClosed: (63016,),
    # no body, too long, content that cannot be sent
    BadContent: (21602, 21617, 21619, 21658, 63021),
    # credentials, suspended account, sender, country not enabled, trial account, callback address, service
    Misconfigured: (
        20003,
        20005,
        20404,
        21212,
        21408,
        21603,
        21606,
        21608,
        21609,
        21659,
        21660,
        21701,
        21703,
        30002,
        63007,
        63008,
    ),
}
BY_CODE: dict[int, type[SendError]] = {code: kind for kind, codes in _CODES.items() for code in codes}


def refused(status: int, code: int | str | None) -> SendError:
    """Why Twilio refused a request: by its code, else by the HTTP status. 5xx may have been accepted."""
    number = _number(code)
    if kind := BY_CODE.get(number):
        return kind(str(number))
    name = str(number or status)
    if status == 429:
        return Throttled(name)
    if status >= 500:
        return OutcomeUnknown(name)
    if status < 400 or status in {401, 403, 404}:  # a redirect is not Twilio speaking
        return Misconfigured(name)
    return BadContent(name)


def failed(code: str) -> SendError:
    """Why a message failed after Twilio took it, from the ErrorCode of its callback."""
    return BY_CODE.get(_number(code), Undeliverable)(code)


def _number(code: int | str | None) -> int:
    try:
        return int(code or 0)
    except ValueError:
        return 0
