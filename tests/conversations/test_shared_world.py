"""Two phones of one world meet over a code; a transcript may start with a profile, and says what it became."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.content import Content
from bot.store.records import CodeUse, FamilyCode
from handlers.context import Context
from tests.conversations.harness import Phone, recording
from tests.conversations.telling import Telling
from tests.conversations.transcript import Transcript
from tests.fakes.shelf import SmallWorld


def _context(phone: Phone) -> Context:
    return phone._new_turn().ctx


async def test_what_one_puts_on_the_shelf_the_other_finds(content: Content) -> None:
    world = SmallWorld()
    maya, mother = (Phone(recording(content), channel, "ne", world=world) for channel in ("telegram", "sms"))
    assert maya.subject.id != mother.subject.id
    ctx = _context(maya)
    code = ctx.shelf.add(FamilyCode(digits=ctx.digits(16)))
    assert len(code.digits) == 16
    assert ctx.digits(16) != code.digits
    mother.later(hours=1)
    asking = _context(mother)
    found = await asking.shelf.by_code(FamilyCode, code.digits)
    assert found is not None
    assert found.owner == maya.subject.id
    asking.shelf.add(CodeUse(code_id=found.id, owner=found.owner))
    assert [u.used_at for u in await _context(maya).shelf.mine(CodeUse)] == [maya.now + timedelta(hours=1)]
    assert not await asking.shelf.case_is_open(mother.subject.id)


async def test_strangers_have_worlds_of_their_own(content: Content) -> None:
    maya, stranger = (Phone(recording(content), "sms", "en") for _ in range(2))
    _context(maya).shelf.add(FamilyCode(digits="4829173056128347"))
    assert await _context(stranger).shelf.by_code(FamilyCode, "4829173056128347") is None


@pytest.mark.parametrize(("expected", "holds"), [({"word": "0421"}, True), ({"word": "9"}, False), ({"x": None}, True)])
async def test_a_transcript_starts_with_a_profile(content: Content, expected: dict[str, str], holds: bool) -> None:
    start = {"profile": {"word": "0421", "course": {"lesson": 1}}}
    transcript = Transcript("menu.profile", "", start, [{"say": "menu", "asks": "menu.what"}], 0)
    told = Telling(content, transcript, "sms", "en", 0)
    await told.run()
    assert told.phone.subject.person.profile == start["profile"]
    if holds:
        told._hold_person({"profile": expected}, "here")
    else:
        with pytest.raises(AssertionError, match="profile"):
            told._hold_person({"profile": expected}, "here")
