"""A target that one client asks one request after the other, and what its probes' checks say of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from harness.analysis.checks.registry import OF_TRIALS, judge_trial
from harness.load.single_client import Client
from harness.model.evidence import Window
from harness.model.findings import Finding
from harness.model.plan import Target
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict
from harness.provision.addresses import url_through
from harness.provision.meter import SessionMeter
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link
from targets.workload import WORKLOAD
from tests.evidence import evidence

FLAWS = Path(__file__).parents[2] / "targets" / "flaws"
ASK_S = 1.5
ADDED_MS = 10
Judged = Callable[[Target, Sequence[str]], list[Finding]]


def key_of(number: int) -> str:
    """The key of a write."""
    return f"{number:032x}"


def judged_by_one(target: Target, operations: Sequence[str], url: str, link: Link, log: Path) -> list[Finding]:
    """Ask a target that is 10 ms from its database for operations in turn, and return what its probes' checks say."""
    with (
        SessionMeter(url, ADDED_MS / 1000) as meter,
        target_process(WORKLOAD, target, url_through(url, link.port), log) as running,
        Client(running.url, 10.0) as client,
    ):
        wait_until_serving(running)
        link.add_toxic("latency", "latency", "downstream", latency=ADDED_MS)
        for operation in operations:
            client.send(WORKLOAD.request(operation, 1, key_of(1)))  # the first of all compiles and connects
        start_ns = time.monotonic_ns()
        for number, operation in enumerate(cycle(operations)):
            asked = WORKLOAD.request(operation, number, key_of(number))
            assert client.send(asked).outcome is Outcome.OK
            if time.monotonic_ns() - start_ns > ASK_S * 1e9:
                break
        window = Window(start_ns=start_ns, end_ns=time.monotonic_ns())
        samples = (*running.probed(window), *meter.samples())
    seen = replace(evidence(), target=target, window=window, samples=samples)
    return [finding for finding in judge_trial(seen) if OF_TRIALS[finding.check].probe in target.probes]


def assert_caught(flaw: Target, findings: Sequence[Finding], line: str) -> Finding:
    """Find nothing but what the flaw is known for, at its line."""
    (found,) = [one for one in findings if one.verdict is not Verdict.PASS]
    assert (found.check, found.verdict) == next(iter(flaw.expected.items())), found
    assert found.place is not None
    path = FLAWS / f"{flaw.flaw}.py"
    source = path.read_text()
    assert (found.place.file, f"def {found.place.function}(" in source) == (path.name, True)
    assert source.splitlines()[found.place.line - 1].strip() in line
    return found
