"""What SMS cost, at the desk: segments of what really left, and money only where every price of it is known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.channels.contract import Inbound
from bot.channels.prices import FACTS, Prices
from bot.channels.segments import count
from bot.store import sms_spent
from bot.store.sms_spent import Spent
from desk import cost
from tests.desk.office import opened, plain
from tests.fakes import once
from tests.pipeline.world import World

SINGAPORE = "+6581234001"
PRICED = {
    "currency": "USD",
    "countries": {"SG": {"price": 0.05, "source": ["our_contract"], "checked_on": date(2026, 11, 26)}},
}


def test_the_file_as_it_is_names_a_source_for_every_price() -> None:
    facts = once.written().knowledge.get(FACTS)
    assert set(Prices.read(facts).by_country) == set(facts["countries"])


@pytest.mark.parametrize(
    "entry",
    [
        {"price": 0.05},
        {"price": 0.05, "source": ["x"], "checked_on": None},
        {"price": 0.05, "source": [], "checked_on": date(2026, 1, 1)},
        {"price": 0, "source": ["x"], "checked_on": date(2026, 1, 1)},
        {"price": "0.05", "source": ["x"], "checked_on": date(2026, 1, 1)},
        {"price": True, "source": ["x"], "checked_on": date(2026, 1, 1)},
        {"price": None, "source": ["x"], "checked_on": date(2026, 1, 1)},
    ],
)
def test_a_price_without_a_source_and_a_day_is_none(entry: dict[str, Any]) -> None:
    assert Prices.read({"currency": "USD", "countries": {"SG": entry}}).of("SG", 3) is None


def test_a_sum_is_never_half_of_one() -> None:
    prices = Prices.read(PRICED)
    assert prices.of("SG", 3) == Decimal("0.15")
    assert prices.together([("SG", 3), ("SG", 1)]) == Decimal("0.20")
    assert prices.together([("SG", 3), ("KW", 1)]) is None
    assert prices.together([(None, 1)]) is None
    assert prices.together([]) is None


async def _says(world: World, *texts: str) -> None:
    for text in texts:
        item: Inbound = world.inbound(SINGAPORE, text, channel="sms", account="+447700900123")
        await world.app.receive([item])
        await world.turns()
        await world.sends()
        world.clock.move(seconds=3)


async def test_segments_are_those_that_left_and_are_counted_once(world: World) -> None:
    await _says(world, "wages", "1")
    wanted = sum(count(part.text).segments for part in world.provider.parts)
    assert wanted >= 2
    async with world.app.database.begin() as connection:
        (spent,) = await sms_spent.months(connection, date(2020, 1, 1))
    messages = await world.one("SELECT count(*) FROM outbox WHERE state = 'sent'")
    assert (spent.country, spent.messages, spent.segments) == ("SG", messages, wanted)
    conversation = await world.one("SELECT id FROM conversations")
    async with world.app.database.begin() as connection:
        assert await sms_spent.of_conversation(connection, conversation) == wanted


async def test_what_did_not_leave_costs_nothing_and_other_channels_neither(world: World) -> None:
    await world.says("5550001", "wages")  # Telegram
    assert await world.one("SELECT count(*) FROM sms_spent") == 0


async def test_the_pages_tell_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await _says(world, "knife", "1")  # danger: there is a case
    n = await world.one("SELECT sum(segments) FROM sms_spent")
    reference = await world.one("SELECT reference FROM cases")
    async with opened(world.app) as desk:
        person = await desk.person("supervisor")
        page = plain((await person.get(f"/case/{reference}")).text)
        assert f"SMS sent here so far: {n} segments." in page
        figures = plain((await person.get("/figures")).text)
        assert "SMS sent" in figures
        assert f'<td>Singapore</td><td class="n">{await world.one("SELECT messages FROM sms_spent")}</td>' in figures
        assert f'<td class="n">{n}</td><td class="n">–</td>' in figures
        monkeypatch.setitem(world.app.content.knowledge.by_name, FACTS, PRICED)
        page = plain((await person.get(f"/case/{reference}")).text)
        assert f"segments, about ${n * 0.05:.2f}." in page
        elsewhere = await desk.person("supervisor", organisation="Shelter")
        assert "SMS sent" not in (await elsewhere.get("/figures")).text, "it is the bill of another organisation"


class _Say:
    """Words as codes."""

    visit = SimpleNamespace(language="en")

    def day(self, day: date, unit: str) -> str:
        return f"{day:%Y-%m}"

    def country(self, code: str | None) -> str:
        return code or "?"

    def n(self, number: float) -> str:
        return str(number)

    def t(self, text_id: str) -> str:
        return text_id


def test_months_have_a_sum_when_there_are_several_countries() -> None:
    say, content = cast(Any, _Say()), once.written()
    spent = [
        Spent(date(2026, 11, 1), "KW", 2, 4),
        Spent(date(2026, 11, 1), "SG", 1, 3),
        Spent(date(2026, 10, 1), None, 1, 1),
    ]
    assert cost.rows(say, content.knowledge, spent) == [
        ("2026-11", "KW", "2", "4", "–"),
        ("2026-11", "SG", "1", "3", "–"),
        ("2026-11", "figures.sms_sum", "3", "7", "–"),
        ("2026-10", "?", "1", "1", "–"),
    ]
