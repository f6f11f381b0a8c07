"""A calibration as people read it: a line a run, a table of the four conditions, and a page with every interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import geometric_mean

from rich.table import Table

from harness.model.measures import Comparison, Interval
from tools.calibration.conditions import Condition, conditions, is_different, is_found
from tools.calibration.outcome import Outcome

STATES = {None: "open", True: "holds", False: "does not hold"}
STYLES = {None: "yellow", True: "green", False: "bold red"}


def line(outcome: Outcome) -> str:
    """Return what one run has shown."""
    end = f"{outcome.summary.duration_s:.0f} s, verdict {outcome.summary.verdict}"
    if outcome.step.percent:
        ratios = ", ".join(f"{_metric(one)} {_ratio(one.ratio)}" for one in outcome.comparisons)
        return f"{outcome.step.name}: {'found' if is_found(outcome) else 'not found'}; {ratios}; {end}"
    different = sum(map(is_different, outcome.comparisons))
    first = sum(is_different(prefix.comparison) for prefix in outcome.prefixes)
    return f"{outcome.step.name}: {different} of {len(outcome.comparisons)} different, {first} by first blocks; {end}"


def table(known: Sequence[Outcome], steps: int) -> Table:
    """Return the four conditions as they stand after the runs that are there."""
    took_min = sum(one.summary.duration_s for one in known) / 60
    shown = Table(title=f"{len(known)} of {steps} runs, {took_min:.0f} min", title_justify="left")
    shown.add_column("condition")
    for name in ("so far", "needs", ""):
        shown.add_column(name, no_wrap=True)
    for one in conditions(known):
        shown.add_row(*_cells(one), style=STYLES[one.holds])
    return shown


def _cells(condition: Condition) -> tuple[str, str, str, str]:
    """Return a condition in words: what it says, how often it came true, how often it must or may, and the upshot."""
    so_far = f"{sum(condition.answers)} of {len(condition.answers)}"
    needs = f"{'at least' if condition.at_least else 'at most'} {condition.limit} of {condition.due}"
    return condition.says, so_far, needs, STATES[condition.holds]


def page(known: Sequence[Outcome], steps: int) -> str:
    """Return the report, in Markdown: conditions, and every interval of every run."""
    return "\n".join([*_head(known, steps), *_same(known), *_slowed(known), ""])


def _head(known: Sequence[Outcome], steps: int) -> Iterator[str]:
    took_min = sum(one.summary.duration_s for one in known) / 60
    yield f"# Calibration: {len(known)} of {steps} runs, {took_min:.0f} minutes\n"
    yield "| condition | so far | needs | |"
    yield "|---|---|---|---|"
    yield from (_row(_cells(one)) for one in conditions(known))
    yield ""
    for name in ("twinbench", "machine", "processor", "cores", "python"):
        values = dict.fromkeys(one.summary.environment.get(name, "unknown") for one in known)
        yield f"- {name}: {', then '.join(values) or 'unknown'}"


def _same(known: Iterable[Outcome]) -> Iterator[str]:
    yield "\n## A target against itself\n"
    yield "| run | scenario | at | metric | ratio (95 %) | called | by first blocks | ratio (95 %) | called |"
    yield "|---|---|--:|---|---|---|--:|---|---|"
    for outcome in (one for one in known if not one.step.percent):
        for whole, prefix in zip(outcome.comparisons, outcome.prefixes, strict=True):
            first = (f"{prefix.blocks} of {outcome.summary.plan.blocks}", *_called(prefix.comparison))
            yield _row((outcome.step.name, *_place(whole), *_called(whole), *first))


def _slowed(known: Iterable[Outcome]) -> Iterator[str]:
    yield "\n## A target against a slower one\n"
    yield from (f"- {text}" for text in planted(known))
    yield ""
    yield "| run | scenario | at | metric | ratio (95 %) | called | found |"
    yield "|---|---|--:|---|---|---|---|"
    for outcome in (one for one in known if one.step.percent):
        for one in outcome.comparisons:
            found = "" if one.metric != "throughput" else "yes" if is_found(outcome) else "no"
            yield _row((outcome.step.name, *_place(one), *_called(one), found))


def planted(known: Iterable[Outcome]) -> Iterator[str]:
    """Say of each kind of slower target what its requests cost: what was planted, and what that does to the rest."""
    costs: dict[int, list[float]] = defaultdict(list)
    for outcome in known:
        costs[outcome.step.percent] += [
            1 / one.ratio.value for one in outcome.comparisons if one.metric == "processor" and outcome.step.percent
        ]
    for percent, ratios in sorted(costs.items()):
        if ratios:
            times = f"{geometric_mean(ratios):.3f} times the processor time"
            yield f"slower by {percent} %: a request took {times}, by the geometric mean of {len(ratios)} runs"


def _place(one: Comparison) -> tuple[str, str, str]:
    return one.scenario, f"{one.added_ms} ms", _metric(one)


def _called(one: Comparison) -> tuple[str, str]:
    return _ratio(one.ratio), "different" if is_different(one) else one.word.replace("_", " ")


def _metric(one: Comparison) -> str:
    return "processor time" if one.metric == "processor" else one.metric


def _ratio(known: Interval) -> str:
    """Return a ratio with its interval, three decimals throughout: half a percent matters here."""
    if known.low is None or known.high is None:
        return f"{known.value:.3f}"
    return f"{known.value:.3f} ({known.low:.3f} to {known.high:.3f})"


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
