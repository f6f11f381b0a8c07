"""Every schema change takes effect and is taken back; others wait behind it, unless it asks for a moment only."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import psycopg2
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from harness.errors import HarnessError
from harness.faults import schema_change
from harness.faults.catalog import FAULTS, why_not
from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask, holding
from harness.faults.schema_change import CHANGES, SHAPE
from targets.async_api.engine import make_engine as make_async_engine
from targets.shared.config import Settings
from targets.shared.models import User
from targets.sync_api.engine import make_engine as make_sync_engine
from targets.workload import WORKLOAD

OWN = "twinbench_fault"
PROOFS = {
    "add_column": f"there is column {OWN} integer,",
    "add_column_default": f"there is column {OWN} integer NOT NULL DEFAULT",
    "add_column_volatile": f"there is column {OWN} double precision NOT NULL DEFAULT",
    "set_not_null": f"there is column {OWN} integer NOT NULL DEFAULT",
    "alter_type": f"there is column {OWN} bigint DEFAULT, no column {OWN} integer DEFAULT,",
    "alter_read_type": "there is column name text NOT NULL, no column name character varying(200) NOT NULL,",
    "create_index": f"there is index {OWN},",
    "create_index_concurrently": f"there is index {OWN},",
    "add_foreign_key": f"there is constraint {OWN},",
    "add_foreign_key_not_valid": f"there is constraint {OWN},",
    "rename_column": f"there is column {OWN}_renamed integer DEFAULT, no column {OWN} integer DEFAULT,",
    "drop_column": f"no column {OWN} integer DEFAULT,",
}
READ = "SELECT name FROM users LIMIT 1"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %(like)s"
IN_THE_WAY = "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'RowExclusiveLock'"


def make_context(url: str) -> FaultContext:
    """All that a schema change uses: PostgreSQL, and the names of table and column."""

    def connect() -> Any:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        return connection

    nothing: Any = None
    return FaultContext(
        workload=WORKLOAD,
        proxy=nothing,
        postgres_address="",
        direct=connect,
        through=connect,
        workers=lambda: (),
        toxiproxy=None,
        postmaster=None,
        restart_postgres=nothing,
        undone_if_killed=nothing,
        begin=nothing,
    )


@pytest.fixture
def context(database_url: str) -> FaultContext:
    """The context, on the seeded database."""
    return make_context(database_url)


def shape(context: FaultContext) -> set[str]:
    """What the catalog says of the table."""
    return set(ask(context, SHAPE, table="users"))


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_there_while_it_is_injected_and_gone_when_it_is_healed(name: str, context: FaultContext) -> None:
    before = shape(context)
    fault = FAULTS[f"schema_change:{name}"](context)
    proof = fault.inject()
    changed = shape(context)
    fault.heal()
    assert PROOFS[name] in proof
    assert (changed == before) == (name == "drop_column")  # which takes away only what it has made itself
    assert shape(context) == before
    assert ask(context, f"SELECT to_regclass('{OWN}')::text") is None
    assert "{" not in fault.detail


@pytest.mark.parametrize("name", ["create_index_concurrently", "add_foreign_key_not_valid"])
def test_what_has_several_steps_is_made_behind_a_transaction_by_trying_again(
    name: str, context: FaultContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_change, "BEHIND_S", 0.4)
    before = shape(context)
    fault = FAULTS[f"schema_change:{name}:retried"](context)
    proof = fault.inject()
    fault.heal()
    assert PROOFS[name] in proof
    assert "tries more" in proof
    assert shape(context) == before


@pytest.mark.parametrize(("way", "gets_through"), [("queued", False), ("retried", True)])
def test_a_reader_waits_behind_it_or_gets_through_before_the_transaction_in_its_way_is_over(
    way: str, *, gets_through: bool, context: FaultContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_change, "BEHIND_S", 1.5)
    fault = FAULTS[f"schema_change:add_column:{way}"](context)
    proof: list[str] = []
    injecting = Thread(target=lambda: proof.append(fault.inject()))
    injecting.start()
    assert wait_for(lambda: ask(context, WAITS, like="ALTER TABLE%"))
    with closing(context.direct()) as connection, connection.cursor() as cursor:
        cursor.execute(READ)
        in_the_way = ask(context, IN_THE_WAY)
    injecting.join()
    monkeypatch.setattr(schema_change, "BEHIND_S", 0.0)
    fault.heal()
    assert (in_the_way > 0) == gets_through
    assert proof[0].startswith(PROOFS["add_column"])


@contextmanager
def table_in_use(context: FaultContext) -> Iterator[None]:
    """Have somebody read the table in a transaction that does not end."""
    with holding(context, "LOCK TABLE users IN ACCESS SHARE MODE"):
        yield


def test_without_its_lock_nothing_is_proven_and_nothing_is_left(
    context: FaultContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_change, "PATIENCE_MS", 100)
    before = shape(context)
    fault = FAULTS["schema_change:add_column"](context)
    with table_in_use(context):
        assert fault.inject() == ""
    fault.heal()
    assert shape(context) == before


def test_a_schema_that_can_not_be_changed_back_ends_the_run(
    context: FaultContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_change, "PATIENCE_MS", 100)
    fault = FAULTS["schema_change:add_column"](context)
    with ExitStack() as afterwards:
        afterwards.callback(ask, context, f"ALTER TABLE users DROP COLUMN {OWN}")
        assert fault.inject()
        with table_in_use(context), pytest.raises(HarnessError, match=f"has left users changed: column {OWN} integer"):
            fault.heal()


def test_a_table_that_is_not_there_is_told(context: FaultContext) -> None:
    handles = replace(WORKLOAD.handles, altered_table="nothing")
    elsewhere = replace(context, workload=replace(WORKLOAD, handles=handles))
    with pytest.raises(HarnessError, match="has no table nothing"):
        FAULTS["schema_change:add_column"](elsewhere).inject()


def test_a_workload_that_names_no_column_is_spared_what_needs_one() -> None:
    less = replace(WORKLOAD, handles=replace(WORKLOAD.handles, read_column=""))
    assert "names no read column" in why_not("schema_change:alter_read_type:queued", less)
    assert why_not("schema_change:alter_type", less) == ""


NAMES = select(User.name).limit(1)


async def refusals(engine: AsyncEngine, change: Callable[[], object]) -> list[str]:
    """What each of two connections says of a statement that it has prepared, after a change and again after that."""
    said = []
    async with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            await connection.execute(NAMES)
            await connection.commit()  # after a rollback psycopg forgets what it has prepared
        change()
        for connection in (one, other, one, other):
            try:
                await connection.execute(NAMES)
                said.append("")
            except DBAPIError as error:
                said.append(str(error.orig))
            await connection.rollback()
    await engine.dispose()
    return said


def test_asyncpg_finds_its_statement_void_once_for_all_connections_of_an_engine(
    context: FaultContext, database_url: str
) -> None:
    fault = FAULTS["schema_change:alter_read_type"](context)
    engine = make_async_engine(Settings(database_url=database_url))
    first, *others = asyncio.run(refusals(engine, fault.inject))
    fault.heal()
    assert "cached statement plan is invalid" in first
    assert others == ["", "", ""]


@pytest.mark.parametrize("threshold", [None, 0])
def test_psycopg_sees_it_only_where_it_prepares_statements_and_once_a_connection(
    threshold: int | None, context: FaultContext, database_url: str
) -> None:
    fault = FAULTS["schema_change:alter_read_type"](context)
    engine = make_async_engine(Settings(database_url=database_url, driver="psycopg", prepare_threshold=threshold))
    said = asyncio.run(refusals(engine, fault.inject))
    fault.heal()
    refused = ["cached plan must not change result type" in one for one in said]
    assert refused == ([False] * 4 if threshold is None else [True, True, False, False])


def test_psycopg2_prepares_nothing_and_sees_nothing_of_it(context: FaultContext, database_url: str) -> None:
    fault = FAULTS["schema_change:alter_read_type"](context)
    engine = make_sync_engine(Settings(database_url=database_url))
    with engine.connect() as connection:
        for change in (fault.inject, fault.heal):
            connection.execute(NAMES)
            connection.rollback()
            change()
            assert connection.execute(NAMES).all()
            connection.rollback()
    engine.dispose()
