"""A matter that was put off: what is kept of it, and that the version before can read it.

Law: the versions before and after stand beside each other during a restart, on one profile.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers import put_off
from handlers.context import Context
from tests.handlers.people import HERE, context

MATTER, ALARM = "violence", "violence"


def as_before(ctx: Context) -> str:
    """What the version before reads: it unpacks two things of a row, whatever stands there."""
    matter, until = dict(ctx.person.profile.get("put_off", {})).get(str(HERE), ("", ""))
    return str(matter) if until else ""


@pytest.mark.parametrize(("alarm", "woken"), [(ALARM, True), (None, False)])
async def test_the_version_before_reads_what_is_noted(alarm: str | None, woken: bool) -> None:
    ctx = context()
    await put_off.note(ctx, matter=MATTER, alarm=alarm)
    assert as_before(ctx) == MATTER
    assert put_off.matter_of(ctx) == (MATTER, woken)


async def test_what_the_version_before_noted_woke_nobody() -> None:
    ctx = context()
    await put_off.note(ctx, matter=MATTER, alarm=ALARM)
    until = ctx.now + put_off.KEPT + timedelta(hours=1)
    ctx.person.profile["put_off"] = {str(HERE): ["wages", until.isoformat()]}  # as the version before writes it
    assert put_off.matter_of(ctx) == ("wages", False)


async def test_a_later_matter_that_woke_nobody_takes_the_place_of_one_that_did() -> None:
    ctx = context()
    await put_off.note(ctx, matter=MATTER, alarm=ALARM)
    await put_off.note(ctx, matter="wages")
    assert put_off.matter_of(ctx) == ("wages", False)


async def test_nothing_stays_of_what_is_settled() -> None:
    ctx = context()
    await put_off.note(ctx, matter=MATTER, alarm=ALARM)
    put_off.settle(ctx)
    assert put_off.matter_of(ctx) == ("", False)
    assert ctx.person.profile == {}


async def test_another_conversation_keeps_its_own() -> None:
    ctx = context()
    ctx.person.profile["put_off"] = {"elsewhere": ["wages", ctx.now.isoformat()]}
    await put_off.note(ctx, matter=MATTER, alarm=ALARM)
    put_off.settle(ctx)
    assert ctx.person.profile == {"put_off": {"elsewhere": ["wages", ctx.now.isoformat()]}}


async def test_after_a_week_it_is_not_asked_about() -> None:
    ctx = context()
    await put_off.note(ctx, matter=MATTER, alarm=ALARM)
    ctx.now += put_off.KEPT
    assert put_off.matter_of(ctx) == ("", False)
