"""Figures: counted by what may be found, without try-outs and drafts; files without people in them; lists of work."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text as sql

from desk import files, plots
from desk.figures import asked, hidden
from desk.files import Table
from desk.sheets import in_time
from tests.desk.office import Desk, Person

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


# --- what an address asks for


def test_a_period_is_read_and_a_wrong_one_is_told() -> None:
    read = asked({"from": "2026-11-01", "to": "2026-11-07", "kind": "tip"}, NOW, "Asia/Kathmandu")
    assert (read.wrong, read.unit, read.filters["kind"]) == (False, "day", "tip")
    assert read.start == datetime(2026, 10, 31, 18, 15, tzinfo=UTC)
    assert read.end - read.start == timedelta(days=7)
    assert read.address() == "from=2026-11-01&to=2026-11-07&kind=tip"
    for first, last in (("x", ""), ("2026-11-08", "2026-11-07"), ("0001-01-01", "9999-12-31"), ("9999-12-31", "")):
        wrong = asked({"from": first, "to": last}, NOW, "UTC")
        assert (wrong.wrong, wrong.first, wrong.last) == (True, date(2026, 10, 28), date(2026, 11, 24))


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([0, 5, 9], [0, 5, 9]),
        ([4, 5, 9], [None, None, 9]),
        ([4, 1, 9], [None, None, 9]),
        ([3], [None]),
        ([3, 0, 0], [None, 0, 0]),
        ([], []),
    ],
)
def test_small_numbers_are_kept_back_so_that_no_sum_tells_them(numbers: list[int], told: list[int | None]) -> None:
    assert hidden(numbers) == told


def test_plots_are_mirrored_and_never_wider_than_they_are() -> None:
    rows = [("a", 4.0, 1.0, "4"), ("b", 2.0, 0.0, "2")]
    left, right = (plots.lying(rows, "t", "d", rtl=rtl) for rtl in (False, True))
    assert [bar.x for bar in left.bars] == [0, 0]
    assert [bar.x + bar.width for bar in right.bars] == [plots.WIDE, plots.WIDE]
    assert left.bars[0].part == plots.WIDE / 4
    columns = plots.standing([(str(n), float(n), 0.0, "") for n in range(60)], "t", "d", rtl=True, number=str)
    assert all(bar.x >= 0 and bar.x + bar.width <= plots.WIDE for bar in columns.bars)
    assert columns.bars[0].x > columns.bars[-1].x


# --- files


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_no_cell_is_a_formula(start: str) -> None:
    table = Table("t", ["a"], [[start], [-5], ["https://x.example"]])
    rows = list(csv.reader(io.StringIO(files.as_csv([table]).decode("utf-8-sig"), newline="")))
    assert rows[1:] == [["'" + start], ["-5"], ["https://x.example"]]
    with zipfile.ZipFile(io.BytesIO(files.as_xlsx([table]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet


STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
ODD = [
    'say "no"',
    "two\nlines",
    "a,b;c",
    "'quoted'",
    "",
    "12",
    "०१२",
    "مرحبا, =1",
    "tab\there",
    "\u2028",
    "a=1",
    'x"\r\n"y',
]


def test_T62_a_file_is_read_back_as_it_was_and_holds_no_formula() -> None:
    """Every character that begins a formula somewhere, also behind blanks and of full width; and what is no formula
    comes back letter by letter."""
    words = [f"{before}{start}1+1" for start in STARTS for before in ("", " ", "\u00a0", "\ufeff")]
    table = Table("t", ["a", "b"], [[word, odd] for word in words for odd in ODD])
    told = list(csv.reader(io.StringIO(files.as_csv([table]).decode("utf-8-sig"), newline="")))[1:]
    assert [row[0] for row in told] == [f"'{word}" for word in words for _ in ODD]
    assert [row[1] for row in told] == ODD * len(words)
    with zipfile.ZipFile(io.BytesIO(files.as_xlsx([table]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="s"') + sheet.count('t="inlineStr"') >= len(words)


def _read(answer: httpx.Response) -> str:
    """A page without the marks around what was filled in."""
    return answer.text.translate(dict.fromkeys(range(0x2066, 0x206A)))


def _rows(answer: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def _cases(desk: Desk, person: Person, count: int, **fields: Any) -> list[str]:
    """So many cases of the person's organisation, changed so."""
    made = [await desk.case("team", "open", person.user_id) for _ in range(count)]
    if fields:
        change = ", ".join(f"{name} = :{name}" for name in fields)
        async with desk.app.database.begin() as connection:
            await connection.execute(
                sql(f"UPDATE cases SET {change} WHERE reference = ANY(:made)"), {**fields, "made": made}
            )
    return made


async def _run(desk: Desk, statement: str, **values: Any) -> None:
    async with desk.app.database.begin() as connection:
        await connection.execute(sql(statement), values)


async def test_the_page_counts_what_may_be_found_without_tryouts_and_drafts(desk: Desk) -> None:
    person = await desk.person("supervisor")
    kept = await _cases(desk, person, 3)
    await _cases(desk, person, 1, kind="report_violence", severity="critical")
    await desk.case("team", "draft", person.user_id)
    await desk.case("other", "open", person.user_id)
    tried = await desk.case("team", "open", person.user_id)
    await _run(
        desk,
        "UPDATE contacts SET simulated = true FROM cases WHERE cases.subject_id = contacts.id AND reference = :r",
        r=tried,
    )
    page = _read(await person.get("/figures"))
    assert "4 cases, 1 of them critical." in page
    assert "Unpaid wages" in page
    assert "Nepal, now: Kuwait" not in page  # nothing tells the country of stay yet
    assert "Nepal, now: not known" in page
    assert '<svg class="plot"' in page
    assert page.count("<title id=") == page.count("<desc id=") == page.count("<svg")
    assert "3 cases, 0 of them critical." in _read(await person.get("/figures?kind=report_unpaid_wages"))
    elsewhere = _read(await person.get("/figures?from=2020-01-01&to=2020-01-05&kind=report_unpaid_wages"))
    assert "Nothing in this period." in elsewhere
    assert 'value="2020-01-01"' in elsewhere
    assert '<option value="report_unpaid_wages" selected>' in elsewhere
    assert not any(reference in page for reference in kept)
    assert [line[0] for line in await desk.trail()] == ["figures.view"] * 3
    assert "could not be read" in _read(await person.get("/figures?from=x"))


async def test_answers_are_measured_against_what_was_promised(desk: Desk) -> None:
    person, now = await desk.person("supervisor"), desk.app.clock()
    hour = timedelta(hours=1)
    times = {"opened_at": now - 9 * hour, "answer_due_at": now - 7 * hour}
    await _cases(desk, person, 1, answered_at=now - 8 * hour, **times)
    await _cases(desk, person, 1, answered_at=now - 4 * hour, **times)
    await _cases(desk, person, 2, **times)  # nobody answered, and it is late: not in time either
    await _cases(desk, person, 1, opened_at=now - hour, answer_due_at=now + hour)  # may still be
    page = _read(await person.get("/figures"))
    assert "25% of 4 were answered in time." in page


async def test_later_answers_are_measured_by_staffed_minutes(desk: Desk) -> None:
    found = [
        ("medium", NOW, NOW + timedelta(minutes=10)),
        ("medium", NOW, NOW + timedelta(minutes=30)),
        ("critical", NOW, NOW + timedelta(minutes=1)),
    ]
    told = in_time(found, lambda level, wrote, replied: replied <= wrote + timedelta(minutes=15))
    assert told == {"medium": (2, 1, 600.0, 600.0), "critical": (1, 1, 60.0, 60.0)}


async def test_load_is_by_name_and_says_who_has_too_many(desk: Desk) -> None:
    person = await desk.person("supervisor")
    other = await desk.user("caseworker")
    await _run(desk, "UPDATE users SET name = 'Zubin' WHERE id = :i", i=person.user_id)
    await _run(desk, "UPDATE users SET name = 'Asha' WHERE id = :i", i=other)
    await _cases(desk, person, 4, severity="critical", assigned_to=person.user_id)
    page = _read(await person.get("/figures")).partition('id="f-load"')[2]
    assert page.index("Asha") < page.index("Zubin")
    assert page.count("more than agreed") == 1


# --- what leaves


async def test_a_file_of_cases_tells_nobody_unless_a_reason_is_given(desk: Desk) -> None:
    person = await desk.person("supervisor")
    many = await _cases(desk, person, 5)
    rare = await _cases(desk, person, 1, kind="express_self_harm", country="QA", outcome="=1+1")
    await desk.case("shared", "open", person.user_id)  # may be read, not taken out
    answer = await person.post("/figures/cases", format="csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="saathi-cases-')
    rows = _rows(answer)
    assert "Case number" not in rows[0]
    assert len(rows) == 1 + 6
    text = answer.text
    assert not any(reference in text for reference in many + rare)
    assert "Qatar" not in text
    assert "ending their life" not in text
    assert {row[0] for row in rows[1:]} == {desk.app.clock().strftime("%Y-%m")}

    refused = await person.post("/figures/cases", format="csv", identified="yes", kind="express_self_harm")
    assert refused.status_code == 400
    assert "only with a reason" in refused.text
    assert 'name="identified" value="yes" checked' in refused.text
    assert '<option value="express_self_harm" selected>' in refused.text

    named = _rows(await person.post("/figures/cases", format="csv", identified="yes", reason_code="review"))
    assert {row[0] for row in named[1:]} == set(many + rare)
    assert [row[9] for row in named[1:] if row[9]] == ["'=1+1"]
    lines = await desk.rows("SELECT action, reason FROM audit ORDER BY received_at, id")
    assert [tuple(line) for line in lines] == [
        ("export.cases", None),
        ("export.cases", None),
        ("export.cases", "review"),
    ]


async def test_a_file_of_figures_keeps_small_numbers_back(desk: Desk) -> None:
    person = await desk.person("supervisor")
    await _cases(desk, person, 6)
    await _cases(desk, person, 2, kind="tip")
    rows = _rows(await person.post("/figures/file", format="csv"))
    assert ["Unpaid wages", "under 5"] in rows  # else eight less six would tell
    assert ["Somebody saw something", "under 5"] in rows
    assert not [row for row in rows if row[1:] in (["2"], ["6"])]
    book = await person.post("/figures/file", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(book.content)) as opened:
        assert len([name for name in opened.namelist() if name.startswith("xl/worksheets/sheet")]) == 5
    assert [line[0] for line in await desk.trail()] == ["export.figures"] * 2
    assert (await person.post("/figures/file", format="exe")).status_code == 400


async def test_files_are_closed_to_who_may_not_take_out(desk: Desk) -> None:
    person = await desk.person("caseworker")
    for address in ("/figures/cases", "/figures/file"):
        assert (await person.post(address, format="csv")).status_code == 403
    assert await desk.trail() == []


# --- where conversations end


async def test_questions_met_by_few_are_not_told(desk: Desk) -> None:
    person, day = await desk.person("supervisor"), desk.app.clock().date()
    assert "half a day after" in _read(await person.get("/figures/steps"))
    for step, result, times in (
        ("months", "answered", 20),
        ("months", "left", 6),
        ("amount", "answered", 9),
        ("amount", "left", 2),
        ("proof", "left", 3),
    ):
        await _run(
            desk,
            "INSERT INTO flow_counts VALUES (:d, 'wages', :s, :r, 'ne', 'sms', :t)",
            d=day,
            s=step,
            r=result,
            t=times,
        )
    page = _read(await person.get("/figures/steps"))
    table = page.partition("<tbody>")[2]
    assert "26" in table
    assert "23%" in table
    assert "under 5" in table
    assert "proof" not in page
    assert "Nothing was counted in this period" in _read(await person.get("/figures/steps?language=hi"))


# --- lists of work


async def test_due_today_shows_first_answers_and_tasks_with_mine_first(desk: Desk) -> None:
    person, now = await desk.person("caseworker"), desk.app.clock()
    mine = await desk.case("assigned", "open", person.user_id)
    theirs, later, foreign = (
        (await _cases(desk, person, 1))[0],
        (await _cases(desk, person, 1, answer_due_at=now + timedelta(days=3)))[0],
        await desk.case("other", "open", person.user_id),
    )
    for reference in (mine, theirs, foreign):
        await _run(desk, "UPDATE cases SET answer_due_at = :at WHERE reference = :r", at=now, r=reference)
    await _run(
        desk,
        "INSERT INTO tasks (id, subject_id, case_id, text_enc, due_at, assigned_to, made_at)"
        " SELECT gen_random_uuid(), subject_id, id, 'x', :at, :who, :at FROM cases WHERE reference = :r",
        at=now,
        who=person.user_id,
        r=later,
    )
    page = _read(await person.get("/due"))
    first, _, second = page.partition('id="d-others"')
    assert mine in first
    assert theirs in second
    assert later in second
    assert foreign not in page


async def test_the_week_lists_whom_somebody_should_look_at(desk: Desk) -> None:
    person, now = await desk.person("supervisor"), desk.app.clock()
    child = await desk.case("team", "child", person.user_id)
    harm = await desk.case("team", "self_harm", person.user_id)
    silent, quick = await _cases(desk, person, 2, answered_at=now - timedelta(days=9))
    await _run(
        desk,
        "UPDATE conversations SET last_inbound_at = :at FROM cases WHERE cases.conversation_id = conversations.id"
        " AND reference = :r",
        at=now - timedelta(days=1),
        r=quick,
    )
    returned = (await _cases(desk, person, 1))[0]
    for _ in range(2):
        await _run(
            desk,
            "INSERT INTO case_events (id, subject_id, case_id, kind, actor, happened_at)"
            " SELECT gen_random_uuid(), subject_id, id, 'reopened', 'person', :at FROM cases WHERE reference = :r",
            at=now,
            r=returned,
        )
    foreign = await desk.case("other", "child", person.user_id)
    page = _read(await person.get("/supervision"))
    assert foreign not in page

    def part(name: str) -> str:
        return page.partition(f'id="w-{name}"')[2].partition("</section>")[0]

    assert (child in part("child"), harm in part("child")) == (True, False)
    assert harm in part("self_harm")
    assert (silent in part("silent"), quick in part("silent")) == (True, False)
    assert returned in part("returned")
    assert "Came 3 times" in part("returned")
    assert part("returned").count("<li") == 1
    assert [line[0] for line in await desk.trail()] == ["supervision.view"]
