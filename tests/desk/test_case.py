"""The page of a case on real conversations: what leaves and what waits, what is shown, what is done with it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.engine.messages import Option, Reply
from bot.transports import errors
from desk import case_page
from desk.views import talk
from tests.desk.office import Desk, Person, opened, plain
from tests.pipeline.world import World

ADDRESS = "9001"


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _case(world: World, text: str = "human please", channel: str = "telegram", address: str = ADDRESS) -> str:
    await world.says(address, text, channel=channel)
    where = (await world.where(address, channel)).conversation_id
    return f"/case/{await world.one('SELECT reference FROM cases WHERE conversation_id = :w', w=where)}"


async def _page(person: Person, case: str) -> str:
    """The page without the marks that keep the direction of values."""
    return (await person.get(case)).text.translate(dict.fromkeys(map(ord, "\u2068\u2069")))


async def _seen(person: Person, case: str) -> str:
    return (await person.get(case)).text.partition('name="seen" value="')[2].partition('"')[0]


async def _reply(person: Person, case: str, text: str) -> int:
    return (await person.post(f"{case}/reply", text=text, seen=await _seen(person, case))).status_code


async def test_a_reply_reaches_the_phone_and_its_delivery_is_shown(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    assert await _reply(person, case, "We read it.\nAre you safe?") == 303
    page = await _page(person, case)
    assert "waits to be sent" in page
    await world.sends()
    assert world.provider.sent[-1][2] == "We read it.\nAre you safe?"
    page = await _page(person, case)
    assert "waits to be sent" not in page
    assert "With Caseworker" in page


async def test_a_long_conversation_opens_at_its_end_and_is_read_back_page_by_page(
    town: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "LINES", 4)
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    for number in range(9):
        world.clock.move(minutes=1)
        await world.says(ADDRESS, f"word {number}.")
    everything = [str(row.id) for row in await town.rows("SELECT id FROM messages ORDER BY received_at, id")]
    page = await _page(person, case)
    assert _lines(page) == everything[-4:]
    assert 'name="seen"' in page
    read, back = _lines(page), ""
    while found := re.search(r'rel="prev" href="[^"?]+(\?until=[^"#]+)#m-([^"]+)"', page):
        back, page = page, await _page(person, case + found[1])
        assert found[2] == _lines(page)[-1] == read[0]  # the place where she was, on both pages
        assert 'name="seen"' not in page  # nothing is answered before the newest is read
        read = _lines(page)[:-1] + read
    assert read == everything
    later = re.search(r'rel="next" href="[^"?]+(\?since=[^"#]+)#m-([^"]+)"', page)
    assert later is not None
    assert _lines(await _page(person, case + later[1])) == _lines(back)
    for odd in ("?until=x", "?since=0", f"?until={'9' * 18}.{'0' * 32}"):
        assert (await person.get(case + odd)).status_code == 200, odd


def _lines(page: str) -> list[str]:
    return re.findall(r'<li class="line [^"]*" id="m-([^"]+)"', page)


async def test_what_she_wrote_meanwhile_is_read_first(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    before = await _seen(person, case)
    await person.post(f"{case}/take")
    await world.says(ADDRESS, "do not write now")
    answer = await person.post(f"{case}/reply", text="half an answer", seen=before)
    assert answer.status_code == 409
    assert "half an answer" in answer.text
    assert "do not write now" in answer.text
    assert "half an answer" not in [sent[2] for sent in world.provider.sent]
    again = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    assert (await person.post(f"{case}/reply", text="half an answer", seen=again)).status_code == 303


async def test_two_who_take_at_once_and_one_has_it(town: Desk, world: World) -> None:
    asha, bina, case = await town.person("caseworker"), await town.person("caseworker"), await _case(world)
    assert (await asha.post(f"{case}/take")).headers["location"].endswith("?told=taken")
    assert (await bina.post(f"{case}/take")).headers["location"].endswith("?told=held")
    answer = await bina.post(f"{case}/reply", text="me too", seen=await _seen(bina, case))
    assert answer.status_code == 403  # her relation does not let her answer
    boss = await town.person("supervisor")
    answer = await boss.post(f"{case}/reply", text="me too", seen=await _seen(boss, case))
    assert answer.status_code == 409
    assert "A colleague has this conversation" in answer.text
    await world.sends()
    assert "me too" not in [sent[2] for sent in world.provider.sent]


@pytest.mark.parametrize(("hours", "open_"), [(23.98, True), (24.02, False)])
async def test_the_whatsapp_window_is_told_truly(town: Desk, world: World, hours: float, open_: bool) -> None:
    case = await _case(world, channel="whatsapp", address="+96550001234")
    world.clock.move(hours=hours)
    person = await town.person("caseworker")
    await person.post(f"{case}/take")
    page = await _page(person, case)
    assert ("24 hours are over" in page) is not open_
    assert ("takes free words until" in page) is open_
    await _reply(person, case, "hello")
    assert await world.one("SELECT state FROM outbox WHERE origin = 'human' AND kind = 'reply'") in (
        ("queued", "held") if open_ else ("held",)
    )
    assert ("It leaves when the person writes again" in (await person.get(case)).text) is not open_


async def test_what_is_held_says_until_when(town: Desk, world: World) -> None:
    case, where = await _case(world), await world.where(ADDRESS)
    await world.set_person(where.subject_id, safe_from=18 * 60, safe_until=20 * 60, timezone="Asia/Kuwait")
    world.clock.move(hours=1)
    person = await town.person("caseworker")
    await person.post(f"{case}/take")
    page = await _page(person, case)
    assert "is held until 20:45" in page  # 18:00 in Kuwait, read in Kathmandu
    await _reply(person, case, "hello")
    assert "waits for the person&#39;s safe hours" in (await person.get(case)).text


async def test_a_failed_message_says_why_and_is_really_sent_again(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    world.provider.script[ADDRESS].append(errors.Filtered("30007"))
    await _reply(person, case, "We read it.")
    await world.sends()
    page = await _page(person, case)
    assert "could not be sent" in page
    assert "30007" in page
    message = page.partition('name="message" value="')[2].partition('"')[0]
    assert "We read it." not in [sent[2] for sent in world.provider.sent]
    assert (await person.post(f"{case}/retry", message=message)).headers["location"].endswith("?told=retried")
    world.clock.move(seconds=2)
    await world.sends()
    assert [sent[2] for sent in world.provider.sent].count("We read it.") == 1
    assert "could not be sent" not in (await person.get(case)).text
    for other in (message, "00000000-0000-7000-8000-000000000000", "x"):  # it arrived: nothing to send again
        assert (await person.post(f"{case}/retry", message=other)).headers["location"].endswith("?told=none")


async def test_nobody_sends_a_message_of_another_conversation_again(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    world.provider.script[ADDRESS].append(errors.Filtered("30007"))
    await _reply(person, case, "We read it.")
    await world.sends()
    message = (await person.get(case)).text.partition('name="message" value="')[2].partition('"')[0]
    other = await _case(world, address="9002")
    await person.post(f"{other}/take")
    assert (await person.post(f"{other}/retry", message=message)).headers["location"].endswith("?told=none")
    assert await world.one("SELECT state FROM outbox WHERE id = :i", i=message) == "failed"


async def test_segments_are_counted_by_the_server(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world, channel="sms", address="+96550001234")
    await person.post(f"{case}/take")
    before = await town.trail()
    for text, told in (("a" * 161, "2 SMS"), ("क" * 70, "1 SMS"), ("क" * 71, "2 SMS"), ("", "")):
        answer = await person.post(f"{case}/count", text=text)
        assert told in answer.json()["told"].replace("\u2068", "").replace("\u2069", "")
    assert await town.trail() == before
    assert await _reply(person, case, "a" * 1601) == 400


async def test_the_number_is_masked_until_a_reason_is_given(town: Desk, world: World) -> None:
    case = await _case(world, channel="sms", address="+96550001234")
    person = await town.person("caseworker")
    assert "50001234" not in (await person.get(case)).text
    assert (await person.post(f"{case}/unmask", reason_code="call")).status_code == 403  # not hers yet
    await person.post(f"{case}/take")
    assert (await person.post(f"{case}/unmask", reason_code="")).status_code == 400
    answer = await person.post(f"{case}/unmask", reason_code="call")
    assert "+96550001234" in answer.text
    assert "50001234" not in (await person.get(case)).text
    rows = await town.rows("SELECT reason FROM audit WHERE action = 'case.unmask' ORDER BY received_at, id")
    assert [row.reason for row in rows][-1] == "call"


async def test_notes_and_tasks_are_kept_sealed(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    await person.post(f"{case}/note", text="Her brother is called Hari.")
    day = (world.now + timedelta(days=2)).date().isoformat()
    await person.post(f"{case}/task", text="Ring the embassy", day=day)
    page = await _page(person, case)
    assert "Her brother is called Hari." in page
    assert "Ring the embassy" in page
    for table, column in (("case_events", "note_enc"), ("tasks", "text_enc")):
        for row in await town.rows(f"SELECT {column} AS sealed FROM {table} WHERE {column} IS NOT NULL"):
            assert b"Hari" not in bytes(row.sealed)
            assert b"embassy" not in bytes(row.sealed)
    task = page.partition('name="task" value="')[2].partition('"')[0]
    assert (await person.post(f"{case}/task/done", task=task)).headers["location"].endswith("?told=done")
    assert (await person.post(f"{case}/task/done", task=task)).headers["location"].endswith("?told=none")
    for bad in ({"text": "", "day": day}, {"text": "x", "day": "tomorrow"}):
        assert (await person.post(f"{case}/task", **bad)).headers["location"].endswith("?told=none")


async def test_it_is_given_to_a_colleague_who_can_answer(town: Desk, world: World) -> None:
    asha, bina, case = await town.person("caseworker"), await town.person("caseworker"), await _case(world)
    safeguarding = await town.user("safeguarding")
    await asha.post(f"{case}/take")
    assert (await asha.post(f"{case}/assign", to=str(safeguarding))).headers["location"].endswith("?told=none")
    assert (await asha.post(f"{case}/assign", to=str(bina.user_id))).headers["location"].endswith("?told=given")
    assert (await asha.post(f"{case}/note", text="x")).status_code == 403
    assert await _reply(bina, case, "I am here now.") == 303


async def test_a_case_ends_with_how_it_ended(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await person.post(f"{case}/take")
    assert (await person.post(f"{case}/close", outcome="whatever")).headers["location"].endswith("?told=none")
    assert (await person.post(f"{case}/close", outcome="advice")).headers["location"].endswith("?told=closed")
    row = (await town.rows("SELECT outcome, closed_at IS NOT NULL AS shut FROM cases"))[0]
    assert tuple(row) == ("advice", True)


async def test_what_is_critical_is_closed_by_two(town: Desk, world: World) -> None:
    asha, boss, case = await town.person("caseworker"), await town.person("supervisor"), await _case(world, "a knife")
    await asha.post(f"{case}/take")
    assert (await asha.post(f"{case}/close", outcome="safe")).headers["location"].endswith("?told=second_reader")
    assert (await asha.post(f"{case}/close", outcome="safe")).headers["location"].endswith("?told=second_reader")
    assert (await boss.post(f"{case}/close", outcome="safe")).headers["location"] == "/desk/care?told=hard"


async def test_lines_of_ours_are_in_her_language_and_can_be_inserted_without_scripts(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    where = await world.where(ADDRESS)
    await world.set_person(where.subject_id, language="ne")
    await person.post(f"{case}/take")
    page = (await person.get(f"{case}?canned=hello")).text
    wanted = world.app.content.said("ne", {"text": "canned.hello.say"}).replace("{name}", "Caseworker")
    assert wanted in page.partition('id="reply"')[2].partition("</textarea>")[0]
    assert "{name}" not in page


async def test_what_a_person_wrote_is_shown_as_text(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    await world.says(ADDRESS, '<script>alert(1)</script> "><img src=x>')
    page = await _page(person, case)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_a_letter_about_ourselves_is_not_in_the_conversation(town: Desk, world: World) -> None:
    person, case = await town.person("supervisor"), await _case(world)
    await world.writes(ADDRESS, "one of you wanted money")
    await world.turns()
    await world.run("UPDATE messages SET retention = 'box' WHERE received_at = (SELECT max(received_at) FROM messages)")
    await world.run(
        "UPDATE messages SET retention = 'box' WHERE direction = 'in' AND id = (SELECT id FROM messages WHERE"
        " direction = 'in' ORDER BY received_at DESC LIMIT 1)"
    )
    assert "wanted money" not in (await person.get(case)).text


async def test_another_case_of_hers_is_named_only_to_who_may_find_it(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world)
    where = await world.where(ADDRESS)
    await world.run(
        "INSERT INTO cases (id, subject_id, reference, organisation_id, conversation_id, kind, severity, stage,"
        " opened_at) SELECT gen_random_uuid(), :s, '9999999', NULL, NULL, 'report_missing', 'high', 'new', now()",
        s=where.subject_id,
    )
    assert "999 999 9" in (await person.get(case)).text
    await world.run("INSERT INTO organisations (id, name) VALUES (gen_random_uuid(), 'Elsewhere')")
    await world.run(
        "UPDATE cases SET organisation_id = (SELECT id FROM organisations WHERE name = 'Elsewhere')"
        " WHERE reference = '9999999'"
    )
    assert "999 999 9" not in (await person.get(case)).text


async def test_what_she_told_is_said_in_the_readers_language(town: Desk, world: World) -> None:
    person = await town.person("caseworker")
    case = await _case(world, "he has a knife")
    await world.says(ADDRESS, "1")
    assert "What was told" in (await person.get(case)).text
    labels = {
        c.label for f in world.app.content.flows.by_name.values() for s in f.steps for c in getattr(s, "choices", ())
    }
    told = (await _page(person, case)).partition('class="told"')[2].partition("</dl>")[0]
    assert any(label in told for label in labels), told


async def test_it_is_passed_on_and_safe_is_seen_twice(town: Desk, world: World) -> None:
    person, case = await town.person("caseworker"), await _case(world, "a knife")
    await person.post(f"{case}/take")
    assert (await person.post(f"{case}/safe")).headers["location"].endswith("?told=once")
    assert (await person.post(f"{case}/safe")).headers["location"].endswith("?told=too_soon")
    assert (await person.post(f"{case}/escalate")).headers["location"].endswith("?told=escalated")
    assert await world.one("SELECT owner FROM conversations") == "waiting"
    other = await town.person("caseworker")
    assert "Passed on" in (await other.get(case)).text


async def test_a_short_answer_can_be_read_by_what_was_offered(desk: Desk, world: World) -> None:
    await world.says("9001", "he has a knife")
    person = await desk.person("caseworker")
    page = plain((await person.get(f"/case/{await world.one('SELECT reference FROM cases')}")).text)
    assert "1 Yes · 2 No" in page


def test_an_arabic_label_among_others_pulls_no_number_before_it() -> None:
    labels = ("English", "العربية", "More languages")
    reply = Reply("language.ask", "en", "Which?", options=tuple(Option(str(n), one) for n, one in enumerate(labels)))
    shown = case_page._offered(reply)
    assert shown == "\n\u20681 English\u2069 · \u20682 العربية\u2069 · \u20683 More languages\u2069"
    plain = Reply("menu.ask", "en", "Which?", options=(Option("yes", "Yes"), Option("no", "No")))
    assert case_page._offered(plain) == "\n1 Yes · 2 No"
