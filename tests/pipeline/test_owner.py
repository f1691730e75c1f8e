"""Who has the conversation: bot, waiting, human. And danger, which comes first in every state (laws 2 and 4)."""

from __future__ import annotations

from itertools import product

import pytest

from bot.engine.flow import Ask
from bot.engine.session import Frame, Session
from bot.store.keys import seal_json
from handlers import cases, references
from tests.pipeline.world import World

MAYA = "501"


async def _owned(world: World, owner: str, *said: str) -> None:
    await world.says(MAYA, "thanks", *said)
    epoch = await world.one("SELECT owner_epoch FROM conversations")
    await world.set_conversation((await world.where(MAYA)).conversation_id, owner=owner, owner_epoch=epoch + 1)


async def _pages(world: World) -> int:
    return int(await world.one("SELECT count(*) FROM notices WHERE audience = 'page' AND severity = 'critical'"))


SILENT = [("human", t) for t in ("are you there", "menu", "1", "wages", "0", "#", "delete")]


@pytest.mark.parametrize(("owner", "text"), SILENT)
async def test_the_bot_is_silent_while_a_human_has_it(world: World, owner: str, text: str) -> None:
    await _owned(world, owner)
    before = await world.said(MAYA)
    await world.says(MAYA, text)
    assert await world.said(MAYA) == before
    assert (await world.heard(MAYA))[-1] == text
    assert await world.one("SELECT owner FROM conversations") == owner
    kinds = [n.kind for n in await world.rows("SELECT kind FROM notices WHERE audience = 'queue'")]
    assert kinds == ["wrote_again"], "whoever has it, or will, sees that she wrote"
    await world.says(MAYA, text)
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'wrote_again'") == 1, "once, until it is taken"


@pytest.mark.parametrize("text", ["are you there", "1", "wages"])
async def test_while_a_human_is_awaited_her_words_get_one_line_in_ten_minutes(world: World, text: str) -> None:
    await _owned(world, "waiting")
    before = await world.said(MAYA)
    await world.says(MAYA, text)
    await world.says(MAYA, text, "please")
    assert await world.said(MAYA) == [*before, "stay.noted"]
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'wrote_again'") == 1, "once, until it is taken"
    world.clock.move(minutes=11)
    await world.says(MAYA, text)
    assert await world.said(MAYA) == [*before, "stay.noted", "stay.noted"]


@pytest.mark.parametrize(
    ("text", "asks"), [("menu", "welcome.language"), ("#", "language.language"), ("delete", "delete.sure")]
)
async def test_commands_are_obeyed_while_nobody_speaks_yet(world: World, text: str, asks: str) -> None:
    await _owned(world, "waiting")
    await world.says(MAYA, text)
    assert (await world.said(MAYA))[-1] == asks
    await world.says(MAYA, "1")  # the answer to what the command asked
    assert len(await world.said(MAYA)) > 2
    assert await world.one("SELECT owner FROM conversations") == "waiting"


async def test_who_asks_for_a_person_can_be_answered(world: World) -> None:
    """A number to answer by, and leave to write: the promise of an answer can be kept."""
    await world.says(MAYA, "human")
    assert (await world.said(MAYA))[-1] == "human.here"
    (case,) = await world.rows("SELECT kind, reference FROM cases")
    assert case.kind == "talk_to_human"
    assert await world.one("SELECT consent_contact_at IS NOT NULL AND consent_store_at IS NULL FROM contacts")


async def test_danger_in_an_old_danger_flow_pages_again_once_the_page_was_taken(world: World) -> None:
    await world.says(MAYA, "he has a knife")
    await world.says(MAYA, "the knife again")
    assert await _pages(world) == 1, "the first page is still open"
    await world.run("UPDATE notices SET taken_at = raised_at")
    world.clock.move(days=5)
    await world.says(MAYA, "the knife again")
    assert await _pages(world) == 2


async def test_after_a_pause_the_open_question_is_not_read_out_again(world: World) -> None:
    """The phone may be in other hands: something neutral first, and the answers are kept."""
    await world.says(MAYA, "wages", "1")
    assert (await world.said(MAYA))[-1].startswith("wages.")
    asked = (await world.said(MAYA))[-1]
    world.clock.move(days=2)
    await world.says(MAYA, "hm")
    assert (await world.said(MAYA))[-1] == "resume.continue"
    await world.says(MAYA, "1")
    assert (await world.said(MAYA))[-1] == asked


async def test_danger_pages_while_a_human_has_it_and_the_bot_stays_silent(world: World) -> None:
    await _owned(world, "human")
    before = await world.said(MAYA)
    await world.says(MAYA, "he has a knife")
    assert await _pages(world) == 1
    assert await world.one("SELECT count(*) FROM cases WHERE severity = 'critical'") == 1
    assert await world.said(MAYA) == before


async def test_danger_while_waiting_starts_the_danger_flow_and_once_only(world: World) -> None:
    await _owned(world, "waiting")
    await world.says(MAYA, "he has a knife")
    assert (await world.said(MAYA))[-1] == "danger.can_write"
    assert await _pages(world) == 1
    await _owned(world, "waiting")
    before = await world.said(MAYA)
    await world.says(MAYA, "he has the knife again")  # a critical case is open: a human comes, nothing is asked again
    assert await world.said(MAYA) == [*before, "stay.reads"]
    assert await _pages(world) == 2
    assert await world.one("SELECT count(*) FROM cases") == 1


async def test_grave_but_not_dangerous_kinds_that_page_are_critical_too(world: World) -> None:
    await world.says(MAYA, "I am in jail")
    assert await _pages(world) == 1
    assert await world.one("SELECT severity FROM cases") == "critical"


async def test_closed_is_reopened_by_whatever_is_written(world: World) -> None:
    await _owned(world, "closed")
    await world.says(MAYA, "status")
    assert (await world.said(MAYA))[-1] == "status.stranger"
    assert await world.one("SELECT owner FROM conversations") == "bot"


async def test_stop_and_start_count_while_a_human_has_it(world: World) -> None:
    await _owned(world, "human")
    await world.says(MAYA, "STOP")
    assert await world.one("SELECT opted_out_at IS NOT NULL FROM contacts")
    assert (await world.said(MAYA))[-1] == "stop.done"
    assert world.provider.sent[-1][2].startswith("Okay, no more messages")
    sent = len(world.provider.sent)
    decision = await world.app.staff.reply(await world.where(MAYA), "Hello", case_id=None)
    assert (decision.state, decision.reason) == ("withdrawn", "opted_out")
    await world.says(MAYA, "START")
    assert await world.one("SELECT opted_out_at IS NULL FROM contacts")
    assert len(world.provider.sent) == sent + 1
    assert await world.one("SELECT owner FROM conversations") == "human"


async def test_the_provider_s_own_stop_is_not_answered_and_blocking_opens_no_window(world: World) -> None:
    await world.says(MAYA, "thanks")
    said, heard_at = await world.said(MAYA), await world.one("SELECT last_inbound_at FROM conversations")
    world.clock.move(hours=1)
    await world.says(MAYA, "", kind="blocked")
    assert await world.one("SELECT blocked_at IS NOT NULL FROM conversations")
    await world.says(MAYA, "", kind="unblocked")
    assert await world.one("SELECT blocked_at IS NULL FROM conversations")
    assert await world.one("SELECT last_inbound_at FROM conversations") == heard_at
    await world.says(MAYA, "STOP", kind="blocked", extra={"opt_out": "STOP"})
    assert await world.one("SELECT opted_out_at IS NOT NULL FROM contacts")
    await world.says(MAYA, "START", kind="unblocked", extra={"opt_out": "START"})
    assert await world.one("SELECT opted_out_at IS NULL FROM contacts")
    assert await world.said(MAYA) == said


async def test_what_the_bot_had_to_say_is_withdrawn_when_a_human_takes_over(world: World) -> None:
    await world.writes(MAYA, "thanks")
    await world.turns()
    await world.app.staff.reply(await world.where(MAYA), "This is Asha.", case_id=None)
    await world.sends()
    assert [text for _, _, text in world.provider.sent] == ["This is Asha."]
    states = [(x.author, x.state, x.reason) for x in await world.lines(MAYA) if x.direction == "out"]
    assert states == [("bot", "withdrawn", "owner_changed"), ("human", "sent", None)]


async def test_a_held_human_reply_leaves_first_when_the_person_writes_again(world: World) -> None:
    await world.says(MAYA, "thanks")
    where = await world.where(MAYA)
    world.clock.move(hours=12)
    for text in ("A first answer.", "And a second one."):
        decision = await world.app.staff.reply(where, text, case_id=None)
        assert (decision.state, decision.reason) == ("held", "no_consent")
    assert await world.sends() == 0
    await world.app.staff.release(where)
    world.provider.sent.clear()
    await world.says(MAYA, "status")
    texts = [text for _, _, text in world.provider.sent]
    assert texts[:2] == ["A first answer.", "And a second one."]
    assert len(texts) == 3
    assert (await world.said(MAYA))[-1] == "status.stranger"


# --- law 2


async def test_danger_comes_first_at_every_question_of_every_flow_in_every_state_of_consent(world: World) -> None:
    flows = world.app.content.flows.by_name.values()
    places = [(f, s) for f in flows if f.level != "danger" for s in f.steps if isinstance(s, Ask)]
    assert len(places) >= 10
    states: dict[str, dict[str, object]] = {
        "unknown": {},
        "consent": {"consent_store_at": world.now, "consent_contact_at": world.now, "language": "en"},
        "refused": {"consent_refused_at": world.now},
        "stopped": {"opted_out_at": world.now},
    }
    expected = {}
    for number, ((flow, step), (state, values)) in enumerate(product(places, states.items())):
        address = f"8{number:03}"
        await world.writes(address, "hello there")
        expected[address] = (f"{flow.name}.{step.id}", state)
        where = await world.app.inbox.open(world.inbound(address), {})
        session = Session((Frame(flow.name, step.id, flow.version, waiting=True, asked=(step.id,)),))
        sealed = seal_json(where.key, session.to_json(), where=f"conversations.session_enc.{where.conversation_id}")
        await world.set_conversation(where.conversation_id, session_enc=sealed)
        await world.set_person(where.subject_id, **{"safe_from": None} | values)
    await world.run("UPDATE inbox SET state = 'done'")
    for address in expected:
        await world.writes(address, "knife")
    assert await world.turns() == len(expected)
    for address, place in expected.items():
        out = [line for line in await world.lines(address) if line.direction == "out"]
        assert [line.body["text_id"] for line in out] == ["danger.can_write"], place
        wanted = ("withdrawn", "opted_out") if place[1] == "stopped" else ("queued", None)
        assert (out[0].state, out[0].reason) == wanted, place
        subject = (await world.where(address)).subject_id
        (found,) = await world.rows(
            "SELECT n.xmin AS page, o.xmin AS reply, n.audience, n.severity FROM notices n "
            "JOIN outbox o ON o.subject_id = n.subject_id WHERE n.subject_id = :id",
            id=subject,
        )
        assert (found.audience, found.severity) == ("page", "critical"), place
        assert found.page == found.reply, place  # one commit


async def test_the_very_first_words_of_a_stranger_page_a_human(world: World) -> None:
    await world.says(MAYA, "knife")
    assert await _pages(world) == 1
    assert (await world.said(MAYA))[0] == "danger.can_write"


async def test_danger_within_danger_pages_again_when_it_is_graver(world: World) -> None:
    await world.says(MAYA, "I am locked in", "rope")
    assert await _pages(world) == 2
    assert (await world.said(MAYA))[-1].startswith("self_harm.")


async def test_asking_for_a_person_in_danger_does_not_make_it_later(world: World) -> None:
    await world.says(MAYA, "he has a knife", "0")
    handed = await world.rows("SELECT severity FROM notices WHERE audience = 'queue'")
    assert [n.severity for n in handed] == ["critical"]
    assert (await world.said(MAYA))[-1] == "human.here"


async def test_somebody_known_is_not_introduced_again(world: World) -> None:
    await world.says(MAYA, "wages", "1", "Kuwait", "1", "1", "3 months 180 KD", "1")
    await world.says(MAYA, "hello")
    assert (await world.said(MAYA))[-1] == "add.added"  # just after the number it is more about it
    world.clock.move(minutes=31)
    await world.says(MAYA, "hello")
    assert (await world.said(MAYA))[-1] == "menu.what"


async def test_an_act_of_staff_opens_a_case_with_a_number(world: World) -> None:
    await world.says(MAYA, "hello")
    where = await world.where(MAYA)
    for _ in range(2):
        await world.app.staff.prepare(where, lambda ctx: cases.open_case(ctx, kind="report_fraud"))
    found = [row.reference for row in await world.rows("SELECT reference FROM cases")]
    assert len(set(found)) == 2
    assert all(len(r) == 7 and references.check_digit(r[:-1]) == r[-1] for r in found)


async def test_an_answer_to_a_caseworker_who_gave_it_back_reaches_the_human_queue(world: World) -> None:
    await world.says(MAYA, "human")
    where = await world.where(MAYA)
    await world.app.staff.reply(where, "When were you last paid?", case_id=None)
    await world.app.staff.release(where)
    world.clock.move(minutes=30)
    await world.says(MAYA, "wages in March")
    assert (await world.said(MAYA))[-1] == "passed_on.here"
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    kinds = [n.kind for n in await world.rows("SELECT kind FROM notices WHERE taken_at IS NULL")]
    assert kinds == ["answered_us"]
    assert await world.one("SELECT count(*) FROM cases") == 1
    await world.app.staff.release(where)  # nobody asked anything this time
    await world.says(MAYA, "wages in March")
    assert (await world.said(MAYA))[-1] == "wages.safe"
