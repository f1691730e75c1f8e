"""What is read of a Telegram Update, as types; all else in it is passed over.

Law: a value of another type than the Bot API says is no update (`msgspec.ValidationError`), never half a one. Times are
seconds since 1970. Why not the library's classes: it checks no types, and makes objects of everything that an update
holds, which took a third of the time of a webhook (docs/performance.md). Source: the Bot API, "Getting updates".
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert, field


class User(Struct, frozen=True):
    """Who wrote."""

    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str | None = None
    language_code: str | None = None


class Chat(Struct, frozen=True):
    """Where."""

    id: int
    type: str


class File(Struct, frozen=True):
    """A voice note, a video, a document ..."""

    file_id: str
    mime_type: str | None = None


class Size(Struct, frozen=True):
    """One of the sizes of a photo."""

    file_id: str
    width: int
    height: int


class Place(Struct, frozen=True):
    """Degrees."""

    latitude: float
    longitude: float


class Venue(Struct, frozen=True):
    """A place with a name."""

    location: Place


class Contact(Struct, frozen=True):
    """Somebody from her address book."""

    phone_number: str
    first_name: str
    last_name: str | None = None


class Message(Struct, frozen=True):
    """A message; of one that is too old for Telegram only the first three."""

    message_id: int
    date: int
    chat: Chat
    sender: User | None = field(name="from", default=None)
    edit_date: int | None = None
    text: str | None = None
    caption: str | None = None
    media_group_id: str | None = None
    photo: tuple[Size, ...] = ()
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    animation: File | None = None
    document: File | None = None
    sticker: File | None = None
    location: Place | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    forward_origin: Any = None  # somebody else's words, whoever that is
    # Telegram tells these about the chat itself; nobody wrote them.
    pinned_message: Any = None
    message_auto_delete_timer_changed: Any = None
    chat_background_set: Any = None
    write_access_allowed: Any = None
    connected_website: Any = None
    boost_added: Any = None
    new_chat_title: Any = None
    new_chat_photo: Any = None
    proximity_alert_triggered: Any = None
    paid_message_price_changed: Any = None


class Press(Struct, frozen=True):
    """A tap on a button."""

    id: str
    sender: User = field(name="from")
    message: Message | None = None
    data: str | None = None


class Standing(Struct, frozen=True):
    """What we are in a chat."""

    status: str


class Membership(Struct, frozen=True):
    """Our own standing in a chat has changed."""

    chat: Chat
    sender: User = field(name="from")
    date: int
    new_chat_member: Standing


class Update(Struct, frozen=True):
    """One of these, or something that is none of ours."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Press | None = None
    my_chat_member: Membership | None = None


def update(payload: dict[str, Any]) -> Update:
    """Raises msgspec.ValidationError."""
    return convert(payload, Update)
