"""The actions: what they record, what they return, and that they declare all of it."""

from __future__ import annotations

import ast
import functools
import importlib
import itertools
import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import handlers
from bot.app import draw_reference
from bot.settings import ROOT
from bot.store.rows import Case, Conversation, Person
from handlers import cases, casework, children, privacy, profile, references, risks, triage, waiting, which
from handlers.context import Actor, Context
from tests.fakes.shelf import MemoryShelf, SmallWorld

NOON = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)


class Facts:
    @staticmethod
    @functools.cache
    def get(name: str) -> Any:
        return yaml.safe_load((ROOT / "knowledge" / f"{name}.yml").read_text("utf-8"))


@pytest.fixture
def ctx() -> Context:
    numbers = itertools.count(1)
    references = itertools.count(1000000)
    return Context(
        actor=Actor("person"),
        person=Person(UUID(int=90)),
        conversation=Conversation(UUID(int=91), "sms", "7001", country_hint="KW"),
        cases=[],
        now=NOON,
        new_id=lambda: UUID(int=next(numbers)),
        references=lambda: str(next(references)),
        knowledge=Facts(),
        shelf=MemoryShelf(SmallWorld(), UUID(int=90), conversation_id=UUID(int=91), now=NOON),
        digits=lambda count: "4829173056128347"[:count],
    )


def old_case(ctx: Context, **values: Any) -> Case:
    given: dict[str, Any] = {
        "id": UUID(int=77),
        "reference": "4829173",
        "kind": "report_unpaid_wages",
        "severity": "medium",
    }
    given |= {"stage": "new", "opened_at": NOON - timedelta(hours=1), "conversation_id": ctx.conversation.id}
    case = Case(**(given | values))
    ctx.cases.append(case)
    return case


# --- what is declared

MODULES = [m.name for m in pkgutil.iter_modules(handlers.__path__)]
ACTIONS = [m for m in MODULES if hasattr(importlib.import_module(f"handlers.{m}"), "OUTCOMES")]


def _returned(module: str) -> dict[str, dict[str, set[str]]]:
    """Outcome names and slots of each function, found in its source and in that of the module's functions it calls."""
    path = Path(importlib.import_module(f"handlers.{module}").__file__ or "")
    tree = ast.parse(path.read_text("utf-8"))
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}

    def look(name: str, seen: frozenset[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for call in (n for n in ast.walk(functions[name]) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)):
            assert isinstance(call.func, ast.Name)
            if call.func.id == "Outcome":
                slots = call.args[1] if len(call.args) > 1 else ast.Dict([], [])
                assert isinstance(slots, ast.Dict), "slots are written out"
                keys = {ast.literal_eval(k) for k in slots.keys if k is not None}
                for outcome in _names(call.args[0]):
                    found[outcome] = found.get(outcome, set()) | keys
            elif call.func.id in functions and call.func.id not in seen:
                for outcome, keys in look(call.func.id, seen | {call.func.id}).items():
                    found[outcome] = found.get(outcome, set()) | keys
        return found

    return {name: look(name, frozenset({name})) for name in functions}


def _names(node: ast.expr) -> set[str]:
    return _names(node.body) | _names(node.orelse) if isinstance(node, ast.IfExp) else {ast.literal_eval(node)}


@pytest.mark.parametrize("module", ACTIONS)
def test_declared_outcomes_are_those_that_functions_return(module: str) -> None:
    room = importlib.import_module(f"handlers.{module}")
    assert sorted(room.__all__) == room.__all__
    assert set(room.OUTCOMES) == set(room.__all__)
    returned = _returned(module)
    for action, declared in room.OUTCOMES.items():
        assert {name: set(slots) for name, slots in declared.items()} == returned[action], action


def test_the_reading_of_sources_sees_outcomes() -> None:
    assert ACTIONS
    assert _returned("casework")["hand_over"] == {"on_duty": {"at"}, "off_duty": {"at"}}
    assert _returned("profile")["consent"] == {"given": {"agreed"}, "open": set()}


# --- references


@pytest.mark.parametrize(
    ("digits", "check"), [("7992739871", "3"), ("0", "0"), ("482917", "2"), ("411111111111111", "1"), ("123456", "6")]
)
def test_check_digits(digits: str, check: str) -> None:
    assert references.check_digit(digits) == check


@given(st.integers(100000, 999999), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: int, place: int, by: int) -> None:
    reference = f"{number}{references.check_digit(str(number))}"
    wrong = reference[:place] + str((int(reference[place]) + by) % 10) + reference[place + 1 :]
    assert references.check_digit(wrong[:-1]) != wrong[-1]


def test_drawn_references_are_whole_and_differ() -> None:
    drawn = [draw_reference() for _ in range(500)]
    assert all(len(r) == 7 and r.isdigit() and r[0] != "0" and references.check_digit(r[:-1]) == r[-1] for r in drawn)
    assert len(set(drawn)) > 490
    assert references.grouped("4829173") == "482 917 3"


# --- severity


@pytest.mark.parametrize(
    ("kind", "facts", "severity"),
    [
        ("report_unpaid_wages", {}, "medium"),
        ("report_unpaid_wages", {"months": 2.9}, "medium"),
        ("report_unpaid_wages", {"months": 3}, "high"),
        ("report_unpaid_wages", {"months": "three"}, "medium"),
        ("report_unpaid_wages", {"months": None}, "medium"),
        ("report_unpaid_wages", {"food_and_room": "no"}, "high"),
        ("report_unpaid_wages", {"food_and_room": "yes", "months": 1}, "medium"),
        ("report_missing", {"months": 12}, "high"),
        ("report_violence", {"food_and_room": "no"}, "critical"),
        ("a_kind_of_its_own", {}, "medium"),
        (None, {}, "medium"),
    ],
)
async def test_severity_of_a_new_case(ctx: Context, kind: str | None, facts: dict[str, Any], severity: str) -> None:
    outcome = await cases.open_case(ctx, kind=kind, **facts)
    (case,), (notice,) = ctx.cases, ctx.notices
    audience = "page" if severity == "critical" else "queue"  # critical wakes somebody, whatever opened it
    assert (outcome.name, case.severity, notice.severity, notice.audience) == ("opened", severity, severity, audience)
    assert case.kind == (kind or "other")
    assert case.facts == {k: v for k, v in facts.items() if v is not None}
    assert case.answer_due_at is not None
    assert case.answer_due_at > ctx.now
    assert case.country == "KW"


def _kinds(rule: dict[str, Any]) -> list[str]:
    kinds = rule["kind"]
    return kinds if isinstance(kinds, list) else [] if kinds == "any" else [kinds]


def test_rules_of_triage_only_raise() -> None:
    rules = Facts().get("triage")
    for rule in rules["raise"]:
        assert rule["kind"] == "any" or _kinds(rule)
        assert all(triage.RANK[rule["to"]] > triage.RANK[rules["severity"][kind]] for kind in _kinds(rule))
        assert rule["source"]


@pytest.mark.parametrize(
    ("when", "facts", "held"),
    [
        ({"months_at_least": 3}, {"months": 3}, True),
        ({"months_at_least": 3}, {"months": 2.5}, False),
        ({"months_at_least": 3}, {"months": True}, False),
        ({"months_at_least": 3}, {"months": "many"}, False),
        ({"months_at_least": 3}, {}, False),
        ({"paid_at_least": 100}, {"paid": {"value": "180", "currency": "KWD"}}, True),
        ({"age_at_most": 17}, {"age": 17}, True),
        ({"age_at_most": 17}, {"age": 18}, False),
        ({"age_at_most": 17}, {"age": None}, False),
        ({"visa": "visit"}, {"visa": "visit"}, True),
        ({"visa": ["visit", "none"]}, {"visa": "none"}, True),
        ({"visa": ["visit", "none"]}, {"visa": "work"}, False),
        ({"visa": ["visit", "none"]}, {}, False),
        ({"signs": "debt"}, {"signs": ["threat", "debt"]}, True),
        ({"signs": ["debt", "sold"]}, {"signs": ["threat"]}, False),
        ({"visa": "visit", "travel": "soon"}, {"visa": "visit"}, False),
        ({"visa": "visit", "travel": "soon"}, {"visa": "visit", "travel": "soon"}, True),
    ],
)
def test_when_a_rule_holds(when: dict[str, Any], facts: dict[str, Any], held: bool) -> None:
    assert triage.holds(when, facts) is held


def _facts_of_rules() -> list[dict[str, Any]]:
    """For each rule facts that make it hold, and the facts of no rule."""

    def fact(name: str, wanted: Any) -> tuple[str, Any]:
        for ending in ("_at_least", "_at_most"):
            if name.endswith(ending):
                return name.removesuffix(ending), wanted
        return name, wanted[0] if isinstance(wanted, list) else wanted

    return [{}, *(dict(fact(n, w) for n, w in rule["when"].items()) for rule in Facts().get("triage")["raise"])]


@pytest.mark.parametrize("kind", sorted(Facts().get("triage")["severity"]))
async def test_no_pair_of_facts_lowers_a_case(ctx: Context, kind: str) -> None:
    """Whatever is told first and second: severity only rises, the answer is never due later, and critical pages."""
    found = _facts_of_rules()
    for first in found:
        for second in found:
            ctx.cases.clear()
            ctx.notices.clear()
            await cases.open_case(ctx, kind=kind, **first)
            case = ctx.cases[0]
            before, due = case.severity, case.answer_due_at
            await cases.add_facts(ctx, reference=case.reference, **second)
            alone = triage.severity(ctx.knowledge.get("triage"), kind, second)
            assert triage.RANK[case.severity] >= max(triage.RANK[before], triage.RANK[alone]), (first, second)
            assert due is not None
            assert case.answer_due_at is not None
            assert case.answer_due_at <= due
            assert (case.severity == "critical") == any(n.audience == "page" for n in ctx.notices), (first, second)


@pytest.mark.parametrize(
    ("facts", "outcome", "pages"),
    [
        ({"food_water": "yes"}, "ordinary", []),
        ({"food_water": None}, "ordinary", []),
        ({"food_water": "no"}, "critical", ["report_stranded"]),
        ({"child": "yes"}, "child", ["child"]),
        ({"age": 16, "food_water": "no"}, "child", ["child"]),
        ({"age": 18}, "ordinary", []),
    ],
)
async def test_an_answer_that_makes_it_critical_pages_at_once(
    ctx: Context, facts: dict[str, Any], outcome: str, pages: list[str]
) -> None:
    found = await cases.weigh(ctx, kind="report_stranded", **facts)
    assert found.name == outcome
    assert [n.kind for n in ctx.notices if n.audience == "page"] == pages
    assert [c.severity for c in ctx.cases] == ["critical"] * bool(pages)


@pytest.mark.parametrize(
    ("kind", "country", "outcome"),
    [
        ("report_stranded", "KW", "number"),
        ("report_stranded", "ZZ", "person"),
        ("report_violence", "KW", "person"),  # no note of Kuwait is reviewed
        ("pregnancy_or_child", "KW", "person"),
    ],
)
async def test_a_number_is_named_only_where_it_harms_nobody(
    ctx: Context, kind: str, country: str, outcome: str
) -> None:
    ctx.person.country, ctx.conversation.country_hint = country, None
    assert (await cases.emergency(ctx, kind=kind)).name == outcome


def test_a_risk_note_counts_once_a_human_has_signed_all_of_a_country() -> None:
    signed = {"reviewer": "a lawyer", "checked_on": "2026-11-01"}

    class Notes:
        def __init__(self, **countries: Any) -> None:
            self.countries = countries

        def get(self, name: str) -> Any:
            if name != "risks":
                raise KeyError(name)
            return {"kinds": ["pregnancy", "same_sex"], "countries": self.countries}

    assert risks.reviewed(Notes(KW={"pregnancy": signed, "same_sex": signed}), "KW")
    assert not risks.reviewed(Notes(KW={"pregnancy": signed, "same_sex": {**signed, "reviewer": None}}), "KW")
    assert not risks.reviewed(Notes(KW={"pregnancy": signed}), "KW")
    assert not risks.reviewed(Notes(), "KW")


async def test_more_about_it_belongs_to_the_newest_case_and_the_queue_hears_of_it(ctx: Context) -> None:
    assert (await cases.add_words(ctx, follows=["nothing is open"])).name == "none"
    case = old_case(ctx, severity="high", facts={"said": ["first"]})
    await cases.add_words(ctx, follows=["second", "first"], files=[{"kind": "image", "ref": "r"}])
    assert case.facts == {"said": ["first", "second"], "sent": [{"kind": "image", "ref": "r"}]}
    (notice,) = ctx.notices
    assert (notice.audience, notice.kind, notice.severity) == ("queue", "said_more", "high")


async def test_a_report_beside_an_open_case_is_a_draft_linked_to_it(ctx: Context) -> None:
    old = old_case(ctx, facts={"country": "QA"})
    await cases.open_case(ctx, kind="report_passport_withheld", who_holds="employer")
    new = ctx.cases[0]
    assert (new.linked_case_id, new.draft, old.draft) == (old.id, True, False)
    assert "country" not in new.facts  # nothing of the old one


async def test_a_child_is_paged_once_for_two_named_people(ctx: Context) -> None:
    await children.raise_child(ctx, tells="parent_away")
    await children.raise_child(ctx, tells="self")
    (case,) = ctx.cases
    assert (case.kind, case.severity, case.facts) == ("child", "critical", {"child": "yes", "parent_away": "yes"})
    assert [(n.audience, n.kind, n.severity) for n in ctx.notices] == [("page", "child", "critical")]
    told = [e.codes["staff"] for e in ctx.events if e.kind == "child"]
    assert [len(set(staff)) for staff in told] == [2]
    assert children.is_child(ctx)


@pytest.mark.parametrize("kind", ["report_violence", "report_detention", "anything"])
async def test_an_alarm_is_critical_whatever_its_kind(ctx: Context, kind: str) -> None:
    old_case(ctx, severity="medium")
    outcome = await cases.raise_alarm(ctx, kind=kind)
    (notice,) = ctx.notices
    assert (notice.audience, notice.severity, notice.kind) == ("page", "critical", kind)
    assert (ctx.cases[0].severity, ctx.cases[0].kind, len(ctx.cases)) == ("critical", kind, 2)
    assert notice.case_id == ctx.cases[0].id
    assert outcome.slots["reference"] == references.grouped(ctx.cases[0].reference)
    assert ctx.cases[0].answer_due_at == NOON + timedelta(minutes=15)


@pytest.mark.parametrize(("hours", "count"), [(71, 1), (73, 2)])
async def test_an_alarm_within_three_days_is_the_same_case(ctx: Context, hours: int, count: int) -> None:
    old_case(ctx, severity="critical", opened_at=NOON - timedelta(hours=hours))
    await cases.raise_alarm(ctx, kind="report_violence")
    assert len(ctx.cases) == count
    assert len(ctx.notices) == 1
    assert [e.kind for e in ctx.events] == (["alarm_again"] if count == 1 else ["opened", "linked"])


@pytest.mark.parametrize(("country", "hint"), [("KW", None), (None, "KW"), (None, None), ("ZZ", None)])
async def test_the_emergency_number_is_the_country_s_or_none(
    ctx: Context, country: str | None, hint: str | None
) -> None:
    ctx.person.country, ctx.conversation.country_hint = country, hint
    outcome = await cases.raise_alarm(ctx, kind="report_violence")
    wanted = Facts().get("emergency")["numbers"].get(country or hint or "", "")
    assert outcome.slots["emergency"] == wanted
    assert bool(wanted) == ("KW" in (country, hint))


async def test_facts_go_to_the_case_that_is_named(ctx: Context) -> None:
    case = old_case(ctx, facts={"months": 2})
    assert (await cases.add_facts(ctx, reference="482 917 3", place="a shop", life_now=None)).name == "added"
    assert case.facts == {"months": 2, "place": "a shop"}
    assert [dict(e.codes) for e in ctx.events] == [{"names": ["place"]}]  # names, never words
    for reference in ("482 917 4", "", None):
        assert (await cases.add_facts(ctx, reference=reference, place="x")).name == "unknown"


# --- status


@pytest.mark.parametrize(
    ("values", "name", "slots", "told"),
    [
        (None, "none", set(), 0),
        ({"answer_due_at": NOON + timedelta(hours=1)}, "unread", {"reference", "at"}, 0),
        ({"answer_due_at": NOON}, "unread", {"reference", "at"}, 0),
        ({"answer_due_at": NOON - timedelta(seconds=1)}, "stands", {"reference", "stage"}, 1),
        ({"answer_due_at": NOON - timedelta(days=1), "answered_at": NOON}, "stands", {"reference", "stage"}, 0),
        ({"answer_due_at": None}, "unread", {"reference", "at"}, 0),
    ],
)
async def test_status(ctx: Context, values: dict[str, Any] | None, name: str, slots: set[str], told: int) -> None:
    if values is not None:
        old_case(ctx, **values)
    ctx.person.consent_contact_at = NOON
    outcome = await cases.status(ctx)
    assert (outcome.name, set(outcome.slots), len(ctx.notices)) == (name, slots, told)


# --- between bot and caseworkers


async def test_handing_over_and_back_changes_owner_and_epoch(ctx: Context) -> None:
    case = old_case(ctx)
    assert (await casework.hand_over(ctx)).name == "on_duty"
    assert (ctx.conversation.owner, ctx.conversation.owner_epoch) == ("waiting", 1)
    await casework.hand_over(ctx, severity="critical")
    assert ctx.conversation.owner_epoch == 1
    await casework.take(ctx, user_id=UUID(int=5))
    assert (ctx.conversation.owner, ctx.conversation.owner_epoch) == ("human", 2)
    assert (case.answered_at, case.stage) == (NOON, "working")
    assert (await casework.take(ctx, user_id=UUID(int=6))).name == "held"  # another colleague
    assert (ctx.conversation.owner_user_id, ctx.conversation.owner_epoch) == (UUID(int=5), 2)
    ctx.actor = Actor("staff", UUID(int=5))
    await casework.release(ctx)
    assert (ctx.conversation.owner, ctx.conversation.owner_user_id, ctx.conversation.owner_epoch) == ("bot", None, 3)
    assert [n.audience for n in ctx.notices] == ["queue", "queue"]


async def test_taking_answers_the_cases_of_this_conversation_only_and_once(ctx: Context) -> None:
    other = old_case(ctx, id=UUID(int=78), conversation_id=UUID(int=3))
    answered = old_case(ctx, id=UUID(int=79), answered_at=NOON - timedelta(hours=5), stage="referred")
    await casework.take(ctx)
    assert other.answered_at is None
    assert (answered.answered_at, answered.stage) == (NOON - timedelta(hours=5), "referred")


async def test_at_night_the_next_opening_is_promised(ctx: Context) -> None:
    ctx.now = datetime(2026, 11, 24, 18, 15, tzinfo=UTC)  # midnight in Kathmandu
    outcome = await casework.promise(ctx, severity="critical")
    assert outcome.name == "off_duty"
    assert datetime.fromisoformat(outcome.slots["at"]["at"]) == datetime(2026, 11, 25, 1, 15, tzinfo=UTC)
    assert outcome.slots["at"]["zone"] == "Asia/Kuwait"


async def test_the_agreed_hour_is_an_hour(ctx: Context) -> None:
    await casework.agree_hour(ctx)
    assert ctx.conversation.agreed_until == NOON + timedelta(hours=1)


# --- what a person decides


async def test_consent_is_given_refused_and_given_again(ctx: Context) -> None:
    assert (await profile.consent(ctx)).name == "open"
    await profile.give_consent(ctx)
    assert (await profile.consent(ctx)).slots == {"agreed": "yes"}
    assert (ctx.person.consent_store_at, ctx.person.consent_contact_at) == (NOON, NOON)
    await profile.refuse_consent(ctx)
    person = ctx.person
    assert (person.consent_store_at, person.consent_contact_at, person.consent_refused_at) == (None, None, NOON)
    await profile.give_consent(ctx)
    assert person.consent_refused_at is None


async def test_stop_is_answered_once_and_humans_of_open_cases_are_told(ctx: Context) -> None:
    old_case(ctx)
    assert [(await profile.opt_out(ctx)).name for _ in range(2)] == ["stopped", "already"]
    assert [n.kind for n in ctx.notices] == ["opted_out"]
    assert (await profile.opt_in(ctx)).name == "started"
    assert ctx.person.opted_out_at is None


async def test_who_wants_to_be_deleted_is_heard_by_a_human(ctx: Context) -> None:
    await privacy.request_erasure(ctx, proved="no")
    assert ctx.person.erase_at is None
    await privacy.request_erasure(ctx, proved="yes")
    assert ctx.person.erase_at == NOON + timedelta(hours=48)
    assert [(n.audience, n.kind) for n in ctx.notices] == [
        ("queue", "unproved_erasure"),
        ("queue", "erasure_requested"),
    ]


def test_handlers_open_no_connection_and_say_nothing() -> None:
    """No sentence: no text in a handler, but for docstrings and errors, has more than two words."""
    spoken: list[str] = []
    check: Callable[[ast.AST], bool] = lambda n: isinstance(n, ast.Constant) and isinstance(n.value, str)  # noqa: E731
    for module in MODULES:
        tree = ast.parse((ROOT / "handlers" / f"{module}.py").read_text("utf-8"))
        documented = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        spoken += [n.value for n in ast.walk(tree) if check(n) and id(n) not in documented and n.value.count(" ") > 1]  # type: ignore[attr-defined]
    assert spoken == []


async def test_a_doubt_is_a_note_for_a_human_and_no_case(ctx: Context) -> None:
    assert (await cases.note_doubt(ctx, kind="report_violence")).name == "noted"
    assert [(n.audience, n.kind, n.severity, n.case_id) for n in ctx.notices] == [
        ("queue", "report_violence", "high", None)
    ]
    assert ctx.cases == []


async def test_what_is_told_to_somebody_who_writes_on_keeps_to_the_first_promise(ctx: Context) -> None:
    await cases.raise_alarm(ctx, kind="report_violence")
    assert which.heavy(ctx) is None
    await cases.raise_alarm(ctx, kind="express_self_harm")
    case = which.heavy(ctx)
    assert case is not None
    assert case.facts == {"also": ["express_self_harm"]}
    ctx.notices.clear()
    ctx.now = NOON + timedelta(minutes=14)
    waits = await waiting.stay(ctx)
    assert (waits.name, waits.slots["at"]["at"]) == ("waits", (NOON + timedelta(minutes=15)).isoformat())
    assert ctx.notices == []
    ctx.now = NOON + timedelta(minutes=16)
    assert (await waiting.stay(ctx)).name == "late"
    assert [(n.audience, n.kind) for n in ctx.notices] == [("page", "express_self_harm")]


async def test_at_night_the_line_says_when_somebody_reads_also_when_it_is_late(ctx: Context) -> None:
    await cases.raise_alarm(ctx, kind="express_self_harm")
    ctx.now = NOON + timedelta(hours=12)
    waits = await waiting.stay(ctx)
    opens = datetime(2026, 11, 25, 1, 15, tzinfo=UTC)  # 7:00 in Kathmandu
    assert (waits.name, datetime.fromisoformat(waits.slots["at"]["at"])) == ("waits", opens)
    assert [n.audience for n in ctx.notices] == ["page"]
