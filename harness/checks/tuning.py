"""Are both twins at their best? Without a database a ``def`` route runs at about half of an ``async def`` one."""

from __future__ import annotations

from harness.findings import Comparison, Finding
from harness.model import Verdict

# Published figures lie between 0.54 and 0.75, our own near 0.5; outside this wider band one twin is mistuned.
LOW, HIGH = 0.4, 0.9


def check_tuning(comparison: Comparison) -> Finding:
    """Judge the throughput ratio sync/async of ``GET /ping``.

    Args:
        comparison: Throughput of the scenario ``ping``; its ratio is first/second, whichever they are.
    """
    ratio = comparison.ratio
    if comparison.first == "async":
        value = 1 / ratio.value if ratio.value else float("inf")
        bounds = (ratio.high and 1 / ratio.high, ratio.low and 1 / ratio.low)
    else:
        value, bounds = ratio.value, (ratio.low, ratio.high)
    inside = LOW <= value <= HIGH
    interval = f" ({bounds[0]:.2f} to {bounds[1]:.2f})" if bounds[0] and bounds[1] else ""
    return Finding(
        check="tuning",
        verdict=Verdict.PASS if inside else Verdict.FAIL,
        summary="Without a database the twins are apart as tuned builds are"
        if inside
        else "One of the twins is mistuned: no other figure of this run means much",
        measured=f"GET /ping sync/async {value:.2f}{interval}",
        limit=f"{LOW} to {HIGH}",
        count=0 if inside else 1,
    )
