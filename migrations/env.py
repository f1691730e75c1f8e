"""How Alembic reaches the database: through the connection that `bot.store.migrate` hands over.

Law: no settings are read here; offline mode is not offered, since roles and partitions need a live server.
"""

from alembic import context

from bot.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `saathi migrate` instead: it knows the database and its owner role")

context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
