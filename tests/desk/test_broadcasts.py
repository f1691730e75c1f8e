"""Broadcasts at the desk: two colleagues for each text, the plan above the button, the bar, the stop; who may what."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest

from desk.office import csrf_of
from tests.desk.office import Desk, Person, opened, plain
from tests.pipeline.telling import TOPIC, Telling, mark
from tests.pipeline.world import World

WORDS = "Hello. From 1 March a new form is needed."


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


async def _draft(writer: Person, **form: str) -> str:
    answer = await writer.post("/broadcasts", name="New form", topic=TOPIC, days="3", **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].removeprefix("/desk").partition("?")[0])


async def _told(person: Person, path: str, **form: str) -> str:
    answer = await person.post(path, **form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?told=")[2])


async def _ready(town: Desk, writer: Person, reader: Person) -> str:
    page = await _draft(writer)
    assert await _told(writer, f"{page}/text", language="en", words=WORDS) == "saved"
    assert await _told(reader, f"{page}/approve", language="en", seen=mark(WORDS)) == "agreed"
    return page


async def test_from_a_draft_to_the_phones(town: Desk, world: World) -> None:
    telling = await Telling.made(world)
    await telling.subscriber("501")
    await telling.subscriber("502", language="hi")
    world.clock.move(hours=2)
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _ready(town, writer, reader)
    before = plain((await reader.get(page)).text)
    assert "It reaches 1 of 2 people" in before
    assert "no text in their language" in before
    assert await _told(reader, f"{page}/start") == "started"
    assert 'value="0"' in (await writer.get(page)).text
    await telling.minute()
    await world.sends()
    await telling.minute()
    after = plain((await writer.get(page)).text)
    assert re.search(r'<progress class="far" max="2" value="2"', after)
    assert "2 of 2 people" in after
    assert "100%" in after
    assert telling.heard("501") == [f"{WORDS}\n\nTo end these messages, write NEWS OFF."]
    actions = [action for action, kind, _ in await town.trail() if kind == "broadcast"]
    assert (
        actions == ["broadcast.text", "broadcast.approve", "broadcast.view", "broadcast.start"] + ["broadcast.view"] * 2
    )


async def test_nobody_agrees_to_her_own_words_and_a_changed_text_is_agreed_to_anew(town: Desk) -> None:
    writer, reader = await town.person("supervisor"), await town.person("supervisor")
    page = await _draft(writer)
    await _told(writer, f"{page}/text", language="en", words=WORDS)
    assert "Your own words" in (await writer.get(page)).text
    assert await _told(writer, f"{page}/approve", language="en", seen=mark(WORDS)) == "not_agreed"
    assert await _told(writer, f"{page}/start") == "not_started"
    assert await _told(reader, f"{page}/approve", language="en", seen=mark(WORDS)) == "agreed"
    assert await _told(writer, f"{page}/text", language="en", words=WORDS + " Ask us.") == "saved"
    assert await _told(reader, f"{page}/start") == "not_started"
    assert await _told(reader, f"{page}/approve", language="en", seen=mark(WORDS)) == "changed"  # a page of before
    assert await _told(reader, f"{page}/approve", language="en") == "changed"
    assert "changed meanwhile" in (await reader.get(f"{page}?told=changed")).text
    shown = re.search(r'name="seen" value="(\w+)"', (await reader.get(page)).text)
    assert shown
    assert await _told(reader, f"{page}/approve", language="en", seen=shown[1]) == "agreed"
    assert await _told(reader, f"{page}/start") == "started"
    assert await _told(writer, f"{page}/text", language="en", words="Hello. Late.") == "none"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Police and salary: new rules from March.", "police"),
        ("Danger! Call us.", "Danger"),
        ("Hello {name}, a new form is needed.", "without curly brackets"),
        ("Hello. Pay nothing.\x1b[2K\x1b[1A", "U+001B"),
        ("Hello. Pay nothing.\rHello. Pay him.", "U+000D"),
        ("Hello. \u202edeirrow eb ton od", "U+202E"),
        ("Hello.\u2028A new form.\u2029Yes.", "U+2028, U+2029"),
        ("Hello. " + "A new form is needed from March on. " * 25, "Too long"),
    ],
)
async def test_words_that_tell_or_are_too_long_are_not_kept(town: Desk, words: str, told: str) -> None:
    writer = await town.person("caseworker")
    page = await _draft(writer)
    answer = await writer.post(f"{page}/text", language="en", words=words)
    assert answer.status_code == 400
    assert told.casefold() in answer.text.casefold()
    assert (await town.rows("SELECT count(*) FROM broadcast_texts"))[0][0] == 0


async def test_whoever_may_see_it_may_stop_it_and_a_supervisor_lets_it_go_on(town: Desk) -> None:
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _ready(town, writer, reader)
    assert (await writer.post(f"{page}/start")).status_code == 403
    assert (await writer.post(f"{page}/approve", language="en", seen=mark(WORDS))).status_code == 403
    assert await _told(reader, f"{page}/start") == "started"
    assert await _told(writer, f"{page}/stop") == "stopped"
    assert await _told(writer, f"{page}/stop") == "not_stopped"
    assert "Let it go on" in (await reader.get(page)).text
    assert await _told(reader, f"{page}/start") == "started"
    assert await _told(writer, f"{page}/drop") == "none"


@pytest.mark.parametrize("role", ["volunteer", "interpreter", "partner", "safeguarding", "administrator"])
async def test_other_roles_see_none_of_it(town: Desk, role: str) -> None:
    page = await _draft(await town.person("caseworker"))
    other = await town.person(role)
    for path in ("/broadcasts", page):
        assert (await other.get(path)).status_code == 403
    assert (await other.post(f"{page}/stop")).status_code == 403


async def test_another_organisation_tells_nobody_anything(town: Desk) -> None:
    page = await _draft(await town.person("caseworker"))
    partner = await town.person("supervisor", organisation="Shelter")
    assert (await partner.get("/broadcasts")).status_code == 403
    assert (await partner.post(f"{page}/start")).status_code == 403


async def test_a_draft_may_go_and_a_wrong_form_says_why(town: Desk) -> None:
    writer = await town.person("caseworker")
    page = await _draft(writer, country_QA="yes", language_ne="yes")
    row = (await town.rows("SELECT languages, countries FROM broadcasts"))[0]
    assert (row.languages, row.countries) == (["ne"], ["QA"])
    assert await _told(writer, f"{page}/drop") == "dropped"
    assert (await writer.get(page)).status_code == 404
    for form, why in (
        ({"name": "  "}, "A name is needed, of 80 characters at most."),
        ({"days": "0"}, "Days: a number from 1 to 14."),
        ({"days": "x"}, "Days: a number from 1 to 14."),
        ({"days": "1" * 5000}, "Days: a number from 1 to 14."),
        ({"name": "A\x1b[1A"}, "It holds signs that nobody sees (U+001B)."),
        ({"topic": "all"}, 'There is no topic "all".'),
        ({"country_ZZ": "yes"}, 'There is no country "ZZ" here.'),
        ({"language_xx": "yes"}, 'There is no language "xx" here.'),
    ):
        answer = await writer.post("/broadcasts", **{"name": "A", "topic": TOPIC, "days": "3", **form})
        assert (answer.status_code, why in plain(html.unescape(answer.text))) == (400, True), why
    assert (await town.rows("SELECT count(*) FROM broadcasts"))[0][0] == 0


async def test_what_is_too_long_is_told_and_comes_back_whole(town: Desk) -> None:
    """No field cuts what is pasted into it: words without their end would be other words."""
    writer = await town.person("caseworker")
    name, words = "ن" * 2000, "Hello. " + "A form is needed. " * 200
    answer = await writer.post("/broadcasts", name=name, topic=TOPIC, days="3")
    assert answer.status_code == 400
    assert "of 80 characters at most" in plain(answer.text)
    assert f'value="{name}"' in answer.text
    page = await _draft(writer)
    answer = await writer.post(f"{page}/text", language="en", words=words)
    assert (answer.status_code, "Too long." in plain(answer.text), words.strip() in answer.text) == (400, True, True)
    for text in (answer.text, (await writer.get("/broadcasts")).text):
        assert "maxlength" not in text.partition("<main")[2]


async def test_two_marks_in_one_form_agree_to_one_text_or_to_none(town: Desk) -> None:
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _draft(writer)
    await _told(writer, f"{page}/text", language="en", words=WORDS)
    for seen, became in (([mark(WORDS), "other"], "changed"), (["other", mark(WORDS)], "agreed")):
        form = {"csrf": csrf_of(reader.token), "language": "en", "seen": seen}
        answer = await reader.client.post(f"/desk{page}/approve", data=form)
        assert answer.headers["location"].partition("?told=")[2] == became


async def test_words_that_nobody_would_hear_are_refused(town: Desk) -> None:
    writer = await town.person("caseworker")
    page = await _draft(writer, language_ne="yes")
    answer = await writer.post(f"{page}/text", language="en", words=WORDS)
    assert answer.status_code == 400
    assert "This one is not for people who read English: nobody would hear these words." in plain(answer.text)
    assert (await town.rows("SELECT count(*) FROM broadcast_texts"))[0][0] == 0


async def test_lines_and_joined_letters_are_words(town: Desk) -> None:
    writer = await town.person("caseworker")
    page = await _draft(writer)
    joined = {"si": "ආයුබෝවන්. නව ප්\u200dරකාශය.", "ur": "سلام۔ نئے\u200cفارم۔"}
    for language, words in {"en": "Hello.\r\nA new form.", **joined}.items():
        assert await _told(writer, f"{page}/text", language=language, words=words) == "saved", language


async def test_words_of_a_language_that_is_not_meant_may_be_taken_away(town: Desk) -> None:
    writer = await town.person("caseworker")
    page = await _draft(writer, language_ne="yes")
    await town.rows_changed(
        "INSERT INTO broadcast_texts (broadcast_id, language, words, written_by, written_at)"
        " SELECT id, 'en', 'Hello.', made_by, made_at FROM broadcasts"
    )
    assert (await writer.post(f"{page}/text", language="hi", words="")).status_code == 400  # there is nothing
    assert await _told(writer, f"{page}/text", language="en", words="") == "saved"
    assert (await town.rows("SELECT count(*) FROM broadcast_texts"))[0][0] == 0


async def test_why_it_waits_is_told_as_it_is(town: Desk, world: World) -> None:
    telling = await Telling.made(world)
    await telling.subscriber("501")
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _ready(town, writer, reader)
    await _told(reader, f"{page}/start")
    world.clock.move(minutes=50)  # nobody writes there "now"
    await telling.minute()
    later = await town.enter(writer.user_id)
    assert "somebody wrote there less than 60 minutes ago" in plain((await later.get(page)).text)


async def test_the_page_is_another_one_as_soon_as_somebody_was_told(town: Desk, world: World) -> None:
    telling = await Telling.made(world)
    await telling.subscriber("501")
    world.clock.move(hours=2)
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _ready(town, writer, reader)
    await _told(reader, f"{page}/start")

    async def version() -> str:
        found = re.search(r'data-version="(\w+)"', (await writer.get(page)).text)
        assert found
        return found[1]

    seen = [await version()]
    await telling.minute()
    seen.append(await version())
    await world.sends()
    seen.append(await version())
    assert len(set(seen)) == 3


@pytest.mark.parametrize("language", ["ne", "ar"])
async def test_it_can_be_read_in_the_languages_of_the_desk(town: Desk, language: str) -> None:
    writer, reader = await town.person("caseworker"), await town.person("supervisor")
    page = await _ready(town, writer, reader)
    await town.rows_changed("UPDATE users SET settings = jsonb_build_object('language', CAST(:l AS text))", l=language)
    for path in ("/broadcasts", page):
        text = (await (await town.enter(reader.user_id)).get(path)).text
        assert f'lang="{language}"' in text
        assert "What it would be" not in text
        assert "Make a draft" not in text
