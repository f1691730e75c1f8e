"""How often each question was asked and answered, by day.

Revision ID: 0011
Revises: 0008
"""

from alembic import op

revision = "0011"
down_revision = "0010"

UP = (
    """CREATE TABLE flow_counts (
        day DATE NOT NULL,
        flow TEXT NOT NULL,
        step TEXT NOT NULL,
        result TEXT NOT NULL,
        language TEXT NOT NULL,
        channel TEXT NOT NULL,
        times INTEGER NOT NULL,
        CONSTRAINT pk_flow_counts PRIMARY KEY (day, flow, step, result, language, channel),
        CONSTRAINT ck_flow_counts_result CHECK (result IN ('answered', 'again', 'left'))
    )""",
    """CREATE TABLE flow_hours (
        hour TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_flow_hours PRIMARY KEY (hour)
    )""",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("flow_hours", "flow_counts"):
        op.execute(f"DROP TABLE {table}")
