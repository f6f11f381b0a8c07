"""The one file in which the twins differ differs only in the drivers' own words."""

from typing import Literal

import pytest
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from harness.model.plan import Target
from targets.async_api import engine as async_engine
from targets.catalog import CATALOG, TWINS
from targets.shared.config import Settings, setting_rows
from targets.sync_api import engine as sync_engine
from targets.workload import settings
from tests.fix_twins import ON_DRIVERS

SETTINGS = Settings(pool_size=7, pool_timeout_s=1.5, threads=7)


def _engine(target: Target) -> Engine:
    settings = SETTINGS.model_copy(update={"driver": target.driver})
    made = (async_engine if target.model == "async" else sync_engine).make_engine(settings)
    return made if isinstance(made, Engine) else made.sync_engine


@pytest.mark.parametrize("name", ON_DRIVERS)
def test_pools_are_alike_and_drivers_are_written_out(name: str) -> None:
    engine = _engine(ON_DRIVERS[name])
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    assert (pool.size(), pool._max_overflow, pool._timeout, pool._pre_ping) == (7, 0, 1.5, False)
    assert engine.url.drivername == f"postgresql+{ON_DRIVERS[name].driver}"


@pytest.mark.parametrize("model", ["async", "sync"])
def test_without_a_word_about_it_a_twin_has_its_usual_driver(model: Literal["async", "sync"]) -> None:
    make = {"async": async_engine.make_engine, "sync": sync_engine.make_engine}[model]
    assert make(SETTINGS).url.drivername == f"postgresql+{TWINS[model].driver}"
    (driver,) = [value for name, value, _ in setting_rows(model, SETTINGS) if name == "driver"]
    assert driver == TWINS[model].driver


@pytest.mark.parametrize(("model", "driver"), [("async", "psycopg2"), ("sync", "asyncpg")])
def test_a_driver_that_speaks_only_the_other_way_is_refused(model: str, driver: str) -> None:
    make = {"async": async_engine.make_engine, "sync": sync_engine.make_engine}[model]
    with pytest.raises(KeyError, match=driver):
        make(SETTINGS.model_copy(update={"driver": driver}))


def rows_of(name: str) -> dict[str, str]:
    """The settings of a target; each has its reason."""
    rows = list(settings(ON_DRIVERS[name]))
    assert all(reason for _, _, reason in rows)
    return {name: value for name, value, _ in rows}


MODEL = {"driver", "handlers"}
LIBPQ = {
    *("connect_timeout", "tcp_user_timeout", "sslmode", "use_native_hstore"),
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
}
ASYNCPG = {"timeout", "ssl", "prepared_statement_name_func"}


@pytest.mark.parametrize(
    ("one", "other", "differing"),
    [
        ("async", "sync", MODEL | LIBPQ | ASYNCPG),
        ("async:psycopg", "sync:psycopg", {"handlers"}),
        ("async", "async:psycopg", {"driver", "prepare_threshold"} | LIBPQ | ASYNCPG),
        ("sync", "sync:psycopg", {"driver", "prepare_threshold"}),
    ],
)
def test_only_drivers_words_differ(one: str, other: str, differing: set[str]) -> None:
    ones, others = rows_of(one), rows_of(other)
    assert {name for name in ones | others if ones.get(name) != others.get(name)} == differing


def test_a_bare_application_has_no_settings() -> None:
    assert not list(settings(CATALOG["async:reference"]))


def test_no_target_has_more_threads_than_connections_but_those_that_show_it() -> None:
    """fastapi#3205: threads that wait for a connection starve the requests that hold one."""
    more = {name for name, target in CATALOG.items() if target.threads > target.pool}
    short = {"async:small-pool", "sync:small-pool"}
    assert more == {*short, "flaw:threads_beyond_pool", "flaw:sync_second_session"}
    assert Settings().threads <= Settings().pool_size
