"""The answer in sentences: what the comparisons say, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from harness.findings import Comparison, Summary
from harness.report.words import ratio

TIMES = "\N{MULTIPLICATION SIGN}"
DOES = {
    "ping": "pings",
    "point-read": "point reads",
    "list-with-posts": "pages of users with posts",
    "write": "four-row writes",
    "mixed": "mixed requests",
}


def answers(summary: Summary) -> tuple[str, ...]:
    """Return one sentence for each scenario that was compared, those with a database first.

    Of a scenario whose load was free to vary, throughput is told; of one with a fixed rate, the median wait.
    """
    compared = summary.analysis.comparisons
    told = []
    for scenario in summary.scenarios:
        of_scenario = [c for c in compared if c.scenario == scenario.name]
        metric = "throughput" if scenario.shape.pace_s is None else "p50"
        chosen = sorted((c for c in of_scenario if c.metric == metric), key=lambda c: c.level_ms)
        if chosen:
            told.append((not scenario.reaches_database, _of_scenario(scenario.name, chosen)))
    return tuple(sentence for _, sentence in sorted(told, key=lambda pair: pair[0]))


def headline(summary: Summary) -> str:
    """Return the answer to the question of the whole run in one sentence."""
    if len(summary.plan.targets) < 2:  # noqa: PLR2004 - a comparison takes two
        return f"Only {summary.plan.targets[0]} was run, so there is nothing to compare."
    with_database = {s.name for s in summary.scenarios if s.reaches_database and s.shape.pace_s is None}
    chosen = [c for c in summary.analysis.comparisons if c.metric == "throughput" and c.scenario in with_database]
    if not chosen:
        return "Nothing that reaches the database was compared."
    first, second = chosen[0].first, chosen[0].second
    if all(c.word == "too few blocks" for c in chosen):
        return "There are too few blocks to say which twin serves more."
    by_level = {
        level_ms: _level_word([c for c in chosen if c.level_ms == level_ms], first, second)
        for level_ms in sorted({c.level_ms for c in chosen})
    }
    words = list(dict.fromkeys(by_level.values()))
    if len(words) == 1:
        return f"At every distance from the database that was tried, {words[0]}."
    parts = [f"at {_levels([level for level, said in by_level.items() if said == word])} {word}" for word in words]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _level_word(comparisons: Sequence[Comparison], first: str, second: str) -> str:
    """Say which target serves more at one level, over all scenarios there."""
    words = {c.word for c in comparisons}
    if words == {"first"}:
        return f"{first} serves more"
    if words == {"second"}:
        return f"{second} serves more"
    if words == {"noise"}:
        return "the difference is inside the noise"
    if words <= {"first", "noise", "too few blocks"} and "first" in words:
        return f"{first} serves more or the difference is inside the noise, depending on the work"
    if words <= {"second", "noise", "too few blocks"} and "second" in words:
        return f"{second} serves more or the difference is inside the noise, depending on the work"
    return "it depends on the work"


def _of_scenario(scenario: str, comparisons: Sequence[Comparison]) -> str:
    what = DOES.get(scenario, f"{scenario} requests")
    alike = groupby(comparisons, key=lambda c: c.word == "noise")
    parts = [part for noise, group in alike for part in ([_noise([*group])] if noise else map(_of_level, group))]
    sentence = f"{what[0].upper()}{what[1:]}: {'; '.join(parts)}."
    crossover = _crossover(comparisons)
    return f"{sentence} {crossover}" if crossover else sentence


def _of_level(comparison: Comparison) -> str:
    at = f"at {comparison.level_ms} ms"
    value = ratio(comparison.ratio)
    if comparison.word == "too few blocks":
        return f"{at} too few blocks to say (ratio {value})"
    if comparison.metric == "throughput":
        return f"{at} {comparison.first} serves {value} {TIMES} as many as {comparison.second}"
    first, second = comparison.first, comparison.second
    return f"{at} half of the requests to {first} wait {value} {TIMES} as long as those to {second}"


def _noise(comparisons: Sequence[Comparison]) -> str:
    """Say of neighbouring levels in one clause that nothing was found, and what would have been."""
    at = _levels([c.level_ms for c in comparisons])
    values = _and([ratio(c.ratio) for c in comparisons])
    seen = [c.detectable for c in comparisons if c.detectable is not None]
    shown = f", with {max(seen) - 1:.0%} the smallest difference that this run would reliably show" if seen else ""
    return f"at {at} the difference is inside the noise ({values}{shown})"


def _crossover(comparisons: Sequence[Comparison]) -> str:
    """Name the levels between which the faster one changes, if it does."""
    decided = [c for c in comparisons if c.word in {"first", "second"}]
    for before, after in pairwise(decided):
        if before.word != after.word:
            more = after.first if (after.word == "first") == (after.metric == "throughput") else after.second
            return f"Between {before.level_ms} and {after.level_ms} ms {more} overtakes."
    return ""


def _levels(levels: Sequence[int]) -> str:
    return f"{_and([str(level) for level in levels])} ms"


def _and(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
