"""Who read the danger texts of a language: two people, of the texts as they are; else English stands under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.channels.contract import Chrome
from bot.channels.segments import count
from bot.channels.sms import channel as sms
from bot.cli import locales as cli
from bot.content import Content, ContentError, signatures
from bot.content.signatures import Signature, danger_texts, digest, load_signatures, valid
from bot.engine.events import Asked, Said
from bot.engine.inputs import Danger, Meaning
from bot.settings import ROOT
from tests.conversations.harness import CHANNELS, Phone, recording

DAY = "2026-11-26"


def seal(content: Content, code: str) -> str:
    return digest(danger_texts(content.flows, content.catalogue, code))


def signed(content: Content, code: str, *names: str) -> Content:
    rows = tuple(Signature(name, "caseworker", DAY, seal(content, code)) for name in names)
    return replace(content, strict=True, signatures={code: rows})


def test_two_different_people_make_a_language_reviewed(content: Content) -> None:
    assert "ne" in signed(content, "ne").unsigned
    assert "ne" in signed(content, "ne", "Sita Rai").unsigned
    assert "ne" in signed(content, "ne", "Sita Rai", "sita  RAI").unsigned
    both = signed(content, "ne", "Sita Rai", "Maya Thapa").unsigned
    assert "ne" not in both
    assert "hi" in both
    assert "en" not in both


def test_a_changed_text_voids_them(content: Content) -> None:
    texts = danger_texts(content.flows, content.catalogue, "ne")
    row = Signature("Sita Rai", "caseworker", DAY, digest(texts))
    changed = [
        (context, english, f"{text}।") if n == 7 else (context, english, text)
        for n, (context, english, text) in enumerate(texts)
    ]
    assert valid([row], digest(texts)) == [row]
    assert valid([row], digest(changed)) == []
    assert digest(list(reversed(texts))) == digest(texts)


def test_every_text_of_danger_and_self_harm_is_read(content: Content) -> None:
    contexts = {context for context, _, _ in danger_texts(content.flows, content.catalogue, "ne")}
    assert {"danger.can_write#sms", "self_harm.here", "gentle.okay#sms", "violence.life#option.yes.sms"} <= contexts
    assert any(context.endswith(".latin") for context in contexts)
    assert not any(context.startswith("wages.") for context in contexts)


@pytest.mark.parametrize("code", ["ne", "ar", "bn", "ml", "ta", "ur", "si", "hi"])
async def test_unsigned_danger_carries_english_in_a_message_of_its_own_on_an_sms(content: Content, code: str) -> None:
    strict = signed(content, code)
    danger = Meaning("report_violence", 0.95, danger=Danger("report_violence"), language=code)
    for channel in CHANNELS:
        phone = Phone(recording(strict), channel, code)
        (line,) = await phone.hear("zz qq", danger)
        assert line.reply.under.startswith("Okay, we got this.")
        assert "1 yes 2 no" in line.reply.under
        if channel != "sms":
            assert phone.shown(line).count(line.reply.under) == 1
            continue
        assert [count(part.text).segments for part in line.parts] == [1, 1]
        assert count(line.parts[1].text).encoding == "GSM-7"
        (ordinary,) = await Phone(recording(strict), channel, code).hear("menu")
        assert ordinary.reply.under == ""


async def test_signed_or_in_development_nothing_stands_under_it(content: Content) -> None:
    danger = Meaning("report_violence", 0.95, danger=Danger("report_violence"), language="ne")
    for some in (content, signed(content, "ne", "Sita Rai", "Maya Thapa")):
        (line,) = await Phone(recording(some), "sms", "ne").hear("zz qq", danger)
        assert line.reply.under == ""
        assert len(line.parts) == 1


async def test_what_is_only_asked_about_is_paged_at_once_in_an_unsigned_language(content: Content) -> None:
    maybe = Meaning("report_violence", 0.6, danger=Danger("report_violence", "ask"), language="ne")
    for some, pages in ((content, []), (signed(content, "ne"), ["report_violence"])):
        phone = Phone(recording(some), "sms", "ne")
        lines = await phone.hear("zz qq", maybe)
        assert lines[0].id.startswith("gentle.")
        assert [n["kind"] for n in phone.notices if n["audience"] == "page"] == pages


def test_every_english_line_is_one_segment(content: Content) -> None:
    """With the longest number of an emergency: where the flow asks for one segment, its English keeps to it."""
    strict = signed(content, "ne")
    for name in ("danger", "self_harm", "gentle", "danger_end", "violence", "medical"):
        flow = strict.flows.by_name[name]
        for step in (s for s in flow.steps if hasattr(s, "text")):
            text_id, slots = f"{name}.{step.id}", {"emergency": "112", "at": "12:15", "phone": "+96512345678"}
            options = tuple(c.id for c in getattr(step, "choices", ()))
            event = Asked(text_id, text_id, flow.version, options, slots) if options else Said(text_id, slots)
            parts = sms.layout(strict.reply(event, "ne"), Chrome())
            assert count(parts[-1].text).segments == 1, parts[-1].text


def test_the_command_prints_what_is_read_and_takes_only_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path
    for name in ("flows", "knowledge", "nlu_data"):
        (root / name).symlink_to(ROOT / name)
    (root / "locales").mkdir()
    for code in ("en", "ne"):
        (root / "locales" / code).mkdir()
        for path in (ROOT / "locales" / code).iterdir():
            if path.name != signatures.FILE:
                (root / "locales" / code / path.name).symlink_to(path)
    day = date(2026, 11, 26)
    assert cli.sign(root, "ne", "", "", "", day=day) == 0
    said = capsys.readouterr().out
    own = said.rpartition("--digest ")[2].split()[0]
    assert "danger.can_write" in said
    assert cli.sign(root, "ne", "Sita Rai", "caseworker", "0" * 64, day=day) == 2
    assert cli.sign(root, "ne", "Sita Rai", "", own, day=day) == 2
    assert cli.sign(root, "xx", "Sita Rai", "caseworker", own, day=day) == 2
    assert cli.sign(root, "ne", "Sita Rai", "caseworker", own, day=day) == 0
    assert cli.sign(root, "ne", "SITA RAI", "friend", own, day=day) == 2
    assert cli.sign(root, "ne", 'Maya "Didi" Thapa', "native speaker", own, day=day) == 0
    rows = load_signatures(root, ["en", "ne"])["ne"]
    assert [(row.name, row.role, row.on) for row in rows] == [
        ("Sita Rai", "caseworker", DAY),
        ('Maya "Didi" Thapa', "native speaker", DAY),
    ]
    assert len(valid(rows, own)) == 2


@pytest.mark.parametrize(
    "row",
    [
        '{name: A, role: b, on: someday, digest: "' + "a" * 64 + '"}',
        "{name: A, role: b, on: 2026-11-26, digest: x}",
        "{name: A}",
    ],
)
def test_a_file_that_cannot_be_believed_stops_the_start(tmp_path: Path, row: str) -> None:
    path = tmp_path / "locales" / "ne" / signatures.FILE
    path.parent.mkdir(parents=True)
    path.write_text(f"signatures:\n  - {row}\n", "utf-8")
    with pytest.raises(ContentError):
        load_signatures(tmp_path, ["ne"])
