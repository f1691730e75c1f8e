"""From rows of the inbox to what arrived: opened, and lines of one burst joined.

Law: pure. What stands by itself (a digit, a yes) is never joined: it may be an answer or a proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.conductor.arrived import Arrived, as_input, as_job_input
from bot.engine.inputs import Heard, Meaning
from bot.store import codec
from bot.store.waiting import Waiting

JOIN = timedelta(seconds=1.5)
SHORT = 3  # characters: "1", "yes", "0" are answers of their own and are never joined


def is_readable(row: Waiting) -> bool:
    """Whether its payload can be taken apart."""
    try:
        if row.kind == "receipt":
            codec.receipt_from_json(row.payload)
        elif row.conversation_id is not None:
            opened(row)
    except (KeyError, TypeError, ValueError, IndexError):
        return False
    return bool(row.payload)


def opened(row: Waiting) -> Arrived:
    """What a row of a conversation holds."""
    assert row.conversation_id is not None
    if row.kind == "input":
        return Arrived((row.id,), row.conversation_id, row.received_at, None, as_job_input(row.payload))
    inbound = codec.inbound_from_json(row.payload)
    texts = (inbound.text,) if inbound.text else ()
    return Arrived((row.id,), row.conversation_id, row.received_at, inbound, None, texts, (row.vouched,))


def join(group: list[Arrived], new: Arrived) -> None:
    """Add to the group, as a part of the last one when both are free text of one burst."""
    last = group[-1] if group else None
    if last and _burst(last, new):
        assert last.inbound is not None
        assert new.inbound is not None
        texts = (*last.texts, *new.texts)
        joined = replace(last.inbound, text="\n".join(texts), media=(*last.inbound.media, *new.inbound.media))
        said = (*last.vouched, *new.vouched)
        group[-1] = replace(last, ids=(*last.ids, *new.ids), inbound=joined, texts=texts, vouched=said)
    else:
        group.append(new)


def _burst(last: Arrived, new: Arrived) -> bool:
    a, b = last.inbound, new.inbound
    if a is None or b is None or last.conversation_id != new.conversation_id:
        return False
    if (None in last.vouched) != (None in new.vouched):
        return False  # what its provider was asked about stays what it was
    if a.group and a.group == b.group:
        return True
    texts = [*last.texts, *new.texts]
    return (
        a.kind == b.kind == "text"
        and new.received_at - last.received_at <= JOIN
        and all(len(t) > SHORT and not t.strip().isdecimal() for t in texts)  # digits may be a proof, never a part
    )


def with_input(arrived: Arrived, meaning: Meaning | None, links: Mapping[str, Any]) -> Arrived:
    """With the engine input that it is. `links`: what stands behind `/start`."""
    inbound = arrived.inbound
    if inbound is None:
        return arrived
    given = as_input(inbound, meaning or Meaning(), links)
    if isinstance(given, Heard) and not given.text.strip() and not inbound.media:
        given = None  # an empty message: kept, and a human may look; there is nothing to answer
    return replace(arrived, given=given)
