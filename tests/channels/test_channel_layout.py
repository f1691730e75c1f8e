"""One Reply on three channels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels import sms, telegram, whatsapp
from bot.channels.contract import Chrome, Part, unpack_press
from bot.channels.layout import flatten
from bot.channels.limits import LIMITS, units
from bot.channels.segments import count
from bot.engine.messages import Media, Option, Reply

CHROME = Chrome(list_label="छान्नुहोस्", templates=True)
ASK = Reply(
    text_id="wages.proof",
    language="en",
    text="Do you have any proof?",
    options=(Option("yes", "Yes, I have", "yes"), Option("no", "No", "no")),
    step="wages.proof",
    version="1a2b3c",
)


def menu(n: int, label: str = "Choice {}") -> Reply:
    return replace(ASK, options=tuple(Option(f"o{i}", label.format(i)) for i in range(1, n + 1)))


def only(parts: tuple[Part, ...]) -> Part:
    (part,) = parts
    return part


def test_two_options_on_each_channel() -> None:
    taps = [("Yes, I have", "wages.proof|yes|1a2b3c"), ("No", "wages.proof|no|1a2b3c")]
    for channel in (whatsapp.channel, telegram.channel):
        part = only(channel.layout(ASK, CHROME))
        assert (part.kind, part.text) == ("buttons", "Do you have any proof?")
        assert [(b.label, b.payload) for b in part.buttons] == taps
    assert only(sms.channel.layout(ASK, CHROME)) == Part("text", "Do you have any proof? 1 yes 2 no")


@pytest.mark.parametrize("n", range(1, 31))
@pytest.mark.parametrize("text", [ASK.text, "word " * 500])
def test_without_templates_whatsapp_sends_what_the_buttons_would_say_as_text(n: int, text: str) -> None:
    reply = replace(menu(n), text=text)
    without = whatsapp.channel.layout(reply, replace(CHROME, templates=False))
    assert without == tuple(flatten(part) for part in whatsapp.channel.layout(reply, CHROME))
    assert {part.kind for part in without} == {"text"}
    assert all(units(part.text) <= LIMITS["whatsapp"].text for part in without)
    assert f"{n}. Choice {n}" in without[-1].text


@pytest.mark.parametrize("n", range(1, 31))
def test_every_option_of_every_menu_can_be_reached(n: int) -> None:
    reply = menu(n)
    part = only(whatsapp.channel.layout(reply, CHROME))
    assert part.kind == ("buttons" if n <= 3 else "list" if n <= 10 else "text")
    assert len(part.buttons) in (n, 0)
    tg = only(telegram.channel.layout(reply, CHROME))
    assert [unpack_press(b.payload) for b in tg.buttons] == [("wages.proof", o.id, "1a2b3c") for o in reply.options]
    assert all(len(b.payload.encode()) <= 64 for b in tg.buttons)
    written = "\n".join(p.text for p in sms.channel.layout(reply, CHROME))
    flat = flatten(part).text
    for i in range(1, n + 1):
        assert f"{i} Choice {i}" in written
        assert part.buttons or f"{i}. Choice {i}" in flat.splitlines()


@pytest.mark.parametrize(
    ("reply", "chrome", "kind"),
    [
        (menu(3, "a label of 20 chars{}"), CHROME, "buttons"),
        (menu(3, "a label of 21 chars!{}"), CHROME, "list"),
        (menu(3, "a label of 24 chars!!!! {}"[:23] + "{}"), CHROME, "list"),
        (menu(3, "a label that is far too long for a list {}"), CHROME, "text"),
        (menu(4), Chrome(), "text"),
        (menu(4), Chrome(list_label="x" * 21), "text"),
        (menu(2, "same"), CHROME, "text"),
        (replace(ASK, options=(Option("a", "A", description="d" * 73),) * 1 + menu(3).options), CHROME, "text"),
        (replace(ASK, options=()), CHROME, "text"),
    ],
)
def test_the_ladder_on_whatsapp(reply: Reply, chrome: Chrome, kind: str) -> None:
    assert only(whatsapp.channel.layout(reply, chrome)).kind == kind


def test_what_telegram_cannot_send_back_is_numbered() -> None:
    long = replace(ASK, step="a_very_long_flow_name_indeed.and_a_step_name_as_well", version="0123456789")
    part = only(telegram.channel.layout(long, CHROME))
    assert part == Part("text", "Do you have any proof?\n\n1. Yes, I have\n2. No")
    assert only(telegram.channel.layout(menu(101), CHROME)).kind == "text"


def test_bytes_are_counted_not_letters() -> None:
    nepali = replace(ASK, options=(Option("ह" * 16, "हो"),))
    assert len(f"wages.proof|{'ह' * 16}|1a2b3c") < 64
    assert only(telegram.channel.layout(nepali, CHROME)).kind == "text"


def test_a_long_question_keeps_its_buttons_under_the_last_piece() -> None:
    reply = replace(ASK, text="A sentence of some length. " * 60)
    for channel, body in ((whatsapp.channel, 1024), (telegram.channel, 4096)):
        *before, last = channel.layout(replace(reply, text=reply.text * (body // 1000)), CHROME)
        assert before
        assert all(p.kind == "text" and units(p.text) <= body for p in before)
        assert (last.kind, len(last.buttons)) == ("buttons", 2)
        assert 0 < units(last.text) <= body


def test_whatsapp_parts_fit_one_message_as_numbered_text_too() -> None:
    wide = tuple(Option(f"o{n}", f"{n:x<24}", description="d" * 72) for n in range(10))
    reply = replace(ASK, text="A sentence of some length. " * 37, options=wide)
    *before, last = whatsapp.channel.layout(reply, CHROME)
    assert (last.kind, len(before)) == ("list", 1)
    assert 1000 < units(flatten(last).text) <= LIMITS["whatsapp"].text


def test_flattened_parts_keep_descriptions() -> None:
    reply = replace(ASK, options=(Option("a", "Embassy", description="Riyadh"), *menu(3).options))
    part = only(whatsapp.channel.layout(reply, CHROME))
    assert (part.kind, part.list_label) == ("list", CHROME.list_label)
    assert flatten(part).text.splitlines()[2] == "1. Embassy - Riyadh"
    assert flatten(Part("text", "x")) == Part("text", "x")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (replace(ASK, sms="Proof? {options}. Or write."), "Proof? 1 yes 2 no. Or write."),
        (replace(ASK, sms="Proof?"), "Proof? 1 yes 2 no"),
        (menu(2, "A long option text {}"), "Do you have any proof?\n1 A long option text 1\n2 A long option text 2"),
        (
            replace(menu(9, "opt {}"), text="w" * 120),
            "w" * 120 + "".join(f"\n{i} opt {i}" for i in range(1, 10)),
        ),
        (replace(ASK, text="It\u2019s late\u2026", options=()), "It's late..."),
        (replace(ASK, text="{options} {x}", options=()), "{options} {x}"),
        (replace(ASK, text="", options=()), None),
        (
            replace(ASK, text="", options=(), media=(Media("document", "c.pdf", "Your certificate"),)),
            "Your certificate",
        ),
    ],
)
def test_sms(reply: Reply, text: str | None) -> None:
    assert [p.text for p in sms.channel.layout(reply, CHROME)] == ([] if text is None else [text])


@pytest.mark.parametrize(("size", "parts"), [(1599, 1), (1600, 1), (1601, 2), (20_000, 13)])
def test_long_sms_are_numbered_within_the_limit(size: int, parts: int) -> None:
    out = sms.channel.layout(replace(ASK, text="word " * (size // 5) + "w" * (size % 5), options=()), CHROME)
    texts = [p.text for p in out]
    assert all(units(t) <= LIMITS["sms"].text for t in texts)
    if size == 1600:  # its last letter is a blank
        assert units(texts[0]) == 1599
    assert len(texts) == parts
    if parts > 1:
        assert [t.split()[0] for t in texts] == [f"{n}/{parts}" for n in range(1, parts + 1)]


def test_numbers_on_sms_are_ascii_and_cheap() -> None:
    part = only(sms.channel.layout(menu(9, "opt {}"), CHROME))
    assert count(part.text).encoding == "GSM-7"
