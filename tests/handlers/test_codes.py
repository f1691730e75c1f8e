"""Family codes: what guessing costs (T38), what they answer (T39 on the database: tests/pipeline), who makes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.content.knowledge import Facts
from bot.content.readers.code import FIRST, LENGTH
from bot.settings import ROOT
from bot.store.records import NEW, CodeUse, FamilyCode
from bot.store.rows import Conversation, Person
from handlers import cases, codes
from handlers.context import Actor, Context
from tests.conftest import NOON
from tests.fakes.shelf import MemoryShelf, SmallWorld
from tests.handlers.people import facts

HOUR = timedelta(hours=1)


class World:
    """Several people, and a clock."""

    def __init__(self) -> None:
        self.shelves = SmallWorld()
        self.ids: Iterator[int] = itertools.count(1)
        self.people: dict[str, tuple[Person, Conversation, list[cases.Case], list[cases.Case]]] = {}
        self.now = NOON

    def ctx(self, name: str) -> Context:
        if name not in self.people:
            mine: list[cases.Case] = []
            self.people[name] = (Person(self.id()), Conversation(self.id(), "sms", "7001"), mine, [])
            self.shelves.cases.append(mine)
        person, conversation, mine, closed = self.people[name]
        shelf = MemoryShelf(self.shelves, person.id, conversation_id=conversation.id, now=self.now)
        return Context(
            actor=Actor("person"),
            person=person,
            conversation=conversation,
            cases=mine,
            now=self.now,
            new_id=self.id,
            references=lambda: str(1000000 + next(self.ids)),
            knowledge=facts(),
            shelf=shelf,
            digits=lambda count: str(next(self.ids) * 7_919_000_000_007 + 4_829_173)[::-1].ljust(count, "5")[:count],
            closed=closed,
        )

    def id(self) -> UUID:
        return UUID(int=next(self.ids))

    async def code(self, name: str = "worker", kind: str = "real") -> str:
        ctx = self.ctx(name)
        if not ctx.cases:
            await cases.open_case(ctx, kind="report_unpaid_wages")
        return str((await codes.make(ctx, kind=kind)).slots["code"]).replace(" ", "")

    async def look(self, code: str, name: str = "family") -> str:
        return (await codes.look(self.ctx(name), code=code)).name


@pytest.fixture
def world() -> World:
    return World()


def test_t38_guessing_for_a_month_finds_nothing() -> None:
    """Expected hits of an attacker at the highest rate that is answered at all, among 100,000 live codes."""
    limits = facts().get("codes")["tries_an_hour"]
    live, tries = 100_000, limits["all"] * 24 * 30
    space = 10 ** (LENGTH - 2)  # the first digit and the check digit are known to whoever guesses
    assert limits["one"] <= limits["all"]
    assert tries * live / space < 0.01
    assert limits["one"] * 24 * 30 * live / space < 1e-5


def test_codes_are_well_made(world: World) -> None:
    ctx = world.ctx("worker")
    drawn = {codes.new_digits(ctx) for _ in range(100)}
    assert len(drawn) == 100
    for code in drawn:
        assert (len(code), code[0]) == (LENGTH, FIRST)
        assert codes.is_well_typed(code)
        assert not any(codes.is_well_typed(code[:i] + str((int(code[i]) + 1) % 10) + code[i + 1 :]) for i in range(16))
        assert codes.in_fours(code).split() == [code[0:4], code[4:8], code[8:12], code[12:16]]


async def test_a_code_of_an_open_case_says_so_and_its_owner_sees_that_it_was_used(world: World) -> None:
    code = await world.code()
    assert await world.look(code) == "open"
    assert await world.look(code, "somebody else") == "open"
    worker = world.ctx("worker")
    uses = await worker.shelf.mine(CodeUse)
    assert [u.owner for u in uses] == [worker.person.id] * 2  # and not who asked
    told = await codes.mine(worker)
    assert told.slots["lines"]["list"][0]["row"][1:] == [f"{code[-4:]}:", "2×", "·", {"day": "2026-11-23"}]  # a Monday
    assert (await codes.mine(world.ctx("family"))).name == "none"


async def test_a_revoked_code_is_silent_at_once(world: World) -> None:
    code = await world.code()
    worker = world.ctx("worker")
    option = (await codes.mine(worker)).slots["codes"][0]["id"]
    assert (await codes.revoke(world.ctx("family"), code=option)).name == "unknown"  # not hers
    assert await world.look(code) == "open"
    assert (await codes.revoke(worker, code=option)).name == "revoked"
    assert await world.look(code) == "nothing"
    assert (await codes.revoke(worker, code=option)).name == "unknown"
    assert (await codes.mine(worker)).name == "none"


async def test_a_code_ends_after_its_days_and_with_its_case(world: World) -> None:
    code, other = await world.code(), await world.code("another worker")
    world.now += timedelta(days=90) - timedelta(seconds=1)
    assert await world.look(code) == "open"
    world.now += timedelta(seconds=1)
    assert await world.look(code) == "nothing"
    world.now = NOON
    world.people["another worker"][2][0].closed_at = NOON
    assert await world.look(other) == "nothing"


async def test_the_letter_b_says_yes_whatever_happens_until_its_day_or_it_is_taken_back(world: World) -> None:
    code = await world.code(kind="decoy")
    world.people["worker"][2][0].closed_at = NOON
    ends = (await world.ctx("worker").shelf.mine(FamilyCode))[0].expires_at
    assert ends is not None
    world.now = ends - timedelta(seconds=1)
    assert await world.look(code) == "open"
    world.now = ends
    assert await world.look(code) == "nothing"  # as the date said that was told with it
    world.now = NOON
    worker = world.ctx("worker")
    await codes.revoke(worker, code=(await codes.mine(worker)).slots["codes"][0]["id"])
    assert await world.look(code) == "nothing"


async def test_both_letters_are_told_in_the_same_words(world: World) -> None:
    ctx = world.ctx("worker")
    await cases.open_case(ctx, kind="report_unpaid_wages")
    real, decoy = await codes.make(ctx, kind="real"), await codes.make(ctx, kind="decoy")
    assert real.name == decoy.name == "made"
    assert real.slots["until"] == decoy.slots["until"]
    assert len({c.expires_at for c in await ctx.shelf.mine(FamilyCode)}) == 1  # else the date tells which is B
    assert codes.is_well_typed(str(decoy.slots["code"]).replace(" ", ""))


async def test_without_a_case_only_b_can_be_made_and_five_are_enough(world: World) -> None:
    ctx = world.ctx("worker")
    assert (await codes.make(ctx, kind="real")).name == "nothing_open"
    for _ in range(5):
        assert (await codes.make(ctx, kind="decoy")).name == "made"
    assert (await codes.make(ctx, kind="decoy")).name == "enough"
    assert len(await ctx.shelf.mine(FamilyCode)) == 5


async def test_who_asks_too_often_hears_the_same_as_for_a_wrong_code(world: World) -> None:
    code = await world.code()
    for _ in range(5):
        assert await world.look(code) == "open"
    sixth = world.ctx("family")
    assert (await codes.look(sixth, code=code)).name == "nothing"
    assert [(n.audience, n.kind, n.case_id) for n in sixth.notices] == [("queue", "many_codes", None)]
    seventh = world.ctx("family")
    assert (await codes.look(seventh, code=code)).name == "nothing"
    assert seventh.notices == []
    assert await world.look(code, "somebody else") == "open"  # hers alone are counted against her
    world.now += HOUR + timedelta(seconds=1)
    assert await world.look(code) == "open"


async def test_all_together_are_limited_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await world.code()
    given = dict(facts().get("codes"))
    given["tries_an_hour"] = {"one": 5, "all": 20}
    monkeypatch.setattr(Facts, "get", lambda self, name: given)
    answers = [await world.look(code, f"family {n}") for n in range(25)]
    assert answers == ["open"] * 20 + ["nothing"] * 5


async def test_nothing_that_is_recorded_holds_a_code(world: World) -> None:
    code = await world.code()
    worker, family = world.ctx("worker"), world.ctx("family")
    made = await codes.make(worker, kind="real")
    await codes.look(family, code=code)
    for digits in (code, str(made.slots["code"]).replace(" ", "")):
        recorded = f"{worker.events} {worker.notices} {family.events} {family.notices}"
        assert digits not in recorded.replace(" ", "")
    assert [e.kind for e in worker.events] == ["code_made"]
    assert NEW not in {u.id for u in await worker.shelf.mine(CodeUse)}


def test_the_limits_stand_in_data() -> None:
    assert (ROOT / "knowledge" / "codes.yml").exists()
    assert facts().get("codes")["valid_days"] == 90


async def test_days_and_months_are_those_where_she_is(world: World) -> None:
    """After midnight in Kathmandu it is still yesterday, and last month, by UTC."""
    world.now = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    ctx = world.ctx("worker")
    ctx.person.country = "NP"
    for kind in ("report_unpaid_wages", "report_documents"):
        await cases.open_case(ctx, kind=kind)
    days = timedelta(days=facts().get("codes")["valid_days"])
    made = await codes.make(ctx, kind="real")
    assert made.slots["until"] == {"day": (datetime(2026, 12, 1) + days).date().isoformat()}
    lines = (await cases.details(ctx)).slots["lines"]["list"]
    assert {line["row"][1]["month"] for line in lines} == {"2026-12"}
