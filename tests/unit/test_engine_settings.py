"""The one file in which the twins differ differs only in the drivers' own words."""

from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from targets.async_api import engine as async_engine
from targets.catalog import CATALOG
from targets.shared.config import Settings, setting_rows
from targets.sync_api import engine as sync_engine

SETTINGS = Settings(pool_size=7, pool_timeout_s=1.5, threads=7)


def _pools() -> tuple[QueuePool, QueuePool]:
    engines: tuple[Engine, Engine] = (
        async_engine.make_engine(SETTINGS).sync_engine,
        sync_engine.make_engine(SETTINGS),
    )
    pools = engines[0].pool, engines[1].pool
    assert isinstance(pools[0], QueuePool)
    assert isinstance(pools[1], QueuePool)
    return pools


def test_pools_are_alike() -> None:
    one, other = _pools()
    for pool in (one, other):
        assert (pool.size(), pool._max_overflow, pool._timeout) == (7, 0, 1.5)
    assert one._pre_ping == other._pre_ping


def test_drivers_are_written_out() -> None:
    assert async_engine.make_engine(SETTINGS).url.drivername == "postgresql+asyncpg"
    assert sync_engine.make_engine(SETTINGS).url.drivername == "postgresql+psycopg2"


def test_every_setting_has_a_reason_and_only_drivers_words_differ() -> None:
    rows = setting_rows(SETTINGS)
    assert all(reason for _, _, reason in rows)
    differing = {name for name, values, _ in rows if len(set(values.values())) > 1}
    assert differing == {
        *("driver", "handlers"),
        *("timeout", "ssl", "prepared_statement_name_func"),
        *("connect_timeout", "tcp_user_timeout", "sslmode", "use_native_hstore"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    }


def test_no_target_has_more_threads_than_connections_but_those_that_show_it() -> None:
    """fastapi#3205: threads that wait for a connection starve the requests that hold one."""
    more = {name for name, target in CATALOG.items() if target.threads > target.pool}
    assert more == {"async:small-pool", "sync:small-pool", "flaw:threads_beyond_pool"}
    assert Settings().threads <= Settings().pool_size
