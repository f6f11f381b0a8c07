"""Settings of both twins, each with its reason. The engines are made from these, and the report shows them."""

import gc
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url

Driver = Literal["asyncpg", "psycopg", "psycopg2"]
USUAL_DRIVERS: Mapping[str, Driver] = {"async": "asyncpg", "sync": "psycopg2"}  # by twin


class Settings(BaseSettings):
    """Settings that may differ from place to place; read from variables that begin with ``TWIN_``."""

    model_config = SettingsConfigDict(env_prefix="TWIN_")

    database_url: str = Field(default="postgresql://postgres:postgres@127.0.0.1:5432/twinbench", repr=False)
    driver: Driver | None = None  # the twin's usual one
    pool_size: int = Field(default=20, ge=1)
    pool_timeout_s: float = Field(default=5.0, gt=0)
    pool_pre_ping: bool = False
    threads: int = Field(default=20, ge=1)
    connect_timeout_s: int = Field(default=5, ge=1)
    statement_timeout_ms: int = Field(default=5_000, ge=1)
    lock_timeout_ms: int = Field(default=2_000, ge=1)
    idle_in_transaction_timeout_ms: int = Field(default=10_000, ge=1)
    dead_peer_ms: int = Field(default=8_000, ge=1)
    prepare_threshold: int | None = Field(default=None, ge=0)
    gc_freeze: bool = True

    def url(self, driver: str) -> URL:
        """Return the database's URL with the driver written out: a bare ``postgresql://`` means another one."""
        return make_url(self.database_url).set(drivername=f"postgresql+{driver}")


def settle(settings: Settings) -> None:
    """Keep the garbage collector from looking through what is there at the start, over and over, if so set."""
    if settings.gc_freeze:
        gc.collect()
        gc.freeze()


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


def libpq_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of libpq, and so of ``psycopg2.connect`` and psycopg's."""
    return {
        "connect_timeout": settings.connect_timeout_s,
        "tcp_user_timeout": settings.dead_peer_ms,
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "sslmode": "disable",
    }


def psycopg_arguments(settings: Settings) -> dict[str, Any]:
    """Arguments of psycopg's ``connect``."""
    return {**libpq_arguments(settings), "prepare_threshold": settings.prepare_threshold}


def libpq_options(settings: Settings) -> str:
    """Return the settings of a session in the form in which libpq sends them."""
    return " ".join(f"-c {name}={value}" for name, value in server_settings(settings).items())


PSYCOPG_OPTIONS = {"use_native_hstore": False}  # of ``create_engine``, which only psycopg2 and psycopg have

REASONS: Mapping[str, str] = {
    "driver": "asyncpg speaks only async, psycopg2 only sync; psycopg 3 speaks both, so that with it on both sides the"
    " execution model differs alone.",
    "handlers": "The thing under comparison: coroutines on one event loop, or functions on a pool of threads.",
    "threads": "As many as connections, so that whoever has one finds a thread. The async twin has the limiter too,"
    " and uses no thread.",
    "pool_size": "The same number of connections for both: they are PostgreSQL's resource, not the application's.",
    "gc_freeze": "On, as in a well-run service: no garbage collection looks through what is there when it starts."
    " TWIN_GC_FREEZE=false turns it off, as in async:unfrozen.",
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
    " so a thread ends the connection under a command that takes longer. psycopg 3 waits in Python, and its wait gets a"
    " limit, after which the connection is closed.",
    "prepared_statement_name_func": "Names of one width: one write is then the same number of bytes every time, so"
    " that a cut at byte N falls into the same message every time. asyncpg's own names grow with a counter.",
    "prepare_threshold": "Executions before psycopg 3 prepares a statement; None for never, as what it has prepared is"
    " forgotten with each ROLLBACK, which ends every read, by a DEALLOCATE ALL in a round trip of its own: what a write"
    " sends would depend on what its connection was used for before. TWIN_PREPARE_THRESHOLD=5, psycopg's own default,"
    " turns it on, to be measured.",
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


def setting_rows(model: Literal["async", "sync"], chosen: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and reason of every setting of a twin with its driver.

    Raises:
        KeyError: A setting has no reason.
    """
    driver = chosen.driver or USUAL_DRIVERS[model]
    limit = {"command_timeout": chosen.dead_peer_ms / 1000}
    by_driver: Mapping[Driver, Mapping[str, object]] = {
        "asyncpg": {**asyncpg_arguments(chosen), "prepared_statement_name_func": "8 hex digits"},
        "psycopg": {**psycopg_arguments(chosen), **PSYCOPG_OPTIONS, **limit},
        "psycopg2": {**libpq_arguments(chosen), **PSYCOPG_OPTIONS, **limit},
    }
    values = {
        "driver": driver,
        "handlers": {"async": "async def, one event loop", "sync": "def, threads"}[model],
        "gc_freeze": chosen.gc_freeze,
        "threads": chosen.threads,
        **pool_options(chosen),
        **server_settings(chosen),
        **by_driver[driver],
    }
    for name, value in values.items():
        yield name, str(value), REASONS[name]
