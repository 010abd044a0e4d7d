"""Alembic asks here how to connect: always with the connection that :mod:`tieline.store.migrating` opened."""

from alembic import context

from tieline.store.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=True,  # the caller's transaction holds all steps
)
with context.begin_transaction():
    context.run_migrations()
