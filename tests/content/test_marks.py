"""What colleagues say of facts: it counts at once, for the fact as it stands, by as many people as the rules want."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.check.facts import entries
from bot.content import Content, marks, signing
from bot.content.signing import Signature
from bot.settings import ROOT
from bot.store.marks import Mark
from handlers import facts, risks

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ASHA, BINA = uuid4(), uuid4()
NAMES = {ASHA: "Asha", BINA: "Bina"}


@pytest.fixture(scope="module")
def low(content: Content) -> str:
    """A fact of low confidence that one person may check."""
    return next(
        f"{e.file}:{e.path}"
        for e in entries(content)
        if e.fact["confidence"] == "low" and e.file.startswith("knowledge/contacts/") and e.fact["need"] == "labour"
    )


def said(content: Content, fact_id: str, *words: tuple[str, UUID]) -> tuple[Mark, ...]:
    fact = marks.find(content.knowledge, fact_id)
    assert fact is not None
    now = marks.content_hash(fact)
    return tuple(
        Mark(fact_id, now, verdict, "", who, NAMES[who], NOW + timedelta(minutes=n))
        for n, (verdict, who) in enumerate(words)
    )


def shown(content: Content, words: tuple[Mark, ...], fact_id: str) -> tuple[bool, bool]:
    """Whether the fact may be shown, and is checked."""
    fact = marks.find(marks.of(words).on(content.knowledge), fact_id)
    assert fact is not None
    return facts.may_be_shown(fact, {}), facts.is_checked(fact, {})


def test_every_fact_is_found_by_its_id(content: Content) -> None:
    ids = Counter(f"{e.file}:{e.path}" for e in entries(content))
    assert max(ids.values()) == 1
    assert all(marks.find(content.knowledge, f"{e.file}:{e.path}") is e.fact for e in entries(content))


def test_a_low_fact_is_held_until_somebody_checked_it(content: Content, low: str) -> None:
    assert shown(content, (), low) == (False, False)
    assert shown(content, said(content, low, ("change", ASHA)), low) == (False, False)
    assert shown(content, said(content, low, ("checked", ASHA)), low) == (True, True)


def test_wrong_holds_back_at_once_and_then_needs_two(content: Content, low: str) -> None:
    def stands(*words: tuple[str, UUID]) -> tuple[bool, bool]:
        return shown(content, said(content, low, *words), low)

    assert stands(("checked", ASHA), ("wrong", BINA)) == (False, False)
    assert stands(("wrong", BINA), ("checked", ASHA)) == (False, False)
    assert stands(("wrong", BINA), ("checked", ASHA), ("checked", ASHA)) == (False, False)
    assert stands(("wrong", BINA), ("checked", ASHA), ("checked", BINA)) == (True, True)


def test_a_medium_fact_that_is_wrong_is_not_shown_any_more(content: Content) -> None:
    fact_id = "knowledge/rights/KW.yml:topics.wages"
    assert shown(content, (), fact_id) == (True, False)
    assert shown(content, said(content, fact_id, ("wrong", ASHA)), fact_id) == (False, False)


@pytest.mark.parametrize(
    "fact_id",
    [
        "knowledge/contacts/KW.yml:contacts.kw_emergency",
        "knowledge/risks.yml:countries.SA.pregnancy",
        "knowledge/rights/KW.yml:topics.violence",
    ],
)
def test_numbers_for_danger_and_violence_need_two_people(content: Content, fact_id: str) -> None:
    assert shown(content, said(content, fact_id, ("checked", ASHA)), fact_id)[1] is False
    assert shown(content, said(content, fact_id, ("checked", ASHA), ("checked", ASHA)), fact_id)[1] is False
    assert shown(content, said(content, fact_id, ("checked", ASHA), ("checked", BINA)), fact_id)[1] is True


def test_a_country_is_reviewed_when_all_its_notes_are(content: Content) -> None:
    notes = [f"knowledge/risks.yml:countries.SA.{kind}" for kind in content.knowledge.get("risks")["kinds"]]
    words = tuple(w for note in notes for w in said(content, note, ("checked", ASHA), ("checked", BINA)))
    assert risks.reviewed(marks.of(words[:-1]).on(content.knowledge), "SA") is False
    assert risks.reviewed(marks.of(words).on(content.knowledge), "SA") is True
    assert risks.reviewed(content.knowledge, "SA") is False  # the facts themselves are as they were


def test_a_fact_that_has_changed_needs_a_new_word(content: Content, low: str) -> None:
    word = said(content, low, ("checked", ASHA))[0]
    older = Mark(word.fact, "0" * 64, word.verdict, "", ASHA, "Asha", NOW)
    assert shown(content, (older,), low) == (False, False)
    fact = dict(marks.find(content.knowledge, low) or {})
    signed = {**fact, "checked_on": "2026-11-24", "reviewer": "Asha", "confidence": "high"}
    assert marks.content_hash(signed) == marks.content_hash(fact)
    assert marks.content_hash({**fact, "numbers": ["1"]}) != marks.content_hash(fact)


def test_what_does_not_pass_the_gate_is_not_touched(content: Content) -> None:
    fact_id = "knowledge/sms_routes.yml:countries.AE"
    words = said(content, fact_id, ("wrong", ASHA))
    assert marks.find(marks.of(words).on(content.knowledge), fact_id) is marks.find(content.knowledge, fact_id)
    assert marks.NONE.on(content.knowledge) is content.knowledge


# --- signatures in the files


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in (ROOT / "knowledge").rglob("*.yml"):
        there = tmp_path / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.parametrize("group", ["rights/", "contacts/", "risks", "conventions", "recruiting", "sms_routes"])
def test_a_signature_changes_its_two_lines_and_nothing_else(content: Content, copy: Path, group: str) -> None:
    chosen = [f"{e.file}:{e.path}" for e in entries(content) if e.file.startswith(f"knowledge/{group}")]
    for fact_id in (chosen[0], chosen[-1]):
        fact = marks.find(content.knowledge, fact_id)
        assert fact is not None
        path = copy / fact_id.partition(":")[0]
        before = path.read_text("utf-8").split("\n")
        given = Signature(fact_id, marks.content_hash(fact), "2026-11-24", 'Asha "A" Rai, Bina')
        assert signing.sign(copy, given) == "done"
        after = path.read_text("utf-8").split("\n")
        assert sum(line not in before for line in after) <= 2
        assert sum(line not in after for line in before) <= 2
        again = Signature(fact_id, given.hash, "2027-01-02", "Bina")  # a later check takes its place
        assert signing.sign(copy, again) == "done"


def test_a_fact_that_is_gone_or_changed_is_not_signed(content: Content, copy: Path) -> None:
    fact_id = "knowledge/rights/KW.yml:topics.wages"
    fact: Any = marks.find(content.knowledge, fact_id)
    given = Signature(fact_id, marks.content_hash(fact), "2026-11-24", "Asha")
    assert signing.sign(copy, Signature("knowledge/rights/KW.yml:topics.x", given.hash, "2026-11-24", "Asha")) == "gone"
    path = copy / "knowledge/rights/KW.yml"
    path.write_text(path.read_text("utf-8").replace("at most 7 days late", "at most 9 days late"), "utf-8")
    before = path.read_text("utf-8")
    assert signing.sign(copy, given) == "changed"
    assert path.read_text("utf-8") == before
