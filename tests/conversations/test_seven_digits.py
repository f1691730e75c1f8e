"""Seven digits alone: the number of a case, or a telephone."""

from __future__ import annotations

import pytest

from bot.content import Content
from bot.engine.inputs import Meaning
from tests.conversations.harness import Phone, recording

PASSPORT = Meaning("report_passport_withheld", 0.95)


async def reported(content: Content) -> Phone:
    """She has a case, and was just told its number."""
    phone = Phone(recording(content), "sms", "en")
    phone.subject.person.consent_store_at, phone.subject.person.country = phone.now, "KW"
    await phone.hear("they keep my passport", PASSPORT)
    await phone.hear("1")
    for _ in range(6):
        if phone.case is not None and phone.asking.startswith("closing."):
            break
        await phone.hear("skip")
    assert phone.case is not None
    return phone


@pytest.mark.parametrize("minutes", [0, 20, 120])
async def test_her_own_number_asks_how_it_stands(content: Content, minutes: int) -> None:
    phone = await reported(content)
    phone.later(minutes=minutes)
    assert phone.case is not None
    lines = await phone.hear(phone.case.reference)
    assert [line.event.text_id.split(".")[0] for line in lines] == ["status"]


@pytest.mark.parametrize(("minutes", "told"), [(0, "add"), (20, "add"), (120, "status")])
async def test_other_digits_belong_to_the_case_for_a_while(content: Content, minutes: int, told: str) -> None:
    phone = await reported(content)
    phone.later(minutes=minutes)
    assert phone.case is not None
    other = "2225554" if phone.case.reference != "2225554" else "2225555"
    lines = await phone.hear(other)
    assert [line.event.text_id.split(".")[0] for line in lines] == [told]
    assert (other in phone.case.facts.get("said", ())) is (told == "add")
