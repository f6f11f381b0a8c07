"""What probes cost: how much of its throughput a target keeps with them inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from harness.findings import Comparison, Interval, Observed
from harness.model import Target


def observed(targets: Iterable[Target], comparisons: Iterable[Comparison]) -> Iterator[Observed]:
    """Pick out the comparisons of a target without probes, which comes first, with the same with some, by throughput.

    Args:
        targets: All targets of the run.
        comparisons: Its comparisons; a ratio is first/second.
    """
    by_name = {target.name: target for target in targets}
    for comparison in comparisons:
        plain, probed = by_name[comparison.first], by_name[comparison.second]
        if comparison.metric == "throughput" and probed.probes and replace(probed, name=plain.name, probes=()) == plain:
            yield Observed(
                scenario=comparison.scenario,
                level_ms=comparison.level_ms,
                plain=plain.name,
                probed=probed.name,
                share=_inverse(comparison.ratio),
            )


def _inverse(ratio: Interval) -> Interval:
    return Interval(
        value=1 / ratio.value if ratio.value else 0.0,
        low=1 / ratio.high if ratio.high else None,
        high=1 / ratio.low if ratio.low else None,
        blocks=ratio.blocks,
    )
