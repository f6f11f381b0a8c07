"""The answer of a run about the probes' cost in sentences."""

from __future__ import annotations

from harness.model.measures import LEAST_LEFT
from harness.model.summary import Summary
from harness.report.words import share


def probes_headline(summary: Summary) -> str:
    """Return in one sentence what the dearest pair costs."""
    observed = summary.measures.probe_overheads
    if not observed:
        return "No probe was tried."
    dearest = min(observed, key=lambda one: one.share.value)
    return (
        f"With probes inside, a target keeps {share(dearest.share)} of its throughput at worst:"
        f" {dearest.probed} by {dearest.scenario}."
    )


def probes_answers(summary: Summary) -> tuple[str, ...]:
    """Return how many pairs keep as much as they should by the whole of their interval."""
    observed = summary.measures.probe_overheads
    enough = sum(one.share.low is not None and one.share.low >= LEAST_LEFT for one in observed)
    return (
        (f"{enough} of {len(observed)} keep at least {LEAST_LEFT} by the whole of their interval.",) if observed else ()
    )
