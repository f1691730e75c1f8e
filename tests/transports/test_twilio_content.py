"""`saathi twilio provision` against a Content API on this machine, and what may be sent afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.contract import Button, Part
from bot.cli.twilio import wanted
from bot.content import Content
from bot.settings import Settings
from bot.store.contents import Book, Made
from bot.transports import errors, twilio_content
from bot.transports.twilio import Twilio
from bot.transports.twilio_content import ContentApi, provision
from tests.fakes.content import FakeContent
from tests.fakes.loopback import CUT, Answer
from tests.fakes.twilio import refusal
from tests.transports.test_transport_twilio import NUMBER, settings

OURS = "+447700900456"


@pytest.fixture
async def fake() -> AsyncIterator[FakeContent]:
    async with FakeContent() as running:
        yield running


def api(fake: FakeContent, **more: Any) -> ContentApi:
    return ContentApi(settings(fake.url, **more))


def known_of(done: Any) -> dict[tuple[str, str], tuple[str, str]]:
    return {(one.name, one.language): (one.made_from, sid) for one, sid, *_ in done}


async def test_menus_and_texts_of_every_language_are_made_and_handed_in(fake: FakeContent, content: Content) -> None:
    done = await provision(api(fake), wanted(content), {})
    names = {(one.name, one.language): state for one, _, state, _ in done}
    assert {n for n, _ in names} == {
        *(f"buttons_{n}" for n in range(1, 4)),
        *(f"list_{n}" for n in range(1, 11)),
        "news",
    }
    assert {language for name, language in names if name == "news"} == set(content.languages)
    assert {state for (name, _), state in names.items() if name == "news"} == {"submitted"}
    assert {state for (name, _), state in names.items() if name != "news"} == {"none"}
    assert len(fake.approvals) == len(content.languages)


async def test_twice_is_once_whether_it_is_remembered_or_not(fake: FakeContent, content: Content) -> None:
    first = await provision(api(fake), wanted(content), {})
    made = len(fake.contents)
    for known in ({}, known_of(first)):
        again = await provision(api(fake), wanted(content), known)
        assert [sid for _, sid, *_ in again] == [sid for _, sid, *_ in first]
    assert len(fake.contents) == made  # found over several pages; an address to another host was not followed
    handed_in = [a for a in fake.asked if a.method == "POST" and a.path.endswith("/whatsapp")]
    assert len(handed_in) == len(content.languages)


async def test_cut_off_in_the_middle_it_goes_on(fake: FakeContent, content: Content) -> None:
    fake.next(Answer(200, {"contents": [], "meta": {}}), Answer(201, {"sid": "HX" + "9" * 32}), CUT)
    with pytest.raises(errors.OutcomeUnknown):
        await provision(api(fake), wanted(content), {})
    await provision(api(fake), wanted(content), {})
    assert len({c["friendly_name"] for c in fake.contents.values()}) == len(fake.contents)


async def test_the_state_of_approval_is_read_again(fake: FakeContent, content: Content) -> None:
    first = await provision(api(fake), wanted(content), {})
    for sid in fake.approvals:
        fake.approvals[sid] |= {"status": "approved"}
    spoilt = next(sid for one, sid, *_ in first if (one.name, one.language) == ("news", "hi"))
    fake.approvals[spoilt] = {"status": "rejected", "rejection_reason": "INVALID_FORMAT"}
    done = await provision(api(fake), wanted(content), known_of(first))
    states = {one.language: (state, reason) for one, _, state, reason in done if one.name == "news"}
    assert states["hi"] == ("rejected", "INVALID_FORMAT")
    assert states["ne"] == ("approved", None)


async def test_changed_words_are_another_content(fake: FakeContent) -> None:
    before = [twilio_content.text("news", "en", "Hello.", "UTILITY")]
    first = await provision(api(fake), before, {})
    after = [twilio_content.text("news", "en", "Hello again.", "UTILITY")]
    done = await provision(api(fake), after, known_of(first))
    assert done[0][1] != first[0][1]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(20003, 401), errors.Misconfigured),
        (refusal(20429, 429), errors.Throttled),
        (Answer(500, text="oops"), errors.OutcomeUnknown),
        (CUT, errors.OutcomeUnknown),
    ],
)
async def test_a_refusal_is_one_of_the_list(
    fake: FakeContent, answer: Answer, kind: type[errors.SendError], content: Content
) -> None:
    fake.next(answer)
    with pytest.raises(kind):
        await provision(api(fake), wanted(content), {})


async def test_t52_outside_production_nothing_is_made() -> None:
    with pytest.raises(errors.Misconfigured, match="not_live"):
        await ContentApi(Settings(env="development", live="", twilio_account_sid="AC", twilio_auth_token="x")).present()


def test_texts_hold_no_values_and_names_are_names(content: Content) -> None:
    """What is approved is said word for word: nothing of a case can get into it."""
    for one in wanted(content):
        assert re.fullmatch(r"[a-z0-9_]+", one.friendly_name)
        if one.category:
            assert one.variables == {}
            assert "{" not in json.dumps(one.types, ensure_ascii=False).replace('{"', "").replace(": {", "")


# --- sending


def book(*made: Made) -> Book:
    filled = Book()
    filled.refill(made)
    return filled


async def sent(fake: FakeContent, part: Part, made: Book, channel: str = "whatsapp") -> dict[str, str]:
    transport = Twilio(settings(fake.url), made)
    try:
        await transport.send(channel=channel, account=OURS, address=NUMBER, part=part, ref="r1", valid=600)
    finally:
        await transport.close()
    return fake.asked[-1].form


NASTY = Part(
    "buttons",
    'A "quoted" {{2}} text\nwith ","2":"x',
    (Button("Yes, \\ it is", "wages.safe|yes|1"), Button("No", "wages.safe|no|1")),
)


async def test_t58_a_menu_has_its_words_as_values(fake: FakeContent) -> None:
    form = await sent(fake, NASTY, book(Made("buttons_2", "", "HX2", "x")))
    assert form["ContentSid"] == "HX2"
    assert "Body" not in form
    assert json.loads(form["ContentVariables"]) == {
        "1": NASTY.text,
        "2": "Yes, \\ it is",
        "3": "wages.safe|yes|1",
        "4": "No",
        "5": "wages.safe|no|1",
    }


async def test_a_list_has_its_button(fake: FakeContent) -> None:
    taps = tuple(Button(f"Line {n}", f"menu.pick|{n}|1") for n in range(4))
    form = await sent(fake, Part("list", "Which?", taps, "Choose"), book(Made("list_4", "", "HX4", "x")))
    told = json.loads(form["ContentVariables"])
    assert (told["1"], told["2"], told["3"], told["4"]) == ("Which?", "Choose", "Line 0", "menu.pick|0|1")
    assert len(told) == 10


async def test_values_of_a_menu_fit_its_places(fake: FakeContent) -> None:
    for menu in twilio_content.menus():
        places = set(re.findall(r"\{\{(\d+)\}\}", json.dumps(menu.types)))
        assert places == set(menu.variables), menu.name


@pytest.mark.parametrize("made", [Book(), book(Made("buttons_3", "", "HX3", "x"))])
async def test_without_its_menu_it_is_numbered_text(fake: FakeContent, made: Book) -> None:
    form = await sent(fake, NASTY, made)
    assert form["Body"].endswith("1. Yes, \\ it is\n2. No")


async def test_an_sms_is_never_a_content(fake: FakeContent) -> None:
    form = await sent(fake, NASTY, book(Made("buttons_2", "", "HX2", "x")), channel="sms")
    assert "ContentSid" not in form


async def test_only_an_approved_text_leaves(fake: FakeContent) -> None:
    part = Part("template", "news", language="ne")
    form = await sent(fake, part, book(Made("news", "ne", "HX7", "x", "approved")))
    assert (form["ContentSid"], form["To"]) == ("HX7", f"whatsapp:{NUMBER}")
    assert "ContentVariables" not in form
    for state in ("none", "submitted", "rejected"):
        with pytest.raises(errors.Misconfigured, match="no_template"):
            await sent(fake, part, book(Made("news", "ne", "HX7", "x", state)))
