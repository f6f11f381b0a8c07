"""Queue and phases of a request, as a probe inside a real twin tells them, against what its client waited for it."""

import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.load.single_client import Client
from harness.model.evidence import Window
from harness.model.measures import PHASES, QUEUE
from harness.model.request_record import Outcome
from harness.probe.request_sampling import MOST_VARIABLE
from harness.provision.addresses import url_through
from harness.provision.database import seed
from harness.provision.postgres import Postgres
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link
from targets.catalog import TWINS
from targets.workload import WORKLOAD
from tests.fix_twins import ON_DRIVERS
from tests.sample import sampled

ROUTE = "GET /api/v1/users/{user_id}"
WARM_UP = 3  # the first of all compiles and connects
REQUESTS = 25
ADDED_MS = 20
ALL = {MOST_VARIABLE: "1000000"}  # so that every request is looked into


@pytest.mark.parametrize("name", sampled(ON_DRIVERS, TWINS))
def test_they_add_up_to_it_within_a_twentieth_at_the_median(
    name: str, postgres: Postgres, link: Link, tmp_path: Path
) -> None:
    seed(postgres.url, WORKLOAD.database)
    target = replace(ON_DRIVERS[name], probes=("requests",))
    waited_s = []
    with (
        target_process(
            WORKLOAD, target, url_through(postgres.url, link.port), tmp_path / "log", environment=ALL
        ) as running,
        Client(running.url, 10.0) as client,
    ):
        wait_until_serving(running)
        link.add_toxic("latency", "latency", "downstream", latency=ADDED_MS)
        start_ns = time.monotonic_ns()
        for number in range(WARM_UP + REQUESTS):
            answer = client.send(WORKLOAD.request("get_user", number))
            assert answer.outcome is Outcome.OK
            waited_s.append(answer.took_s)
        # a request is noted after its client has its answer, and before another one of the same connection is served
        client.send(WORKLOAD.request("ping", 0))
        samples = running.probed(Window(start_ns=start_ns, end_ns=time.monotonic_ns()))
    told = [sample for sample in samples if sample.metric == "took_s" and sample.labels["route"] == ROUTE]
    assert len(told) == len(waited_s) == WARM_UP + REQUESTS
    ratios = [
        sum(sample.fields[part] for part in (QUEUE, *PHASES)) / waited
        for sample, waited in zip(told[WARM_UP:], waited_s[WARM_UP:], strict=True)
    ]
    assert 0.95 <= statistics.median(ratios) <= 1
