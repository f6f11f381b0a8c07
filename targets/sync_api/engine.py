"""The engine: the one file in which the twins differ, because the drivers' arguments do."""

from sqlalchemy import Engine, create_engine

from targets.shared.command_timeout import command_timeout
from targets.shared.config import PSYCOPG2_OPTIONS, Settings, pool_options, psycopg2_arguments, server_settings


def make_engine(settings: Settings) -> Engine:
    """Make the engine; connections are opened when they are needed."""
    options = " ".join(f"-c {name}={value}" for name, value in server_settings(settings).items())
    arguments = {**psycopg2_arguments(settings), **command_timeout(settings.dead_peer_ms / 1000), "options": options}
    return create_engine(settings.url("psycopg2"), connect_args=arguments, **pool_options(settings), **PSYCOPG2_OPTIONS)
