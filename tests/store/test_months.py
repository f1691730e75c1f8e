"""Months of the history that are spent are dropped, and what is left of them stays; nobody but the owner can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from sqlalchemy import create_engine

from bot.store import migrate as room
from bot.store import months
from bot.store.embedded import Server
from bot.store.migrate import sqlalchemy_url
from tests.fakes.database import copied

FIRST, LATER = date(2031, 1, 1), date(2031, 9, 3)  # of January to June some 62 days and more are over; of July not


@pytest.fixture
def places(server: Server) -> Iterator[Server]:
    """A schema whose months begin in January."""
    with copied(server) as copy:
        room.migrate(copy.url_owner, today=FIRST)
        yield copy


def _write(url: str, at: str, rows: int, kind: str = "person") -> None:
    with psycopg.connect(url) as opened:
        opened.execute(
            "INSERT INTO messages"
            " (id, received_at, subject_id, conversation_id, direction, author, body_enc, retention)"
            " SELECT gen_random_uuid(), %s::timestamptz, gen_random_uuid(), gen_random_uuid(), 'in', 'person', 'x', %s"
            " FROM generate_series(1, %s)",
            (at, kind, rows),
        )


def _parts(url: str) -> dict[str, int]:
    """Rows of each month."""
    with psycopg.connect(url) as opened:
        names = opened.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'messages'::regclass"
        ).fetchall()
        return {n: opened.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for (n,) in names}  # type: ignore[call-overload,index]


def _all(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as opened:
        return opened.execute("SELECT * FROM messages ORDER BY id").fetchall()


def test_what_is_left_of_a_spent_month_stays(places: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "FEW", 3)
    url = places.url_app
    _write(url, "2031-01-31 23:59+00", 3)  # no more than a few
    _write(url, "2031-02-01 00:00+00", 4)  # more
    _write(url, "2031-06-30 12:00+00", 2)  # the last month that is over long enough
    _write(url, "2031-07-01 12:00+00", 1)
    _write(url, "2031-08-20 12:00+00", 1, "browse")
    before = _all(url)
    room.migrate(places.url_owner, today=LATER)
    left = _parts(url)
    assert _all(url) == before
    assert left["messages_default"] == 5
    assert left["messages_2031_02"] == 4
    assert left["messages_2031_07"] == left["messages_2031_08"] == 1
    gone = {f"messages_2031_{n:02}" for n in (1, 3, 4, 5, 6)}
    assert not gone & set(left)
    with psycopg.connect(url) as opened:  # the application finds them as ever, and may take them away
        at = datetime(2031, 1, 31, 23, 59, tzinfo=UTC)
        assert opened.execute("DELETE FROM messages WHERE received_at = %s", (at,)).rowcount == 3


def test_once_more_nothing_happens_and_the_trail_keeps_all_months(places: Server) -> None:
    room.migrate(places.url_owner, today=LATER)
    left = _parts(places.url_app)
    room.migrate(places.url_owner, today=LATER)
    assert _parts(places.url_app) == left
    with psycopg.connect(places.url_app) as opened:
        assert opened.execute("SELECT to_regclass('audit_2031_01') IS NOT NULL").fetchone() == (True,)


def test_who_cannot_get_the_lock_keeps_nobody_waiting(places: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "PATIENCE", "50ms")
    told: list[str] = []
    engine = create_engine(sqlalchemy_url(places.url_owner))
    with psycopg.connect(places.url_app) as reader, engine.connect() as owner:
        reader.execute("SELECT count(*) FROM messages")  # a long report, say
        assert months.drop_spent(owner, LATER, told.append) == []
        owner.commit()
    engine.dispose()
    assert len([line for line in told if "messages_2031_0" in line]) == 6
    assert "messages_2031_01" in _parts(places.url_app)
    room.migrate(places.url_owner, today=LATER)
    assert "messages_2031_01" not in _parts(places.url_app)


def test_the_application_can_drop_no_month(places: Server) -> None:
    with psycopg.connect(places.url_app) as opened, pytest.raises(psycopg.errors.InsufficientPrivilege):
        opened.execute("DROP TABLE messages_2031_01")
