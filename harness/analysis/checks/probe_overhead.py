"""Do the probes leave the target as fast as it is? What costs more than a little changes what it looks at."""

from __future__ import annotations

from harness.model.findings import Finding, Findings, in_unit
from harness.model.measures import LEAST_LEFT, ProbeOverhead, of_interval
from harness.model.verdict import Verdict


def check_probe_overhead(observed: ProbeOverhead) -> Findings:
    """Judge the throughput that is left with probes inside, by its interval: all of it lies on one side, or none is."""
    low, high = observed.share.low, observed.share.high
    if low is not None and low >= LEAST_LEFT:
        verdict, code = Verdict.PASS, "probes_cost_little"
    elif high is not None and high < LEAST_LEFT:
        verdict, code = Verdict.FAIL, "probes_cost_much"
    else:
        verdict, code = Verdict.UNDECIDED, "too_few_blocks"
    yield Finding(
        check="probe_overhead",
        verdict=verdict,
        code=code,
        values=of_interval("share", observed.share)
        | in_unit("share", limit=LEAST_LEFT)
        | in_unit("blocks", blocks=observed.share.blocks)
        | in_unit("ms", added=observed.added_ms),
        facts={"scenario": observed.scenario, "plain": observed.plain, "probed": observed.probed},
        count=int(verdict is not Verdict.PASS),
        subject=observed.probed,
    )
