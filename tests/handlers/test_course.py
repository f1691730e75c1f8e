"""The course: every part can be passed, progress outlives changed content, one paper, and only for adults."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.content.knowledge import load_knowledge
from bot.settings import ROOT
from bot.store.records import Certificate, CertificateLink, Reminder
from bot.store.rows import Case, Conversation, Person
from handlers import course, departure, leaflets
from handlers.context import Actor, Context
from tests.fakes.shelf import MemoryShelf, SmallWorld

NOON = datetime(2026, 11, 24, 6, 15, tzinfo=UTC)
FACTS = load_knowledge(ROOT)
TRACKS = {name: file for name, file in FACTS.get("orientation").items() if "modules" in file}
PARTS = [(track, part) for track, file in TRACKS.items() for part in file["modules"]]


@pytest.fixture
def ctx() -> Context:
    numbers, drawn = itertools.count(1), itertools.count(7)
    return Context(
        actor=Actor("person"),
        person=Person(UUID(int=90)),
        conversation=Conversation(UUID(int=91), "sms", "7001", country_hint="NP"),
        cases=[],
        now=NOON,
        new_id=lambda: UUID(int=next(numbers)),
        references=lambda: "4829173",
        knowledge=FACTS,
        shelf=MemoryShelf(SmallWorld(), UUID(int=90), conversation_id=UUID(int=91), now=NOON),
        digits=lambda count: f"{next(drawn)}".rjust(count, "5"),
    )


async def go_through(ctx: Context, track: str, part: str, choose: Any) -> Any:
    """Begin a part, read it, answer by `choose(question, spec)`; gives the last outcome and the lessons."""
    await course.parts(ctx, track=track)
    assert (await course.begin(ctx, part=part)).name == "begun"
    lessons: list[str] = []
    for _ in range(50):
        told = await course.step(ctx)
        if told.name == "lesson":
            lessons += [row["text"] for row in told.slots["lesson"]["list"]]
        elif told.name == "question":
            question = told.slots["answers"][0]["id"].split("_")[1]
            letter = choose(question, TRACKS[track]["modules"][part]["quiz"][question])
            marked = await course.mark(ctx, answer=f"{part}_{question}_{letter}")
            assert marked.name == (
                "right" if letter == TRACKS[track]["modules"][part]["quiz"][question]["right"] else "wrong"
            )
        else:
            return told, lessons
    raise AssertionError("a part without end")


def right(question: str, spec: Any) -> str:
    return str(spec["right"])


def wrong(question: str, spec: Any) -> str:
    return next(letter for letter in spec["answers"] if letter != spec["right"])


@pytest.mark.parametrize(("track", "part"), PARTS)
async def test_every_part_can_be_passed_and_says_only_texts_that_exist(ctx: Context, track: str, part: str) -> None:
    told, lessons = await go_through(ctx, track, part, right)
    questions = len(TRACKS[track]["modules"][part]["quiz"])
    assert (told.name, told.slots) == ("passed", {"right": questions, "all": questions})
    assert lessons[0] == "terms.unsigned.say"  # once, where a part begins that nobody has signed
    assert len(lessons) == 1 + len(TRACKS[track]["modules"][part]["lessons"])
    assert set(lessons) <= set(FACTS.texts)
    assert ctx.person.profile["course"]["done"] == {track: {part: questions}}
    assert "part" not in ctx.person.profile["course"]


class Told:
    """Knowledge in which a part of a track says something else of its confidence."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def get(self, name: str) -> Any:
        """The file; of orientation with the other part."""
        found = FACTS.get(name)
        if name != "orientation":
            return found
        track = found["pre_departure"]
        changed = {**track["modules"], "papers": {**track["modules"]["papers"], **self.values}}
        return {**found, "pre_departure": {**track, "modules": changed}}


async def test_a_part_of_low_confidence_is_not_shown_until_it_is_signed(ctx: Context) -> None:
    for values, shown in (
        ({"confidence": "low"}, False),
        ({"confidence": "low", "checked_on": "2026-11-01", "reviewer": "a lawyer"}, True),
    ):
        ctx.knowledge = Told(**values)
        offered = (await course.parts(ctx, track="pre_departure")).slots["parts"]
        assert ("papers" in [row["id"] for row in offered]) is shown
        assert (await course.begin(ctx, part="papers")).name == ("begun" if shown else "none")
        planned = await departure.plan(ctx, day="2027-01-20")
        assert planned.slots["count"] == (3 if shown else 1)
    told = await course.step(ctx)
    assert told.slots["lesson"]["list"][0]["text"].startswith("orientation.")  # signed: nothing is said of it


async def test_what_went_wrong_is_asked_once_more_and_counts(ctx: Context) -> None:
    told, _ = await go_through(ctx, "pre_departure", "decide", wrong)
    assert (told.name, told.slots) == ("failed", {"right": 0, "all": 4})
    assert (await course.again(ctx)).name == "begun"
    for number in range(1, 5):
        asked = await course.step(ctx)
        assert asked.slots["number"] == number
        spec = TRACKS["pre_departure"]["modules"]["decide"]["quiz"][f"q{number}"]
        assert (await course.mark(ctx, answer=f"decide_q{number}_{spec['right']}")).name == "right"
    assert (await course.step(ctx)).name == "passed"


async def test_a_worse_result_takes_nothing_away(ctx: Context) -> None:
    await go_through(ctx, "pre_departure", "decide", right)
    await go_through(ctx, "pre_departure", "decide", wrong)
    assert ctx.person.profile["course"]["done"] == {"pre_departure": {"decide": 4}}


@pytest.mark.parametrize("answer", [None, "", "a", "money_q1_a", "decide_q2_a", "decide_q9_a"])
async def test_an_answer_to_another_question_is_none(ctx: Context, answer: str | None) -> None:
    await course.parts(ctx, track="pre_departure")
    await course.begin(ctx, part="decide")
    before = dict(ctx.person.profile["course"])
    assert (await course.mark(ctx, answer=answer)).name == "none"
    assert ctx.person.profile["course"] == before


@pytest.mark.parametrize(
    "kept",
    [
        None,
        "x",
        {"track": "gone", "part": "gone"},
        {"track": "pre_departure", "part": "gone", "left": ["q1"]},
        {"part": "decide"},
    ],
)
async def test_progress_in_a_course_that_has_changed_is_a_new_start(ctx: Context, kept: Any) -> None:
    ctx.person.profile = {"course": kept}
    assert (await course.look(ctx)).name == "new"
    assert (await course.step(ctx)).name == "none"
    assert (await course.again(ctx)).name == "none"
    assert (await course.parts(ctx)).name == "found"


def all_done(ctx: Context, track: str) -> None:
    scores = {part: 4 for part in TRACKS[track]["modules"]}
    ctx.person.profile = {"course": {"track": track, "done": {track: scores}}}


async def test_the_paper_is_made_once_and_its_link_each_time(ctx: Context) -> None:
    all_done(ctx, "post_arrival")
    assert (await course.parts(ctx)).name == "complete"
    made = await course.award(ctx, name="  Maya  ")
    assert made.slots["code"] == "5555 5555 5555 5557"
    assert int(made.slots["token"], 16) > 0
    assert (await course.parts(ctx)).name == "found"
    again = await course.award(ctx, name=None)
    assert again.slots["code"] == made.slots["code"] != again.slots["token"] != made.slots["token"]
    (paper,) = await ctx.shelf.mine(Certificate)
    assert (paper.track, paper.score) == ("post_arrival", 100)
    links = await ctx.shelf.mine(CertificateLink)
    assert [(link.name, link.certificate_id, link.expires_at - NOON) for link in links] == [
        ("Maya", paper.id, timedelta(days=7)),
        ("", paper.id, timedelta(days=7)),
    ]


async def test_no_paper_before_all_parts_are_done_nor_for_a_child(ctx: Context) -> None:
    await go_through(ctx, "pre_departure", "decide", right)
    assert (await course.award(ctx)).name == "none"
    all_done(ctx, "post_arrival")
    child = Case(UUID(int=5), "4829173", "child", "critical", "new", NOON, facts={"child": "yes"})
    ctx.cases.append(child)
    assert (await course.parts(ctx)).name == "young"
    assert (await course.award(ctx)).name == "none"
    assert await ctx.shelf.mine(Certificate) == []


# --- reminders


async def due(ctx: Context) -> list[tuple[date, str, str]]:
    rows = await ctx.shelf.mine(Reminder)
    return [(r.due_at.date(), r.slots["lesson"]["text"], r.state) for r in rows]


async def test_reminders_stand_before_the_day(ctx: Context) -> None:
    planned = await departure.plan(ctx, day="2026-12-20")
    assert planned.slots == {"count": 3, "day": {"day": "2026-12-20"}}
    assert [(day, state) for day, _, state in await due(ctx)] == [
        (date(2026, 12, 6), "waiting"),
        (date(2026, 12, 13), "waiting"),
        (date(2026, 12, 18), "waiting"),
    ]
    assert {text for _, text, _ in await due(ctx)} <= set(FACTS.texts)
    assert ctx.person.consent_contact_at == NOON
    assert all(row.due_at.hour == 4 for row in await ctx.shelf.mine(Reminder))  # 10:00 in Kathmandu is 4:15 UTC


async def test_another_day_replaces_the_reminders_and_one_word_ends_them(ctx: Context) -> None:
    await departure.plan(ctx, day="2026-12-20")
    assert (await departure.plan(ctx, day="2026-11-30")).slots["count"] == 1  # two weeks and one week before are over
    assert [state for _, _, state in await due(ctx)] == ["cancelled"] * 3 + ["waiting"]
    await departure.quiet(ctx)
    assert {state for _, _, state in await due(ctx)} == {"cancelled"}


@pytest.mark.parametrize(
    ("day", "name", "said"),
    [
        ("2026-03-15", "planned", "2027-03-15"),  # "15 March" is read as the last one
        ("2026-11-24", "over", None),
        ("2025-01-01", "over", None),
        ("2028-02-29", "over", None),
        ("", "unread", None),
        ("soon", "unread", None),
    ],
)
async def test_which_day_is_meant(ctx: Context, day: str, name: str, said: str | None) -> None:
    planned = await departure.plan(ctx, day=day)
    assert (planned.name, planned.slots.get("day", {}).get("day")) == (name, said)


# --- leaflets


@pytest.mark.parametrize("name", list(FACTS.get("materials")["leaflets"]))
@pytest.mark.parametrize("country", ["KW", "NP", None])
async def test_a_leaflet_says_texts_that_exist_and_that_nobody_signed_it(
    ctx: Context, name: str, country: str | None
) -> None:
    told = await leaflets.read(ctx, name=name, country=country)
    texts = [row["text"] for row in told.slots["texts"]["list"]]
    assert told.name == "unchecked"
    assert set(texts) <= set(FACTS.texts)
    spec = FACTS.get("materials")["leaflets"][name]
    rule = [text for text in texts if text.startswith("rights.")]
    assert rule == ([f"rights.{country}.{spec['rights']}.say"] if country in spec["countries"] else [])


async def test_all_leaflets_are_offered_on_two_pages(ctx: Context) -> None:
    offered = await leaflets.offer(ctx)
    ids = [row["id"] for page in ("leaflets", "others") for row in offered.slots[page]]
    assert ids == list(FACTS.get("materials")["leaflets"])
    assert all(row["value"]["text"] in FACTS.texts for row in offered.slots["leaflets"] + offered.slots["others"])


async def test_with_no_track_to_show_nothing_breaks(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reviewer may take all of them back while somebody is in the middle."""
    await course.parts(ctx, track=PARTS[0][0])
    monkeypatch.setattr(course, "tracks", lambda ctx: {})
    assert (await course.parts(ctx, track=PARTS[0][0])).name == "none"
    looked = await course.look(ctx)
    assert [row["id"] for row in looked.slots["tracks"]] == list(course.BESIDE)
