"""The terminal: progress with time left, and the closing table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from harness.model.findings import Finding, Verdict
from harness.model.measures import Cell, Comparison, Interval
from harness.model.summary import Summary
from harness.report.sentences.chaos import controls_text
from harness.report.sentences.findings import finding_text
from harness.report.words import number, share

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNDECIDED: "yellow"}


class RunConsole:
    """Progress of a run, on standard error so that standard output stays the result's."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("done, left"),
            TimeRemainingColumn(),
            console=self.console,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was, however the run ended."""
        if self._task is not None:
            self._bar.stop()

    def say(self, sentence: str) -> None:
        """Show that a longer step begins."""
        self.console.print(f"{sentence} …", markup=False, highlight=False)

    def began(self, what: str, total: int) -> None:
        """Start a bar for so many things of a kind."""
        self._task = self._bar.add_task(what, total=total)
        self._bar.start()

    def step(self) -> None:
        """Move the newest bar."""
        if self._task is not None:
            self._bar.update(self._task, advance=1)


def findings_text(findings: Iterable[Finding]) -> str:
    """Return every finding on a line of its own: the same evidence and checks give the same bytes."""
    return "\n".join(finding_text(finding).line() for finding in findings)


def show(summary: Summary, report: str, console: Console) -> None:
    """Print the closing table, what was wrong, and where the report is."""
    tables = {
        "comparison": _compared_table,
        "eager_loading": _pages_table,
        "probe_overhead": _probes_table,
    }
    console.print(tables.get(summary.kind, _checks_table)(summary))
    _conclude(summary, report, console)


def _checks_table(summary: Summary) -> Table:
    """Fold findings by check, and count the statuses of all cuts, the faults and the controls."""
    tried = " and ".join(summary.plan.targets) or "every flaw, and the twins by the same means"
    table = Table(title=f"{tried}: every check")
    for column in ("check", "pass", "fail", "undecided"):
        table.add_column(column, justify="left" if column == "check" else "right")
    for check in dict.fromkeys(finding.check for finding in summary.findings):
        counts = Counter(finding.verdict for finding in summary.findings if finding.check == check)
        table.add_row(check, *(f"{counts[verdict]:,}" for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED)))
    statuses: Counter[str] = Counter()
    for strip in summary.cuts:
        statuses.update(strip.statuses)
    told = ", ".join(f"{count:,} {status}" for status, count in statuses.most_common())
    proven = sum(bool(row.proof) for row in summary.faults)
    table.caption = "\n".join(
        [
            *([f"{sum(statuses.values()):,} cuts: {told}"] if statuses else ()),
            *([f"{len(summary.faults)} faults, {proven} took effect"] if summary.faults else ()),
            *([controls_text(summary)] if summary.controls else ()),
        ]
    )
    return table


def _pages_table(summary: Summary) -> Table:
    """Make a table of what each page took, strategies side by side."""
    strategies = list(dict.fromkeys(one.strategy for one in summary.pages))
    table = Table(title="A page of users, and posts of each: milliseconds (statements)")
    for column in ("target", "at", "users", "posts", *strategies):
        table.add_column(column, justify="left" if column == "target" else "right", no_wrap=True)
    places = dict.fromkeys((one.target, one.added_ms, one.users, one.posts_each) for one in summary.pages)
    for place in places:
        costs = {
            one.strategy: one for one in summary.pages if (one.target, one.added_ms, one.users, one.posts_each) == place
        }
        target, added_ms, users, posts_each = place
        told = [f"{number(costs[name].took_ms.value)} ({costs[name].statements or 0:.0f})" for name in strategies]
        table.add_row(target, f"{added_ms} ms", str(users), str(posts_each), *told)
    return table


def _probes_table(summary: Summary) -> Table:
    """Make a table of the share of its throughput that each target keeps with probes inside."""
    table = Table(title="Throughput with probes / without, in interleaved slices")
    for column in ("scenario", "with probes", "without", "share kept (95 %)"):
        table.add_column(column, no_wrap=True)
    for one in summary.measures.probe_overheads:
        table.add_row(one.scenario, one.probed, one.plain, share(one.share))
    return table


def _compared_table(summary: Summary) -> Table:
    table = Table(title=f"{' against '.join(summary.plan.targets)}, requests per second or median wait")
    for column in ("scenario", "at", *summary.plan.targets):
        table.add_column(column, justify="left" if column == "scenario" else "right", no_wrap=True)
    if len(summary.plan.targets) > 1:
        table.add_column("ratio (95 %)", no_wrap=True)
        table.add_column("faster", no_wrap=True)
    paced = {scenario.name for scenario in summary.scenarios if scenario.shape.pace_s is not None}
    places = dict.fromkeys((trial.scenario, trial.added_ms) for trial in summary.plan.trials)
    for scenario, added_ms in sorted(places):
        cells = {c.target: c for c in summary.measures.cells if (c.scenario, c.added_ms) == (scenario, added_ms)}
        values = [_value(cells.get(target), scenario in paced) for target in summary.plan.targets]
        table.add_row(scenario, f"{added_ms} ms", *values, *_compared(summary, scenario, added_ms))
    return table


def _conclude(summary: Summary, report: str, console: Console) -> None:
    for finding in summary.findings:
        if finding.verdict is not Verdict.PASS:
            told = finding_text(finding)
            where = f" in {told.subject}" if told.subject else ""
            console.print(Text(f"{told.verdict}: {told.check}{where}: {told.summary}", STYLES[finding.verdict]))
            for part in filter(None, (told.measured, told.first)):
                console.print(Padding(Text(part), (0, 0, 0, 2)))
    unfinished = "" if summary.complete else f" of an incomplete run ({summary.trials_done} trials)"
    console.print(f"Verdict{unfinished}: {summary.verdict}", style=STYLES[summary.verdict])
    console.print(f"Report: {report}", markup=False, highlight=False, soft_wrap=True)


def _value(cell: Cell | None, fixed_rate: bool) -> str:  # noqa: FBT001 - one of two readings
    """Requests per second, or the median wait where the rate was fixed."""
    if cell is None:
        return "-"
    p50 = cell.latency_ms.get("p50")
    if fixed_rate:
        return f"{p50.value:.1f} ms" if p50 else "-"
    return f"{cell.throughput_rps.value:,.0f}/s"


def _compared(summary: Summary, scenario: str, added_ms: int) -> list[str]:
    found = [c for c in summary.measures.comparisons if (c.scenario, c.added_ms) == (scenario, added_ms)]
    if not found:
        return []
    comparison = found[0]  # throughput where load was free to vary, else the median latency
    return [_interval(comparison.ratio), winner(comparison)]


def winner(comparison: Comparison) -> str:
    """Name the target that does better, or say why none is named."""
    if comparison.word not in {"first", "second"}:
        return comparison.word.replace("_", " ")
    more = comparison.first if comparison.word == "first" else comparison.second
    less = comparison.second if comparison.word == "first" else comparison.first
    return more if comparison.metric == "throughput" else less


def _interval(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2f}"
    return f"{interval.value:.2f} ({interval.low:.2f}–{interval.high:.2f})"
