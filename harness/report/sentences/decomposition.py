"""How much of the ratio of two targets comes from which difference between them, in words."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.measures import Comparison, Decomposed
from harness.model.plan import Decomposition
from harness.model.summary import Summary
from harness.report.words import listing, ratio, ratio_range


def decomposition_text(summary: Summary) -> str:
    """Say of each added latency what the throughput's ratio is the product of; nothing if none was taken apart.

    As in the headline, of scenarios that reach the database and whose load was free to vary.
    """
    known = summary.plan.decomposition
    names = {one.name for one in summary.scenarios if one.reaches_database and one.shape.pace_s is None}
    found = [
        one for one in summary.measures.decomposed if one.whole.metric == "throughput" and one.whole.scenario in names
    ]
    if known is None or not found:
        return ""
    whole = " / ".join(known.whole)
    if all(factor.word == "too_few_blocks" for one in found for factor in one.factors):
        return (
            f"There are too few blocks to say how much of {whole} comes from {' and how much from '.join(known.kinds)}."
        )
    levels = sorted({one.whole.added_ms for one in found})
    parts = [_of_level([one for one in found if one.whole.added_ms == added_ms], known) for added_ms in levels]
    first, *others = zip(levels, parts, strict=True)
    told = [f"at {first[0]} ms {whole} is {first[1]}", *(f"at {added_ms} ms it is {part}" for added_ms, part in others)]
    return f"In requests per second, {'; '.join(told)}."


def _of_level(found: Sequence[Decomposed], known: Decomposition) -> str:
    """Say what the ratios of some scenarios are the product of."""
    kinds = []
    for kind in known.kinds:
        factors = [
            one
            for each in found
            for one, factor in zip(each.factors, known.factors, strict=True)
            if factor.kind == kind
        ]
        value = ratio(factors[0].ratio) if len(factors) == 1 else ratio_range([each.by_kind[kind] for each in found])
        kinds.append(f"{value} from {kind} ({_sure(factors)})")
    whole = [each.whole.ratio for each in found]
    told = ratio(whole[0]) if len(whole) == 1 else ratio_range([one.value for one in whole])
    return f"{told}, the product of {listing(kinds)}"


def _sure(factors: Sequence[Comparison]) -> str:
    """Say whether it is sure that a ratio is not 1, or of how many of several it is."""
    if all(one.word == "too_few_blocks" for one in factors):
        return "too few blocks to say"
    decided = sum(one.word in {"first", "second"} for one in factors)
    if len(factors) == 1:
        return "significant" if decided else "not significant"
    return f"significant in {decided} of {len(factors)} ratios"
