"""Settings of both twins, each with its reason. The engines are made from these, and the report shows them."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url


class Settings(BaseSettings):
    """Settings that may differ from place to place; read from variables that begin with ``TWIN_``."""

    model_config = SettingsConfigDict(env_prefix="TWIN_")

    database_url: str = "postgresql://postgres:postgres@127.0.0.1:5432/twinbench"
    pool_size: int = Field(default=20, ge=1)
    pool_timeout_s: float = Field(default=5.0, gt=0)
    pool_pre_ping: bool = False
    threads: int = Field(default=20, ge=1)
    connect_timeout_s: int = Field(default=5, ge=1)
    statement_timeout_ms: int = Field(default=5_000, ge=1)
    lock_timeout_ms: int = Field(default=2_000, ge=1)
    idle_in_transaction_timeout_ms: int = Field(default=10_000, ge=1)
    dead_peer_ms: int = Field(default=8_000, ge=1)

    def url(self, driver: str) -> URL:
        """Return the database's URL with the driver written out: a bare ``postgresql://`` means another one."""
        return make_url(self.database_url).set(drivername=f"postgresql+{driver}")


def pool_options(settings: Settings) -> dict[str, Any]:
    """Options of ``create_engine`` and ``create_async_engine`` alike."""
    return {
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.pool_timeout_s,
        "pool_pre_ping": settings.pool_pre_ping,
    }


def server_settings(settings: Settings) -> dict[str, str]:
    """Settings of each PostgreSQL session, sent when it is opened: they cost no round trip."""
    return {
        "application_name": "twin",
        "statement_timeout": str(settings.statement_timeout_ms),
        "lock_timeout": str(settings.lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(settings.idle_in_transaction_timeout_ms),
    }


def asyncpg_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of ``asyncpg.connect``."""
    return {"timeout": settings.connect_timeout_s, "command_timeout": settings.dead_peer_ms / 1000, "ssl": False}


def psycopg2_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of ``psycopg2.connect``."""
    return {
        "connect_timeout": settings.connect_timeout_s,
        "tcp_user_timeout": settings.dead_peer_ms,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "sslmode": "disable",
    }


PSYCOPG2_OPTIONS = {"use_native_hstore": False}  # of ``create_engine``, which only psycopg2 has

REASONS: Mapping[str, str] = {
    "driver": "The execution model decides the driver: asyncpg speaks only async, psycopg2 only sync.",
    "handlers": "The thing under comparison: coroutines on one event loop, or functions on a pool of threads.",
    "threads": "As many as connections, so that whoever has one finds a thread. The async twin has the limiter too,"
    " and uses no thread.",
    "pool_size": "The same number of connections for both: they are PostgreSQL's resource, not the application's.",
    "max_overflow": "None: a pool that grows under load would compare two different databases.",
    "pool_timeout": "Seconds to wait for a turn, of which there are as many as connections, then 503: a refusal that"
    " reached no database. The wait is in the event loop: in threads, it would leave none to those who hold one.",
    "pool_pre_ping": "Off: SQLAlchemy's ping is one round trip with psycopg2 and three with asyncpg (BEGIN, an empty"
    " statement, ROLLBACK), so it would handicap one twin. A connection that broke is found by the first request that"
    " uses it, which fails, and the pool then replaces them all. TWIN_POOL_PRE_PING=true turns it on, to be measured.",
    "application_name": "Tells the twin's sessions from the harness's in pg_stat_activity.",
    "statement_timeout": "Milliseconds: a statement that takes longer is a fault, and must not hold a connection.",
    "lock_timeout": "Milliseconds, below the statement's: a wait for a lock is told apart from slow work.",
    "idle_in_transaction_session_timeout": "Milliseconds: a forgotten transaction must not hold locks for ever.",
    "timeout": "Seconds to connect: asyncpg's own name for it.",
    "connect_timeout": "Seconds to connect: libpq's name for it.",
    "command_timeout": "Seconds: what ends the wait for a server that says nothing. asyncpg's own; psycopg2 has none,"
    " so a thread ends the connection under a command that takes longer.",
    "prepared_statement_name_func": "Names of one width: one write is then the same number of bytes every time, so"
    " that a cut at byte N falls into the same message every time. asyncpg's own names grow with a counter.",
    "tcp_user_timeout": "Milliseconds that sent data may stay unacknowledged: libpq has no timeout per command,"
    " and the pool's ping itself would hang without it.",
    "use_native_hstore": "Off: SQLAlchemy would ask the catalog for a type that the API does not use, in a transaction"
    " of its own on each new connection. With asyncpg it asks nothing.",
    "keepalives": "On: an idle connection notices that its server is gone.",
    "keepalives_idle": "Seconds of silence before the first probe.",
    "keepalives_interval": "Seconds between probes.",
    "keepalives_count": "Probes without an answer before the connection counts as dead.",
    "ssl": "Off: both sides are on one machine, and encryption would be measured with them.",
    "sslmode": "Off: both sides are on one machine, and encryption would be measured with them.",
}


def setting_rows(settings: Settings | None = None) -> tuple[tuple[str, dict[str, str], str], ...]:
    """Return every setting as (name, value in each twin, reason); "–" where a twin has no such setting.

    Raises:
        KeyError: A setting has no reason.
    """
    chosen = settings or Settings()
    alike = {"threads": chosen.threads, **pool_options(chosen), **server_settings(chosen)}
    twins = {
        "async": {
            "driver": "asyncpg",
            "handlers": "async def, one event loop",
            **alike,
            **asyncpg_arguments(chosen),
            "prepared_statement_name_func": "8 hex digits",
        },
        "sync": {
            "driver": "psycopg2",
            "handlers": "def, threads",
            **alike,
            **psycopg2_arguments(chosen),
            **PSYCOPG2_OPTIONS,
            "command_timeout": chosen.dead_peer_ms / 1000,
        },
    }
    names = list(dict.fromkeys(name for values in twins.values() for name in values))
    return tuple(
        (name, {twin: str(values.get(name, "–")) for twin, values in twins.items()}, REASONS[name]) for name in names
    )
