"""What a fault may use: a target under load, and all that stands behind it."""

from __future__ import annotations

from functools import partial

import psycopg2

from harness.faults.context import FaultContext
from harness.load.single_client import Sending
from harness.provision.testbed import Testbed

FIRST_CLIENT = 0xF000_0000  # clients of faults, whose keys are not those of the load


def fault_context(testbed: Testbed, prefix: str, sent: list[Sending]) -> FaultContext:
    """Make the context of a fault; each write that it sends under ``prefix`` is added to ``sent``."""
    running, services = testbed.running, testbed.services

    def begin(operation: str, key: str = "", *, named: bool = False, seed: int | None = None) -> Sending:
        number = len(sent)
        own = key or f"{prefix}{FIRST_CLIENT:08x}{number:016x}"
        about = int(own[-8:], 16) if seed is None else seed
        sending = Sending(running.url, services.workload, operation, own, seed=about, named=named)
        sent.append(sending)
        return sending

    postgres, toxiproxy = services.postgres, services.toxiproxy
    host, port = postgres.address
    return FaultContext(
        workload=services.workload,
        proxy=testbed.proxy,
        postgres_address=f"{host}:{port}",
        direct=partial(_open, postgres.url),
        through=partial(_open, testbed.url),
        workers=running.workers,
        toxiproxy=toxiproxy.child.process if toxiproxy and toxiproxy.child else None,
        postmaster=postgres.child.process if postgres.child else None,
        restart_postgres=postgres.restart,
        begin=begin,
    )


def _open(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url, connect_timeout=2, application_name="twinbench-fault")
    connection.autocommit = True
    return connection
