"""What became of our messages: receipts in any order, repeated, early, late and of nobody (T21)."""

from __future__ import annotations

import contextlib
from collections import Counter
from itertools import permutations
from typing import Any

import pytest

from bot.channels.contract import Part
from bot.engine.inbound import Receipt
from bot.store import outbox
from bot.transports import errors
from tests.pipeline.test_sender import queued, row
from tests.pipeline.world import ACCOUNT, World

STATES = ("queued", "sent", "delivered", "read", "failed")


def receipt(world: World, status: str, provider_id: str = "p0", ref: str = "", code: str = "") -> Receipt:
    return Receipt("sms", ACCOUNT, f"r{next(world.numbers)}", provider_id, status, ref, code)


async def test_any_order_ends_in_the_same_state(world: World) -> None:
    orders = [o for size in (1, 2, 5) for o in permutations(STATES, size)]
    people = {f"+97798{n:08}": order for n, order in enumerate(orders)}
    ids = {}
    for person in people:
        (ids[person],) = await queued(world, person, "one", channel="sms", state="sent", provider_id=f"SM{person}")
    for turn in range(5):
        await world.app.receive(
            [receipt(world, order[turn], f"SM{p}", code="30007") for p, order in people.items() if turn < len(order)]
        )
        await world.turns()
    for person, order in people.items():
        rank = {"queued": 0, "sent": 0, "failed": 1, "delivered": 2, "read": 3}
        furthest = max(order, key=rank.__getitem__)
        assert (await row(world, ids[person])).state == ("sent" if rank[furthest] == 0 else furthest), order


@pytest.mark.parametrize("state", ["held", "withdrawn"])
async def test_what_never_left_is_not_moved_by_a_receipt(world: World, state: str) -> None:
    (row_id,) = await queued(world, "+9779800000000", "one", channel="sms", state=state)
    await world.app.receive([receipt(world, "delivered", "SM1", str(row_id))])
    await world.turns()
    assert (await row(world, row_id)).state == state


async def test_an_early_receipt_waits_for_its_message(world: World) -> None:
    (row_id,) = await queued(world, "+9779800000000", "one", channel="sms")
    await world.app.receive([receipt(world, "delivered", "p0")])
    await world.turns()
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 1
    await world.sends()
    world.clock.move(seconds=40)
    await world.turns()
    assert (await row(world, row_id)).state == "delivered"
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 0


async def test_a_receipt_of_nobody_is_dropped_after_a_minute(world: World) -> None:
    await world.app.receive([receipt(world, "delivered", "nobody's"), receipt(world, "read", "", "no uuid")])
    for seconds, left in ((0, 2), (30, 2), (29, 2), (4, 0)):
        world.clock.move(seconds=seconds)
        await world.turns()
        assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == left


async def test_one_that_cannot_be_applied_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {f"+97798{n:08}": f"SM{n}" for n in range(3)}
    ids = [
        (await queued(world, p, "one", channel="sms", state="sent", provider_id=sid))[0] for p, sid in people.items()
    ]
    find = outbox.find

    async def finds(connection: Any, *, provider_id: str, ref: Any) -> Any:
        if provider_id == "SM1":
            raise RuntimeError("a fault of ours")
        return await find(connection, provider_id=provider_id, ref=ref)

    monkeypatch.setattr(outbox, "find", finds)
    await world.app.receive([receipt(world, "delivered", sid) for sid in people.values()])
    await world.writes("501", "wages")
    attempts = []
    for _ in range(3):
        await world.app.conductor.run_once()
        attempts.append(await world.one("SELECT attempts FROM inbox WHERE state <> 'done'"))
    assert attempts == [1, 2, 3]
    assert await world.heard("501") == ["wages"]
    assert [(await row(world, i)).state for i in ids] == ["delivered", "sent", "delivered"]
    (left,) = await world.rows("SELECT state, error FROM inbox WHERE state <> 'done'")
    assert tuple(left) == ("quarantined", "receipt_failed")


@pytest.mark.parametrize("status", ["queued", "sent", "delivered"])
async def test_our_own_id_settles_an_unknown_outcome(world: World, status: str) -> None:
    """Cut while sending, tried again later: a receipt in between says that it had arrived. It is not sent twice."""
    (row_id,) = await queued(world, "+9779800000000", "one", channel="sms", reason="unknown", attempts=1)
    await world.app.receive([receipt(world, status, "SM77", str(row_id))])
    await world.turns()
    await world.sends()
    world.clock.move(seconds=2)
    await world.turns()
    left = await row(world, row_id)
    assert (left.state, left.provider_id) == ("delivered" if status == "delivered" else "sent", "SM77")
    assert world.provider.sent == []
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 0


LONG = "\n\n".join(f"Paragraph {i}. " + "word " * 150 for i in range(12))


@pytest.mark.parametrize("status", ["sent", "delivered"])
async def test_a_receipt_between_two_parts_loses_none(world: World, status: str) -> None:
    (row_id,) = await queued(world, "501", LONG)

    async def meanwhile() -> None:  # the first part has left; its receipt overtakes the second
        assert (await row(world, row_id)).parts_done == 1
        await world.app.receive([receipt(world, status, "p0", str(row_id))])
        await world.turns()
        assert (await row(world, row_id)).state == "sending"

    world.provider.script["501"] += [None, meanwhile]
    await world.sends()
    assert [w for _, _, t in world.provider.sent for w in t.split()] == LONG.split()
    assert (await row(world, row_id)).state == "sent"
    world.clock.move(seconds=5)
    await world.turns()
    assert (await row(world, row_id)).state == status


async def test_a_failure_told_between_two_parts_counts_after_them(world: World) -> None:
    (row_id,) = await queued(world, "501", LONG)

    async def meanwhile() -> None:
        await world.app.receive([receipt(world, "failed", "p0", str(row_id), "30007")])
        await world.turns()

    world.provider.script["501"] += [None, meanwhile]
    await world.sends()
    assert [w for _, _, t in world.provider.sent for w in t.split()] == LONG.split()
    world.clock.move(seconds=5)
    await world.turns()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("failed", "30007")


async def test_a_receipt_of_the_first_part_leaves_the_others_to_be_sent(world: World) -> None:
    """Cut at the first part of several; its receipt says that it arrived: the rest leaves, the first not again."""
    (row_id,) = await queued(world, "501", LONG)
    world.provider.script["501"].append(errors.OutcomeUnknown("cut"))
    await world.sender.run_once()
    await world.app.receive([receipt(world, "sent", "SM1", str(row_id))])
    await world.turns()
    world.clock.move(seconds=6)
    await world.sends()
    words = [w for _, _, t in world.provider.sent for w in t.split()]
    assert 0 < len(words) < len(LONG.split())
    assert words == LONG.split()[-len(words) :]
    assert (await row(world, row_id)).state == "sent"


class Dies:
    """A provider that takes a part, and the sender's process dies before it knows of that."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, *, part: Part, **_: Any) -> str:
        """Take it."""
        self.taken.append(part.text)
        raise OSError("the process was killed")


async def test_T11_no_part_is_sent_a_third_time_though_a_receipt_told_of_the_first(world: World) -> None:
    """A receipt settles the doubt about the first part, once: the next one has its own two tries, and no more."""
    (row_id,) = await queued(world, "501", LONG)
    provider = Dies()
    sender = world.new_sender(provider=provider)  # type: ignore[arg-type]
    for life in range(6):
        with contextlib.suppress(OSError):
            await sender.run_once()
        if life == 0:
            await world.app.receive([receipt(world, "sent", "SM1", str(row_id))])
            await world.turns()
        world.clock.move(seconds=31)
        await world.leases_run_out()
    counts = Counter(provider.taken)
    assert list(counts.values()) == [1, 2]  # the first part was told of; the second may have arrived twice
    assert (await row(world, row_id)).state == "unknown"


CALLBACKS = [("63016", "held", "window"), ("30003", "queued", "30003"), ("21610", "failed", "PersonBlocked")]


@pytest.mark.parametrize(("code", "state", "reason"), CALLBACKS)
async def test_a_failure_by_callback_is_decided_like_one_at_once(
    world: World, code: str, state: str, reason: str
) -> None:
    (row_id,) = await queued(world, "+9779800000000", "one", channel="sms", state="sent", provider_id="SM1", attempts=1)
    await world.run("UPDATE outbox SET sent_at = :now", now=world.now)
    await world.app.receive([receipt(world, "failed", "SM1", str(row_id), code)])
    await world.turns()
    left = await row(world, row_id)
    assert (left.state, left.reason) == (state, reason)
    assert await world.one("SELECT blocked_at IS NOT NULL FROM conversations") == (state == "failed")
    if state == "queued":  # the phone was off: again after ten minutes
        assert 420 <= (left.not_before - world.now).total_seconds() <= 600
        await world.app.receive([receipt(world, "sent", "SM1", str(row_id))])  # late: no news
        world.clock.at = left.not_before
        await world.turns()
        await world.run("UPDATE conversations SET last_inbound_at = :now", now=world.now)
        await world.sends()
        assert [text for _, _, text in world.provider.sent] == ["one"]


@pytest.mark.parametrize("values", [{"urgent": True}, {"origin": "human"}, {}])
async def test_a_failure_by_callback_of_what_matters_pages(world: World, values: dict[str, object]) -> None:
    await queued(world, "+9779800000000", "one", channel="sms", state="sent", provider_id="SM1", **values)
    await world.app.receive([receipt(world, "failed", "SM1", code="30007")])
    await world.turns()
    pages = await world.rows("SELECT audience, kind, severity FROM notices")
    assert [tuple(p) for p in pages] == ([("page", "not_delivered", "critical")] if values else [])


async def test_who_wrote_since_is_not_blocked_by_an_old_failure(world: World) -> None:
    await queued(world, "+9779800000000", "one", channel="sms", state="sent", provider_id="SM1", sent_at=world.now)
    world.clock.move(seconds=30)
    await world.run("UPDATE conversations SET last_inbound_at = :now", now=world.now)
    await world.app.receive([receipt(world, "failed", "SM1", code="21610")])
    await world.turns()
    assert await world.one("SELECT blocked_at IS NULL FROM conversations")


async def test_the_reason_of_a_failure_is_kept_and_a_delivery_clears_it(world: World) -> None:
    (row_id,) = await queued(world, "+9779800000000", "one", channel="sms", state="sent", provider_id="SM1")
    await world.app.receive([receipt(world, "failed", "SM1", code="30007")])
    await world.turns()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("failed", "30007")
    await world.app.receive([receipt(world, "delivered", "SM1")])
    await world.turns()
    left = await row(world, row_id)
    assert (left.state, left.reason) == ("delivered", None)


async def test_an_empty_provider_id_is_nobody_s(world: World) -> None:
    (row_id,) = await queued(world, "501", "one", kind="ack", state="sent", provider_id="")
    await world.app.receive([receipt(world, "failed", "")])
    await world.turns()
    assert (await row(world, row_id)).state == "sent"
