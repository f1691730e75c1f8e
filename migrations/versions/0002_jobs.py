"""The schema of the background jobs (Procrastinate), as its installed version defines it.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Many statements with dollar quotes and percent signs: given to the driver as they are, without parameters.
    connection = op.get_bind().connection.driver_connection
    with connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
