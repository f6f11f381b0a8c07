"""The answer in sentences: what the comparisons say, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, pairwise

from harness.model.measures import Comparison
from harness.model.plan import Scenario
from harness.model.summary import Summary
from harness.report.sentences.decomposition import decomposition_text
from harness.report.words import listing, ratio, ratio_range

TIMES = "\N{MULTIPLICATION SIGN}"


def answers(summary: Summary) -> tuple[str, ...]:
    """Return one sentence for each scenario and pair of targets that was compared, those with a database first.

    Where ratios were taken apart, what they come from is told before all.

    Of a scenario whose load was free to vary, throughput is told; of one with a fixed rate, the median wait.
    """
    told = [apart] if (apart := decomposition_text(summary)) else []
    for scenario in sorted(summary.scenarios, key=lambda scenario: not scenario.reaches_database):
        metric = "throughput" if scenario.shape.pace_s is None else "p50"
        compared = [c for c in summary.measures.comparisons if (c.scenario, c.metric) == (scenario.name, metric)]
        for second in (others := dict.fromkeys(c.second for c in compared)):
            pair = sorted((c for c in compared if c.second == second), key=lambda c: c.added_ms)
            whom = f", {pair[0].first} against {second}" if len(others) > 1 else ""
            told.append(_of_scenario(f"{_does(scenario)}{whom}", pair))
    return tuple(told)


def headline(summary: Summary) -> str:
    """Return the answer to the question of the whole run in one sentence."""
    if len(summary.plan.targets) < 2:  # noqa: PLR2004 - a comparison takes two
        return f"Only {summary.plan.targets[0]} was run, so there is nothing to compare."
    with_database = {s.name: s for s in summary.scenarios if s.reaches_database and s.shape.pace_s is None}
    chosen = [c for c in summary.measures.comparisons if c.metric == "throughput" and c.scenario in with_database]
    if not chosen:
        return "Nothing that reaches the database was compared."
    rows = len({c.scenario for c in summary.measures.comparisons if c.metric == "throughput"})
    first, second = chosen[0].first, chosen[0].second
    chosen = [c for c in chosen if c.second == second]  # of several pairs, that of the twins
    if all(c.word == "too_few_blocks" for c in chosen):
        return "There are too few blocks to say which twin serves more."
    levels = sorted({c.added_ms for c in chosen})
    by_words: dict[frozenset[str], list[int]] = defaultdict(list)
    for added_ms in levels:
        by_words[frozenset(c.word for c in chosen if c.added_ms == added_ms)].append(added_ms)
    parts = [
        (alike, _together([c for c in chosen if c.added_ms in alike], first, second)) for alike in by_words.values()
    ]
    if len(levels) == 1:
        said = f"at {levels[0]} ms of added latency, {parts[0][1]}."
    elif len(parts) == 1:
        said = f"at every added latency that was tried, {parts[0][1]}."
    else:
        said = f"{'; '.join(f'at {_levels(alike)} {said}' for alike, said in parts)}."
    # what never asks the database is told below, and may be otherwise
    sentence = f"{said[0].upper()}{said[1:]}" if len(with_database) == rows else f"Where the database is asked, {said}"
    scenarios = {c.scenario for c in chosen}
    return sentence if len(scenarios) > 1 else f"{sentence} Only {_does(with_database[scenarios.pop()])} were compared."


def _together(comparisons: Sequence[Comparison], first: str, second: str) -> str:
    """Say which target serves more and how much, over all scenarios of some levels."""
    words = {c.word for c in comparisons}
    if words == {"too_few_blocks"}:
        return "there are too few blocks to say"
    if words <= {"not_significant", "too_few_blocks"}:
        return "the difference is not significant"
    for word, more, less in (("first", first, second), ("second", second, first)):
        if word in words and words <= {word, "not_significant", "too_few_blocks"}:
            factors = [c.ratio.value if word == "first" else 1 / c.ratio.value for c in comparisons if c.word == word]
            serves = f"{more} serves {ratio_range(factors)} {TIMES} as much as {less}"
            return (
                serves if words == {word} else f"{serves} or the difference is not significant, depending on the work"
            )
    return "it depends on the work"


def _does(scenario: Scenario) -> str:
    return scenario.called or f"{scenario.name} requests"


def _of_scenario(what: str, comparisons: Sequence[Comparison]) -> str:
    parts = [SAY[word]([*alike]) for word, alike in groupby(comparisons, key=lambda c: c.word)]
    sentence = f"{what[0].upper()}{what[1:]}: {'; '.join(parts)}."
    crossover = _crossover(comparisons)
    return f"{sentence} {crossover}" if crossover else sentence


def _decided(comparisons: Sequence[Comparison]) -> str:
    """Say of neighbouring levels in one clause by how much the targets differ."""
    first, second = comparisons[0].first, comparisons[0].second
    values = [f"{ratio(c.ratio)} {TIMES}" for c in comparisons]
    at = [f"at {c.added_ms} ms" for c in comparisons]
    more = [f"{value} {place}" for value, place in zip(values[1:], at[1:], strict=True)]
    if comparisons[0].metric == "throughput":
        return listing([f"{first} serves {values[0]} as many as {second} {at[0]}", *more])
    return listing([f"half of the requests to {first} wait {values[0]} as long as those to {second} {at[0]}", *more])


def _undecided(comparisons: Sequence[Comparison]) -> str:
    at = _levels([c.added_ms for c in comparisons])
    return f"at {at} too few blocks to say (ratio {listing([ratio(c.ratio) for c in comparisons])})"


def _not_significant(comparisons: Sequence[Comparison]) -> str:
    """Say of neighbouring levels in one clause that nothing was found, and what would have been or still may be."""
    at = _levels([c.added_ms for c in comparisons])
    values = listing([ratio(c.ratio) for c in comparisons])
    seen = [c.detectable for c in comparisons if c.detectable is not None]
    if seen:
        shown = f", with {max(seen) - 1:.0%} the smallest difference that this run would reliably show"
    else:
        most = max(max(c.ratio.high or 1, 1 / (c.ratio.low or 1)) for c in comparisons) - 1
        shown = f", so at most {most:.0%}" if most < 1 else ""
    return f"at {at} the difference is not significant ({values}{shown})"


SAY: Mapping[str, Callable[[Sequence[Comparison]], str]] = {
    "first": _decided,
    "second": _decided,
    "not_significant": _not_significant,
    "too_few_blocks": _undecided,
}


def _crossover(comparisons: Sequence[Comparison]) -> str:
    """Name the levels between which the faster one changes, if it does."""
    decided = [c for c in comparisons if c.word in {"first", "second"}]
    for before, after in pairwise(decided):
        if before.word != after.word:
            more = after.first if (after.word == "first") == (after.metric == "throughput") else after.second
            return f"Between {before.added_ms} and {after.added_ms} ms {more} overtakes."
    return ""


def _levels(levels: Sequence[int]) -> str:
    return f"{listing([str(level) for level in levels])} ms"
