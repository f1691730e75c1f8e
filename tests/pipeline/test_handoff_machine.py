"""The handoff as a machine: people, clocks and staff do what they like in any order, on the real PostgreSQL.

What always holds: while a human has a conversation the bot says nothing in it; of several who take at once one wins and
the others learn who; the owner moves only as the table says; whoever waits for a human has a clock, and nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot.content import Content
from bot.jobs import started
from bot.settings import Settings
from bot.store.reminders import BY
from handlers import owner
from tests.conftest import Clock
from tests.pipeline.at_the_desk import hire, staff
from tests.pipeline.world import Table, World

T = TypeVar("T")
SAYS = [
    "hello",
    "human",
    "thanks",
    "👍",
    "wages",
    "1",
    "2",
    "menu",
    "status",
    "?",
    "he has a knife",
    "my rope",
    "I am fine",
]
USERS = ("asha", "bimala", "chandra")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of its own: Hypothesis calls its rules outside of any."""
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(made.shutdown_default_executor())
    made.close()


@pytest.mark.slow
def test_whatever_happens_the_bot_is_silent_while_a_human_has_it(
    settings_: Settings, loop: asyncio.AbstractEventLoop, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "load_understanding", lambda root, data_dir: Table())
    monkeypatch.setattr(content_room, "load", lambda root: content)
    monkeypatch.setattr(databases, "migrate", lambda url: "")
    world = World(loop.run_until_complete(composition.build(settings_, clock=(clock := Clock()))), clock)
    try:
        users = {name: loop.run_until_complete(hire(world, name)) for name in USERS}
        chief = loop.run_until_complete(hire(world, "chief", "supervisor"))
        numbers = iter(range(10_000, 99_999))

        class Handoff(_Handoff):
            pass

        Handoff.start = (world, loop, users, chief, numbers)
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Handoff,
            settings=settings(
                max_examples=12,
                stateful_step_count=18,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                derandomize=True,
                database=None,
            ),
        )
    finally:
        loop.run_until_complete(world.close())


@pytest.fixture
def settings_(settings: Settings) -> Settings:
    """The fixture under a name that Hypothesis does not use."""
    return settings


_settings = settings  # of Hypothesis


class _Handoff(RuleBasedStateMachine):
    start: tuple[World, asyncio.AbstractEventLoop, dict[str, UUID], UUID, Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.world, self.loop, self.users, self.chief, numbers = self.start
        self.her = str(next(numbers))
        self.before: Any = None
        self.bot_before = 0
        self.told, self.told_at = 0, None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def she_writes_first(self) -> None:
        self.do(self.world.says(self.her, "hello"))
        self.where = self.do(self.world.where(self.her))
        self.before = self.state()
        self.bot_before = self.said()

    def state(self) -> Any:
        (row,) = self.do(
            self.world.rows(
                "SELECT owner, owner_epoch, owner_user_id, reply_due_at, late_at, told_late_at FROM conversations"
                " WHERE id = :id",
                id=self.where.conversation_id,
            )
        )
        return row

    def said(self) -> int:
        return int(
            self.do(
                self.world.one(
                    "SELECT count(*) FROM outbox WHERE conversation_id = :id AND origin = 'bot'"
                    " AND kind = 'reply' AND state NOT IN ('withdrawn', 'held')",
                    id=self.where.conversation_id,
                )
            )
        )

    def settle(self) -> None:
        self.do(self.world.turns())
        self.do(self.world.sends())

    # --- the person and the clocks

    @rule(text=st.sampled_from(SAYS))
    def she_writes(self, text: str) -> None:
        self.do(self.world.says(self.her, text))

    @rule(minutes=st.sampled_from([1, 16, 61, 300, 1500]))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.move(minutes=minutes)
        app = self.world.app
        for _ in range(2):  # two workers look at the same time
            self.do(started.start_late(app.database, app.secrets, self.world.policy, self.world.now))
        self.settle()

    @rule(flow=st.sampled_from(["thanks", "menu", "feedback", "late"]), by=st.sampled_from([BY, "broadcast", "timer"]))
    def something_begins_by_itself(self, flow: str, by: str) -> None:
        self.do(self.world.given(self.where, "started", {"flow": flow, "by": by}))
        self.settle()

    @rule()
    def a_timer_runs_out(self) -> None:
        self.do(self.world.given(self.where, "timed_out", {"step": "wages.owed"}))
        self.settle()

    # --- staff

    def actor(self, name: str) -> Any:
        return staff(self.users[name])

    @rule(name=st.sampled_from(USERS))
    def one_takes(self, name: str) -> None:
        before = self.state()
        outcome = self.do(self.world.app.staff.take(self.where, self.actor(name)))
        has = before.owner_user_id if before.owner == "human" else None
        expected = "taken" if has is None else ("yours" if has == self.users[name] else "held")
        assert outcome.name == expected
        if expected == "held":
            assert outcome.slots == {"user": str(has)}
            assert self.state() == before, "the loser changes nothing"
        self.settle()

    @rule(names=st.permutations(USERS))
    def all_take_at_once(self, names: list[str]) -> None:
        before = self.state()

        async def race() -> list[Any]:
            return await asyncio.gather(*(self.world.app.staff.take(self.where, self.actor(n)) for n in names))

        outcomes = self.do(race())
        winners = [n for n, o in zip(names, outcomes, strict=True) if o.name in {"taken", "yours"}]
        assert len(winners) == 1
        assert self.state().owner_user_id == self.users[winners[0]]
        losers = [o for o in outcomes if o.name == "held"]
        assert len(losers) == len(names) - 1
        assert {o.slots["user"] for o in losers} == {str(self.users[winners[0]])}
        assert self.state().owner_epoch <= before.owner_epoch + 1
        self.settle()

    @rule(name=st.sampled_from(USERS), to=st.sampled_from(USERS))
    def one_gives(self, name: str, to: str) -> None:
        before = self.state()
        outcome = self.do(self.world.app.staff.give(self.where, self.actor(name), self.users[to]))
        if before.owner == "human" and before.owner_user_id != self.users[name]:
            assert outcome.name == "not_yours"
        else:
            assert (outcome.name, self.state().owner_user_id) == ("given", self.users[to])
        self.settle()

    @rule(name=st.sampled_from(USERS))
    def one_answers(self, name: str) -> None:
        before = self.state()
        decision = self.do(
            self.world.app.staff.reply(self.where, "We read it.", case_id=None, user_id=self.users[name])
        )
        refused = before.owner == "human" and before.owner_user_id not in {self.users[name], None}
        assert (decision.reason == "not_yours") == refused
        if not refused:
            after = self.state()
            assert (after.owner, after.reply_due_at, after.late_at) == ("human", None, None)
        self.settle()

    @rule(name=st.sampled_from(USERS))
    def one_releases(self, name: str) -> None:
        before = self.state()
        outcome = self.do(self.world.app.staff.release(self.where, user_id=self.users[name]))
        assert (outcome.name == "not_yours") == (
            before.owner == "human" and before.owner_user_id not in {self.users[name], None}
        )
        self.settle()

    @rule()
    def the_supervisor_escalates(self) -> None:
        self.do(self.world.app.staff.escalate(self.where, staff(self.chief, "supervisor")))
        self.settle()

    @rule(name=st.sampled_from(USERS), ask=st.booleans())
    def one_closes(self, name: str, ask: bool) -> None:
        (critical,) = self.do(
            self.world.rows(
                "SELECT count(*) FILTER (WHERE severity = 'critical') AS count FROM cases"
                " WHERE subject_id = :id AND closed_at IS NULL",
                id=self.where.subject_id,
            )
        )
        outcome = self.do(self.world.app.staff.close(self.where, self.actor(name), ask=ask))
        assert outcome.name in {"closed", "second_reader", "which", "none"}
        if critical.count == 0:
            assert outcome.name != "second_reader" or self.is_heavy()
        self.settle()

    def is_heavy(self) -> bool:
        return bool(self.do(self.world.one("SELECT count(*) FROM cases WHERE kind = 'express_self_harm'")))

    # --- what always holds

    @invariant()
    def the_owner_moved_by_the_table(self) -> None:
        if self.before is None:
            return
        after, before = self.state(), self.before
        reach = {before.owner}
        for _ in range(3):  # one rule may hold a few moves: she writes, and asks for a person
            reach |= {to for moves in owner.MOVES.values() for was, to in moves.items() if was in reach}
        assert after.owner in reach
        assert after.owner_epoch >= before.owner_epoch
        assert (after.owner_user_id is not None) == (after.owner == owner.HUMAN)
        if after.owner == owner.CLOSED:
            assert after.reply_due_at is None or self.open_cases() > 0

    @invariant()
    def the_bot_said_nothing_while_a_human_had_it(self) -> None:
        if self.before is None:
            return
        after = self.state()
        said = self.said()
        if self.before.owner == after.owner == owner.HUMAN and self.before.owner_epoch == after.owner_epoch:
            assert said == self.bot_before, "the bot spoke while a human had it"
        self.before, self.bot_before = after, said

    @invariant()
    def nothing_of_the_bot_left_after_a_human_took_it(self) -> None:
        if self.before is None:
            return
        waits = self.do(
            self.world.one(
                "SELECT count(*) FROM outbox o JOIN conversations c ON c.id = o.conversation_id"
                " WHERE c.id = :id AND c.owner = 'human' AND o.origin = 'bot' AND o.kind = 'reply'"
                " AND o.state IN ('queued', 'sending')",
                id=self.where.conversation_id,
            )
        )
        assert waits == 0

    def open_cases(self) -> int:
        return int(
            self.do(
                self.world.one(
                    "SELECT count(*) FROM cases WHERE subject_id = :id AND closed_at IS NULL", id=self.where.subject_id
                )
            )
        )

    @invariant()
    def who_is_told_that_nobody_came_is_told_once(self) -> None:
        if self.before is None:
            return
        told = sum(text.startswith("late.") for text in self.do(self.world.said(self.her)))
        at = self.state().told_late_at
        if self.told_at is not None and self.told_at == at:
            assert told == self.told
        self.told, self.told_at = told, at
