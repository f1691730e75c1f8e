"""Migrations while people write: each only does what the version before it tolerates, and what keeps no turn waiting.

Law: what is judged is the SQL that a revision really sends, by squawk (`migrations/squawk.toml` says which of its rules
do not apply, and why). A column or table goes one release after the last code that knows it: its revision then says
`-- squawk-ignore ban-drop-column` before the statement, and beside it in which release that was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event

from bot.settings import ROOT
from bot.store import migrate as room
from bot.store.embedded import Server

SINCE = "0021"  # before that nobody had installed it
SQUAWK = Path(sys.executable).with_name("squawk")
OWN = ("SELECT", "SHOW", "SET", "UPDATE ALEMBIC_VERSION", "INSERT INTO ALEMBIC_VERSION", "CREATE TABLE ALEMBIC_VERSION")


def judged(statements: dict[str, list[str]], folder: Path) -> dict[str, set[str]]:
    """The rules that each revision breaks."""
    files = []
    for revision, sent in statements.items():
        file = folder / f"{revision}.sql"
        file.write_text(";\n".join(sent) + ";\n", "utf-8")
        files.append(str(file))
    done = subprocess.run(
        [SQUAWK, "--config", str(ROOT / "migrations" / "squawk.toml"), "--reporter", "json", *files],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    broken: dict[str, set[str]] = {}
    for found in json.loads(done.stdout):
        broken.setdefault(Path(found["file"]).stem, set()).add(found["rule_name"])
    return broken


@pytest.fixture(scope="module")
def sent(server: Server) -> Iterator[dict[str, list[str]]]:
    """What each revision since SINCE sends, on a database of its own."""
    name = f"t_{uuid4().hex[:12]}"
    admin_url = server.on("postgres").url_admin
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} OWNER saathi_owner")
    engine = create_engine(room.sqlalchemy_url(server.on(name).url_owner))
    found: dict[str, list[str]] = {}
    heard: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def hear(connection: object, cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().upper().startswith(OWN):
            heard.append(statement.strip().rstrip(";"))

    with engine.connect() as connection:
        config = room.config_of(connection)
        scripts = ScriptDirectory.from_config(config)
        for script in reversed(list(scripts.walk_revisions())):
            heard.clear()
            command.upgrade(config, script.revision)
            if script.revision >= SINCE:
                found[script.revision] = list(heard)
    engine.dispose()
    yield found
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_every_migration_is_tolerated_by_the_version_before(sent: dict[str, list[str]], tmp_path: Path) -> None:
    assert set(sent) >= {"0021", "0022", "0023", "0024", "0025", "0026"}
    assert all(sent.values())
    assert judged(sent, tmp_path) == {}


REFUSED = {
    "ALTER TABLE cases DROP COLUMN stage": "ban-drop-column",
    "DROP TABLE box_letters": "ban-drop-table",
    "ALTER TABLE cases RENAME COLUMN stage TO step": "renaming-column",
    "ALTER TABLE cases RENAME TO matters": "renaming-table",
    "ALTER TABLE cases ALTER COLUMN stage TYPE varchar(20)": "changing-column-type",
    "ALTER TABLE cases ADD COLUMN step text NOT NULL": "adding-required-field",
    "ALTER TABLE cases ALTER COLUMN country SET NOT NULL": "adding-not-nullable-field",
    "ALTER TABLE cases ADD COLUMN drawn uuid DEFAULT gen_random_uuid()": "adding-field-with-default",
    "CREATE INDEX ix_cases_stage ON cases (stage)": "require-concurrent-index-creation",
    "DROP INDEX ix_cases_stage": "require-concurrent-index-deletion",
    "ALTER TABLE cases ADD CONSTRAINT ck CHECK (stage <> '')": "constraint-missing-not-valid",
    "ALTER TABLE cases ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES cases (id)": "adding-foreign-key-constraint",
    "ALTER TABLE cases DROP CONSTRAINT uq": "ban-drop-constraint",  # ON CONFLICT may name it
    "ALTER TABLE cases ADD CONSTRAINT uq UNIQUE (stage)": "disallowed-unique-constraint",
}


@pytest.mark.parametrize("statement", REFUSED)
def test_what_would_stop_the_version_before_or_its_work_is_refused(statement: str, tmp_path: Path) -> None:
    assert REFUSED[statement] in judged({"0099": [statement]}, tmp_path).get("0099", set())


ALLOWED = (
    "ALTER TABLE cases ADD COLUMN IF NOT EXISTS step text",
    "ALTER TABLE cases ADD COLUMN step text NOT NULL DEFAULT 'new'",
    "CREATE TABLE steps (id uuid PRIMARY KEY, name text NOT NULL)",
    "CREATE INDEX CONCURRENTLY ix_cases_step ON cases (step)",
    "ALTER TABLE cases ADD CONSTRAINT ck CHECK (step <> '') NOT VALID",
    "ALTER TABLE cases VALIDATE CONSTRAINT ck",
)


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_changes_nothing_for_the_version_before_is_allowed(statement: str, tmp_path: Path) -> None:
    assert judged({"0099": [statement]}, tmp_path) == {}
