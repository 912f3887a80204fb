"""What Alembic runs: migrations on the connection that it was given, in the transaction that is open."""

from alembic import context

from bitloot_adapters.sql.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
