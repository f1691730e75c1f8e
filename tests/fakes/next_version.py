"""The service as its next version would be: today's code with one migration more, `python -m tests.fakes.next_version`.

Law: the environment says where its migrations lie (`made` writes them); all else is as delivered. What the migration
does is what our rules allow (`tests/store/test_tolerated.py`), of each kind one.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from bot.store import migrate
from bot.store.migrate import MIGRATIONS, newest

PLACE = "SAATHI_NEXT_MIGRATIONS"
REVISION = "9000"
SOURCE = '''"""Whatever a migration may do while people write."""

from alembic import op

from bot.store.indexes import build

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN IF NOT EXISTS next_mood text NOT NULL DEFAULT 'calm'")
    op.execute("ALTER TABLE outbox ADD COLUMN IF NOT EXISTS next_note text")
    op.execute("ALTER TABLE messages ADD COLUMN IF NOT EXISTS next_note text")
    op.execute("CREATE TABLE IF NOT EXISTS next_things (id uuid PRIMARY KEY, name text NOT NULL)")
    op.execute("ALTER TABLE inbox ADD CONSTRAINT ck_inbox_next CHECK (attempts >= 0) NOT VALID")
    build("ix_messages_next", "messages", "(author, received_at)")
    build("ix_outbox_next", "outbox", "(queued_at, state)")
    op.execute("ALTER TABLE inbox VALIDATE CONSTRAINT ck_inbox_next")
'''


def made(folder: Path) -> Path:
    """The migrations of the next version: ours, and one more."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{REVISION}_next.py").write_text(SOURCE.format(revision=REVISION, before=newest()), "utf-8")
    return folder


def main() -> int:
    """The command line of the next version."""
    migrate.MIGRATIONS = Path(os.environ.pop(PLACE))
    from bot.__main__ import main as command

    return command()


if __name__ == "__main__":
    sys.exit(main())
