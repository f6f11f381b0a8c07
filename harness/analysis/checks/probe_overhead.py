"""Do the probes leave the target as fast as it is? What costs more than a little changes what it looks at."""

from __future__ import annotations

from harness.model.findings import Finding
from harness.model.measures import LEAST_LEFT, ProbeOverhead
from harness.model.outcome import Verdict


def check_probe_overhead(observed: ProbeOverhead) -> Finding:
    """Judge the throughput that is left with probes inside, by its interval: all of it lies on one side, or none is."""
    low, high = observed.share.low, observed.share.high
    if low is not None and low >= LEAST_LEFT:
        verdict, summary = Verdict.PASS, "The probes cost next to nothing"
    elif high is not None and high < LEAST_LEFT:
        verdict, summary = Verdict.FAIL, "The probes change what they look at"
    else:
        verdict, summary = Verdict.UNDECIDED, "This many blocks can't tell what the probes cost"
    interval = f" ({low:.3f} to {high:.3f} in {observed.share.blocks} blocks)" if low is not None else ""
    return Finding(
        check="observer",
        verdict=verdict,
        summary=summary,
        measured=f"{observed.scenario} at {observed.added_ms} ms: {observed.probed} has"
        f" {observed.share.value:.3f}{interval} of the throughput of {observed.plain}",
        limit=f"at least {LEAST_LEFT}",
        count=int(verdict is not Verdict.PASS),
    )
