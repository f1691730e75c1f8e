"""Migrations: what they make is what the tables say; the application's role may work and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DeadlockDetected
from sqlalchemy import CheckConstraint, create_engine, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.store import migrate as room
from bot.store.embedded import Server
from bot.store.tables import metadata

OURS = set(metadata.tables)


@pytest.fixture
def owner_url(server: Server, database_url: str) -> str:
    return server.on(urlsplit(database_url).path[1:]).url_owner


@pytest.fixture
def connection(owner_url: str) -> Iterator[Connection]:
    engine = create_engine(room.sqlalchemy_url(owner_url))
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def _ours(object_: object, name: str | None, kind: str, *_: object) -> bool:
    """Not the partitions, nor the tables of the background jobs and of Alembic."""
    return kind != "table" or name in OURS


def test_the_newest_revision_is_the_last_number() -> None:
    config = Config()
    config.set_main_option("script_location", str(room.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == room.newest()


def test_an_old_postgresql_is_told_of(owner_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    room.migrate(owner_url, tell=told.append)
    assert told == []
    monkeypatch.setattr(room, "OLDEST", 99)
    room.migrate(owner_url, tell=told.append)
    assert ["nobody has tried any older than 99" in line for line in told] == [True]


def test_the_migrated_schema_is_the_one_the_tables_say(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection, opts={"include_object": _ours, "compare_type": True, "compare_server_default": True}
    )
    assert compare_metadata(context, metadata) == []


def test_the_comparison_sees_a_difference(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE contacts DROP COLUMN language")
    connection.exec_driver_sql("DROP INDEX ix_cases_open")
    context = MigrationContext.configure(connection, opts={"include_object": _ours})
    kinds = {difference[0] for difference in compare_metadata(context, metadata)}
    assert kinds == {"add_column", "add_index"}
    connection.rollback()


def test_an_index_that_was_broken_off_is_built_anew_and_one_that_is_there_is_left(
    connection: Connection, owner_url: str
) -> None:
    """A build beside the work that was broken off leaves an index that nothing uses. Also of one partition only."""
    oids = "SELECT relname, oid FROM pg_class WHERE relname IN ('ix_heard_lines_line', 'ix_cases_care')"
    before = {row.relname: row.oid for row in connection.exec_driver_sql(oids)}
    connection.exec_driver_sql("DROP INDEX ix_heard_lines_line, ix_messages_answered_at, ix_media_conversation_id")
    connection.exec_driver_sql(
        "INSERT INTO heard_lines (id, day, language, line, intent, why)"
        " SELECT gen_random_uuid(), '2026-01-01', 'ne', 'x', 'greet', 'unsure' FROM generate_series(1, 2)"
    )
    connection.exec_driver_sql(
        "CREATE INDEX ix_messages_answered_at ON ONLY messages (received_at) WHERE author = 'human'"
    )
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0018'")
    connection.commit()
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(IntegrityError):
        alone.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY ix_heard_lines_line ON heard_lines (line)")
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = '{}'::regclass"
    for name in ("ix_heard_lines_line", "ix_messages_answered_at"):
        assert alone.exec_driver_sql(valid.format(name)).scalar_one() is False
    assert room.migrate(owner_url, today=date(2026, 1, 1)) == room.newest()
    for name in ("ix_heard_lines_line", "ix_messages_answered_at"):
        assert alone.exec_driver_sql(valid.format(name)).scalar_one() is True
    parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = '{}'::regclass"
    assert (
        alone.exec_driver_sql(parts.format("ix_messages_answered_at")).scalar_one()
        == alone.exec_driver_sql(parts.format("messages")).scalar_one()
        > 1
    )
    after = {row.relname: row.oid for row in alone.exec_driver_sql(oids)}
    assert after["ix_cases_care"] == before["ix_cases_care"]
    assert after["ix_heard_lines_line"] != before["ix_heard_lines_line"]
    assert compare_metadata(MigrationContext.configure(alone, opts={"include_object": _ours}), metadata) == []


def test_checks_are_the_same_too(connection: Connection) -> None:
    """compare_metadata does not look at CHECK constraints."""
    seen = inspect(connection)
    for table in metadata.tables.values():
        wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        assert {c["name"] for c in seen.get_check_constraints(table.name)} == wanted, table.name


def test_the_keys_table_stands_alone(connection: Connection) -> None:
    """It is left out of ordinary dumps and restored apart."""
    seen = inspect(connection)
    assert seen.get_foreign_keys("keys") == []
    for table in OURS:
        assert "keys" not in {key["referred_table"] for key in seen.get_foreign_keys(table)}


def test_whatever_belongs_to_a_person_says_to_whom() -> None:
    nobody_s = {"organisations", "users", "seen", "audit", "audit_seals", "channel_accounts", "contents"}
    nobody_s |= {"box_letters", "feedback", "licences", "volunteer_codes", "desk_sessions", "sign_in_tries"}
    nobody_s |= {"user_profiles", "shifts", "shift_breaks", "shift_swaps", "absences"}  # of those who answer
    nobody_s |= {"debriefs"}  # of a colleague, about no case that is named
    nobody_s |= {"staff_notices", "staff_chats", "staff_codes", "digests"}
    nobody_s |= {"flow_counts", "flow_hours"}  # numbers of questions
    nobody_s |= {"fact_marks", "text_proposals", "heard_lines", "line_labels"}
    nobody_s |= {"intake_drafts", "paper_sheets"}  # of who types, and of nobody
    nobody_s |= {"directory_entries", "sms_spent"}  # services, which are public; what SMS cost
    nobody_s |= {"requests", "box_entries", "box_hidden"}  # of who asked, and of letters that are nobody's
    nobody_s |= {"broadcasts", "broadcast_texts", "channel_lanes"}  # what is told to many; who hears it is hers
    assert {name for name, t in metadata.tables.items() if "subject_id" not in t.c} == nobody_s


def _may(url: str, statement: str) -> bool:
    with psycopg.connect(url) as opened:
        try:
            opened.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            opened.rollback()
    return True


@pytest.mark.parametrize("table", ["audit", "audit_default", "audit_2026_12", "audit_seals", "seen"])
def test_the_application_can_add_to_the_trail_and_change_nothing_in_it(
    database_url: str, owner_url: str, table: str
) -> None:
    room.migrate(owner_url, today=date(2026, 11, 24))
    column = {"seen": "provider", "audit_seals": "rows"}.get(table, "action")
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        assert not _may(database_url, statement), statement
    assert _may(database_url, f"SELECT * FROM {table}")
    if not table.startswith("audit_2") and table != "audit_default":
        with psycopg.connect(owner_url) as opened:
            row = opened.execute("SELECT has_table_privilege('saathi_app', %s, 'INSERT')", (table,)).fetchone()
        assert row == (True,)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE audit ADD COLUMN mine int",
        "DROP TABLE audit",
        "ALTER TABLE seen DISABLE TRIGGER ALL",
        "SET ROLE saathi_owner",
        "CREATE ROLE mine",
        "UPDATE alembic_version SET version_num = '0000'",
        "GRANT UPDATE ON audit TO saathi_app",
    ],
)
def test_the_application_cannot_change_the_schema(database_url: str, owner_url: str, statement: str) -> None:
    with psycopg.connect(database_url) as opened:
        try:
            opened.execute(statement)
            allowed = True
        except psycopg.errors.InsufficientPrivilege:
            allowed = False
        if allowed and statement.startswith("GRANT"):  # without a grant option it is a warning and changes nothing
            row = opened.execute("SELECT has_table_privilege('saathi_app', 'audit', 'UPDATE')").fetchone()
            allowed = row == (True,)
        opened.rollback()
    assert not allowed


def test_it_can_work_with_every_other_table(database_url: str) -> None:
    for table in OURS - {"audit", "audit_seals", "seen", "code_uses"}:
        assert _may(database_url, f"DELETE FROM {table}"), table


def test_who_used_a_code_is_added_and_never_rewritten(database_url: str) -> None:
    assert not _may(database_url, "UPDATE code_uses SET used_at = used_at")
    assert not _may(database_url, "DELETE FROM code_uses")
    assert not _may(database_url, "UPDATE code_tries SET tried_at = tried_at")
    row = "(gen_random_uuid(), gen_random_uuid(), now())"
    assert _may(database_url, f"INSERT INTO code_tries (id, subject_id, tried_at) VALUES {row}")


def test_months_are_made_ahead_and_again_nothing_happens(owner_url: str, connection: Connection) -> None:
    assert room.migrate(owner_url, today=date(2027, 11, 30)) == room.newest()
    assert room.migrate(owner_url, today=date(2027, 11, 30)) == room.newest()
    names = set(inspect(connection).get_table_names())
    wanted = [f"{y}_{m:02}" for y, m in [(2027, 11), (2027, 12), *((2028, m) for m in range(1, 12))]]
    assert {f"{t}_{month}" for t in room.PARTITIONED for month in wanted} <= names
    assert "messages_2028_12" not in names


def test_several_migrators_at_once_on_an_empty_database(server: Server) -> None:
    name = f"t_{uuid4().hex[:12]}"
    admin = server.on("postgres").url_admin
    with psycopg.connect(admin, autocommit=True) as opened:
        opened.execute(f"CREATE DATABASE {name} OWNER saathi_owner")
    try:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(room.migrate, [server.on(name).url_owner] * 3))
        assert set(found) == {room.newest()}
    finally:
        with psycopg.connect(admin, autocommit=True) as opened:
            opened.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_month_that_already_has_rows_elsewhere_is_left_and_said(owner_url: str, connection: Connection) -> None:
    """They came while nobody migrated. Rows stay where they are, the other months are made."""
    with psycopg.connect(owner_url, autocommit=True) as opened:
        opened.execute(
            "INSERT INTO messages"
            " (id, received_at, subject_id, conversation_id, direction, author, body_enc, retention)"
            " VALUES (gen_random_uuid(), '2029-03-31 23:30+00', gen_random_uuid(), gen_random_uuid(), 'in', 'person',"
            " '', 'person')"
        )
        told: list[str] = []
        assert room.migrate(owner_url, today=date(2029, 2, 1), tell=told.append) == room.newest()
        assert [line for line in told if "messages_2029_03" in line] == told
        assert len(told) == 1
        names = set(inspect(connection).get_table_names())
        assert {"messages_2029_02", "messages_2029_04", "audit_2029_03", "audit_2029_04"} <= names
        assert "messages_2029_03" not in names
        assert opened.execute("SELECT count(*) FROM messages_default").fetchone() == (1,)
        opened.execute("DELETE FROM messages")
    told.clear()
    room.migrate(owner_url, today=date(2029, 2, 1), tell=told.append)
    assert told == []


def test_months_are_those_of_utc(owner_url: str, connection: Connection) -> None:
    """A server in Kathmandu would begin its months 5:45 too early, and never fit those made elsewhere."""
    with psycopg.connect(owner_url, autocommit=True) as opened:
        name = psycopg.conninfo.conninfo_to_dict(owner_url)["dbname"]
        opened.execute(f"ALTER DATABASE {name} SET timezone TO 'Asia/Kathmandu'")
    room.migrate(owner_url, today=date(2030, 5, 1))
    with psycopg.connect(owner_url, options="-c timezone=UTC") as opened:
        bounds = opened.execute("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'audit_2030_05'")
        assert bounds.fetchone() == ("FOR VALUES FROM ('2030-05-01 00:00:00+00') TO ('2030-06-01 00:00:00+00')",)


def test_who_migrates_waits_for_no_lock_and_tries_again(
    owner_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long report holds the table of messages: turns go on between the tries, months ahead are made later."""
    monkeypatch.setattr(room, "PATIENCE", "20ms")
    monkeypatch.setattr(room, "PAUSE", 0.0)
    monkeypatch.setattr(room, "FEW_TRIES", 2)
    connection.exec_driver_sql("SELECT count(*) FROM messages")  # its lock is kept: the transaction is open
    told: list[str] = []
    assert room.migrate(owner_url, today=date(2033, 1, 5), tell=told.append) == room.newest()
    assert len([line for line in told if line.startswith("no partition messages_2033_01: messages is in use")]) == 1
    connection.rollback()
    told.clear()
    room.migrate(owner_url, today=date(2033, 1, 5), tell=told.append)
    assert told == []
    assert connection.exec_driver_sql("SELECT to_regclass('messages_2033_01')").scalar() is not None


def test_a_revision_that_cannot_have_its_lock_is_given_up_and_says_what_to_do(
    owner_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", "20ms")
    monkeypatch.setattr(room, "PAUSE", 0.0)
    monkeypatch.setattr(room, "TRIES", 2)
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0021'")
    connection.exec_driver_sql("ALTER TABLE contacts DROP COLUMN refused_done_at CASCADE")
    connection.commit()
    connection.exec_driver_sql("SELECT count(*) FROM contacts")
    with pytest.raises(room.Busy, match="pg_stat_activity"):
        room.migrate(owner_url)
    connection.rollback()
    assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0021"
    connection.commit()
    assert room.migrate(owner_url) == room.newest()


def test_a_schema_of_a_newer_version_is_used_and_left(owner_url: str, connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    assert room.migrate(owner_url) == "9999"
    assert room.serves("9999")
    assert room.serves(room.newest())
    assert not room.serves("0001")
    assert not room.serves("")


def test_who_migrates_gives_way_in_a_circle_and_tries_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn holds one table and wants another, which waits behind us: PostgreSQL ends one of both."""
    monkeypatch.setattr(room, "PAUSE", 0.0)
    faults: list[Exception] = [OperationalError("ALTER", {}, DeadlockDetected("deadlock detected"))]

    def work() -> None:
        if faults:
            raise faults.pop()

    room.patiently(connection, work, tries=2)
    assert faults == []
