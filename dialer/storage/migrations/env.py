"""What Alembic runs for every command; `dialer.storage.migrate` lends it the connection."""

from alembic import context

from dialer.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table: batches copy it to a new one instead.
    render_as_batch=True,
    user_module_prefix="types.",
)
with context.begin_transaction():
    context.run_migrations()
