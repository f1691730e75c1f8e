"""From what the engine says to replies at the door of the outbox; and the lines about how late or how often we answer.

Law: `outgoing` decides whether anything leaves. What belongs to the box is kept as of the box, whoever has the
conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import outgoing
from bot.conductor import pace, private
from bot.conductor.arrived import Arrived, danger_of
from bot.conductor.gate import Gate
from bot.conductor.here import Here
from bot.conductor.noting import written_at
from bot.engine.events import Asked, Called, Event, Said
from bot.engine.inputs import Input
from bot.engine.messages import Reply
from handlers import which
from handlers.languages import LETTERS, OWN, STEM, UNSCRIPTED

# Their one line leaves whoever owns the conversation.
SYSTEM_FLOWS = frozenset({"stop", "start", "window", private.LEAVE})
PASSING = frozenset({"search_request"})  # flows whose words are somebody else's: kept for a day, as of who browses
# What a human says here with our words: it leaves as a human's, while a human has the conversation.
OF_A_HUMAN = frozenset({"hand_on", "handed_on", "one_code"})
BOX = "box"  # retention of what belongs to a letter of the box: shown to no caseworker, gone after a day
LATIN = "latin"  # in the profile: whether she writes by SMS in Latin letters; absent before her first words
LATE = "late_said"  # in the session: when she was told that an answer is late


def say(here: Here, events: Sequence[Event]) -> Called | None:
    """Queue what is said and asked; returns the action that is to be run."""
    called = None
    here.events += events
    for event in events:
        match event:
            case Said() | Asked():
                queue(here, _reply(here, event))
            case Called():
                called = event
            case _:
                pass
    return called


def queue(here: Here, reply: Reply) -> None:
    """One reply, to the door."""
    name = reply.text_id.partition(".")[0]
    flow, conversation = here.tools.content.flows.get(name), here.conversation
    boxed = flow is not None and flow.secret
    here.boxed = here.boxed or boxed
    content = here.tools.content
    unsigned = bool(reply.under) and content.strict and reply.language in content.unsigned
    here.unsure_words = here.unsure_words or unsigned
    # Who has the conversation may be the one it is about: the box answers all the same, but nobody who said STOP.
    aside = boxed and conversation.owner == "human" and here.person.opted_out_at is None
    by_hand = name in OF_A_HUMAN and here.ctx.actor.kind == "staff" and conversation.owner == "human"
    outgoing.queue(
        here.tools.policy,
        here.subject,
        conversation,
        reply,
        origin="system" if name in SYSTEM_FLOWS or aside else "human" if by_hand else "bot",
        user_id=here.ctx.actor.user_id if by_hand else None,
        row_id=here.tools.new_id(),
        now=here.tools.now,
        case_id=None if boxed else here.case_id(),
        retention=BOX if boxed else "browse" if name in PASSING else here.retention(reply.urgent),
    )


def _reply(here: Here, event: Said | Asked) -> Reply:
    person, language = here.person, here.language()
    return here.tools.content.reply(
        event,
        language,
        latin=in_latin(here),
        script=person.language is not None or not person.profile.get(UNSCRIPTED),
        beneath=person.language is None and person.profile.get(STEM) == language,
    )


def in_latin(here: Here) -> bool:
    """Whether an SMS to her is in Latin letters: as she chose, else as she wrote last. An old phone may show no others,
    so who wrote nothing but digits, or in no language yet, gets them too."""
    profile = here.person.profile
    latin = profile[LETTERS] != OWN if LETTERS in profile else profile.get(LATIN) is not False
    return latin and here.conversation.channel == "sms"


def own_up(here: Here, arrived: Arrived, given: Input) -> None:
    """After hours in which nobody was answered: one line that this is late, before the first answer. Not before one
    about danger."""
    inbound, now = arrived.inbound, here.tools.now
    if inbound is None or danger_of(given):
        return
    late, said = timedelta(minutes=int(here.policy_of_contact()["late_minutes"])), here.session.shared.get(LATE)
    if now - written_at(inbound, arrived.received_at) < late:
        return
    if said is None or now - datetime.fromisoformat(str(said)) >= late:
        here.keep(replace(here.session, shared={**here.session.shared, LATE: now.isoformat()}))
        say(here, [Said("system.late")])


def in_pace(here: Here, gate: Gate, given: Input) -> bool:
    """Whether she is answered once more. Danger that is news, a wish for a human and STOP always are."""
    limits = here.policy_of_contact()["answers"]
    session, verdict = pace.answered(here.session, here.conversation.channel, here.tools.now, limits)
    here.keep(session)
    news = danger_of(given) and not here.waits_for("page")
    if verdict == "answer" or news or gate.cannot_wait(given):
        return True
    if verdict == "wait":
        say(here, [Said(pace.WAIT)])
        if not here.waits_for("queue"):
            here.ctx.notify("queue", "flood", "medium", which.concerned(here.ctx))
    return False
