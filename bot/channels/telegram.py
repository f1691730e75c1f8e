"""Telegram private chats: text, taps on an inline keyboard, files, places.

Law: a person is the number of the chat, never a @username; a chat with more than one person in it is not
answered, since everybody there would read the answer. What a tap sends back is only a claim: the engine
checks it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.channels import telegram_forms
from bot.channels.contract import Chrome, Inbound, MediaRef, Part, Receipt, Unreadable, unpack_press
from bot.channels.forms import clean, place
from bot.channels.layout import ladder
from bot.channels.limits import LIMITS
from bot.channels.telegram_forms import Chat, Membership, Message, Press, Update, User
from bot.engine.messages import Reply

_GROUPS = frozenset({"group", "supergroup", "channel"})
_INSIDE = frozenset({"member", "administrator", "creator", "restricted"})
_FILES = {
    "voice": "audio",
    "audio": "audio",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "document": "document",
    "sticker": "sticker",
}
# How what a tap in a chat of staff sends back begins (a person's is never like it), and the command that links a chat.
STAFF_MARK, STAFF_COMMAND = "s:", "/staff"
# What nobody wrote.
_SERVICE = (
    "pinned_message",
    "message_auto_delete_timer_changed",
    "chat_background_set",
    "write_access_allowed",
    "connected_website",
    "boost_added",
    "new_chat_title",
    "new_chat_photo",
    "proximity_alert_triggered",
    "paid_message_price_changed",
)


def _private(chat: Chat, sender: User | None) -> bool:
    return chat.type == "private" and not (sender is not None and sender.is_bot)


def _blank(chat: Chat, sender: User | None, account: str, event_id: str) -> Inbound:
    """Who and when, before what. Display name and language of the app are claims, used as hints only."""
    names = (sender.first_name, sender.last_name) if sender else ()
    return Inbound(
        channel="telegram",
        account=account,
        address=str(chat.id),
        event_id=event_id,
        kind="unknown",
        profile_name=" ".join(clean(name) for name in names if name),
        language_hint=clean(sender.language_code or "") if sender else "",
    )


def _files(message: Message) -> tuple[MediaRef, ...]:
    """File ids; of a photo the largest size. An animation comes with a document of the same file, taken
    once."""
    if message.photo:
        best = max(message.photo, key=lambda size: size.width * size.height)
        return (MediaRef("image", clean(best.file_id), "image/jpeg"),)
    for name, kind in _FILES.items():
        if name == "document" and message.animation:
            continue
        if found := getattr(message, name):
            return (MediaRef(kind, clean(found.file_id), clean(found.mime_type or "")),)
    return ()


def _location(message: Message) -> tuple[float, float] | None:
    spot = message.location or (message.venue.location if message.venue else None)
    return place(spot.latitude, spot.longitude) if spot else None


def _words(message: Message) -> tuple[str, str]:
    """(kind, words): `/start` with its deep-link word, other commands without the slash and the bot's
    name."""
    said = clean(message.text if message.text is not None else message.caption or "")
    if not said.startswith("/"):
        return "text", said
    command, _, rest = said[1:].partition(" ")
    command = command.partition("@")[0]
    if command.lower() == "start":
        return "command_start", rest.strip()
    return "text", f"{command} {rest}".strip() or said


def _extra(message: Message) -> dict[str, Any]:
    extra: dict[str, Any] = {"message_id": message.message_id}
    if message.forward_origin:
        extra["forwarded"] = "true"  # somebody else's words
    if contact := message.contact:
        names = (contact.first_name, contact.last_name)
        extra["contact_phone"] = clean(contact.phone_number)
        extra["contact_name"] = " ".join(clean(n) for n in names if n)
    return extra


def _kind(message: Message, words: str, wordy: str, edited: bool) -> str:
    if edited:
        return "edited"
    if message.contact:
        return "contact"
    if message.location or message.venue:
        return "location"
    if _files(message):
        return "media"
    return wordy if words or wordy == "command_start" else "unknown"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _staff(update: Update, chat: Chat, sender: User | None, account: str, **more: Any) -> list[Inbound | Receipt]:
    """Something in a chat of staff, or on the way to become one: a code, a tap. Of a group nothing else is read."""
    if sender is None or sender.is_bot or chat.type not in {"private", "group", "supergroup"}:
        return []
    ack, extra = str(more.pop("ack", "")), {"by": str(sender.id), "group": chat.type != "private", **more}
    event_id = f"{update.update_id!s}:{chat.id!s}:staff-{ack}"
    return [replace(_blank(chat, None, account, event_id), kind="staff", ack=ack, extra=extra)]


def _message(update: Update, message: Message, account: str, edited: bool) -> list[Inbound | Receipt]:
    command, _, code = clean(message.text or "").partition(" ")
    if command.partition("@")[0].lower() == STAFF_COMMAND and not edited:
        return _staff(update, message.chat, message.sender, account, code=code.strip())
    if not _private(message.chat, message.sender) or any(getattr(message, name) is not None for name in _SERVICE):
        return []
    wordy, words = _words(message)
    number, stamp = str(message.message_id), message.edit_date or 0
    event_id = f"{update.update_id!s}:{message.chat.id!s}:{number}:{stamp}"
    heard = replace(
        _blank(message.chat, message.sender, account, event_id),
        kind=_kind(message, words, wordy, edited),
        text=words,
        media=_files(message),
        location=_location(message),
        group=clean(message.media_group_id or ""),
        sent_at=_moment(message.edit_date or message.date),
        extra=_extra(message),
    )
    return [heard]


def _press(update: Update, query: Press, account: str) -> list[Inbound | Receipt]:
    """A tap. An unknown payload is `unknown`, still acknowledged, so that the button stops turning."""
    if query.message is not None and (query.data or "").startswith(STAFF_MARK):
        tapped_by, where = query.sender, query.message.chat
        return _staff(update, where, tapped_by, account, ack=clean(query.id), data=clean(query.data or ""))
    if query.message is None or not _private(query.message.chat, query.sender):
        return []
    chat, ack = query.message.chat, clean(query.id)
    press = unpack_press(clean(query.data or ""))
    event_id = f"{update.update_id!s}:{chat.id!s}:press-{ack}"
    tapped = replace(
        _blank(chat, query.sender, account, event_id),
        kind="press" if press else "unknown",
        press=press,
        ack=ack,
        extra={"message_id": query.message.message_id},
    )
    return [tapped]


def _member(update: Update, change: Membership, account: str) -> list[Inbound | Receipt]:
    """Our own membership: `kicked` in a private chat means that the person blocked us."""
    if not _private(change.chat, change.sender):
        return []
    status = clean(change.new_chat_member.status)
    kind = {"kicked": "blocked", "left": "blocked", "member": "unblocked"}.get(status)
    if kind is None:
        return []
    event_id = f"{update.update_id!s}:{change.chat.id!s}:{status}:{change.date}"
    return [replace(_blank(change.chat, change.sender, account, event_id), kind=kind, sent_at=_moment(change.date))]


def _word(told: dict[str, Any], name: str) -> str:
    """What is no text is no word."""
    value = told.get(name)
    return value if isinstance(value, str) else ""


def group_of(payload: dict[str, Any]) -> tuple[str, str]:
    """(group or channel that an update comes from, language of who wrote): everybody there would read an answer, so it
    is refused and left. ("", "") for a private chat and for the news that we have left."""
    for name in ("message", "edited_message", "my_chat_member"):
        told = payload.get(name)
        chat = told.get("chat") if isinstance(told, dict) else None
        if not isinstance(chat, dict) or _word(chat, "type") not in _GROUPS or not isinstance(chat.get("id"), int):
            continue
        member = told.get("new_chat_member") if isinstance(told, dict) else None
        if isinstance(member, dict) and _word(member, "status") not in _INSIDE:
            return "", ""
        sender = told.get("from") if isinstance(told, dict) else None
        language = sender.get("language_code") if isinstance(sender, dict) else ""
        return str(chat["id"]), language if isinstance(language, str) else ""
    return "", ""


def _values(update: Update, account: str) -> list[Inbound | Receipt]:
    if update.message:
        return _message(update, update.message, account, edited=False)
    if update.edited_message:
        return _message(update, update.edited_message, account, edited=True)
    if update.callback_query:
        return _press(update, update.callback_query, account)
    if update.my_chat_member:
        return _member(update, update.my_chat_member, account)
    return []


class Telegram:
    """The Telegram channel. The account is the bot's number, the part of its token before the colon."""

    name = "telegram"

    def parse(self, payload: dict[str, Any], account: str) -> list[Inbound | Receipt]:
        """A Bot API Update as values; [] for groups, bots and service messages. Raises Unreadable."""
        try:
            return _values(telegram_forms.update(payload), account)
        except (ValueError, OverflowError, OSError) as error:  # another shape, or a moment that is none
            raise Unreadable(f"update: {type(error).__name__}") from None

    def layout(self, reply: Reply, chrome: Chrome) -> tuple[Part, ...]:
        """An inline keyboard under the text, or numbered text."""
        return ladder(reply, chrome, LIMITS[self.name])


channel = Telegram()
