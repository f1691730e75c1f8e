"""What is due today when a lot is: hers is there whole, of others' a page, the gravest of what is late first."""

from __future__ import annotations

import re
from datetime import timedelta

from desk.views import due
from tests.desk.office import Desk
from tests.desk.test_figures import _cases, _read, _run

AT = "UPDATE cases SET answer_due_at = :at, severity = :severity WHERE reference = :r"


async def test_what_others_have_is_a_page_and_hers_is_whole(desk: Desk) -> None:
    person, now = await desk.person("caseworker"), desk.app.clock()
    theirs = await _cases(desk, person, due.LISTED + 5, answer_due_at=now - timedelta(days=3), severity="low")
    grave, soon = (await _cases(desk, person, 1))[0], (await _cases(desk, person, 1))[0]
    await _run(desk, AT, at=now - timedelta(minutes=1), severity="high", r=grave)
    await _run(desk, AT, at=now + timedelta(minutes=1), severity="critical", r=soon)
    mine = [await desk.case("assigned", "open", person.user_id) for _ in range(3)]
    for reference in mine:  # later than everybody's
        await _run(desk, AT, at=now + timedelta(minutes=2), severity="low", r=reference)
    page = await person.get("/due")
    first, _, second = page.text.partition('id="d-others"')
    assert [r in first for r in mine] == [True] * 3
    rows = re.findall(r'data-row="(\w+)"', second)
    assert len(rows) == due.LISTED
    assert rows[0] == grave, "late and grave comes before what is later late and less so"
    assert set(rows[1:]) < set(theirs)
    assert f">{due.LISTED}+<" in second
    assert "More is due than stands here" in second
    assert "More is due" not in first


async def test_a_page_that_holds_all_says_nothing_of_more(desk: Desk) -> None:
    person, now = await desk.person("supervisor"), desk.app.clock()
    theirs = await _cases(desk, person, 3, answer_due_at=now - timedelta(days=3))
    page = _read(await person.get("/due"))
    assert all(reference in page for reference in theirs)
    assert "More is due" not in page


async def test_who_reaches_no_case_of_others_sees_none(desk: Desk) -> None:
    """A volunteer has no way to cases that are not hers."""
    person, now = await desk.person("volunteer"), desk.app.clock()
    theirs = (await _cases(desk, await desk.person("caseworker"), 1, answer_due_at=now - timedelta(days=3)))[0]
    own = await desk.case("own", "open", person.user_id)
    await _run(desk, AT, at=now - timedelta(days=1), severity="low", r=own)
    page = _read(await person.get("/due"))
    assert own in page
    assert theirs not in page
