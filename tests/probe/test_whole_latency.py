"""Queue and phases of a request, as a probe inside a real twin tells them, against what its client waited for it."""

import statistics
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.client import Client
from harness.findings import PHASES, QUEUE
from harness.model import Outcome, Window
from harness.provision.postgres import Postgres, url_through
from harness.provision.schema import seed
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link
from scenarios.operations import DATASET
from targets.catalog import PROBED

REQUESTS = 40
ADDED_MS = 20


@pytest.mark.parametrize("name", PROBED)
def test_they_add_up_to_it_within_a_twentieth_at_the_median(
    name: str, postgres: Postgres, link: Link, tmp_path: Path
) -> None:
    seed(postgres.url, users=DATASET.users, posts_per_user=DATASET.posts_per_user)
    target = replace(PROBED[name], probes=("requests",))
    waited_s = []
    with (
        target_process(target, url_through(postgres.url, link.port), tmp_path / "log") as running,
        Client(running.url, 10.0) as client,
    ):
        wait_until_serving(running)
        link.add_toxic("latency", "latency", "downstream", latency=ADDED_MS)
        for number in range(3):  # the first of all compiles and connects
            client.send("get_user", "", seed=number)
        start_ns = time.monotonic_ns()
        for number in range(REQUESTS):
            answer = client.send("get_user", "", seed=number)
            assert answer.outcome is Outcome.OK
            waited_s.append(answer.took_s)
        samples = running.probed(Window(start_ns=start_ns, end_ns=time.monotonic_ns()))
    told = [sample for sample in samples if sample.metric == "took_s"]
    assert len(told) == REQUESTS
    ratios = [
        sum(float(sample.labels[part]) for part in (QUEUE, *PHASES)) / waited
        for sample, waited in zip(told, waited_s, strict=True)
    ]
    assert 0.95 <= statistics.median(ratios) <= 1
