"""What the handlers of a turn recorded, as rows of the batch.

Law: ids and codes; called once when the turn is over. What it empties is not written twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.conductor.here import Here
from bot.conductor.speaking import BOX
from bot.observe import metrics
from handlers import box, targets
from handlers.context import CaseEvent, Notice


def finish(here: Here) -> None:
    """Turn what the handlers recorded into rows of the batch."""
    ctx, subject, conversation = here.ctx, here.subject, here.conversation
    subject.events += [_event(here, event) for event in ctx.events]
    for notice in ctx.notices:
        metrics.alarms.labels(kind=notice.kind).inc()
        if notice.audience == box.READERS:
            continue  # a row would name her: the letter itself waits in the box (`saathi box list`)
        due = targets.due(ctx, notice)
        targets.start(ctx, notice, due)
        subject.notices.append(_notice(here, notice, due))
    if ctx.lowered:
        subject.lowered.add(conversation.id)
        ctx.lowered = False
    if ctx.put_off is not None:
        subject.put_off[conversation.id] = ctx.put_off
        ctx.put_off = None
    ctx.events.clear()
    ctx.notices.clear()
    if conversation.owner != "human":  # handing over, or ending it, must not withdraw what was just said
        for row in subject.outbox:
            if row["conversation_id"] == conversation.id and row["origin"] == "bot":
                row["owner_epoch"] = conversation.owner_epoch
    if here.noted:
        _file(here, here.noted)


def _event(here: Here, event: CaseEvent) -> dict[str, Any]:
    return {
        "id": here.tools.new_id(),
        "subject_id": here.subject.id,
        "case_id": event.case_id,
        "kind": event.kind,
        "actor": here.ctx.actor.kind,
        "user_id": here.ctx.actor.user_id,
        "codes": dict(event.codes),
        "happened_at": here.tools.now,
    }


def _notice(here: Here, notice: Notice, due: datetime | None) -> dict[str, Any]:
    return {
        "id": here.tools.new_id(),
        "subject_id": here.subject.id,
        "conversation_id": here.conversation.id,
        "case_id": notice.case_id,
        "audience": notice.audience,
        "kind": notice.kind,
        "severity": notice.severity,
        "raised_at": here.tools.now,
        "due_at": due,
    }


def _file(here: Here, noted: dict[str, Any]) -> None:
    """The message that opened a case belongs to it, and to its legal hold."""
    noted["case_id"] = None if here.boxed else here.case_id()
    if here.boxed:
        noted["retention"] = BOX
    elif noted["retention"] == "browse":  # what opened a case, or asked for a human, is read by one
        noted["retention"] = here.retention(None)
