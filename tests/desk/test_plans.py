"""The plans of the desk's pages: none reads a large table from its first row to its last.

Law: every statement that a page really sends is asked how it would be answered, with sequential reading made dear: a
table that is read so nevertheless, or by an index without a condition, has no index that fits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.desk.office import Desk
from tests.desk.test_search import _note, _tell
from tests.fakes.statements import heard

LARGE = frozenset(
    [
        "cases",
        "conversations",
        "contacts",
        "keys",
        "addresses",
        "messages",
        "messages_default",
        "outbox",
        "inbox",
        "case_events",
        "search_tokens",
        "case_people",
        "audit",
        "audit_default",
        "notices",
        "media",
        "evidence",
    ]
)
NEVER = 253370764800000000  # microseconds: nothing is due
PAGES = {
    "queue": ("/", None),
    "queue, filtered": ("/?severity=high&kind=report_unpaid_wages", None),
    "queue, later": (f"/?part=others&after=1.1.1.2.{NEVER}.1{'0' * 15}.{'0' * 32}", None),
    "queue, live": ("/live", None),
    "case": ("/case/REFERENCE", None),
    "evidence": ("/case/REFERENCE/evidence", None),
    "care": ("/care", None),
    "case, earlier": (f"/case/REFERENCE?until=1{'0' * 15}.{'f' * 32}", None),
    "due": ("/due", None),
    "reference": ("/search", {"q": "REFERENCE"}),
    "number": ("/search", {"q": "+977 9841234567"}),
    "name": ("/search", {"q": "Sita Tamang"}),
}
SUPERVISED = {  # figures of a period do read a tenth of a table, and may then read the small ones beside it whole
    "supervision": ("/supervision", None),
    "figures, steps": ("/figures/steps", None),
}
Sent = list[tuple[str, Any]]
READS = ("SELECT", "WITH")


def _readings(plan: dict[str, Any], partial: set[str]) -> Iterator[str]:
    """Tables that are read as a whole: by no index, or by one without condition that covers all rows."""
    table = plan.get("Relation Name")
    if table in LARGE:
        whole = plan["Node Type"].endswith("Seq Scan")
        index = plan.get("Index Name", "")
        walked = plan["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in plan
        if whole or (walked and index not in partial):
            yield f"{plan['Node Type']} {table} {index} {plan.get('Filter', '')}"
    for part in plan.get("Plans", ()):
        yield from _readings(part, partial)


async def _whole(desk: Desk, sent: Sent) -> list[tuple[str, list[str]]]:
    async with desk.app.database.begin() as connection:
        rows = await connection.exec_driver_sql("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%% WHERE %%'")
        partial = {row[0] for row in rows}
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = []
        for statement, parameters in sent:
            answer = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            whole = list(_readings(answer.scalar_one()[0]["Plan"], partial))
            if whole:
                found.append((statement, whole))
    return found


@pytest.mark.parametrize("role", ["supervisor", "caseworker", "partner"])
async def test_no_page_reads_a_large_table_as_a_whole(desk: Desk, role: str) -> None:
    person = await desk.person(role, organisation="Shelter" if role == "partner" else None)
    reference = await desk.case("own", "open", person.user_id)
    await _tell(desk, reference, name="Sita Tamang")
    await _note(desk, reference, "embassy")
    for _ in range(40):  # with a handful of rows any plan will do
        await desk.case("team", "open", person.user_id)
    other = await desk.person("caseworker")
    await desk.case("glass", "open", other.user_id)  # so that somebody is told of it
    await _analysed(desk)
    for name, (path, form) in (PAGES | SUPERVISED if role == "supervisor" else PAGES).items():
        with heard(desk.app.database) as asked_of:
            if path == "/live":
                await _live(desk, person.user_id)
            elif form is None:
                assert (await person.get(path.replace("REFERENCE", reference))).status_code == 200
            else:
                asked = {key: value.replace("REFERENCE", reference) for key, value in form.items()}
                assert (await person.post(path, **asked)).status_code == 200
        sent = [(s, values) for s, values, many in asked_of if s.lstrip().startswith(READS) and not many]
        assert len(sent) >= 2, name
        assert await _whole(desk, sent) == [], name


async def _analysed(desk: Desk) -> None:
    """The planner knows how many rows there are."""
    async with desk.app.database.begin() as connection:
        await connection.exec_driver_sql("ANALYZE cases, conversations, contacts, notices, search_tokens")


async def _live(desk: Desk, user_id: Any) -> None:
    """What a live queue looks at."""
    from bot.store import users
    from desk.views import queue
    from desk.views.order import Wish

    async with desk.app.database.begin() as connection:
        user = await users.by_id(connection, user_id)
        assert user is not None
        await queue.fingerprint(connection, desk.office.scope(user), Wish({}))


async def test_the_test_sees_a_table_that_is_read_as_a_whole(desk: Desk) -> None:
    sent: Sent = [
        ("SELECT id FROM cases WHERE kind = %(kind)s", {"kind": "x"}),
        ("SELECT id FROM cases ORDER BY reference", {}),
    ]
    assert len(await _whole(desk, sent)) == 2
