"""What arrived, put into the history; and that the person wrote.

Law: of a letter of the box, of an answer that is only counted and of digits that prove something, the history keeps no
words. Nothing is answered here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot import outgoing
from bot.conductor import private
from bot.conductor.arrived import Arrived, child_of, danger_of
from bot.conductor.here import Here
from bot.engine import answers
from bot.engine.inbound import Inbound
from bot.engine.inputs import Heard, Pressed
from bot.store import attachments
from bot.store.accounts import UNLIMITED
from bot.store.keys import seal_json

EDITABLE = timedelta(hours=48)  # how long a message can be edited afterwards (Telegram)
SEALED = "sealed_until"  # in the profile: until then an edit may be one of a letter
CLOCKS = timedelta(minutes=5)  # by which a provider's clock and ours may differ


def written_at(inbound: Inbound, received_at: datetime) -> datetime:
    """When she wrote: by the provider's clock where it tells that we were away meanwhile, else by ours."""
    sent = inbound.sent_at
    return sent if sent is not None and received_at - sent > CLOCKS else received_at


def is_secret(here: Here, inbound: Inbound) -> bool:
    """Whether what arrived is heard by a question that no history keeps, or edits what was heard by one."""
    if inbound.kind == "edited":
        return _edits_a_letter(here)
    asked = here.asked()
    return asked is not None and asked.secret


def is_counted(here: Here, arrived: Arrived) -> bool:
    """Whether what arrived answers a question whose answers are only counted. Danger, and a wish for somebody, are
    words for a human and are kept."""
    asked, given = here.asked(), arrived.given
    if asked is None or not asked.counted or danger_of(given) or child_of(given):
        return False
    if isinstance(given, Pressed):
        return given.step.endswith(f".{asked.id}")
    state = here.tools.content.state(here.session, here.language())
    open_now = state.present()
    if open_now is None or not isinstance(given, Heard):
        return False
    asking = state.asking(*open_now)
    return bool(answers.exact(asking, given.text) or answers.nearly(asking, given.text))


def note(here: Here, arrived: Arrived, inbound: Inbound, *, masked: bool = False, secret: bool = False) -> None:
    """Put what arrived into the history (`masked`: not its digits; `secret`: nothing of it), and note that the person
    wrote."""
    _note_that_she_wrote(here, inbound, arrived.received_at)
    subject, conversation, tools = here.subject, here.conversation, here.tools
    if inbound.ack:
        outgoing.acknowledge(subject, conversation, inbound.ack, row_id=tools.new_id(), now=tools.now)
    body = _body(arrived, inbound)
    if masked:
        body = private.masked(body)
    if secret:
        number = inbound.extra.get("message_id")  # tells nothing, and lets the chat be cleaned
        body = {"kind": "secret", "text": "", "extra": {"message_id": number} if number else {}}
        here.wiped = arrived.ids
        here.boxed = True
        here.person.profile[SEALED] = (tools.now + EDITABLE).isoformat()
    elif not _edits_a_letter(here):
        here.person.profile.pop(SEALED, None)
    message_id = tools.new_id()
    here.noted = {
        "id": message_id,
        "received_at": arrived.received_at,
        "subject_id": subject.id,
        "conversation_id": conversation.id,
        "case_id": here.case_id(),
        "direction": "in",
        "author": "person",
        "user_id": None,
        "inbox_id": arrived.ids[0],
        "outbox_id": None,
        "body_enc": seal_json(subject.key, body, where=f"messages.body_enc.{message_id}"),
        "retention": here.retention(danger_of(arrived.given)),
    }
    subject.messages.append(here.noted)
    if not secret and conversation.account != UNLIMITED:  # a simulated phone has no files
        place = {"subject_id": subject.id, "conversation_id": conversation.id, "message_id": message_id}
        for file in inbound.media:
            values = {**place, "kind": file.kind}
            subject.media.append(attachments.row(subject.key, values, ref=file.ref, at=arrived.received_at))


def _note_that_she_wrote(here: Here, inbound: Inbound, at: datetime) -> None:
    conversation, now = here.conversation, here.tools.now
    # Told by the provider: she wrote nothing. Who rings may be anybody who holds the phone: no leave to answer.
    written = _leave_from(here, inbound, at)
    told = inbound.kind in {"blocked", "unblocked", "rang"}
    if not told:
        conversation.wrote(written, now)
    if not told and conversation.agreed_until and conversation.agreed_until > now and written == at:
        conversation.agreed_until = now + timedelta(minutes=int(here.policy_of_contact()["agreed_minutes"]))
    if inbound.kind not in {"blocked", "rang"}:
        conversation.nudged_at = None
        conversation.blocked_at = None
        if not private.is_guest(here.ctx):  # what was held for her is for nobody else
            here.subject.requeue.add(conversation.id)


def _leave_from(here: Here, inbound: Inbound, at: datetime) -> datetime:
    """From when on she may be answered: from when it came, though it came late, while it is in her hours. Else from
    when she wrote: at night her phone may be with somebody else by now."""
    safe = outgoing.is_safe(here.tools.policy, here.person, here.conversation.country_hint, at)
    return at if safe else written_at(inbound, at)


def _body(arrived: Arrived, inbound: Inbound) -> dict[str, Any]:
    return {
        "kind": inbound.kind,
        "text": "\n".join(arrived.texts) or inbound.text,
        "press": inbound.press and inbound.press[1],
        "media": [[m.kind, m.ref, m.content_type] for m in inbound.media],
        "location": inbound.location,
        "name": inbound.profile_name,
        "extra": inbound.extra,
    }


def _edits_a_letter(here: Here) -> bool:
    until = here.person.profile.get(SEALED)
    return until is not None and datetime.fromisoformat(until) > here.tools.now
