"""How Alembic reaches the database and what it compares it with."""

from logging.config import fileConfig

from sqlalchemy import create_engine, pool

from alembic import context
from targets.shared.config import Settings
from targets.shared.models import Base  # importing it brings every model: they live in one module

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

url = Settings().url("psycopg2")

if context.is_offline_mode():
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
