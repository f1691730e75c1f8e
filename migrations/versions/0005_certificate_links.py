"""Links to the files of certificates, for some days.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = (
    """
    CREATE TABLE certificate_links (
        id UUID NOT NULL,
        subject_id UUID NOT NULL,
        certificate_id UUID NOT NULL,
        lookup BYTEA NOT NULL,
        token_enc BYTEA NOT NULL,
        name_enc BYTEA,
        language TEXT NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        made_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_certificate_links PRIMARY KEY (id),
        CONSTRAINT uq_certificate_links_lookup UNIQUE (lookup),
        CONSTRAINT fk_certificate_links_certificate_id_certificates FOREIGN KEY (certificate_id)
            REFERENCES certificates (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX ix_certificate_links_subject_id ON certificate_links (subject_id)",
    "CREATE INDEX ix_certificate_links_certificate_id ON certificate_links (certificate_id)",
    "CREATE INDEX ix_certificate_links_expires_at ON certificate_links (expires_at)",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE certificate_links")
