"""What colleagues type up, and the sheets of paper for it.

Revision ID: 0017
Revises: 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"

UP = (
    """CREATE TABLE intake_drafts (
        id UUID NOT NULL,
        user_id UUID NOT NULL,
        body_enc BYTEA NOT NULL,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_intake_drafts PRIMARY KEY (id),
        CONSTRAINT uq_intake_drafts_user_id UNIQUE (user_id),
        CONSTRAINT fk_intake_drafts_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
    )""",
    """CREATE TABLE intakes (
        id UUID NOT NULL,
        subject_id UUID NOT NULL,
        case_id UUID NOT NULL,
        user_id UUID,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_intakes PRIMARY KEY (id),
        CONSTRAINT fk_intakes_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE CASCADE,
        CONSTRAINT fk_intakes_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
    )""",
    "CREATE INDEX ix_intakes_subject_id ON intakes (subject_id)",
    "CREATE INDEX ix_intakes_case_id ON intakes (case_id)",
    """CREATE TABLE paper_sheets (
        serial BIGINT GENERATED ALWAYS AS IDENTITY,
        language TEXT NOT NULL,
        version SMALLINT NOT NULL,
        printed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        typed_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_paper_sheets PRIMARY KEY (serial)
    )""",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("paper_sheets", "intakes", "intake_drafts"):
        op.execute(f"DROP TABLE {table}")
