"""The terminal: progress with time left, and the closing table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from harness.model.findings import Finding
from harness.model.measures import Cell, Comparison
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.printable import printable
from harness.report.claims import cards
from harness.report.sentences.chaos import controls_text
from harness.report.sentences.findings import finding_text
from harness.report.words import number, ratio, share
from harness.terminal import Terminal

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNDECIDED: "yellow"}


class RunConsole(AbstractContextManager["RunConsole"]):
    """Progress of a run, on standard error so that standard output stays the result's."""

    def __init__(self) -> None:
        self.console = Terminal(stderr=True)
        what = TextColumn("{task.description}", markup=False)
        shown = (what, BarColumn(), MofNCompleteColumn(), TextColumn("done, left"), TimeRemainingColumn())
        self._bar = Progress(*shown, console=self.console)
        self._live = Live(self._bar, console=self.console)
        self._task: TaskID | None = None

    def __exit__(self, *_error: object) -> None:
        """Leave the terminal as it was, however the run ended; a table that grew is followed by the closing one."""
        self._live.update(self._bar)
        self._live.stop()
        if self._task is not None and not self.console.is_interactive:
            self.console.print()  # the bar was printed once, without an end of its line

    def say(self, sentence: str) -> None:
        """Show that a longer step begins."""
        self.console.print(printable(f"{sentence} …"))

    def began(self, what: str, total: int) -> None:
        """Start a bar for so many things of a kind."""
        self._task = self._bar.add_task(printable(what), total=total)
        self._live.start()

    def step(self, steps: float = 1) -> None:
        """Move the newest bar."""
        if self._task is not None:
            self._bar.update(self._task, advance=steps)

    def show(self, comparisons: Sequence[Comparison]) -> None:
        """Show the ratios by now, above the bar; nothing where output goes to no terminal."""
        if self.console.is_terminal:
            self._live.update(Group(_growing_table(comparisons), self._bar))


def findings_text(findings: Iterable[Finding]) -> str:
    """Return every finding on a line of its own: the same evidence and checks give the same bytes."""
    return "\n".join(printable(finding_text(finding).line()) for finding in findings)


def show(summary: Summary, report: str, console: Console) -> None:
    """Print the closing table, what was wrong, and where the report is."""
    tables = {
        "comparison": _compared_table,
        "eager_loading": _pages_table,
        "probe_overhead": _probes_table,
        "claims": _claims_table,
    }
    tables.get(summary.kind, _checks_table)(summary, console)
    _conclude(summary, report, console)


def _print_table(console: Console, title: str, table: Table, caption: str = "") -> None:
    """Print a table between lines that are as wide as the terminal; its own title would wrap where it is narrow."""
    console.print(printable(title), style="italic")
    console.print(table)
    if caption:
        console.print(caption, style="dim italic")


def _table(names: Iterable[str], numbers: Iterable[str] = (), compared: Iterable[str] = ()) -> Table:
    """Return a table of columns: names, numbers, and what was compared, in two lines where the terminal is narrow."""
    narrow = bool(compared)  # has many columns
    table = Table(pad_edge=not narrow, collapse_padding=narrow)
    for name in names:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    for name in compared:
        table.add_column(name, overflow="fold")
    return table


def _checks_table(summary: Summary, console: Console) -> None:
    """Fold findings by check, and count the statuses of all cuts, the faults and the controls."""
    order = (Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED)
    table = _table(["check"], order)
    counts = Counter((finding.check, finding.verdict) for finding in summary.findings)
    for check in dict.fromkeys(finding.check for finding in summary.findings):
        table.add_row(check, *(f"{counts[check, verdict]:,}" for verdict in order))
    statuses = sum((Counter(strip.statuses) for strip in summary.cuts), Counter[str]())
    told = ", ".join(f"{count:,} {status}" for status, count in statuses.most_common())
    proven = sum(bool(row.proof) for row in summary.faults)
    lines = [
        *([f"{statuses.total():,} cuts: {told}"] if statuses else ()),
        *([f"{len(summary.faults)} faults, {proven} took effect"] if summary.faults else ()),
        *([controls_text(summary)] if summary.controls else ()),
    ]
    tried = " and ".join(summary.plan.targets) or "every flaw, and the twins by the same means"
    _print_table(console, f"{tried}: every check", table, "\n".join(lines))


def _pages_table(summary: Summary, console: Console) -> None:
    """Print what each page took, strategies side by side."""
    strategies = list(dict.fromkeys(one.strategy for one in summary.pages))
    table = _table(["target"], ["at", "users", "posts", *strategies])
    costs = {(one.target, one.added_ms, one.users, one.posts_each, one.strategy): one for one in summary.pages}
    for target, added_ms, users, posts_each in dict.fromkeys(place[:-1] for place in costs):
        found = [costs[target, added_ms, users, posts_each, name] for name in strategies]
        told = [f"{number(one.took_ms.value)} ({one.statements or 0:.0f})" for one in found]
        table.add_row(target, f"{added_ms} ms", str(users), str(posts_each), *told)
    _print_table(console, "A page of users, and posts of each: milliseconds (statements)", table)


def _probes_table(summary: Summary, console: Console) -> None:
    """Print the share of its throughput that each target keeps with probes inside."""
    table = _table(["scenario", "with probes", "without", "share kept (95 %)"])
    for one in summary.measures.probe_overheads:
        table.add_row(one.scenario, one.probed, one.plain, share(one.share))
    _print_table(console, "Throughput with probes / without, in interleaved slices", table)


def _claims_table(summary: Summary, console: Console) -> None:
    """Print each claim with its verdict, and what it rests on."""
    table = _table(["claim", "verdict"], compared=["because"])
    for card in cards(summary):
        table.add_row(f"{card.claim.number} {card.claim.name}", card.verdict, printable(card.because))
    _print_table(console, "Which claims hold", table)


def _compared_table(summary: Summary, console: Console) -> None:
    """Print what each target did, and the ratios of pairs; those of several in a table of their own."""
    targets, pairs = summary.plan.targets, summary.plan.pairs
    paced = {scenario.name for scenario in summary.scenarios if scenario.shape.pace_s is not None}
    cells = {(cell.scenario, cell.added_ms, cell.target): cell for cell in summary.measures.cells}
    ratios = ("ratio (95 %)", "faster", "processor time (95 %)")
    one_table = len(pairs) == 1
    table = _table(["scenario"], ["at", *targets], ratios if one_table else ())
    of_pairs = _table(["scenario"], ["at"], ("of", *ratios))
    for scenario, added_ms in sorted({(trial.scenario, trial.added_ms) for trial in summary.plan.trials}):
        row = [scenario, f"{added_ms} ms"]
        values = [_value(cells.get((scenario, added_ms, name)), scenario in paced) for name in targets]
        compared = [_compared(summary, (scenario, added_ms), pair, fixed_rate=scenario in paced) for pair in pairs]
        table.add_row(*row, *values, *(compared[0] if one_table else ()))
        for pair, told in zip(pairs, compared, strict=True):
            of_pairs.add_row(*row, " / ".join(pair), *told)
            row = ["", ""]
    _print_table(console, f"{' against '.join(targets)}, requests per second or median wait", table)
    if pairs and not one_table:
        _print_table(console, "Ratios of these, and of processor time a request", of_pairs)


def _compared(
    summary: Summary, place: tuple[str, int], pair: tuple[str, str], *, fixed_rate: bool
) -> tuple[str, str, str]:
    """Return the ratio of throughput, or of median waits, of two targets, who is faster, and that of processor time."""
    found = {
        one.metric: one
        for one in summary.measures.ratios
        if (one.scenario, one.added_ms) == place and (one.first, one.second) == pair
    }
    speed, cost = found.get("p50" if fixed_rate else "throughput"), found.get("processor")
    return ratio(speed.ratio) if speed else "-", winner(speed) if speed else "-", ratio(cost.ratio) if cost else "-"


def _growing_table(comparisons: Sequence[Comparison]) -> Table:
    """Return the ratios of a comparison that goes on; each interval holds now, whatever is measured after it."""
    table = _table(("scenario",), ("at", "blocks"), ("compared", "throughput or wait", "processor time"))
    rows: dict[tuple[str, int, str], list[Comparison]] = defaultdict(list)
    for one in comparisons:
        rows[one.scenario, one.added_ms, f"{one.first}/{one.second}"].append(one)
    for (scenario, added_ms, pair), found in sorted(rows.items()):
        told = [ratio(one.ratio) for one in found]
        table.add_row(scenario, f"{added_ms} ms", str(found[0].ratio.blocks), pair, *told)
    return table


def _conclude(summary: Summary, report: str, console: Console) -> None:
    for finding in summary.findings:
        if finding.verdict is not Verdict.PASS:
            told = finding_text(finding)
            where = f" in {told.subject}" if told.subject else ""
            line = printable(f"{told.verdict}: {told.check}{where}: {told.summary}")
            console.print(line, style=STYLES[finding.verdict])
            for part in filter(None, (told.measured, told.first)):
                console.print(Padding(printable(part), (0, 0, 0, 2)))
    unfinished = "" if summary.complete else f" of an incomplete run ({summary.trials_done} trials)"
    if summary.ended == "interrupted":
        blocks = summary.plan.blocks
        unfinished = f" of a run that Ctrl-C ended after {blocks} {'block' if blocks == 1 else 'blocks'}"
    console.print(f"Verdict{unfinished}: {summary.verdict}", style=STYLES[summary.verdict])
    console.print(printable(f"Report: {report}"), soft_wrap=True)


def _value(cell: Cell | None, fixed_rate: bool) -> str:  # noqa: FBT001 - one of two readings
    """Requests per second, or the median wait where the rate was fixed."""
    if cell is None or (fixed_rate and "p50" not in cell.latency_ms):
        return "-"
    return f"{cell.latency_ms['p50'].value:.1f} ms" if fixed_rate else f"{cell.throughput_rps.value:,.0f}/s"


def winner(comparison: Comparison) -> str:
    """Name the target that does better, or say why none is named."""
    if comparison.word not in {"first", "second"}:
        return comparison.word.replace("_", " ")
    first_is_more, more_is_better = comparison.word == "first", comparison.metric == "throughput"
    return comparison.first if first_is_more == more_is_better else comparison.second
